//! Adds a rule of a tenant's own, or its next version, after it was checked as `posture rules test` checks it.

use super::rule_sheets::sheet;
use super::tenant_rules::source;
use crate::audit::{self, Problem, Rule};
use crate::domain::audit_rule::{
    Deed, Files, LONGEST_KEY, MOST_EVER, MOST_RULES, MOST_VERSIONS, OwnRule, RuleSheet, RuleVersion,
};
use crate::domain::{Caller, Error, TenantId};
use crate::ledger::Writer;
use crate::secrets::sha256_hex;

/// Races that a change may lose.
const MAX_RACES: usize = 8;
/// Problems of a rule that are told.
const TOLD: usize = 20;
/// Characters of a problem that are told.
const LONGEST: usize = 500;

/// Stores a rule; the rule as it is then. The files of its newest version once more change nothing, and bring a rule back that was
/// retired.
///
/// Errors: [`Error::Invalid`] names file and line of everything that is wrong; [`Error::Conflict`] for a key of the catalogue, and
/// where a limit is reached.
pub async fn set_rule(writer: &Writer, caller: &Caller, key: &str, files: Files) -> Result<RuleSheet, Error> {
    let tenant = &caller.tenant;
    if audit::shipped().iter().any(|rule| rule.key == key) {
        let why = format!(
            "{key} is a rule of the catalogue: its parameters can be set, and a rule of yours needs another key"
        );
        return Err(Error::Conflict(why));
    }
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Error::invalid("key", format!("must have 1 to {LONGEST_KEY} characters")));
    }
    let source = source(key, &files);
    // It may take seconds, which others need not wait for.
    let checked = tokio::task::spawn_blocking(move || audit::check(&source, audit::library())).await;
    let (rule, _) = checked.map_err(Error::internal)?.map_err(|problems| refused(&problems))?;
    let canonical = serde_json::to_string(&files).map_err(Error::internal)?;
    let digest = sha256_hex(canonical.as_bytes());
    for _ in 0..MAX_RACES {
        let own = writer.own_rule_list(tenant).await?;
        check_beside(&rule, &own)?;
        let known = own.iter().find(|own| own.key == key);
        let is_same = |own: &&OwnRule| own.newest().is_some_and(|newest| newest.digest == digest);
        if let Some(known) = known.filter(is_same).filter(|own| own.retired.is_none()) {
            return shown(writer, tenant, rule, known.clone(), files).await;
        }
        if known.is_none() && own.len() >= MOST_EVER {
            let why = format!(
                "there were {MOST_EVER} rules of your own, which are the most: give a retired one another text"
            );
            return Err(Error::Conflict(why));
        }
        if known.is_none_or(|own| own.retired.is_some())
            && own.iter().filter(|own| own.retired.is_none()).count() >= MOST_RULES
        {
            return Err(Error::Conflict(format!(
                "there are {MOST_RULES} rules of your own, which are the most: retire one"
            )));
        }
        let mut next = known.cloned().unwrap_or_else(|| OwnRule {
            key: key.to_owned(),
            rule_id: rule.metadata.rule_id.clone(),
            versions: Vec::new(),
            retired: None,
            revision: 0,
        });
        next.retired = None;
        if !is_same(&&next) {
            if next.versions.len() >= MOST_VERSIONS {
                return Err(Error::Conflict(format!("the rule has had {MOST_VERSIONS} versions, which are the most")));
            }
            let added = Deed { at: writer.clock().now(), by: caller.identity() };
            next.versions.push(RuleVersion { digest: digest.clone(), added });
            writer.rule_files_put(tenant, &digest, &files).await?;
        }
        if next.revision == 0 {
            take_names(writer, tenant, &rule).await?;
        }
        if let Some(now) = writer.own_rule_put(tenant, next).await? {
            return shown(writer, tenant, rule, now, files).await;
        }
    }
    Err(Error::Conflict("others change this rule at the same moment; send it again".to_owned()))
}

/// The rule as it is recorded in its newest version, of which these are the files.
async fn shown(
    writer: &Writer,
    tenant: &TenantId,
    mut rule: Rule,
    record: OwnRule,
    files: Files,
) -> Result<RuleSheet, Error> {
    rule.metadata.version = record.version();
    let set = writer.rule_params(tenant, &record.key).await?;
    Ok(sheet(&rule, Some(record), set.as_ref(), files))
}

/// Takes the names of a rule that is new, which another one may be taking at the same moment.
async fn take_names(writer: &Writer, tenant: &TenantId, rule: &Rule) -> Result<(), Error> {
    let (key, id) = (&rule.metadata.key, &rule.metadata.rule_id);
    let wrong = |message: String| refused(&[Problem::new(format!("{key}/rule.yaml"), 0, message)]);
    if let Some(other) = writer.own_rule_name(tenant, &format!("id {id}"), key).await? {
        return Err(wrong(format!("rule_id {id} is {other}'s: add a slug")));
    }
    match writer.own_rule_name(tenant, &format!("package {}", rule.package), key).await? {
        Some(other) => Err(wrong(format!("key differs from {other} in dots and hyphens alone"))),
        None => Ok(()),
    }
}

/// What is wrong with a rule beside those that there are.
fn check_beside(rule: &Rule, own: &[OwnRule]) -> Result<(), Error> {
    let (key, id) = (&rule.metadata.key, &rule.metadata.rule_id);
    let wrong = |message: String| refused(&[Problem::new(format!("{key}/rule.yaml"), 0, message)]);
    let ids = audit::shipped().iter().map(|rule| (rule.key, rule.rule_id));
    let mut ids = ids.chain(own.iter().map(|own| (own.key.as_str(), own.rule_id.as_str())));
    if let Some((other, _)) = ids.find(|(other, taken)| taken == id && other != key) {
        return Err(wrong(format!("rule_id {id} is {other}'s: add a slug")));
    }
    if let Some(before) = own.iter().find(|own| own.key == *key && own.rule_id != *id) {
        return Err(wrong(format!("rule_id is {} and never changes: its findings are called so", before.rule_id)));
    }
    // Dots and hyphens are one in a package.
    let alike = |other: &&OwnRule| other.key != *key && other.key.replace('.', "-") == key.replace('.', "-");
    if let Some(other) = own.iter().find(alike) {
        return Err(wrong(format!("key differs from {} in dots and hyphens alone", other.key)));
    }
    Ok(())
}

/// The error for a rule with problems.
fn refused(problems: &[Problem]) -> Error {
    let told = problems.iter().take(TOLD).map(|problem| problem.to_string().chars().take(LONGEST).collect());
    Error::invalid("files", told.collect::<Vec<String>>().join("\n"))
}
