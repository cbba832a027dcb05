//! Requests that are carried out once, however often they are sent: what is kept under an Idempotency-Key.

use super::{Attempt, Instant};
use serde::{Deserialize, Serialize};

/// How long a key is remembered, in milliseconds: a day.
pub const KEPT_MS: i64 = 24 * 3_600_000;

/// How far the clocks of two processes may be apart, in milliseconds: five minutes.
const APART_MS: i64 = 5 * 60_000;

/// How long a request has its key to itself, in milliseconds: longer than any function may run.
const LEASE_MS: i64 = 60_000;

/// The longest key, in characters.
pub const LONGEST_KEY: usize = 255;

/// The largest answer that is kept, in bytes. A larger one is made anew, which changes nothing.
pub const LARGEST_ANSWER: usize = 300_000;

/// A request by its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// Hash of all that the request says.
    pub fingerprint: String,
    /// How far it is.
    pub state: State,
    /// When it was first sent.
    pub first_at: Instant,
    /// When it is forgotten.
    pub ends_at: Instant,
    /// Who recorded it last. It tells one's own record, whose acknowledgement was lost, from another's.
    #[serde(default)]
    pub by: String,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody is at it, until this instant at the latest.
    Running(Instant),
    /// A part of it may be done; sent again, it is completed.
    Open,
    /// It was refused, and nothing of it was done: the key is free.
    Refused,
    /// It is done.
    Done(Answer),
}

/// The answer to a request that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body; `None` when it was too large.
    pub body: Option<String>,
}

/// What a request that bears a key is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Record this, and go on if nobody else was faster.
    Go(Once, Attempt),
    /// Answer with what was answered before.
    Replay(Answer),
    /// Another one of the same key is at it.
    Wait,
    /// The key stands for another request.
    Taken,
}

/// What a request with this fingerprint is to do at `now`, given what is kept under its key.
pub fn turn(known: Option<&Once>, key: &str, fingerprint: &str, now: Instant) -> Turn {
    // One whose end lies further ahead than any could: the clock has been set back since.
    let last = now.plus(KEPT_MS + APART_MS);
    let in_force = |once: &&Once| once.ends_at > now && once.ends_at <= last && once.state != State::Refused;
    let revision = known.map_or(0, |once| once.revision);
    let running = |first_at: Instant| Once {
        fingerprint: fingerprint.to_owned(),
        state: State::Running(now.plus(LEASE_MS)),
        first_at,
        ends_at: first_at.plus(KEPT_MS),
        by: String::new(),
        revision,
    };
    let attempt = |first_at: Instant, since| {
        let named = format!("{key}\n{fingerprint}\n{}", first_at.0);
        Attempt { id: crate::secrets::sha256_hex(named.as_bytes()).chars().take(32).collect(), since }
    };
    let Some(once) = known.filter(in_force) else { return Turn::Go(running(now), attempt(now, None)) };
    if once.fingerprint != fingerprint {
        return Turn::Taken;
    }
    match &once.state {
        State::Running(until) if *until > now => Turn::Wait,
        State::Done(answer) if answer.body.is_some() => Turn::Replay(answer.clone()),
        State::Running(_) | State::Open | State::Refused | State::Done(_) => {
            Turn::Go(running(once.first_at), attempt(once.first_at, Some(once.first_at)))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::panic, reason = "a test fails by panicking")]

    use super::{APART_MS, Answer, KEPT_MS, LEASE_MS, Once, State, Turn, turn};
    use crate::domain::Instant;

    const NOW: Instant = Instant(1_700_000_000_000);

    fn first() -> Once {
        match turn(None, "k", "f", NOW) {
            Turn::Go(once, attempt) if attempt.since.is_none() => once,
            other => panic!("{other:?}"),
        }
    }

    fn with(state: State) -> Once {
        Once { state, revision: 3, ..first() }
    }

    #[test]
    fn a_key_stands_for_one_request() {
        assert_eq!(turn(Some(&first()), "k", "g", NOW), Turn::Taken);
        assert_eq!(turn(Some(&first()), "k", "f", NOW), Turn::Wait);
        let answer = Answer { status: 200, headers: Vec::new(), body: Some("{}".to_owned()) };
        assert_eq!(turn(Some(&with(State::Done(answer.clone()))), "k", "f", NOW), Turn::Replay(answer));
    }

    /// Who died, or stopped in the middle, is followed by the same request, which knows when it was sent first.
    #[test]
    fn what_was_not_completed_goes_on() {
        let others = NOW.plus(-20);
        for (state, at) in [(State::Open, NOW.plus(5)), (State::Open, others), (first().state, NOW.plus(LEASE_MS))] {
            match turn(Some(&with(state)), "k", "f", at) {
                Turn::Go(once, attempt) => {
                    assert_eq!((once.first_at, once.revision, attempt.since), (NOW, 3, Some(NOW)));
                }
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_was_refused_or_is_old_leaves_its_key() {
        for (state, at) in
            [(State::Refused, NOW.plus(1)), (State::Open, NOW.plus(KEPT_MS)), (State::Open, NOW.plus(-APART_MS - 1))]
        {
            match turn(Some(&with(state)), "k", "another", at) {
                Turn::Go(once, attempt) => assert_eq!((once.first_at, attempt.since), (at, None)),
                other => panic!("{other:?}"),
            }
        }
    }
}
