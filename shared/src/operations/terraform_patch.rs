//! The patch of a finding: made from the Terraform that was pushed, and shown to mend it.
//!
//! The resource as it is now is judged by the finding's rule, which must fail; the resource as the patched Terraform describes it is
//! judged by the same rule, which must pass. Anything else is no patch, and has a reason. A rule that looks at other resources
//! too has none.

use super::auditor::Auditor;
use super::judge_finding::{Filed, filed, verdict};
use crate::audit::{PRODUCT_ARN, Related, Verdict};
use crate::domain::inventory::{ConfigurationItem, ItemKey};
use crate::domain::json::{self, Object};
use crate::domain::terraform::Root;
use crate::domain::{Error, Finding, Instant, Presence, TenantId, Verdict as Judged};
use crate::ledger::Reader;
use crate::secrets::sha256_hex;
use crate::terraform::{Offence, Plan, Subject, Why, Workspace, as_written, nothing, plan};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant as Moment};

/// Bytes of the files of roots that a process remembers, parsed: what they take in memory is some times that.
const MOST_PARSED: usize = 48 * 1024 * 1024;
/// Answers that a process remembers.
const MOST_ANSWERS: usize = 50_000;
/// How long a list works on what it does not remember.
const LONGEST: Duration = Duration::from_secs(2);
/// Rounds in which a root may be replaced while it is read.
const ROUNDS: usize = 4;

static PARSED: LazyLock<Mutex<HashMap<String, (Workspace, usize)>>> = LazyLock::new(Mutex::default);
static ANSWERS: LazyLock<Mutex<HashMap<String, bool>>> = LazyLock::new(Mutex::default);

/// The patch of a finding. [`Error::NotFound`] says why there is none.
pub async fn get_terraform_patch(reader: &Reader, tenant: &TenantId, finding: &Finding) -> Result<Plan, Error> {
    let none = |why: &str| Error::NotFound(format!("there is no patch for this finding: {why}"));
    if !is_failing(finding) {
        return Err(none("it does not fail"));
    }
    let mut auditor = Auditor::of_tenant(reader, tenant).await?;
    let Some(filed) = filed(&auditor, &finding.asff) else { return Err(none("no rule of ours has found it")) };
    let item = reader.inventory_get(tenant, &filed.key, None).await?;
    let Some(item) = item else { return Err(none("its resource is not in the inventory any more")) };
    let roots = reader.terraform_list(tenant).await?;
    let workspaces = workspaces(reader, tenant, roots).await?;
    let at = reader.clock().now();
    let planned = tokio::task::spawn_blocking(move || planned(&mut auditor, &filed, &item, &workspaces, at));
    planned.await.map_err(Error::internal)?.map_err(|why| none(&why.0))
}

/// Which of some findings have a patch, in their order; `None` for one of which it was not found out. What keeps that from being
/// found out is no reason to keep the findings back, or to call a decision about them undone.
pub async fn patchable(reader: &Reader, tenant: &TenantId, findings: &[&Finding]) -> Vec<Option<bool>> {
    found_out(reader, tenant, findings).await.unwrap_or_else(|error| {
        tracing::warn!(tenant = %tenant, %error, "whether findings have patches could not be found out");
        vec![None; findings.len()]
    })
}

async fn found_out(reader: &Reader, tenant: &TenantId, findings: &[&Finding]) -> Result<Vec<Option<bool>>, Error> {
    let mut answers = vec![Some(false); findings.len()];
    let own =
        |finding: &&&Finding| json::text_at(&finding.asff, "ProductArn") == Some(PRODUCT_ARN) && is_failing(finding);
    if !findings.iter().any(|finding| own(&finding)) {
        return Ok(answers);
    }
    let roots: Vec<Root> = reader.terraform_list(tenant).await?.into_iter().filter(|root| root.parts > 0).collect();
    if roots.is_empty() {
        return Ok(answers);
    }
    let mut auditor = Auditor::of_tenant(reader, tenant).await?;
    let mut asked: Vec<(usize, Filed)> = Vec::new();
    for (place, finding) in findings.iter().enumerate().filter(|(_, finding)| own(finding)) {
        let filed = filed(&auditor, &finding.asff);
        let has_patch = |filed: &Filed| filed.rule.metadata.terraform.as_ref().is_some_and(|fix| fix.patch.is_some());
        asked.extend(filed.filter(has_patch).map(|filed| (place, filed)));
    }
    if asked.is_empty() {
        return Ok(answers);
    }
    let keys: Vec<ItemKey> = asked.iter().map(|(_, filed)| filed.key.clone()).collect();
    let pushes: Vec<String> = roots.iter().map(|root| root.push.clone()).collect();
    let (items, workspaces) =
        tokio::try_join!(reader.inventory_get_many(tenant, &keys), workspaces(reader, tenant, roots))?;
    let (at, pushes) = (reader.clock().now(), pushes.join(" "));
    let worked = tokio::task::spawn_blocking(move || {
        let began = Moment::now();
        let mut found = Vec::with_capacity(asked.len());
        for (place, filed) in asked {
            let Some(item) = items.get(&filed.key) else { continue };
            let name = name(&auditor, &filed, item, &pushes, at);
            let known = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied();
            let answer = match known {
                None if began.elapsed() > LONGEST => None,
                None => Some(planned(&mut auditor, &filed, item, &workspaces, at).is_ok()),
                known => known,
            };
            if let Some(answer) = answer {
                remember(name, answer);
            }
            found.push((place, answer));
        }
        found
    });
    for (place, answer) in worked.await.map_err(Error::internal)? {
        if let Some(slot) = answers.get_mut(place) {
            *slot = answer;
        }
    }
    Ok(answers)
}

fn is_failing(finding: &Finding) -> bool {
    finding.standing.presence == Presence::Active && finding.standing.result == Judged::Fail
}

/// What an answer depends on: the rule, its parameters, the resource, everything that was pushed, and, for rules that ask, the hour.
fn name(auditor: &Auditor, filed: &Filed, item: &ConfigurationItem, pushes: &str, at: Instant) -> String {
    let params = json::canonical(&Value::Object(auditor.params(&filed.rule)));
    let hour = at.0.div_euclid(3_600_000);
    sha256_hex(format!("{} {} {params} {pushes} {hour}", filed.rule.digest, item.digest()).as_bytes())
}

fn remember(name: String, answer: bool) {
    let mut known = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= MOST_ANSWERS {
        known.clear();
    }
    known.insert(name, answer);
}

fn remember_root(root: &Root, parsed: Workspace) {
    let mut known = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
    if known.values().map(|(_, bytes)| bytes).sum::<usize>() + root.bytes > MOST_PARSED {
        known.clear();
    }
    known.insert(root.push.clone(), (parsed, root.bytes));
}

/// A patch that was shown to mend.
fn planned(
    auditor: &mut Auditor,
    filed: &Filed,
    item: &ConfigurationItem,
    workspaces: &[Workspace],
    at: Instant,
) -> Result<Plan, Why> {
    let rule = &filed.rule;
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
async fn workspaces(reader: &Reader, tenant: &TenantId, roots: Vec<Root>) -> Result<Arc<[Workspace]>, Error> {
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
