//! What the rule of a finding says of its resource at this moment: the evidence that steps and patches are made from.
//!
//! A finding keeps what its rule said, and not what it found. That is found again, by the same rule, on the resource as it is now or was
//! at the instant that is asked for.

use super::auditor::Auditor;
use super::joined_resources::joined_resources;
use crate::audit::{Coverage, PRODUCT_ARN, RESOURCE_FIELD, RULE_FIELD, Related, Rule, Verdict};
use crate::domain::inventory::{ConfigurationItem, ItemKey};
use crate::domain::json::Object;
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::Reader;
use serde_json::Value;

/// Requests to the store that reading joined resources takes at most.
const MAX_REQUESTS: usize = 60;

/// A rule of ours and the resource that a finding of it is about.
#[derive(Debug, Clone)]
pub(super) struct Filed {
    /// The rule, as it is now.
    pub rule: Rule,
    /// The resource.
    pub key: ItemKey,
}

/// The rule and the resource of a finding; `None` for one that no audit of ours has filed, or by a rule that is there no more.
pub(super) fn filed(auditor: &Auditor, asff: &Object) -> Option<Filed> {
    let text = |name: &str| asff.get(name).and_then(Value::as_str);
    let field = |name: &str| asff.get("ProductFields")?.get(name)?.as_str();
    let key = field(RULE_FIELD)?.rsplit_once('@')?.0;
    let rule = auditor.rules().iter().find(|rule| rule.metadata.key == key)?;
    let is_ours = text("ProductArn") == Some(PRODUCT_ARN) && text("GeneratorId") == Some(&rule.metadata.rule_id);
    let key = ItemKey::parse_sorted(field(RESOURCE_FIELD)?)?;
    is_ours.then(|| Filed { rule: rule.clone(), key })
}

/// What the rule says of the resource; `None` where the resource is no more.
pub(super) async fn judge_finding(
    reader: &Reader,
    tenant: &TenantId,
    auditor: &mut Auditor,
    filed: &Filed,
    at: Option<Instant>,
) -> Result<Option<(ConfigurationItem, Verdict)>, Error> {
    let Some(item) = reader.inventory_get(tenant, &filed.key, at).await? else { return Ok(None) };
    let related = match related(reader, tenant, &filed.rule, &item, at).await? {
        Ok(related) => related,
        Err(why) => return Ok(Some((item, Verdict::Unknown(why)))),
    };
    let verdict = verdict(auditor, &filed.rule, &item, &related, at.unwrap_or_else(|| reader.clock().now()));
    Ok(Some((item, verdict)))
}

/// What a rule says of a resource.
pub(super) fn verdict(
    auditor: &mut Auditor,
    rule: &Rule,
    item: &ConfigurationItem,
    related: &Related,
    at: Instant,
) -> Verdict {
    match item.to_value() {
        Value::Object(members) => auditor.judge_by(rule, members, &item.scope(), related, at),
        _ => Verdict::Unknown("the resource cannot be read".to_owned()),
    }
}

/// What a rule joins to a resource, or why that is not known.
async fn related(
    reader: &Reader,
    tenant: &TenantId,
    rule: &Rule,
    item: &ConfigurationItem,
    at: Option<Instant>,
) -> Result<Result<Related, String>, Error> {
    if rule.metadata.related.is_empty() {
        return Ok(Ok(Related::default()));
    }
    let known = reader.inventory_scopes(tenant).await?;
    let (rules, known) = ([rule], (known.as_slice(), &Coverage::of(&known)));
    let related = joined_resources(reader, tenant, rules.into_iter(), &item.scope(), known, at, MAX_REQUESTS).await?;
    Ok(related.ok_or_else(|| "there are too many resources to look through".to_owned()))
}
