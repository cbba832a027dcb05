//! The rules of the audit as a tenant has them: the catalogue's and its own, with the parameters that it has set.

use super::tenant_rules::{read, taken};
use crate::audit::{self, Rule};
use crate::domain::audit_rule::{Files, OwnRule, RuleParams, RuleSheet};
use crate::domain::{Error, TenantId};
use crate::ledger::Reader;
use std::collections::BTreeMap;

/// Every rule by key, without its files. Rules that were retired are among them.
pub async fn list_rule_sheets(reader: &Reader, tenant: &TenantId) -> Result<Vec<RuleSheet>, Error> {
    let (own, set) = tokio::try_join!(reader.own_rule_list(tenant), reader.rule_params_list(tenant))?;
    let digests = own.iter().filter_map(OwnRule::newest).map(|version| &version.digest);
    let files = reader.rule_files(tenant, digests).await?;
    let shipped = audit::built_in().map_err(Error::internal)?;
    let mut sheets: BTreeMap<String, RuleSheet> = BTreeMap::new();
    for rule in shipped.iter() {
        sheets.insert(rule.metadata.key.clone(), sheet(rule, None, set_for(&set, rule), Files::new()));
    }
    for record in own {
        let newest = record.newest().and_then(|version| files.get(&version.digest));
        let Some(Ok(rule)) = newest.map(|files| read(&record, files)) else { continue };
        let set = set_for(&set, &rule);
        sheets.entry(record.key.clone()).or_insert_with(|| sheet(&rule, Some(record), set, Files::new()));
    }
    Ok(sheets.into_values().collect())
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

fn set_for<'a>(set: &'a [RuleParams], rule: &Rule) -> Option<&'a RuleParams> {
    set.iter().find(|set| set.key == rule.metadata.key)
}

/// A rule as it is shown.
pub(super) fn sheet(rule: &Rule, own: Option<OwnRule>, set: Option<&RuleParams>, files: Files) -> RuleSheet {
    let metadata = &rule.metadata;
    RuleSheet {
        version: metadata.version,
        own,
        title: metadata.title.clone(),
        description: metadata.description.clone(),
        rationale: metadata.rationale.clone(),
        severity: metadata.severity,
        resource_type: metadata.resource_type.clone(),
        ccss: metadata.ccss.clone(),
        controls: rule.controls.clone(),
        remediation: metadata.remediation.text.clone(),
        params: metadata.params.clone(),
        values: set.map(|set| taken(&rule.metadata.params, &set.values)).unwrap_or_default(),
        set: set.map(|set| set.set.clone()),
        files,
        key: metadata.key.clone(),
        rule_id: metadata.rule_id.clone(),
    }
}
