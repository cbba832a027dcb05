//! Synchronisation with Security Hub: how far the findings of an account's hub in a region have been read.
//!
//! A *walk* goes through a hub's findings page by page. A whole one reads all of them; one in between reads those that were
//! updated since the beginning of the walk before it, and some hours more, because what a producer calls the instant of an
//! update may lie before its arrival. What BatchUpdateFindings sets moves no UpdatedAt, so in between whole walks only the
//! hub's events tell of it.

use super::inventory::Scope;
use super::{Instant, JobState};
use serde::{Deserialize, Serialize};

/// From the beginning of a walk to that of the next one, in milliseconds.
pub const PERIOD_MS: i64 = 60 * 60 * 1000;
/// From the beginning of a whole walk to that of the next whole one: a little less than a day, so that it is one every day.
pub const WHOLE_MS: i64 = 23 * 60 * 60 * 1000 + PERIOD_MS / 2;
/// How far a walk looks back behind the beginning of the one before it.
pub const OVERLAP_MS: i64 = 6 * PERIOD_MS;
/// How long a worker that has not been heard of keeps a hub: longer than a page may take with all its attempts.
pub const LEASE_MS: i64 = 120_000;
/// How often a walk may begin anew because its token was too old.
pub const MOST_RESTARTS: u32 = 3;
/// How long nobody asks a hub that could not be reached.
const UNREACHABLE_MS: i64 = 10 * 60 * 1000;

/// What became of findings that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// How many were read; one that changed while it was read counts twice.
    pub read: u64,
    /// New ones.
    pub created: u64,
    /// Ones that are otherwise than they were known.
    pub changed: u64,
    /// Ones that are as they were known.
    pub unchanged: u64,
    /// Ones that were not taken.
    pub rejected: u64,
}

impl Tally {
    /// Adds more.
    pub fn add(&mut self, more: Self) {
        let Self { read, created, changed, unchanged, rejected } = more;
        self.read += read;
        self.created += created;
        self.changed += changed;
        self.unchanged += unchanged;
        self.rejected += rejected;
    }
}

/// A walk that is under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// When it began.
    pub began_at: Instant,
    /// It reads what was updated then or later; everything without it.
    pub since: Option<Instant>,
    /// Where the next page begins; the first one without it.
    pub token: Option<String>,
    /// What became of what it has read.
    pub tally: Tally,
    /// How often it has begun anew.
    pub restarts: u32,
    /// How often in a row it was told to wait.
    pub waits: u32,
}

/// What a worker found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A page with another one behind it.
    Page {
        /// What became of its findings.
        tally: Tally,
        /// Where that one begins.
        next: String,
    },
    /// The last page.
    Last(Tally),
    /// The hub asks for a pause, in milliseconds.
    Wait {
        /// How many.
        ms: i64,
        /// In its words.
        reason: String,
    },
    /// The hub does not know the token, or not any more.
    Stale(String),
    /// The hub may not be read, or is not on.
    Closed(String),
    /// The hub cannot be reached, or says what nobody understands.
    Lost(String),
}

/// The hub of an account in a region, as far as it has been read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synchronisation {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// As it was last recorded; [`Synchronisation::state_at`] knows of workers that died.
    pub state: JobState,
    /// The walk that is under way.
    pub walk: Option<Walk>,
    /// When the newest walk that came to its end began.
    pub read_at: Option<Instant>,
    /// When the newest whole walk that came to its end began.
    pub whole_at: Option<Instant>,
    /// What the newest walk that came to its end found.
    pub tally: Tally,
    /// Nothing is to be done before.
    pub next_at: Option<Instant>,
    /// Until when a worker has it to itself.
    pub lease_until: Option<Instant>,
    /// When the last worker was last heard of.
    pub heard_at: Option<Instant>,
    /// Why it could not be read, in words for clients.
    pub error: Option<String>,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

impl Synchronisation {
    /// A hub that nobody has read.
    pub fn new(scope: &Scope) -> Self {
        Self {
            account: scope.account.clone(),
            region: scope.region.clone(),
            state: JobState::Waiting,
            walk: None,
            read_at: None,
            whole_at: None,
            tally: Tally::default(),
            next_at: None,
            lease_until: None,
            heard_at: None,
            error: None,
            revision: 0,
        }
    }

    /// Which hub it is.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// Whether a worker has it to itself. A lease that ends later than any worker could have taken it for is none.
    pub fn is_leased(&self, now: Instant) -> bool {
        let live = |end: Instant| now < end && end <= now.plus(LEASE_MS);
        self.state == JobState::Running && self.lease_until.is_some_and(live)
    }

    /// How it stands: one whose worker died is waiting for the next.
    pub fn state_at(&self, now: Instant) -> JobState {
        match self.state {
            JobState::Running if !self.is_leased(now) => JobState::Waiting,
            state => state,
        }
    }

    /// Whether there is something to do. An instant that lies further ahead than any was ever set is of another clock.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next_at.is_none_or(|at| at <= now || at > now.plus(PERIOD_MS)) && !self.is_leased(now)
    }

    /// As a worker takes it, with a walk to go on with; `None` while another worker has it. `whole` asks for a whole walk, unless one
    /// is under way.
    pub fn taken(&self, now: Instant, whole: bool) -> Option<Self> {
        if self.is_leased(now) {
            return None;
        }
        let goes_on = self.walk.clone().filter(|walk| walk.began_at <= now && !(whole && walk.since.is_some()));
        let walk = goes_on.unwrap_or_else(|| Walk {
            began_at: now,
            since: self.since(now).filter(|_| !whole),
            token: None,
            tally: Tally::default(),
            restarts: 0,
            waits: 0,
        });
        let (state, lease_until) = (JobState::Running, Some(now.plus(LEASE_MS)));
        Some(Self { state, walk: Some(walk), lease_until, heard_at: Some(now), next_at: None, ..self.clone() })
    }

    /// From when on a walk that begins now reads; `None` when it is to be a whole one.
    fn since(&self, now: Instant) -> Option<Instant> {
        let whole_at = self.whole_at.filter(|at| *at <= now && now < at.plus(WHOLE_MS))?;
        Some(self.read_at.unwrap_or(whole_at).min(now).plus(-OVERLAP_MS))
    }

    /// As a worker keeps it that has heard something and goes on, or leaves it: with [`JobState::Running`] it goes on.
    #[must_use]
    pub fn after(&self, heard: Heard, now: Instant) -> Self {
        let mut next = Self { heard_at: Some(now), ..self.clone() };
        let Some(walk) = next.walk.as_mut() else { return next.left(JobState::Waiting, None, None) };
        match heard {
            Heard::Page { tally, next: token } if walk.token.as_ref() == Some(&token) => {
                walk.tally.add(tally);
                next.walk = None;
                next.left(
                    JobState::Failed,
                    Some(now.plus(PERIOD_MS)),
                    Some("the hub gives the same page again and again".to_owned()),
                )
            }
            Heard::Page { tally, next: token } => {
                walk.tally.add(tally);
                walk.token = Some(token);
                walk.waits = 0;
                next.lease_until = Some(now.plus(LEASE_MS));
                next
            }
            Heard::Last(tally) => {
                walk.tally.add(tally);
                next.tally = walk.tally;
                next.read_at = Some(walk.began_at);
                if walk.since.is_none() {
                    next.whole_at = Some(walk.began_at);
                }
                let again = walk.began_at.plus(PERIOD_MS).max(now);
                next.walk = None;
                next.left(JobState::Done, Some(again), None)
            }
            Heard::Wait { ms, reason } => {
                walk.waits += 1;
                next.left(JobState::Waiting, Some(now.plus(ms.min(PERIOD_MS))), Some(reason))
            }
            Heard::Stale(_) if walk.token.is_some() && walk.restarts < MOST_RESTARTS => {
                *walk = Walk { token: None, tally: Tally::default(), restarts: walk.restarts + 1, ..walk.clone() };
                next.lease_until = Some(now.plus(LEASE_MS));
                next
            }
            Heard::Stale(reason) => {
                next.walk = None;
                next.left(JobState::Failed, Some(now.plus(PERIOD_MS)), Some(reason))
            }
            Heard::Closed(reason) => next.left(JobState::Failed, Some(now.plus(PERIOD_MS)), Some(reason)),
            Heard::Lost(reason) => next.left(JobState::Failed, Some(now.plus(UNREACHABLE_MS)), Some(reason)),
        }
    }

    /// As a worker leaves it that has no more time: the next one may go on at once.
    #[must_use]
    pub fn rested(&self, now: Instant) -> Self {
        Self { heard_at: Some(now), ..self.clone().left(JobState::Waiting, None, None) }
    }

    fn left(self, state: JobState, next_at: Option<Instant>, error: Option<String>) -> Self {
        Self { state, next_at, error, lease_until: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_700_000_000_000);

    fn hub() -> Synchronisation {
        Synchronisation::new(&Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() })
    }

    fn taken(hub: &Synchronisation, now: Instant) -> Synchronisation {
        hub.taken(now, false).unwrap_or_else(|| unreachable!("somebody has it"))
    }

    fn since(hub: &Synchronisation) -> Option<Instant> {
        hub.walk.as_ref().and_then(|walk| walk.since)
    }

    fn page(token: &str) -> Heard {
        Heard::Page { tally: Tally { read: 1, created: 1, ..Tally::default() }, next: token.to_owned() }
    }

    #[test]
    fn everything_is_read_once_a_day_and_what_is_new_every_hour() {
        let first = taken(&hub(), NOW);
        assert_eq!(since(&first), None);
        let first = first.after(Heard::Last(Tally::default()), NOW.plus(5));
        assert_eq!((first.state, first.read_at, first.whole_at), (JobState::Done, Some(NOW), Some(NOW)));
        assert!(!first.is_due(NOW.plus(PERIOD_MS - 1)) && first.is_due(NOW.plus(PERIOD_MS)));
        let hour = NOW.plus(PERIOD_MS);
        let second = taken(&first, hour);
        assert_eq!(since(&second), Some(NOW.plus(-OVERLAP_MS)));
        let second = second.after(Heard::Last(Tally::default()), hour);
        assert_eq!((second.read_at, second.whole_at), (Some(hour), Some(NOW)));
        assert_eq!(since(&taken(&second, NOW.plus(WHOLE_MS))), None);
        assert_eq!(second.taken(hour.plus(1), true).and_then(|whole| since(&whole)), None);
        // A clock that was set back since.
        assert_eq!(since(&taken(&second, NOW.plus(-1))), None);
    }

    #[test]
    fn a_worker_that_dies_leaves_its_place_to_the_next() {
        let running = taken(&hub(), NOW).after(page("a"), NOW);
        assert!(running.taken(NOW.plus(LEASE_MS - 1), false).is_none());
        assert_eq!(running.state_at(NOW.plus(LEASE_MS)), JobState::Waiting);
        let next = taken(&running, NOW.plus(LEASE_MS));
        assert_eq!(next.walk.as_ref().map(|walk| (walk.token.as_deref(), walk.tally.read)), Some((Some("a"), 1)));
        let rested = next.rested(NOW.plus(LEASE_MS + 1));
        assert!(rested.is_due(NOW.plus(LEASE_MS + 1)) && rested.walk == next.walk);
    }

    #[test]
    fn a_stale_token_begins_anew_and_not_for_ever() {
        let mut walking = taken(&hub(), NOW);
        for restart in 1..=MOST_RESTARTS {
            walking = walking.after(page("a"), NOW).after(Heard::Stale("no".to_owned()), NOW);
            let walk = walking.walk.as_ref().map(|walk| (walk.token.clone(), walk.restarts, walk.tally.read));
            assert_eq!((walking.state, walk), (JobState::Running, Some((None, restart, 0))));
        }
        let failed = walking.after(page("a"), NOW).after(Heard::Stale("no".to_owned()), NOW);
        assert_eq!(
            (failed.state, failed.walk.is_none(), failed.error.as_deref()),
            (JobState::Failed, true, Some("no"))
        );
        // Without a token it is not the token.
        let first = taken(&hub(), NOW).after(Heard::Stale("no".to_owned()), NOW);
        assert_eq!((first.state, first.next_at), (JobState::Failed, Some(NOW.plus(PERIOD_MS))));
    }

    #[test]
    fn a_hub_that_goes_in_circles_is_left() {
        let circle = taken(&hub(), NOW).after(page("a"), NOW).after(page("a"), NOW);
        assert_eq!((circle.state, circle.walk.is_none(), circle.read_at), (JobState::Failed, true, None));
    }

    #[test]
    fn what_keeps_from_reading_is_told_and_keeps_the_place() {
        let walking = taken(&hub(), NOW).after(page("a"), NOW);
        let told = || "because".to_owned();
        for (heard, state, ms) in [
            (Heard::Wait { ms: 7, reason: told() }, JobState::Waiting, 7),
            (Heard::Closed(told()), JobState::Failed, PERIOD_MS),
            (Heard::Lost(told()), JobState::Failed, UNREACHABLE_MS),
        ] {
            let left = walking.after(heard.clone(), NOW);
            assert_eq!((left.state, left.next_at, left.error.as_deref()), (state, Some(NOW.plus(ms)), Some("because")));
            assert_eq!(left.walk.and_then(|walk| walk.token).as_deref(), Some("a"), "{heard:?}");
        }
    }
}
