//! Whether findings have patches, for lists and single reads.
//!
//! What was pushed is asked for beside whatever else is read, and for a tenant that has pushed nothing that is all. Answers are remembered by
//! what the finding says of itself, and hold until its next audit or push, and for some minutes at most, because a resource may change
//! before it is judged again: a page that was asked before costs no round. What is not remembered takes one: resources, rules and
//! files are read together, and answers that depend on nothing else than these are remembered too.

use super::auditor::Auditor;
use super::judge_finding::Named;
use super::terraform_patch::{is_failing, planned, workspaces};
use crate::audit::{self, Rule};
use crate::domain::inventory::{ConfigurationItem, ItemKey};
use crate::domain::json;
use crate::domain::terraform::Root;
use crate::domain::{Error, Finding, Instant, TenantId};
use crate::ledger::Reader;
use crate::secrets::sha256_hex;
use crate::terraform::Workspace;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Moment};

/// Answers that a process remembers, by either name.
const MOST_ANSWERS: usize = 50_000;
/// How long a list works on what it does not remember.
const LONGEST: Duration = Duration::from_secs(2);
/// How long an answer holds without a look at the resource, in milliseconds.
const HOLDS_MS: i64 = 10 * 60_000;

/// Answers by what findings say of themselves, and when they were found out.
static SAID: LazyLock<Mutex<HashMap<String, (bool, Instant)>>> = LazyLock::new(Mutex::default);
/// Answers by everything that they depend on.
static ANSWERS: LazyLock<Mutex<HashMap<String, bool>>> = LazyLock::new(Mutex::default);
/// Keys of the catalogue's rules that have no patch.
static WITHOUT: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let rules = audit::built_in().unwrap_or_default();
    rules.iter().filter(|rule| !has_patch(rule)).map(|rule| rule.metadata.key.clone()).collect()
});

/// What a tenant has pushed, as far as it tells whether findings have patches.
#[derive(Debug, Clone)]
pub struct Pushed {
    tenant: TenantId,
    roots: Result<Vec<Root>, Error>,
}

/// A finding whose answer is not remembered.
struct Asked {
    place: usize,
    said: String,
    named: Named,
}

/// Asks what a tenant has pushed: one request, which needs nothing that findings say. What fails is told by [`Pushed::patchable`].
pub async fn pushed(reader: &Reader, tenant: &TenantId) -> Pushed {
    let roots = reader.terraform_list(tenant).await;
    let roots = roots.map(|roots| roots.into_iter().filter(|root| root.parts > 0).collect());
    Pushed { tenant: tenant.clone(), roots }
}

impl Pushed {
    /// Which of some findings have a patch, in their order; `None` for one of which it was not found out. What keeps that from being
    /// found out is no reason to keep the findings back, or to call a decision about them undone.
    pub async fn patchable(&self, reader: &Reader, findings: &[&Finding]) -> Vec<Option<bool>> {
        self.found_out(reader, findings).await.unwrap_or_else(|error| {
            tracing::warn!(tenant = %self.tenant, %error, "whether findings have patches could not be found out");
            findings.iter().map(|finding| named(finding).is_none().then_some(false)).collect()
        })
    }

    async fn found_out(&self, reader: &Reader, findings: &[&Finding]) -> Result<Vec<Option<bool>>, Error> {
        let mut answers = vec![Some(false); findings.len()];
        let roots = self.roots.as_ref().map_err(Error::clone)?;
        if roots.is_empty() {
            return Ok(answers);
        }
        let pushes = roots.iter().map(|root| root.push.as_str()).collect::<Vec<_>>().join(" ");
        let now = reader.clock().now();
        let mut asked = Vec::new();
        for (place, (answer, finding)) in answers.iter_mut().zip(findings).enumerate() {
            let Some(named) = named(finding) else { continue };
            let said = self.said(finding, &pushes);
            match remembered(&said, now) {
                Some(known) => *answer = Some(known),
                None => asked.push(Asked { place, said, named }),
            }
        }
        if asked.is_empty() {
            return Ok(answers);
        }
        let keys: Vec<ItemKey> = asked.iter().map(|asked| asked.named.key.clone()).collect();
        let (auditor, items, workspaces) = tokio::try_join!(
            Auditor::of_tenant(reader, &self.tenant),
            reader.inventory_get_many(&self.tenant, &keys),
            workspaces(reader, &self.tenant, roots.clone())
        )?;
        let mut desk = Desk { rules: auditor.shared(), auditor, items, workspaces, pushes, now };
        let work = move || {
            let began = Moment::now();
            let answer = |asked: Asked| (asked.place, desk.answer(asked, began.elapsed() < LONGEST));
            asked.into_iter().map(answer).collect::<Vec<_>>()
        };
        for (place, answer) in tokio::task::spawn_blocking(work).await.map_err(Error::internal)? {
            if let Some(slot) = answers.get_mut(place) {
                *slot = answer;
            }
        }
        Ok(answers)
    }

    /// What a finding says of itself: which rule, version, parameters and version of the resource it was judged by, and when; and what
    /// was pushed.
    fn said(&self, finding: &Finding, pushes: &str) -> String {
        let text = |name: &str| finding.asff.get(name).cloned().unwrap_or_default();
        let judged = [text("Id"), text("UpdatedAt"), text("ProductFields")];
        sha256_hex(json::canonical(&json!([self.tenant.as_str(), pushes, judged])).as_bytes())
    }
}

/// All that answers are made from.
struct Desk {
    rules: Arc<Vec<Rule>>,
    auditor: Auditor,
    items: BTreeMap<ItemKey, ConfigurationItem>,
    workspaces: Arc<[Workspace]>,
    pushes: String,
    now: Instant,
}

impl Desk {
    /// The answer about a finding, which is remembered; `None` if it would have to be made and there is no time.
    fn answer(&mut self, asked: Asked, in_time: bool) -> Option<bool> {
        let Asked { place: _, said, named } = asked;
        let rules = Arc::clone(&self.rules);
        let rule = named.rule(&rules).filter(|rule| has_patch(rule));
        let answer = match rule.zip(self.items.get(&named.key)) {
            None => false,
            Some((rule, item)) => {
                let name = name(&self.auditor, rule, item, &self.pushes, self.now);
                let known = answers_known().get(&name).copied();
                let make = || planned(&mut self.auditor, rule, item, &self.workspaces, self.now).is_ok();
                let answer = known.or_else(|| in_time.then(make))?;
                keep(&mut answers_known(), name, answer);
                answer
            }
        };
        keep(&mut said_known(), said, (answer, self.now));
        Some(answer)
    }
}

/// What a finding is about, if that could have a patch.
fn named(finding: &Finding) -> Option<Named> {
    Named::of(&finding.asff).filter(|named| is_failing(finding) && !named.is_of(&WITHOUT))
}

fn has_patch(rule: &Rule) -> bool {
    rule.metadata.terraform.as_ref().is_some_and(|fix| fix.patch.is_some())
}

/// What an answer depends on: the rule, its parameters, the resource, everything that was pushed, and, for rules that ask, the hour.
fn name(auditor: &Auditor, rule: &Rule, item: &ConfigurationItem, pushes: &str, at: Instant) -> String {
    let params = json::canonical(&Value::Object(auditor.params(rule)));
    let hour = at.0.div_euclid(3_600_000);
    sha256_hex(format!("{} {} {params} {pushes} {hour}", rule.digest, item.digest()).as_bytes())
}

fn remembered(said: &str, now: Instant) -> Option<bool> {
    let (answer, at) = said_known().get(said).copied()?;
    (0..HOLDS_MS).contains(&now.0.saturating_sub(at.0)).then_some(answer)
}

fn said_known() -> MutexGuard<'static, HashMap<String, (bool, Instant)>> {
    SAID.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answers_known() -> MutexGuard<'static, HashMap<String, bool>> {
    ANSWERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn keep<T>(known: &mut HashMap<String, T>, name: String, answer: T) {
    if known.len() >= MOST_ANSWERS {
        known.clear();
    }
    known.insert(name, answer);
}
