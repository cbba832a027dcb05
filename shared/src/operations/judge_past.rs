//! Judges the inventory as it was at an instant by today's rules, and writes nothing.

use super::run_audits::{auditor, load_related};
use crate::audit::{Coverage, Judgement};
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::Reader;
use std::collections::BTreeSet;

/// Hands every verdict on the resources of `at` to `each`. What is known of coverage is today's.
pub async fn judge_past(
    reader: &Reader,
    tenant: &TenantId,
    at: Instant,
    framework: Option<&str>,
    each: &mut (dyn FnMut(&Judgement<'_>) -> Result<(), Error> + Send),
) -> Result<(), Error> {
    let mut auditor = auditor(framework)?;
    let known = reader.inventory_scopes(tenant).await?;
    let kinds = auditor.kinds();
    for scope in &known {
        let coverage = Coverage::of(&known);
        let related = load_related(reader, tenant, &auditor, &known, &scope.scope, coverage, Some(at)).await?;
        let judged: BTreeSet<String> = scope.kinds.intersection(&kinds).cloned().collect();
        let mut walk = reader.inventory_walk(tenant, &scope.scope, Some(&judged), None, Some(at));
        while let Some(items) = walk.next().await? {
            for item in &items {
                auditor.judge(item, &related, at).iter().try_for_each(&mut *each)?;
            }
        }
    }
    Ok(())
}
