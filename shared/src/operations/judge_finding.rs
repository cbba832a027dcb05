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
use std::collections::BTreeSet;

/// Requests to the store that reading joined resources takes at most.
const MAX_REQUESTS: usize = 60;

/// A rule of ours and the resource that a finding of it is about.
#[derive(Debug, Clone)]
pub(super) struct Filed<'a> {
    /// The rule, as it is now.
    pub rule: &'a Rule,
    /// The resource.
    pub key: ItemKey,
}

/// What a finding says of the rule and the resource that it is about.
#[derive(Debug, Clone)]
pub(super) struct Named {
    rule: String,
    rule_id: String,
    /// The resource.
    pub key: ItemKey,
}

impl Named {
    /// Reads it; `None` of a finding that no audit of ours has filed.
    pub fn of(asff: &Object) -> Option<Self> {
        let text = |name: &str| asff.get(name).and_then(Value::as_str);
        let field = |name: &str| asff.get("ProductFields")?.get(name)?.as_str();
        let (rule, _) = field(RULE_FIELD)?.rsplit_once('@')?;
        let key = ItemKey::parse_sorted(field(RESOURCE_FIELD)?)?;
        let is_ours = text("ProductArn") == Some(PRODUCT_ARN);
        is_ours.then_some(Self { rule: rule.to_owned(), rule_id: text("GeneratorId")?.to_owned(), key })
    }

    /// Whether the rule has one of these keys.
    pub fn is_of(&self, keys: &BTreeSet<String>) -> bool {
        keys.contains(&self.rule)
    }

    /// The rule, as it is among these now.
    pub fn rule<'a>(&self, rules: &'a [Rule]) -> Option<&'a Rule> {
        let is_it = |rule: &&Rule| rule.metadata.key == self.rule && rule.metadata.rule_id == self.rule_id;
        rules.iter().find(is_it)
    }
}

/// The rule and the resource of a finding; `None` for one that no audit of ours has filed, or by a rule that is there no more.
pub(super) fn filed<'a>(rules: &'a [Rule], asff: &Object) -> Option<Filed<'a>> {
    let named = Named::of(asff)?;
    Some(Filed { rule: named.rule(rules)?, key: named.key })
}

/// What the rule says of the resource; `None` where the resource is no more.
pub(super) async fn judge_finding(
    reader: &Reader,
    tenant: &TenantId,
    auditor: &mut Auditor,
    filed: &Filed<'_>,
    at: Option<Instant>,
) -> Result<Option<(ConfigurationItem, Verdict)>, Error> {
    let Some(item) = reader.inventory_get(tenant, &filed.key, at).await? else { return Ok(None) };
    let related = match related(reader, tenant, filed.rule, &item, at).await? {
        Ok(related) => related,
        Err(why) => return Ok(Some((item, Verdict::Unknown(why)))),
    };
    let verdict = verdict(auditor, filed.rule, &item, &related, at.unwrap_or_else(|| reader.clock().now()));
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
