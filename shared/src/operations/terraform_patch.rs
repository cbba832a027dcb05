//! The patch of a finding: made from the Terraform that was pushed, and shown to mend it.
//!
//! The resource as it is now is judged by the finding's rule, which must fail; the resource as the patched Terraform describes it is
//! judged by the same rule, which must pass. Anything else is no patch, and has a reason. A rule that looks at other resources
//! too has none.

use super::auditor::Auditor;
use super::judge_finding::{Named, verdict};
use crate::audit::{Related, Rule, Verdict};
use crate::domain::inventory::ConfigurationItem;
use crate::domain::json::Object;
use crate::domain::terraform::Root;
use crate::domain::{Error, Finding, Instant, Presence, TenantId, Verdict as Judged};
use crate::ledger::Reader;
use crate::terraform::{Offence, Plan, Subject, Why, Workspace, as_written, nothing, plan};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Bytes of the files of roots that a process remembers, parsed: what they take in memory is some times that.
const MOST_PARSED: usize = 48 * 1024 * 1024;
/// Rounds in which a root may be replaced while it is read.
const ROUNDS: usize = 4;

static PARSED: LazyLock<Mutex<HashMap<String, (Workspace, usize)>>> = LazyLock::new(Mutex::default);

/// The patch of a finding. [`Error::NotFound`] says why there is none.
pub async fn get_terraform_patch(reader: &Reader, tenant: &TenantId, finding: &Finding) -> Result<Plan, Error> {
    let none = |why: &str| Error::NotFound(format!("there is no patch for this finding: {why}"));
    if !is_failing(finding) {
        return Err(none("it does not fail"));
    }
    let no_rule = || none("no rule of ours has found it");
    let named = Named::of(&finding.asff).ok_or_else(no_rule)?;
    let workspaces = async { workspaces(reader, tenant, reader.terraform_list(tenant).await?).await };
    let (mut auditor, item, workspaces) = tokio::try_join!(
        Auditor::of_tenant(reader, tenant),
        reader.inventory_get(tenant, &named.key, None),
        workspaces
    )?;
    let rules = auditor.shared();
    if named.rule(&rules).is_none() {
        return Err(no_rule());
    }
    let Some(item) = item else { return Err(none("its resource is not in the inventory any more")) };
    let at = reader.clock().now();
    let work = move || named.rule(&rules).map(|rule| planned(&mut auditor, rule, &item, &workspaces, at));
    let planned = tokio::task::spawn_blocking(work).await.map_err(Error::internal)?;
    planned.ok_or_else(no_rule)?.map_err(|why| none(&why.0))
}

/// Whether a finding is there and fails.
pub(super) fn is_failing(finding: &Finding) -> bool {
    finding.standing.presence == Presence::Active && finding.standing.result == Judged::Fail
}

fn remember_root(root: &Root, parsed: Workspace) {
    let mut known = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if known.values().map(|(_, bytes)| bytes).sum::<usize>() + root.bytes > MOST_PARSED {
        known.clear();
    }
    known.insert(root.push.clone(), (parsed, root.bytes));
}

/// A patch that was shown to mend.
pub(super) fn planned(
    auditor: &mut Auditor,
    rule: &Rule,
    item: &ConfigurationItem,
    workspaces: &[Workspace],
    at: Instant,
) -> Result<Plan, Why> {
    let terraform = rule.metadata.terraform.as_ref();
    let terraform = terraform.ok_or_else(|| Why("there is no patch for this rule".to_owned()))?;
    let related = Related::default();
    let violations = match verdict(auditor, rule, item, &related, at) {
        Verdict::Fail(violations) => violations,
        Verdict::Unknown(why) => return Err(Why(format!("whether the resource fails is not known: {why}"))),
        Verdict::Pass | Verdict::NotApplicable => {
            return Err(Why("the resource, as it is known now, does not fail any more".to_owned()));
        }
    };
    let Value::Object(members) = item.to_value() else { return Err(Why("the resource cannot be read".to_owned())) };
    let offences: Vec<Offence<'_>> =
        violations.iter().map(|violation| Offence { path: &violation.path, evidence: &violation.evidence }).collect();
    let params: Object = auditor.params(rule);
    let subject = Subject::of(item, &members);
    if let Some(written) = as_written(terraform, workspaces, &subject, &params)
        && auditor.judge_by(rule, written, &item.scope(), &related, at) == Verdict::Pass
    {
        return Err(nothing());
    }
    let plan = plan(terraform, workspaces, &subject, &offences, &params)?;
    match auditor.judge_by(rule, plan.item.clone(), &item.scope(), &related, at) {
        Verdict::Pass => Ok(plan),
        Verdict::Fail(left) => {
            let left: Vec<&str> = left.iter().map(|violation| violation.message.as_str()).collect();
            Err(Why(format!("after it the rule would still fail: {}", left.join(" "))))
        }
        Verdict::Unknown(why) => Err(Why(format!("after it the rule could not tell: {why}"))),
        Verdict::NotApplicable => Err(Why("after it the rule would not concern the resource".to_owned())),
    }
}

/// Roots, parsed. One that is replaced meanwhile is read anew.
pub(super) async fn workspaces(
    reader: &Reader,
    tenant: &TenantId,
    roots: Vec<Root>,
) -> Result<Arc<[Workspace]>, Error> {
    let mut read: BTreeMap<String, Workspace> = BTreeMap::new();
    let mut roots = roots;
    for _ in 0..ROUNDS {
        let mut replaced = false;
        for root in roots.iter().filter(|root| root.parts > 0) {
            if read.contains_key(&root.push) {
                continue;
            }
            let known = PARSED.lock().unwrap_or_else(PoisonError::into_inner).get(&root.push).cloned();
            let workspace = match known {
                Some((known, _)) => known,
                None => {
                    let Some(content) = reader.terraform_content(tenant, root).await? else {
                        replaced = true;
                        continue;
                    };
                    let name = root.name.clone();
                    let parsed = tokio::task::spawn_blocking(move || Workspace::read(&name, content)).await;
                    let parsed = parsed.map_err(Error::internal)?;
                    remember_root(root, parsed.clone());
                    parsed
                }
            };
            read.insert(root.push.clone(), workspace);
        }
        if !replaced {
            let pushed = roots.iter().filter_map(|root| read.remove(&root.push));
            return Ok(pushed.collect::<Vec<_>>().into());
        }
        roots = reader.terraform_list(tenant).await?;
    }
    Err(Error::Conflict("the Terraform is being replaced at this moment; ask again".to_owned()))
}
