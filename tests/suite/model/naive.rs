//! The model: a list of all that ever happened to each finding, looked through from the start for every question.

use super::ask::Ask;
use posture_shared::domain::asff;
use posture_shared::domain::query::{Filter, SortKey};
use posture_shared::domain::rule::Rule;
use posture_shared::domain::{
    Actor, Column, Decision, Finding, FindingKey, HistoryRecord, Instant, Kind, Outcome, Presence, Row, Seen, Source,
    Verdict,
};
use posture_shared::ledger::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Which state is asked for: the commits in it, and the clock for expiries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The newest commit.
    pub seq: u64,
    /// The clock.
    pub at: Instant,
}

/// A finding as of one of its changes.
#[derive(Debug, Clone)]
struct Version {
    seq: u64,
    at: Instant,
    finding: Finding,
    actor: Actor,
}

/// A producer's mere mention of a finding.
#[derive(Debug, Clone)]
struct Sight {
    seq: u64,
    at: Instant,
    seen: Seen,
}

#[derive(Debug, Clone)]
struct Life {
    key: FindingKey,
    versions: Vec<Version>,
    sights: Vec<Sight>,
}

/// All that ever happened.
#[derive(Debug, Clone, Default)]
pub struct Naive {
    lives: Vec<Life>,
    /// The instant of each commit.
    pub commits: Vec<Instant>,
    /// Per GeneratorId, the digest that each number stands for.
    rules: BTreeMap<String, BTreeMap<u32, String>>,
}

/// A finding as it should be answered.
#[derive(Debug, Clone)]
pub struct State {
    /// Its number.
    pub ordinal: u32,
    /// Laid over and evaluated.
    pub finding: Finding,
    /// Its columns.
    pub row: Row,
    /// When a producer last mentioned it.
    pub last_seen: Instant,
}

impl Naive {
    /// The newest commit's number.
    pub fn tip(&self) -> u64 {
        self.commits.len() as u64
    }

    /// The newest commit's instant.
    pub fn tip_at(&self) -> Instant {
        self.commits.last().copied().unwrap_or_default()
    }

    /// The state as of an instant.
    pub fn at(&self, at: Instant) -> Point {
        Point { seq: self.commits.iter().filter(|commit| **commit <= at).count() as u64, at }
    }

    /// Every instant at which something may have changed.
    pub fn turning_points(&self) -> Vec<Instant> {
        let ends = self.acceptances().into_iter().map(|(_, end)| end);
        ends.chain(self.commits.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Every acceptance that was ever recorded with an end: its finding and its end, by end.
    pub fn acceptances(&self) -> Vec<(FindingKey, Instant)> {
        let mut found = Vec::new();
        for (ordinal, life) in self.lives.iter().enumerate() {
            let mut before = None;
            for version in &life.versions {
                let acceptance = version.finding.standing.acceptance.as_ref();
                if acceptance != before
                    && let Some(end) = acceptance.and_then(|a| a.expires_at)
                {
                    found.push((end, ordinal, version.at, life.key.clone()));
                }
                before = acceptance;
            }
        }
        found.sort_by_key(|(end, ordinal, at, _)| (*end, *ordinal, *at));
        found.into_iter().map(|(end, _, _, key)| (key, end)).collect()
    }

    /// One finding.
    pub fn state(&self, key: &FindingKey, point: Point) -> Option<State> {
        let ordinal = self.lives.iter().position(|life| life.key == *key)?;
        self.lives[ordinal].state(u32::try_from(ordinal).unwrap(), point)
    }

    /// Every finding, in the order in which they were first seen.
    pub fn states(&self, point: Point) -> Vec<State> {
        (0..).zip(&self.lives).filter_map(|(ordinal, life)| life.state(ordinal, point)).collect()
    }

    /// The findings that a filter accepts, in an order; and how many its columnar clauses accept.
    pub fn select(&self, point: Point, filter: &Filter, order: &[SortKey]) -> (Vec<State>, usize) {
        let columnar = |state: &State| {
            filter.accepts_cells::<()>(&|column| Ok(state.row.get(column).clone()), point.at) == Ok(true)
        };
        let all = self.states(point);
        let total = all.iter().filter(|state| columnar(state)).count();
        let mut chosen: Vec<State> =
            all.into_iter().filter(|state| filter.accepts(&state.finding, &state.row, point.at)).collect();
        chosen.sort_by(|a, b| {
            let by = order.iter().map(|key| {
                let value = |state: &State| key.column.sort_value(state.row.get(key.column));
                if key.descending { value(b).cmp(&value(a)) } else { value(a).cmp(&value(b)) }
            });
            by.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(a.ordinal.cmp(&b.ordinal))
        });
        (chosen, total)
    }

    /// A finding's history, newest first.
    pub fn history(&self, key: &FindingKey) -> Vec<HistoryRecord> {
        let Some(life) = self.lives.iter().find(|life| life.key == *key) else { return Vec::new() };
        let mut records = Vec::new();
        let mut before: Option<&Version> = None;
        for version in &life.versions {
            let changes = Finding::history_between(before.map(|v| &v.finding.asff), &version.finding.asff);
            if before.is_none() || !changes.is_empty() {
                let (at, actor) = (version.at, version.actor.clone());
                records.push(HistoryRecord { at, created: before.is_none(), actor, changes });
            }
            before = Some(version);
        }
        records.reverse();
        records
    }

    /// Takes over what the log tells of a request, whose asks about one finding were carried out in their order. An
    /// ask that should have been recorded and is not has no outcome; with `whole` that is a failure. `now` is the
    /// instant of decisions that left no trace. Everything in the log must come from an ask.
    pub fn absorb(&mut self, asks: &[Ask], entries: &[Entry], whole: bool, now: Instant) -> Vec<Option<Outcome>> {
        for entry in entries {
            assert_eq!(entry.seq, self.tip() + 1, "the log has a gap");
            assert!(entry.at > self.tip_at(), "the log's instants do not ascend");
            self.commits.push(entry.at);
        }
        let mut log = Trace::new(entries);
        let outcomes = asks.iter().map(|ask| self.carry_out(ask, &mut log, whole, now)).collect();
        self.audit_rules();
        assert!(log.changes.is_empty(), "changes that nobody asked for: {:?}", log.changes);
        assert!(log.sights.is_empty(), "observations that nobody asked for: {:?}", log.sights);
        outcomes
    }

    /// Numbers the version of a finding's rule as the log does, and asserts that one number means one content, and that
    /// numbers have no gaps.
    fn number(&mut self, finding: &mut Finding, source: Source, entry: &Entry, ordinal: u32) {
        let change = entry.body.changes.iter().find(|change| change.ordinal.0 == ordinal).unwrap();
        if let Some(said) = change.columns.get(Column::RuleVersion.name()) {
            finding.standing.rule_version = u32::try_from(said.int().unwrap()).unwrap();
        }
        let rule = Rule::of(finding);
        if source == Source::Import {
            let known = self.rules.entry(rule.id).or_default();
            let number = finding.standing.rule_version;
            let other = known.iter().find(|(n, digest)| (**n == number) != (**digest == rule.digest));
            assert_eq!(other, None, "number {number} and digest {}", rule.digest);
            known.insert(number, rule.digest);
        }
    }

    /// Asserts that the numbers of every rule's versions are dense.
    fn audit_rules(&self) {
        for (id, known) in &self.rules {
            let dense = known.keys().copied().eq(1..=u32::try_from(known.len()).unwrap());
            assert!(dense, "{id}: {known:?}");
        }
    }

    fn carry_out(&mut self, ask: &Ask, log: &mut Trace<'_>, whole: bool, now: Instant) -> Option<Outcome> {
        let known = self.lives.iter().position(|life| life.key == ask.key());
        let ordinal = u32::try_from(known.unwrap_or(self.lives.len())).unwrap();
        let trace = log.change_of(ordinal);
        let at = trace.or_else(|| log.entries.last()).map_or(now, |entry| entry.at);
        let current = known.map(|place| self.lives[place].current());
        let decision = ask.decide(current.as_ref().map(|(f, _)| f), current.as_ref().map(|(_, s)| s), at);
        match decision {
            Decision::Rejected(rejection) => Some(Outcome::Rejected(rejection)),
            Decision::Write(write) => {
                let Some(entry) = trace else {
                    assert!(!whole, "not recorded: {ask:?}\nknown: {current:?}");
                    return None;
                };
                let kind = kind(current.as_ref().map(|(finding, _)| finding), &write.finding);
                assert_eq!(log.take_change(entry, ordinal), kind, "{ask:?}");
                let mut finding = write.finding;
                self.number(&mut finding, write.actor.source, entry, ordinal);
                let version = Version { seq: entry.seq, at, finding, actor: write.actor };
                if let Some(place) = known {
                    self.lives[place].versions.push(version);
                    return Some(Outcome::Changed);
                }
                self.lives.push(Life { key: ask.key(), versions: vec![version], sights: Vec::new() });
                Some(Outcome::Created)
            }
            // A producer's repetition may be recorded as observed, an older one too: it changes when the finding was
            // last seen, and no timestamp that is newer.
            decision => {
                let sight = ask.seen().and_then(|seen| log.take_sight(ordinal, &seen).map(|entry| (entry, seen)));
                match (sight, known) {
                    (Some((entry, seen)), Some(place)) => {
                        self.lives[place].sights.push(Sight { seq: entry.seq, at: entry.at, seen });
                    }
                    _ if decision == Decision::Observed => {
                        assert!(!whole, "not observed: {ask:?}\nknown: {current:?}");
                        return None;
                    }
                    _ => {}
                }
                Some(Outcome::Unchanged)
            }
        }
    }
}

impl Life {
    /// The newest state with the newest timestamps, as a decision gets it.
    fn current(&self) -> (Finding, Seen) {
        let seen = self.seen(u64::MAX);
        let mut finding = self.versions.last().unwrap().finding.clone();
        asff::lay_over(&mut finding, &seen);
        (finding, seen)
    }

    /// The newest timestamps.
    fn seen(&self, seq: u64) -> Seen {
        let own = |version: &Version| {
            let envelope = Column::EnvelopeTime.of(&version.finding, Instant(0));
            Seen::of(&version.finding.asff, envelope.text())
        };
        let own = self.versions.iter().filter(|v| v.seq <= seq).map(own);
        own.chain(self.sights.iter().filter(|s| s.seq <= seq).map(|s| s.seen.clone())).max().unwrap()
    }

    fn state(&self, ordinal: u32, point: Point) -> Option<State> {
        let version = self.versions.iter().rfind(|version| version.seq <= point.seq)?;
        let seen = self.seen(point.seq);
        let mut finding = version.finding.clone();
        seen.lay_over(&mut finding.asff);
        let mut finding = finding.evaluated(point.at);
        finding.standing.changed_at = self.changed_at(point);
        let imports = self.versions.iter().filter(|v| v.seq <= point.seq && v.actor.source == Source::Import);
        let sights = self.sights.iter().filter(|s| s.seq <= point.seq).map(|s| s.at);
        let last_seen = imports.map(|v| v.at).chain(sights).max().unwrap();
        let mut row = Row::of(&finding, version.at);
        seen.cells().into_iter().for_each(|(column, cell)| row.set(column, cell));
        row.set(Column::LastSeen, posture_shared::domain::Cell::Int(last_seen.0));
        Some(State { ordinal, finding, row, last_seen })
    }

    /// The last instant at which what it shows was another than a millisecond before; its first one if there is none.
    fn changed_at(&self, point: Point) -> Instant {
        let known = || self.versions.iter().filter(|version| version.seq <= point.seq);
        let end = |version: &Version| version.finding.standing.acceptance.as_ref().and_then(|a| a.expires_at);
        let moments: BTreeSet<Instant> =
            known().flat_map(|version| [Some(version.at), end(version)]).flatten().collect();
        let shown = |at: Instant| {
            let version = known().rfind(|version| version.at <= at)?;
            Some(shown(&version.finding.clone().evaluated(at)))
        };
        let is_change = |at: &&Instant| **at <= point.at && shown(**at) != shown(at.plus(-1));
        moments.iter().rfind(is_change).copied().unwrap_or(self.versions[0].at)
    }
}

/// What a row of net changes can say of a finding (DESIGN §2): of a fail its severity and its status, of anything else
/// only what it is.
fn shown(finding: &Finding) -> String {
    let own = &finding.standing;
    match (own.presence, own.result) {
        (_, Verdict::Unknown) => "never checked".to_owned(),
        (Presence::Gone, _) => "gone".to_owned(),
        (Presence::Active, Verdict::Pass) => "pass".to_owned(),
        (Presence::Active, Verdict::Fail) => format!("fail {:?} {:?}", own.severity, own.status),
    }
}

fn kind(before: Option<&Finding>, after: &Finding) -> Kind {
    let gone = |finding: &Finding| finding.standing.presence == Presence::Gone;
    match before.map(gone) {
        None => Kind::Created,
        Some(false) if gone(after) => Kind::Gone,
        Some(true) if !gone(after) => Kind::Returned,
        Some(_) => Kind::Changed,
    }
}

/// What the log tells of a request and no ask has accounted for yet.
struct Trace<'a> {
    entries: &'a [Entry],
    /// Each finding's newest commit so far.
    places: BTreeMap<u32, usize>,
    changes: BTreeSet<(u64, u32)>,
    sights: BTreeSet<(u64, u32, Seen)>,
}

impl<'a> Trace<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        let changes = entries.iter().flat_map(|e| e.body.changes.iter().map(|c| (e.seq, c.ordinal.0)));
        let sights = entries.iter().flat_map(|e| {
            let groups = e.body.observed.iter();
            groups.flat_map(|o| o.ordinals.iter().map(|ordinal| (e.seq, ordinal.0, o.seen.clone())))
        });
        Self { entries, places: BTreeMap::new(), changes: changes.collect(), sights: sights.collect() }
    }

    /// The next commit of a finding that `is_it` accepts.
    fn next(&self, ordinal: u32, is_it: impl Fn(&Entry) -> bool) -> Option<(usize, &'a Entry)> {
        let from = self.places.get(&ordinal).copied().unwrap_or(0);
        self.entries.iter().enumerate().skip(from).find(|(_, entry)| is_it(entry))
    }

    /// The next commit that changes a finding.
    fn change_of(&self, ordinal: u32) -> Option<&'a Entry> {
        self.next(ordinal, |entry| self.changes.contains(&(entry.seq, ordinal))).map(|(_, entry)| entry)
    }

    fn take_change(&mut self, entry: &Entry, ordinal: u32) -> Kind {
        self.changes.remove(&(entry.seq, ordinal));
        let place = self.entries.iter().position(|e| e.seq == entry.seq).unwrap();
        self.places.insert(ordinal, place);
        entry.body.changes.iter().find(|change| change.ordinal.0 == ordinal).unwrap().kind
    }

    fn take_sight(&mut self, ordinal: u32, seen: &Seen) -> Option<&'a Entry> {
        let (place, entry) = self.next(ordinal, |entry| self.sights.contains(&(entry.seq, ordinal, seen.clone())))?;
        self.places.insert(ordinal, place);
        self.sights.remove(&(entry.seq, ordinal, seen.clone()));
        Some(entry)
    }
}
