//! The job that audits: judges the inventory scope by scope, writes verdicts as findings, closes those whose resource or reason is gone.
//!
//! A worker may be killed at any point, and two may even work at once. Every verdict bears the instant of the run's start, so
//! writing one again changes nothing; and whether a finding was judged by this run is told by the finding itself. A verdict that is
//! the same as before writes no finding, also when the resource has changed elsewhere: the finding then keeps the version of
//! the resource of which it was first said.

use super::auditor::Auditor;
use super::open_runs::each_open_run;
use super::run_expiries::all_tenants;
use crate::audit::{
    Coverage, GONE_FIELD, Judgement, PRODUCT_ARN, RESOURCE_FIELD, RESOURCE_VERSION_FIELD, Related, Rule, Verdict,
};
use crate::domain::asff::{self, Door};
use crate::domain::framework::FrameworkQuery;
use crate::domain::inventory::{ConfigurationItem, ItemKey, KnownScope, Scope};
use crate::domain::job::LEASE_MS;
use crate::domain::json::{self, Object};
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::run::{Counts, Place, Run};
use crate::domain::{
    Actor, Column, Decision, Error, Family, Finding, FindingKey, HashAfter, Instant, Outcome, Presence, Rejection,
    Seen, Source, TenantId, Vocabulary,
};
use crate::ledger::{Found, Intent, Need, Reader, Sent, When, Writer};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Verdicts that are written with one request to the ledger's writer.
const WRITTEN: usize = 400;
/// Resources that are read and judged at a time: large ones must fit into the memory of a function together.
const STEP: usize = 200;
/// Documents that are read at a time while closing.
const READ: usize = 100;
/// Types that a note of what could not be read names.
const NAMED: usize = 3;
/// The code by which a verdict says that its Id is that of another resource.
const TAKEN: &str = "TakenByAnotherResource";

/// Works on the runs of `own` and of every tenant that ever had a key, like [`run_audits`].
pub async fn run_audits_of_all(
    writer: &Writer,
    own: &TenantId,
    enough: impl Fn() -> bool + Copy,
) -> Result<usize, Error> {
    run_audits(writer, &all_tenants(writer, own).await?, enough).await
}

/// Works on every run of these tenants that has not ended, until they have or `enough` says so; how many ended.
///
/// Errors: the first one, after all runs had their turn. The run is left for the next worker, and has failed after five errors in a row.
pub async fn run_audits(
    writer: &Writer,
    tenants: &BTreeSet<TenantId>,
    enough: impl Fn() -> bool + Copy,
) -> Result<usize, Error> {
    let list = |tenant| writer.run_list_open(tenant);
    let work = |tenant, run| work(writer, tenant, run, enough);
    each_open_run("audit", tenants, (|| writer.clock().now(), enough), list, work).await
}

/// Works on one run; whether it has ended.
async fn work(writer: &Writer, tenant: &TenantId, run: Run, enough: impl Fn() -> bool) -> Result<bool, Error> {
    let Some(taken) = run.taken(writer.clock().now()) else { return Ok(false) };
    let Some(taken) = writer.run_put(tenant, taken).await? else { return Ok(false) };
    if taken.has_ended() {
        return Ok(true);
    }
    let mut worker = Worker { writer, tenant, run: Some(taken) };
    let result = worker.scopes(enough).await;
    let Some(run) = worker.run.take() else { return Ok(false) };
    let left = run.left(result.as_ref().copied(), writer.clock().now());
    let has_ended = left.has_ended();
    match (writer.run_put(tenant, left).await, result) {
        (_, Err(error)) => Err(error),
        (put, Ok(_)) => put.map(|_| has_ended),
    }
}

/// A worker with its lease; without `run` it has lost it to another one.
struct Worker<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    run: Option<Run>,
}

impl Worker<'_> {
    /// Goes through the scopes that are left; whether that was all.
    async fn scopes(&mut self, enough: impl Fn() -> bool) -> Result<bool, Error> {
        let Some(run) = &self.run else { return Ok(false) };
        let (place, started_at) = (run.place.clone(), run.started_at);
        let mut auditor = auditor(self.writer, self.tenant, run.framework.as_deref()).await?;
        if let Some(run) = &mut self.run {
            auditor.broken().iter().for_each(|why| run.note(why));
        }
        let known = self.writer.inventory_scopes(self.tenant).await?;
        let coverage = Coverage::of(&known);
        let kinds = auditor.kinds();
        let digest = auditor.digest();
        for scope in &known {
            let at = (scope.scope.account.clone(), scope.scope.region.clone());
            if place.scope.as_ref().is_some_and(|before| at < *before || (at == *before && place.done)) {
                continue;
            }
            // Only rules that have judged all of a scope may close what they have not filed again, so with other rules it
            // is begun anew.
            let goes_on = place.scope.as_ref() == Some(&at) && place.rules == digest;
            let after = place.after.as_ref().filter(|_| goes_on);
            let mut refused = place.refused && goes_on;
            let judged: BTreeSet<String> = scope.kinds.intersection(&kinds).cloned().collect();
            let Some(related) = self.related(&auditor, &judged, (&known, &coverage), &scope.scope).await? else {
                return Ok(false);
            };
            self.note_unread(scope);
            let key = after.map(|(kind, id)| item_key(&scope.scope, kind, id));
            let walk = self.writer.inventory_walk(self.tenant, &scope.scope, Some(&judged), key.as_ref(), None);
            let mut walk = walk.in_steps_of(STEP);
            while let Some(items) = walk.next().await? {
                let Some(last) = items.last() else { continue };
                let after = Some((last.kind.clone(), last.id.clone()));
                let Some(counts) = self.judge(&mut auditor, &items, (scope, &related), started_at).await? else {
                    return Ok(false);
                };
                refused |= counts.rejected > 0;
                let next = Place { scope: Some(at.clone()), after, done: false, refused, rules: digest.clone() };
                if !self.advance(next, counts).await? {
                    return Ok(false);
                }
                if enough() {
                    return Ok(false);
                }
            }
            let mut counts = Counts::default();
            if !refused {
                counts.closed = self.close(&auditor, scope, started_at).await?;
            }
            let Some(run) = &mut self.run else { return Ok(false) };
            run.covered.add(at.clone());
            run.covered.rules = auditor.rules().len();
            let next = Place { scope: Some(at), done: true, ..Place::default() };
            if !self.advance(next, counts).await? {
                return Ok(false);
            }
            if enough() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Notes what could not be read of a scope: a line for each reason.
    fn note_unread(&mut self, scope: &KnownScope) {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, unread) in &scope.unread {
            reasons.entry(&unread.reason).or_default().push(name);
        }
        let Some(run) = &mut self.run else { return };
        for (reason, names) in reasons {
            let (shown, more) = names.split_at(names.len().min(NAMED));
            let more = if more.is_empty() { String::new() } else { format!(" and {} more", more.len()) };
            let Scope { account, region } = &scope.scope;
            run.note(&format!("{account}/{region} {}{more} could not be read: {reason}", shown.join(", ")));
        }
    }

    /// Moves the checkpoint; `false` when another worker has taken over.
    async fn advance(&mut self, place: Place, counts: Counts) -> Result<bool, Error> {
        let Some(mut run) = self.run.take() else { return Ok(false) };
        run.counts.add(counts);
        self.run = self.writer.run_put(self.tenant, run.advanced(place, self.writer.clock().now())).await?;
        Ok(self.run.is_some())
    }

    /// Takes the lease anew where half of it is over; `false` when another worker has taken over.
    async fn renew(&mut self) -> Result<bool, Error> {
        let now = self.writer.clock().now();
        let Some(run) = self.run.take() else { return Ok(false) };
        let fresh = run.lease_until.is_some_and(|end| now.plus(LEASE_MS / 2) < end);
        self.run = if fresh { Some(run) } else { self.writer.run_put(self.tenant, run.renewed(now)).await? };
        Ok(self.run.is_some())
    }

    /// What the rules join to resources of these types in a scope; `None` when another worker has taken over.
    async fn related(
        &mut self,
        auditor: &Auditor,
        judged: &BTreeSet<String>,
        (known, coverage): (&[KnownScope], &Coverage),
        scope: &Scope,
    ) -> Result<Option<Related>, Error> {
        let mut related = Related::new(coverage.clone());
        let writer = self.writer;
        for (other, kinds) in Related::wanted(auditor.rules_for(judged), scope, known) {
            let mut walk = writer.inventory_walk(self.tenant, &other, Some(&kinds), None, None).in_steps_of(STEP);
            while let Some(items) = walk.next().await? {
                items.iter().for_each(|item| related.add(item, auditor.rules_for(judged)));
                if !self.renew().await? {
                    return Ok(None);
                }
            }
        }
        Ok(Some(related))
    }

    /// Judges resources and writes the verdicts; what came out, or `None` when another worker has taken over.
    async fn judge(
        &mut self,
        auditor: &mut Auditor,
        items: &[ConfigurationItem],
        (scope, related): (&KnownScope, &Related),
        at: Instant,
    ) -> Result<Option<Counts>, Error> {
        let mut counts = Counts::default();
        let mut verdicts: Vec<(Object, String)> = Vec::new();
        for item in items {
            counts.resources += 1;
            // A tenant's own rules may take their time.
            if !self.renew().await? {
                return Ok(None);
            }
            let Some(run) = &mut self.run else { return Ok(None) };
            let doubt = scope.doubt(item);
            for mut judgement in auditor.judge(item, related, at) {
                if let (Some(reason), Verdict::Pass | Verdict::Fail(_)) = (doubt, &judgement.verdict) {
                    judgement.verdict = Verdict::Unknown(format!("the resource could not be read: {reason}"));
                }
                count(&mut counts, run, &judgement);
                if let Some(finding) = judgement.finding(&judgement.id(), at) {
                    verdicts.push((finding, judgement.other_id()));
                }
            }
            if verdicts.len() >= WRITTEN {
                write(self.writer, self.tenant, run, &mut counts, std::mem::take(&mut verdicts)).await?;
                if !self.renew().await? {
                    return Ok(None);
                }
            }
        }
        let Some(run) = &mut self.run else { return Ok(None) };
        write(self.writer, self.tenant, run, &mut counts, verdicts).await?;
        Ok(Some(counts))
    }

    /// Marks as gone the findings of a scope that this run's rules have filed before and not again: their resource is gone, or the
    /// rule does not concern it any more. How many there were.
    async fn close(&self, auditor: &Auditor, scope: &KnownScope, started_at: Instant) -> Result<u64, Error> {
        let one = |column, text: &str| Clause::on(column, Test::one_of([text.to_owned()]));
        let retired = auditor.retired();
        // Nobody knows of types that could not be read whether a resource of them is gone, or concerns a rule no more.
        let joined = |rule: &Rule| rule.metadata.related.values().any(|join| scope.unread.contains_key(&join.kind));
        let is_known = |rule: &&Rule| !scope.unread.contains_key(&rule.metadata.resource_type) && !joined(rule);
        let rules = auditor.rules().iter().filter(is_known).map(|rule| rule.metadata.rule_id.as_str());
        let rules = rules.chain(retired.iter().copied());
        let filter = Filter::of([
            one(Column::ProductArn, PRODUCT_ARN),
            one(Column::AwsAccountId, &scope.scope.account),
            one(Column::Region, &scope.scope.region),
            one(Column::Presence, Presence::Active.word()),
            Clause::on(Column::GeneratorId, Test::one_of(rules)),
        ]);
        let need =
            Need::all([Family::Core, Family::Seen].into_iter().chain(filter.columns().into_iter().map(Column::family)));
        let view = self.writer.view(self.tenant, When::Now, &need).await?;
        let mut left = Vec::new();
        for ordinal in view.select(&filter)? {
            if view.seen(ordinal)?.updated_at() < started_at {
                left.push(ordinal);
            }
        }
        let mut closed = 0;
        for chunk in left.chunks(READ) {
            let found = self.writer.documents(self.tenant, &view, chunk).await?;
            let intents: Vec<Intent> = found.iter().map(|found| closing(found, started_at, &retired)).collect();
            let outcomes = self.writer.submit(self.tenant, intents).await?;
            closed += outcomes.iter().filter(|outcome| **outcome == Outcome::Changed).count() as u64;
        }
        Ok(closed)
    }
}

/// The rules of a run.
pub(super) async fn auditor(reader: &Reader, tenant: &TenantId, framework: Option<&str>) -> Result<Auditor, Error> {
    let all = Auditor::of_tenant(reader, tenant).await?;
    let Some(framework) = framework else { return Ok(all) };
    let query =
        FrameworkQuery::parse(framework).ok_or_else(|| Error::internal(format!("{framework} is no framework")))?;
    all.of_framework(&query, "framework")
}

fn item_key(scope: &Scope, kind: &str, id: &str) -> ItemKey {
    let (account, region) = (scope.account.clone(), scope.region.clone());
    ItemKey { account, region, kind: kind.to_owned(), id: id.to_owned() }
}

fn count(counts: &mut Counts, run: &mut Run, judgement: &Judgement<'_>) {
    match &judgement.verdict {
        Verdict::Pass => counts.passed += 1,
        Verdict::Fail(_) => counts.failed += 1,
        Verdict::NotApplicable => counts.not_applicable += 1,
        Verdict::Unknown(reason) => {
            counts.unknown += 1;
            let Judgement { rule, item, verdict: _, params: _ } = judgement;
            run.note(&format!("{}/{} {}: {reason}", item.account, item.region, rule.metadata.rule_id));
        }
    }
}

/// Writes verdicts, each a finding and the Id that it takes when another resource has its own.
async fn write(
    writer: &Writer,
    tenant: &TenantId,
    run: &mut Run,
    counts: &mut Counts,
    verdicts: Vec<(Object, String)>,
) -> Result<(), Error> {
    if verdicts.is_empty() {
        return Ok(());
    }
    let identity = format!("posture-ledger/{}", run.id);
    let intents = verdicts.iter().map(|(finding, _)| verdict_intent(finding.clone(), identity.clone()));
    let mut outcomes = writer.submit(tenant, intents.collect()).await?;
    let is_taken = |outcome: &Outcome| matches!(outcome, Outcome::Rejected(rejection) if rejection.code == TAKEN);
    let others: Vec<Intent> = verdicts
        .into_iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| is_taken(outcome))
        .map(|((mut finding, id), _)| {
            finding.insert("Id".to_owned(), Value::String(id));
            verdict_intent(finding, identity.clone())
        })
        .collect();
    if !others.is_empty() {
        outcomes.retain(|outcome| !is_taken(outcome));
        outcomes.extend(writer.submit(tenant, others).await?);
    }
    for outcome in outcomes {
        match outcome {
            Outcome::Created => counts.created += 1,
            Outcome::Changed => counts.changed += 1,
            Outcome::Unchanged => {}
            Outcome::Rejected(Rejection { id, message, .. }) => {
                counts.rejected += 1;
                run.note(&format!("{id}: {message}"));
            }
        }
    }
    Ok(())
}

fn verdict_intent(sent: Object, identity: String) -> Intent {
    let id = json::text_at(&sent, "Id").unwrap_or_default().to_owned();
    let key = FindingKey { product_arn: PRODUCT_ARN.to_owned(), id };
    let seen = Seen::of(&sent, None);
    let hash = asff::producer_hash(&with_version(&sent, None), Door::Import);
    let short = Sent { hash, seen_hash: asff::seen_hash(&seen), seen, tells_time: true };
    let actor = Actor { source: Source::Audit, identity };
    let decide = move |current: Option<&Finding>, seen: Option<&Seen>, at: Instant| {
        if let Some(current) = current {
            if product_field(&current.asff, RESOURCE_FIELD) != product_field(&sent, RESOURCE_FIELD) {
                let id = json::text_at(&sent, "Id").unwrap_or_default().to_owned();
                let message = "the Id is that of another resource".to_owned();
                return Decision::Rejected(Rejection { id, code: TAKEN.to_owned(), message });
            }
            let same = with_version(&sent, product_field(&current.asff, RESOURCE_VERSION_FIELD));
            let decision = asff::import(Some(current), seen, &same, &actor, at);
            let decision = match decision {
                Decision::Write(_) => asff::import(Some(current), seen, &sent, &actor, at),
                other => other,
            };
            return asff::judged_again(current, &sent, decision, &actor, at);
        }
        asff::import(None, seen, &sent, &actor, at)
    };
    Intent { key, sent: Some(short), decide: Arc::new(decide) }
}

fn product_field<'a>(asff: &'a Object, name: &str) -> Option<&'a Value> {
    asff.get("ProductFields")?.get(name)
}

/// A finding that names another version of the resource, or none.
fn with_version(sent: &Object, version: Option<&Value>) -> Object {
    let mut sent = sent.clone();
    if let Some(fields) = sent.get_mut("ProductFields").and_then(Value::as_object_mut) {
        match version {
            Some(version) => fields.insert(RESOURCE_VERSION_FIELD.to_owned(), version.clone()),
            None => fields.remove(RESOURCE_VERSION_FIELD),
        };
    }
    sent
}

/// The intent that marks a finding as gone, unless this run or a later one has judged it meanwhile.
fn closing(found: &Found, started_at: Instant, retired: &BTreeSet<&str>) -> Intent {
    let is_retired = json::text_at(&found.finding.asff, "GeneratorId").is_some_and(|rule| retired.contains(rule));
    let actor = Actor { source: Source::Audit, identity: "posture-ledger/audit".to_owned() };
    let decide = move |current: Option<&Finding>, seen: Option<&Seen>, at: Instant| {
        let Some(current) = current else { return Decision::Unchanged };
        let mut sent = current.asff.clone();
        sent.insert("RecordState".to_owned(), Value::String("ARCHIVED".to_owned()));
        sent.insert("UpdatedAt".to_owned(), Value::String(started_at.to_string()));
        if let (true, Some(Value::Object(fields))) = (is_retired, sent.get_mut("ProductFields")) {
            fields.insert(GONE_FIELD.to_owned(), Value::String("the rule was retired".to_owned()));
        }
        match asff::import(Some(current), seen, &sent, &actor, at) {
            Decision::Write(mut write) => {
                // What is sent next is no repetition of what was sent last.
                write.hash = HashAfter::Clear;
                Decision::Write(write)
            }
            other => other,
        }
    };
    Intent { key: found.finding.key(), sent: None, decide: Arc::new(decide) }
}
