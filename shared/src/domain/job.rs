//! Jobs: work that goes in slices, remembers how far it is, and can be killed at any point.

use super::{Error, Instant};
use serde::{Deserialize, Serialize};

/// How long a worker that has not been heard of keeps a job, in milliseconds: longer than any slice.
pub const LEASE_MS: i64 = 60_000;

/// What there is to do. A tenant has at most one job of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Record acceptances that have run out.
    RecordExpiries,
}

impl JobKind {
    /// Every kind with its name.
    pub const NAMES: &'static [(Self, &'static str)] = &[(Self::RecordExpiries, "record-expiries")];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// There is more to do, and nobody is at it.
    Waiting,
    /// A worker is at it until its lease ends.
    Running,
    /// Everything that there was is done.
    Done,
    /// The last worker gave up; the next one starts from the last checkpoint.
    Failed,
}

impl JobState {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A job: what, how far, and who is at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What there is to do.
    pub kind: JobKind,
    /// As it was last recorded; [`Job::state_at`] knows of workers that died.
    pub state: JobState,
    /// How far it is, in the words of its kind; `None` before the first checkpoint.
    pub checkpoint: Option<String>,
    /// Everything up to this instant is done.
    pub done_until: Option<Instant>,
    /// Until when a worker has it to itself.
    pub lease_until: Option<Instant>,
    /// When the last worker started.
    pub started_at: Option<Instant>,
    /// When the last worker ended.
    pub ended_at: Option<Instant>,
    /// Why the last worker failed, in words for clients.
    pub error: Option<String>,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

impl Job {
    /// A job that nobody has begun.
    pub fn new(kind: JobKind) -> Self {
        Self {
            kind,
            state: JobState::Waiting,
            checkpoint: None,
            done_until: None,
            lease_until: None,
            started_at: None,
            ended_at: None,
            error: None,
            revision: 0,
        }
    }

    /// Whether a worker has the job to itself at `now`. A lease that ends later than any worker could have taken it
    /// for is none: the clock has been set back since.
    pub fn is_leased(&self, now: Instant) -> bool {
        let live = |end: Instant| now < end && end <= now.plus(LEASE_MS);
        self.state == JobState::Running && self.lease_until.is_some_and(live)
    }

    /// How the job stands: one whose worker died is waiting for the next.
    pub fn state_at(&self, now: Instant) -> JobState {
        match self.state {
            JobState::Running if !self.is_leased(now) => JobState::Waiting,
            state => state,
        }
    }

    /// The job as a worker that starts at `now` takes it. `None` while another worker has it.
    pub fn taken(&self, now: Instant) -> Option<Self> {
        let lease_until = Some(now.plus(LEASE_MS));
        let (started_at, ended_at) = (Some(now), None);
        let free = !self.is_leased(now);
        free.then(|| Self { state: JobState::Running, lease_until, started_at, ended_at, error: None, ..self.clone() })
    }

    /// The job at a checkpoint, with a lease that starts anew.
    #[must_use]
    pub fn advanced(&self, checkpoint: String, now: Instant) -> Self {
        Self { checkpoint: Some(checkpoint), lease_until: Some(now.plus(LEASE_MS)), ..self.clone() }
    }

    /// The job as its worker leaves it: `Ok(true)` done, `Ok(false)` with more to do, or failed. The text of
    /// [`Error::Internal`] is not kept, because clients see jobs; whoever runs the worker writes it to the log.
    #[must_use]
    pub fn left(&self, result: Result<bool, &Error>, now: Instant) -> Self {
        let (state, error) = match result {
            Ok(true) => (JobState::Done, None),
            Ok(false) => (JobState::Waiting, None),
            Err(Error::Internal(_)) => (JobState::Failed, Some("internal error, see the log".to_owned())),
            Err(error) => (JobState::Failed, Some(error.to_string())),
        };
        Self { state, error, lease_until: None, ended_at: Some(now), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, Job, JobKind, JobState, LEASE_MS};
    use crate::domain::Error;

    /// DESIGN §6: never `running` for ever.
    #[test]
    fn a_lease_ends_by_itself_and_when_the_clock_is_set_back() {
        let now = Instant(1_700_000_000_000);
        let job = Job::new(JobKind::RecordExpiries).taken(now).unwrap_or_else(|| unreachable!());
        for (at, state) in [
            (now, JobState::Running),
            (now.plus(LEASE_MS - 1), JobState::Running),
            (now.plus(LEASE_MS), JobState::Waiting),
            (now.plus(-1), JobState::Waiting),
            (Instant(0), JobState::Waiting),
        ] {
            assert_eq!(job.state_at(at), state, "{at}");
            assert_eq!(job.taken(at).is_none(), state == JobState::Running, "{at}");
        }
    }

    #[test]
    fn a_worker_leaves_a_reason() {
        let now = Instant(7);
        let job = Job::new(JobKind::RecordExpiries).taken(now).unwrap_or_else(|| unreachable!());
        let failed = job.left(Err(&Error::NotFound("no such thing".to_owned())), now.plus(1));
        assert_eq!((failed.state, failed.error.as_deref()), (JobState::Failed, Some("no such thing")));
        let internal = job.left(Err(&Error::internal("table posture, row 7")), now.plus(1));
        assert_eq!(internal.error.as_deref(), Some("internal error, see the log"));
        let again = failed.taken(now.plus(2)).unwrap_or_else(|| unreachable!());
        assert_eq!((again.error, again.ended_at, again.started_at), (None, None, Some(now.plus(2))));
        assert_eq!(job.left(Ok(false), now).state, JobState::Waiting);
        assert_eq!(job.left(Ok(true), now).lease_until, None);
    }
}
