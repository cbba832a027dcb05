//! Runs: audits, and decisions about many findings. How far one is, who is at it, and what came out.
//!
//! A run goes in slices and can be killed at any point: it says after each stretch where the next one begins. An audit's verdicts
//! bear the instant of its start, and a decision bears the name of its request, so that whoever goes on, from wherever, writes
//! the same.

use super::job::LEASE_MS;
use super::{Bulk, Error, Instant, JobState};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What goes before the scope and the instant in an audit's id.
const PREFIX: &str = "audit-job-";
/// What goes before the name in the id of a decision about many findings.
const DECISION_PREFIX: &str = "decision-job-";
/// What stands in an id for every framework.
const EVERYTHING: &str = "all";
/// How often a run may fail in a row before it has failed for good.
const ATTEMPTS: u32 = 5;
/// The longest wait after an error, in milliseconds.
const LONGEST_WAIT_MS: i64 = 60_000;
/// Characters of a note about what could not be judged.
const NOTE: usize = 300;
/// Scopes that a run lists; beyond that it only counts them.
const SCOPES: usize = 1_000;
/// Things that could not be read which a run lists; beyond that it only counts them.
const LISTED: usize = 100;

/// A run: an audit, or a decision about many findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// `audit-job-<framework or all>-<instant of its start in milliseconds>`, or `decision-job-<name>`.
    pub id: String,
    /// The decision that it carries out; `None` for an audit. What only audits have is empty then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Box<Bulk>>,
    /// The one framework that it is about, as `cis-aws` or `cis-aws@3.0`; `None` means every rule.
    pub framework: Option<String>,
    /// The frameworks whose controls its rules check.
    pub frameworks: Vec<String>,
    /// As it was last recorded; [`Run::state_at`] knows of workers that died.
    pub state: JobState,
    /// When it was asked for, which is the instant of its verdicts.
    pub started_at: Instant,
    /// When it ended.
    pub ended_at: Option<Instant>,
    /// Until when a worker has it to itself.
    pub lease_until: Option<Instant>,
    /// Where the next stretch begins.
    pub place: Place,
    /// What came out so far.
    pub counts: Counts,
    /// What it covers.
    pub covered: Covered,
    /// What could not be judged, and why; at most 100 of them.
    pub unread: BTreeSet<String>,
    /// How often in a row a worker gave up.
    pub failures: u32,
    /// Why the last one did.
    pub error: Option<String>,
    /// No worker takes it before this instant, so that what failed has time to mend.
    #[serde(default)]
    pub not_before: Option<Instant>,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

/// Where the next stretch of a run begins: behind the last resource of a scope, or at the beginning of one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Account and region of the scope; `None` before the first one.
    pub scope: Option<(String, String)>,
    /// Type and id of the last resource that was judged there.
    pub after: Option<(String, String)>,
    /// Whether that scope is done, closing included.
    pub done: bool,
    /// Whether a finding was refused there, so that one that was not judged again may be there all the same.
    #[serde(default)]
    pub refused: bool,
    /// Digest of the rules by which that scope was judged so far.
    #[serde(default)]
    pub rules: String,
}

/// What came out of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Resources that were judged.
    pub resources: u64,
    /// Verdicts that pass.
    pub passed: u64,
    /// Verdicts that fail.
    pub failed: u64,
    /// Rules that did not concern a resource of their type.
    pub not_applicable: u64,
    /// Verdicts that could not be had.
    pub unknown: u64,
    /// Findings seen for the first time.
    pub created: u64,
    /// Findings that changed.
    pub changed: u64,
    /// Findings whose resource, or whose reason, is gone.
    pub closed: u64,
    /// Findings that were refused.
    pub rejected: u64,
}

/// What a run covers: every rule in each of these accounts and regions. Only that may be passed or marked gone by it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Covered {
    /// Accounts and regions, the first 1,000.
    pub scopes: Vec<(String, String)>,
    /// How many of them there are.
    #[serde(default)]
    pub count: usize,
    /// How many rules.
    pub rules: usize,
}

impl Counts {
    /// Adds what came out of a stretch.
    pub fn add(&mut self, more: Self) {
        let Self { resources, passed, failed, not_applicable, unknown, created, changed, closed, rejected } = more;
        self.resources += resources;
        self.passed += passed;
        self.failed += failed;
        self.not_applicable += not_applicable;
        self.unknown += unknown;
        self.created += created;
        self.changed += changed;
        self.closed += closed;
        self.rejected += rejected;
    }
}

impl Covered {
    /// Adds a scope that the run has been through.
    pub fn add(&mut self, scope: (String, String)) {
        if self.scopes.contains(&scope) {
            return;
        }
        self.count += 1;
        if self.scopes.len() < SCOPES {
            self.scopes.push(scope);
        }
    }
}

impl Run {
    /// A run that was asked for at `now`, and that nobody has begun.
    pub fn new(framework: Option<String>, frameworks: Vec<String>, now: Instant) -> Self {
        let scope = framework.as_deref().unwrap_or(EVERYTHING);
        Self {
            id: format!("{PREFIX}{scope}-{}", now.0),
            decision: None,
            framework,
            frameworks,
            state: JobState::Waiting,
            started_at: now,
            ended_at: None,
            lease_until: None,
            place: Place::default(),
            counts: Counts::default(),
            covered: Covered::default(),
            unread: BTreeSet::new(),
            failures: 0,
            error: None,
            not_before: None,
            revision: 0,
        }
    }

    /// A decision about many findings that was asked for at `now`; `name` tells it from every other.
    pub fn deciding(name: &str, bulk: Bulk, now: Instant) -> Self {
        let (id, decision) = (Self::decision_id(name), Some(Box::new(bulk)));
        Self { id, decision, ..Self::new(None, Vec::new(), now) }
    }

    /// The id of the decision of that name.
    pub fn decision_id(name: &str) -> String {
        format!("{DECISION_PREFIX}{name}")
    }

    /// Whether an id is that of a decision.
    pub fn is_decision(id: &str) -> bool {
        id.starts_with(DECISION_PREFIX)
    }

    /// What tells runs of different extent apart: the framework, or `all`.
    pub fn extent(framework: Option<&str>) -> &str {
        framework.unwrap_or(EVERYTHING)
    }

    /// Whether an id has the form of a run's.
    pub fn is_id(text: &str) -> bool {
        (text.starts_with(PREFIX) || Self::is_decision(text)) && text.len() <= 200
    }

    /// Whether it has ended, well or badly.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, JobState::Done | JobState::Failed)
    }

    /// Whether a worker has it to itself at `now`. A lease that ends later than any could have been taken for is none.
    pub fn is_leased(&self, now: Instant) -> bool {
        let live = |end: Instant| now < end && end <= now.plus(LEASE_MS);
        self.state == JobState::Running && self.lease_until.is_some_and(live)
    }

    /// How it stands: a run whose worker died is waiting for the next.
    pub fn state_at(&self, now: Instant) -> JobState {
        match self.state {
            JobState::Running if !self.is_leased(now) => JobState::Waiting,
            state => state,
        }
    }

    /// The run as a worker takes it at `now`; `None` while another one has it, before it may be taken, and once it has ended. That the last
    /// worker died counts as an error; after five of them in a row the run has failed, and is not to be worked on.
    pub fn taken(&self, now: Instant) -> Option<Self> {
        // A wait that is longer than any can be is none: the clock has been set back since.
        let early = self.not_before.is_some_and(|at| now < at && at <= now.plus(LONGEST_WAIT_MS));
        if self.has_ended() || self.is_leased(now) || early {
            return None;
        }
        if self.state == JobState::Running {
            let died = Error::Conflict("its worker died without a word".to_owned());
            let left = self.left(Err(&died), now);
            if left.has_ended() {
                return Some(left);
            }
            return Some(Self { state: JobState::Running, lease_until: Some(now.plus(LEASE_MS)), ..left });
        }
        Some(Self { state: JobState::Running, lease_until: Some(now.plus(LEASE_MS)), ..self.clone() })
    }

    /// The run with a lease that starts anew.
    #[must_use]
    pub fn renewed(&self, now: Instant) -> Self {
        Self { lease_until: Some(now.plus(LEASE_MS)), ..self.clone() }
    }

    /// The run at a checkpoint, with a lease that starts anew.
    #[must_use]
    pub fn advanced(&self, place: Place, now: Instant) -> Self {
        let (failures, error, not_before) = (0, None, None);
        Self { place, failures, error, not_before, ..self.renewed(now) }
    }

    /// A decision at a checkpoint, with a lease that starts anew.
    #[must_use]
    pub fn decided(&self, bulk: Bulk, now: Instant) -> Self {
        Self { decision: Some(Box::new(bulk)), ..self.advanced(Place::default(), now) }
    }

    /// The run as its worker leaves it: `Ok(true)` done, `Ok(false)` with more to do. After an error the next worker goes on, until
    /// it is the fifth in a row. The text of [`Error::Internal`] is not kept, because clients see runs.
    #[must_use]
    pub fn left(&self, result: Result<bool, &Error>, now: Instant) -> Self {
        let (state, error, failures) = match result {
            Ok(true) => (JobState::Done, None, 0),
            Ok(false) => (JobState::Waiting, None, 0),
            Err(error) => {
                let failures = self.failures.saturating_add(1);
                let state = if failures < ATTEMPTS { JobState::Waiting } else { JobState::Failed };
                let shown = match error {
                    Error::Internal(_) => "internal error, see the log".to_owned(),
                    error => error.to_string(),
                };
                (state, Some(shown), failures)
            }
        };
        let ended_at = matches!(state, JobState::Done | JobState::Failed).then_some(now);
        let wait = 1_000_i64 << failures.min(6);
        let not_before = (failures > 0).then(|| now.plus(wait.min(LONGEST_WAIT_MS)));
        Self { state, error, failures, lease_until: None, ended_at, not_before, ..self.clone() }
    }

    /// Notes that something could not be judged.
    pub fn note(&mut self, what: &str) {
        if self.unread.len() < LISTED {
            self.unread.insert(what.chars().take(NOTE).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS, LONGEST_WAIT_MS, Place, Run};
    use crate::domain::job::LEASE_MS;
    use crate::domain::{Error, Instant, JobState};

    #[test]
    fn a_run_ends_whatever_happens() {
        let now = Instant(1_700_000_000_000);
        let mut run = Run::new(Some("cis-aws".to_owned()), vec!["cis-aws".to_owned()], now);
        assert_eq!(run.id, "audit-job-cis-aws-1700000000000");
        assert!(Run::is_id(&run.id) && !Run::is_id("record-expiries"));
        let mut now = now;
        for attempt in 1..=ATTEMPTS {
            now = now.plus(LONGEST_WAIT_MS);
            let Some(taken) = run.taken(now) else { unreachable!("attempt {attempt}") };
            assert!(taken.taken(now).is_none(), "one worker at a time");
            assert_eq!(taken.state_at(now.plus(LEASE_MS)), JobState::Waiting, "a worker that died");
            run = taken.left(Err(&Error::internal("table posture")), now);
        }
        assert_eq!((run.state, run.ended_at), (JobState::Failed, Some(now)));
        assert_eq!(run.error.as_deref(), Some("internal error, see the log"));
        assert!(run.taken(now).is_none());
    }

    #[test]
    fn a_worker_that_dies_again_and_again_is_an_error_too() {
        let mut now = Instant(1_700_000_000_000);
        let mut run = Run::new(None, Vec::new(), now);
        for death in 0..=ATTEMPTS {
            let Some(taken) = run.taken(now) else { unreachable!("death {death}") };
            run = taken;
            now = now.plus(LEASE_MS + LONGEST_WAIT_MS);
        }
        assert_eq!((run.state, run.error.as_deref()), (JobState::Failed, Some("its worker died without a word")));
    }

    #[test]
    fn progress_forgives_failures() {
        let now = Instant(7);
        let Some(taken) = Run::new(None, Vec::new(), now).taken(now) else { unreachable!() };
        let failed = taken.left(Err(&Error::internal("x")), now);
        assert!(failed.taken(now).is_none(), "what failed has time to mend");
        let Some(again) = failed.taken(now.plus(2_000)) else { unreachable!() };
        assert_eq!(again.failures, 1);
        let place = Place { scope: Some(("1".to_owned(), "r".to_owned())), ..Place::default() };
        let advanced = again.advanced(place.clone(), now);
        assert_eq!((advanced.failures, advanced.error.clone(), advanced.place.clone()), (0, None, place));
        assert_eq!(advanced.left(Ok(true), now).state, JobState::Done);
    }
}
