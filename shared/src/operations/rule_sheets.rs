//! The rules of the audit as a tenant has them: the catalogue's and its own, with the parameters that it has set.

use super::tenant_rules::{read, taken};
use crate::audit::{self, Brief, Rule};
use crate::domain::audit_rule::{Files, OwnRule, RuleParams, RuleRow, RuleSheet};
use crate::domain::{Error, TenantId};
use crate::ledger::Reader;
use std::collections::BTreeMap;

/// Every rule in short, by key. Rules that were retired are among them.
pub async fn list_rule_rows(reader: &Reader, tenant: &TenantId) -> Result<Vec<RuleRow>, Error> {
    let (own, set) = tokio::try_join!(reader.own_rule_list(tenant), reader.rule_params_list(tenant))?;
    let digests = own.iter().filter_map(OwnRule::newest).map(|version| &version.digest);
    let files = reader.rule_files(tenant, digests).await?;
    let set_for = |key: &str| set.iter().find(|set| set.key == key);
    let mut rows: BTreeMap<String, RuleRow> = BTreeMap::new();
    for brief in audit::briefs().map_err(Error::internal)? {
        rows.insert(brief.key.clone(), row(brief.clone(), None, set_for(&brief.key)));
    }
    for record in own {
        let newest = record.newest().and_then(|version| files.get(&version.digest));
        let Some(Ok(rule)) = newest.map(|files| read(&record, files)) else { continue };
        let set = set_for(&record.key);
        rows.entry(record.key.clone()).or_insert_with(|| row(rule.metadata.brief(), Some(record), set));
    }
    Ok(rows.into_values().collect())
}

/// One rule with its files, by key or Infracast id; an own one in a version that it has had, or in its newest.
/// [`Error::NotFound`] when there is none.
pub async fn get_rule_sheet(
    reader: &Reader,
    tenant: &TenantId,
    name: &str,
    version: Option<u32>,
) -> Result<RuleSheet, Error> {
    if let Some(shipped) = audit::shipped().iter().find(|rule| rule.key == name || rule.rule_id == name) {
        let rule = &shipped.read().map_err(Error::internal)?;
        if version.is_some_and(|version| version != rule.metadata.version) {
            return Err(no_version(rule.metadata.version));
        }
        let set = reader.rule_params(tenant, shipped.key).await?;
        let files = audit::built_in_source(shipped.key);
        let files = files.into_iter().flat_map(|source| source.files).map(|file| (file.name, file.text));
        return Ok(sheet(rule, None, set.as_ref(), files.collect()));
    }
    let own = reader.own_rule_list(tenant).await?;
    let record = own.into_iter().find(|rule| rule.key == name || rule.rule_id == name).ok_or_else(absent)?;
    own_sheet(reader, tenant, record, version).await
}

/// A rule of the tenant's own, as it is recorded, with its files: in a version that it has had, or in its newest.
pub(super) async fn own_sheet(
    reader: &Reader,
    tenant: &TenantId,
    record: OwnRule,
    version: Option<u32>,
) -> Result<RuleSheet, Error> {
    let mut then = record.clone();
    if let Some(version) = version {
        let count = usize::try_from(version).ok().filter(|count| (1..=record.versions.len()).contains(count));
        then.versions.truncate(count.ok_or_else(|| no_version(record.version()))?);
    }
    let digest = then.newest().map(|version| version.digest.clone()).ok_or_else(absent)?;
    let (mut files, set) =
        tokio::try_join!(reader.rule_files(tenant, [&digest]), reader.rule_params(tenant, &record.key))?;
    let files = files.remove(&digest);
    let files = files.ok_or_else(|| Error::internal(format!("the files {digest} of a rule are gone")))?;
    let rule = read(&then, &files).map_err(|problems| {
        let said = problems.first().map(ToString::to_string).unwrap_or_default();
        Error::Conflict(format!("the rule is not one that this program can read: {said}"))
    })?;
    Ok(sheet(&rule, Some(record), set.as_ref(), files))
}

/// The error for a rule that is not there.
pub(super) fn absent() -> Error {
    Error::NotFound("there is no such rule".to_owned())
}

fn no_version(newest: u32) -> Error {
    Error::NotFound(format!("the rule has no such version; {newest} is its newest"))
}

/// A rule as it is shown.
pub(super) fn sheet(rule: &Rule, own: Option<OwnRule>, set: Option<&RuleParams>, files: Files) -> RuleSheet {
    let metadata = &rule.metadata;
    RuleSheet {
        row: row(metadata.brief(), own, set),
        description: metadata.description.clone(),
        rationale: metadata.rationale.clone(),
        ccss: metadata.ccss.clone(),
        controls: rule.controls.clone(),
        remediation: metadata.remediation.text.clone(),
        files,
    }
}

fn row(brief: Brief, own: Option<OwnRule>, set: Option<&RuleParams>) -> RuleRow {
    let Brief { key, version, rule_id, title, severity, resource_type, params } = brief;
    let values = set.map(|set| taken(&params, &set.values)).unwrap_or_default();
    let set = set.map(|set| set.set.clone());
    RuleRow { key, rule_id, version, own, title, severity, resource_type, params, values, set }
}
