//! Hub events and GetFindings results: the state of the real Security Hub, applied whole in two steps.
//!
//! The first step is what a producer's import can do, the second what only customers can set. Snapshots of a finding
//! are ordered by UpdatedAt, then by the envelope's time, then by what else tells them apart; twice, late or out of
//! order they end in the same state. Chosen where the contract is silent:
//!
//! - A snapshot without an envelope was read just now: its time is the instant of the decision. Callers that know
//!   better when they read pass that.
//! - The second step is recorded under Note.UpdatedBy when it changes the Note, else under the ARN of the hub. Where
//!   somebody else than the hub sent the snapshot, callers put that identity in its place.
//! - A decision made here is overwritten only where the hub's value moved since that decision, in whatever order
//!   the snapshots arrive. Before the first snapshot the hub counts as untouched: Workflow NEW and nothing else set.
//! - In a snapshot SUPPRESSED with FALSE_POSITIVE is false_positive, without it risk_accepted, whichever was there
//!   first: the order of arrival could not tell. An acceptance made here stays until VerificationState moves to
//!   FALSE_POSITIVE or Workflow leaves SUPPRESSED.
//! - What the hub was told from here ([`super::told()`]) counts as its value from then on: a snapshot that shows it, or was sent
//!   before, says nothing new about that member and is not recorded for it.
//! - A late snapshot changes no document, but what it tells about the past is learned: whether the finding ever
//!   failed, its first severity, and its last verdict while the newest state has none.

use super::hub::{self, Hub, Rank, held};
use super::import::reset;
use super::products::{ProductArn, fill};
use super::standing::{next_standing, plain_status, verdict};
use super::{CUSTOMER_OWNED, SHARED, present, provider, put, same_content, set_workflow, severity, shown, workflow};
use crate::domain::json::{self, Object};
use crate::domain::{Actor, Decision, Finding, HashAfter, Instant, Seen, Source, Standing, Status, Verdict, Write};
use serde_json::Value;

/// How long after the hub was told something its event is still that update's, in milliseconds. Of a later one it is recorded when it
/// was sent, as of any other.
const ECHO_MS: i64 = 5 * 60_000;

/// Lays the newest timestamps over a finding, the envelope's time included, as every decision expects it.
pub fn lay_over(finding: &mut Finding, seen: &Seen) {
    seen.lay_over(&mut finding.asff);
    let mut hub = Hub::of(&finding.standing, Some(seen));
    hub.time.clone_from(&seen.envelope);
    if finding.standing.hub.is_some() {
        hub.store(&mut finding.standing);
    }
}

/// The part of a snapshot that its producer could have imported: without the members that only customers can have set.
pub fn producers_part(sent: &Object) -> Object {
    let customers = hub::values(sent);
    sent.iter().filter(|(name, _)| !customers.contains_key(*name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

fn decide(finding: Finding, actor: Actor, hash: HashAfter) -> Decision {
    Decision::Write(Box::new(Write { finding, actor, hash }))
}

/// Whether two states differ at most in scan times and in what is known of the hub.
fn same_state(a: &Finding, b: &Finding) -> bool {
    let own = |s: &Standing| Standing { hub: None, ..s.clone() };
    same_content(&a.asff, &b.asff) && own(&a.standing) == own(&b.standing)
}

/// Whether all that a snapshot leaves behind is what the hub was told from here. `whole` is the finding after it.
fn is_echo(known: &Hub, whole: &Finding) -> bool {
    !known.told.is_empty() && Hub::of(&whole.standing, None).values == known.values
}

/// What is known before a snapshot is looked at.
struct Known {
    hub: Hub,
    newest: Seen,
}

impl Known {
    fn of(current: &Finding, seen: Option<&Seen>) -> Self {
        let hub = Hub::of(&current.standing, seen);
        let own = Seen::of(&current.asff, hub.time.as_deref());
        let newest = seen.map_or(own.clone(), |seen| own.max(seen.clone()));
        Self { hub, newest }
    }

    /// Whether a snapshot of that rank is newer than every import and snapshot so far.
    fn is_older_than(&self, rank: &Rank) -> bool {
        rank.seen >= self.newest && self.hub.imported.as_ref().is_none_or(|imported| imported < rank)
    }
}

/// A hub's finding with what the hub fills, its rank, and its customers' members. Its steps may be asked for many times: what does
/// not depend on the finding that is there is made once.
#[derive(Debug)]
pub struct Snapshot {
    asff: Object,
    rank: Rank,
    values: Object,
    has_envelope: bool,
}

impl Snapshot {
    /// A snapshot that its envelope told of, or that was read `at` an instant. `sent` was accepted by [`super::validate()`].
    pub fn read(sent: &Object, envelope_time: Option<&str>, at: Instant) -> Self {
        let time = envelope_time.map_or_else(|| at.to_string(), str::to_owned);
        let rank = Rank::of(sent, &time);
        let mut asff = sent.clone();
        fill(&mut asff);
        let values = hub::values(&asff);
        Self { asff, rank, values, has_envelope: envelope_time.is_some() }
    }

    /// Its timestamps, the time that it was told of included.
    pub fn seen(&self) -> &Seen {
        &self.rank.seen
    }

    /// The hash of everything else, as [`super::producer_hash()`] makes it.
    pub fn hash(&self) -> &str {
        &self.rank.content
    }

    /// The first step: what BatchImportFindings could have done. It creates a finding whole.
    ///
    /// `current` and `seen` are as in [`super::import()`].
    pub fn import(&self, current: Option<&Finding>, seen: Option<&Seen>, at: Instant) -> Decision {
        let Some(current) = current else { return decide(self.created(at), self.producer(), HashAfter::Set) };
        let known = Known::of(current, seen);
        if !known.is_older_than(&self.rank) {
            return self.learned(current, known.hub, at);
        }
        let imported = self.imported(current, &known.hub, at);
        let whole = self.updated(&imported, at);
        if !same_state(&whole, &imported) {
            // The second step follows; only then may an equal snapshot be taken for known.
            if same_state(&imported, current) {
                return Decision::Unchanged;
            }
            return decide(imported, self.producer(), HashAfter::Clear);
        }
        let is_known = known.hub.applied.as_ref().is_some_and(|applied| applied.content == self.rank.content)
            || is_echo(&known.hub, &whole);
        if !(is_known && same_state(&whole, current)) {
            return decide(whole, self.producer(), HashAfter::Set);
        }
        let tells_time = self.has_envelope && !self.follows(&known.hub);
        let moved = self.rank.seen.texts != Seen::of(&current.asff, None).texts || tells_time;
        if moved { Decision::Observed } else { Decision::Unchanged }
    }

    /// The second step: what only BatchUpdateFindings can set. Unchanged where the first step did it all.
    pub fn update(&self, current: Option<&Finding>, seen: Option<&Seen>, at: Instant) -> Decision {
        let Some(current) = current else { return Decision::Unchanged };
        let known = Known::of(current, seen);
        if known.hub.applied.as_ref().is_some_and(|applied| *applied >= self.rank) {
            return self.overtaken(current, &known.hub, at);
        }
        let newer = known.is_older_than(&self.rank);
        let imported = if newer { self.imported(current, &known.hub, at) } else { current.clone() };
        let whole = self.updated(&imported, at);
        if same_state(&whole, current) {
            let hub_knew = known.hub.values == Hub::of(&whole.standing, None).values;
            let first_step_did_it = !newer
                || is_echo(&known.hub, &whole)
                || known.hub.applied.as_ref().map(|a| &a.content) == Some(&self.rank.content);
            if hub_knew && first_step_did_it {
                return Decision::Unchanged;
            }
        }
        let is_newest = Hub::of(&whole.standing, None).imported.as_ref() == Some(&self.rank);
        let touches = SHARED.iter().any(|name| whole.asff.get(*name) != current.asff.get(*name));
        let hash = match (is_newest, touches) {
            (true, _) => HashAfter::Set,
            (false, true) => HashAfter::Clear,
            (false, false) => HashAfter::Keep,
        };
        let actor = self.customer(&whole.asff, &current.asff);
        decide(whole, actor, hash)
    }

    fn producer(&self) -> Actor {
        let identity = json::text_at(&self.asff, "ProductArn").unwrap_or_default().to_owned();
        Actor { source: Source::Import, identity }
    }

    fn customer(&self, new: &Object, old: &Object) -> Actor {
        let by = json::text_at(new, "Note.UpdatedBy").filter(|by| !by.trim().is_empty());
        let identity = match by {
            Some(by) if new.get("Note") != old.get("Note") => by.to_owned(),
            _ => self.hub_arn(),
        };
        Actor { source: Source::Update, identity }
    }

    fn hub_arn(&self) -> String {
        let text = |path: &str| json::text_at(&self.asff, path).unwrap_or_default();
        let partition = ProductArn::parse(text("ProductArn")).map_or("aws", |arn| arn.partition);
        format!("arn:{partition}:securityhub:{}:{}:hub/default", text("Region"), text("AwsAccountId"))
    }

    /// The finding that this snapshot is the first to tell of.
    fn created(&self, at: Instant) -> Finding {
        let mut standing = next_standing(None, &self.asff, at);
        standing.customer_set =
            SHARED.iter().filter(|name| self.values.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        let mut hub = self.heard(Hub::default());
        hub.first = Some(self.rank.clone());
        hub.applied = Some(self.rank.clone());
        hub.values = Some(self.values.clone());
        hub.store(&mut standing);
        Finding { asff: self.asff.clone(), standing }
    }

    /// The hub's side after this snapshot's producer's part, which is the newest.
    fn heard(&self, mut hub: Hub) -> Hub {
        hub.time.clone_from(&self.rank.seen.envelope);
        hub.imported = Some(self.rank.clone());
        if let Some(result) = verdict(&self.asff) {
            hub.hear(&self.rank, result, &self.asff);
        }
        hub
    }

    /// `current` with this snapshot's producer's part.
    fn imported(&self, current: &Finding, hub: &Hub, at: Instant) -> Finding {
        let mut asff = self.asff.clone();
        for name in CUSTOMER_OWNED {
            put(&mut asff, name, current.asff.get(name).cloned());
        }
        for name in SHARED {
            if current.standing.customer_set.contains(name) {
                put(&mut asff, name, current.asff.get(name).cloned());
            } else if self.values.contains_key(name) {
                let produced = provider(&asff, name).map(|given| shown(name, given, present(&asff, name)));
                put(&mut asff, name, produced);
            }
        }
        // The hub does this by itself and its snapshot shows it. Done here where it did, and where the Workflow
        // was decided here, so that the hub's own does not tell.
        if let Some(status) = reset(current, &asff, at)
            && (workflow(&self.asff) == status || held(current, "Workflow") != hub.value("Workflow"))
        {
            set_workflow(&mut asff, status);
        }
        let mut standing = next_standing(Some(&current.standing), &asff, at);
        self.heard(hub.clone()).store(&mut standing);
        self.settle(&asff, &mut standing);
        Finding { asff, standing }
    }

    /// `current` with this snapshot's customers' part, the newest of the hub's.
    fn updated(&self, current: &Finding, at: Instant) -> Finding {
        let mut hub = Hub::of(&current.standing, None);
        let mut finding = current.clone();
        let mut values = self.values.clone();
        let mut false_positive_now = false;
        for name in CUSTOMER_OWNED.into_iter().chain(SHARED) {
            let (last, new) = (hub.value(name), self.values.get(name).cloned());
            if self.echoes(&hub, name) {
                put(&mut values, name, last);
                continue;
            }
            hub.told.remove(name);
            if new == last && held(current, name) != last {
                continue;
            }
            false_positive_now |= name == "VerificationState" && new != last;
            self.set(&mut finding, name, new);
            hub.decided.remove(name);
        }
        hub.applied = Some(self.rank.clone());
        hub.values = Some(values);
        let mut standing = next_standing(Some(&finding.standing), &finding.asff, at);
        hub.store(&mut standing);
        let is_hubs = held(&finding, "Workflow") == hub.value("Workflow");
        if false_positive_now && is_hubs && plain_status(&finding.asff) == Status::FalsePositive {
            standing.acceptance = None;
        }
        self.settle(&finding.asff, &mut standing);
        Finding { asff: finding.asff, standing }
    }

    /// Whether it says nothing of a member but what the hub was told from here.
    fn echoes(&self, hub: &Hub, name: &str) -> bool {
        let shown = if SHARED.contains(&name) { present(&self.asff, name) } else { self.values.get(name) };
        hub.echoes(name, shown, self.time())
    }

    /// When it was sent.
    fn time(&self) -> Option<Instant> {
        self.rank.seen.envelope.as_deref().and_then(Instant::parse_aws)
    }

    /// Whether it was sent so soon after the hub was told something that this is why.
    fn follows(&self, hub: &Hub) -> bool {
        let told = hub.told.values().map(|told| told.at).max();
        told.zip(self.time()).is_some_and(|(told, time)| time <= told.plus(ECHO_MS))
    }

    /// Sets a customers' member to what the hub has; of a shared one, `None` is the producer's value.
    fn set(&self, finding: &mut Finding, name: &str, value: Option<Value>) {
        if CUSTOMER_OWNED.contains(&name) {
            put(&mut finding.asff, name, value);
        } else if value.is_some() {
            finding.standing.customer_set.insert(name.to_owned());
            put(&mut finding.asff, name, value);
        } else if finding.standing.customer_set.remove(name) {
            let same_producer = provider(&finding.asff, name) == provider(&self.asff, name);
            let top = present(&self.asff, name);
            let produced = match provider(&finding.asff, name) {
                Some(given) if !same_producer || self.values.contains_key(name) => Some(shown(name, given, top)),
                _ => top.cloned(),
            };
            put(&mut finding.asff, name, produced);
        }
    }

    /// Settles what must not depend on the order in which snapshots arrived: the verdict and severity while the
    /// newest state has none of its own, and what SUPPRESSED stands for.
    fn settle(&self, asff: &Object, standing: &mut Standing) {
        let hub = Hub::of(standing, None);
        if let (None, Some(said)) = (verdict(asff), &hub.said)
            && !standing.customer_set.contains("Severity")
            && standing.result == said.result
        {
            standing.severity = said.severity;
        }
        let is_hubs = present(asff, "Workflow").cloned() == hub.value("Workflow");
        if standing.status.is_some() && workflow(asff) == "SUPPRESSED" && is_hubs && standing.acceptance.is_none() {
            standing.status = Some(plain_status(asff));
        }
    }

    /// The first step for a late snapshot: what it tells about the past.
    fn learned(&self, current: &Finding, mut hub: Hub, at: Instant) -> Decision {
        let mut finding = current.clone();
        let standing = &mut finding.standing;
        let mut learned = false;
        if let Some(result) = verdict(&self.asff) {
            learned |= result == Verdict::Fail && !standing.ever_failed;
            standing.ever_failed |= result == Verdict::Fail;
            let is_newest = hub.said.as_ref().map_or(standing.result == Verdict::Unknown, |s| s.rank < self.rank);
            if is_newest && verdict(&current.asff).is_none() {
                hub.hear(&self.rank, result, &self.asff);
                learned = true;
                if standing.result != result {
                    standing.evaluation_changed_at = at;
                }
                standing.result = result;
            }
        }
        if hub.first.as_ref().is_some_and(|first| self.rank < *first) {
            standing.original_severity = severity::produced(&self.asff);
            hub.first = Some(self.rank.clone());
            learned = true;
        }
        if !learned {
            return Decision::Unchanged;
        }
        hub.store(standing);
        let mut standing = next_standing(Some(standing), &current.asff, at);
        self.settle(&current.asff, &mut standing);
        finding.standing = standing;
        decide(finding, self.producer(), HashAfter::Keep)
    }

    /// The second step for a snapshot that the hub has overtaken: where a member was decided here before it, and it
    /// shows that the hub's value moved since, the hub's newest value holds.
    fn overtaken(&self, current: &Finding, known: &Hub, at: Instant) -> Decision {
        let mut hub = known.clone();
        let mut finding = current.clone();
        let mut moved = false;
        for name in CUSTOMER_OWNED.into_iter().chain(SHARED) {
            let newest = hub.value(name);
            let is_decided_here = held(current, name) != newest;
            let is_later = hub.decided.get(name).is_none_or(|decided| *decided < self.rank);
            if is_decided_here && !self.echoes(&hub, name) && is_later && self.values.get(name).cloned() != newest {
                self.set(&mut finding, name, newest);
                hub.decided.remove(name);
                moved = true;
            }
        }
        if !moved {
            return Decision::Unchanged;
        }
        let mut standing = next_standing(Some(&finding.standing), &finding.asff, at);
        hub.store(&mut standing);
        self.settle(&finding.asff, &mut standing);
        finding.standing = standing;
        let touches = SHARED.iter().any(|name| finding.asff.get(*name) != current.asff.get(*name));
        let hash = if touches { HashAfter::Clear } else { HashAfter::Keep };
        let actor = self.customer(&finding.asff, &current.asff);
        decide(finding, actor, hash)
    }
}

#[cfg(test)]
#[path = "snapshot_tests.rs"]
mod tests;
