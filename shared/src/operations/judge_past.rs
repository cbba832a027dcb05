//! Judges the inventory as it was at an instant by today's rules, and writes nothing.

use super::joined_resources::joined_resources;
use super::question::when;
use super::run_audits::auditor;
use crate::audit::{Coverage, Judgement};
use crate::domain::{AsOf, Error, Instant, TenantId};
use crate::ledger::Reader;
use std::collections::BTreeSet;

/// Hands every verdict on the resources of `at` to `each`. What is known of coverage is today's. [`Error::Invalid`] names `at`
/// when it lies in the future.
pub async fn judge_past(
    reader: &Reader,
    tenant: &TenantId,
    at: Instant,
    framework: Option<&str>,
    each: &mut (dyn FnMut(&Judgement<'_>) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    when(reader, tenant, "at", Some(AsOf { at, seq: None })).await?;
    let mut auditor = auditor(reader, tenant, framework).await?;
    let known = reader.inventory_scopes(tenant).await?;
    let coverage = Coverage::of(&known);
    let kinds = auditor.kinds();
    for scope in &known {
        let judged: BTreeSet<String> = scope.kinds.intersection(&kinds).cloned().collect();
        let (rules, known) = (auditor.rules_for(&judged), (known.as_slice(), &coverage));
        let related = joined_resources(reader, tenant, rules, &scope.scope, known, Some(at), usize::MAX).await?;
        let Some(related) = related else { return Err(Error::internal("more resources than there can be")) };
        let mut walk = reader.inventory_walk(tenant, &scope.scope, Some(&judged), None, Some(at));
        while let Some(items) = walk.next().await? {
            for item in &items {
                auditor.judge(item, &related, at).iter().try_for_each(&mut *each)?;
            }
        }
    }
    Ok(())
}
