//! The way back to Security Hub: how far in the log each hub has been told of decisions made here.
//!
//! One worker at a time follows the log for all hubs of a tenant. Each hub has a place of its own, so that one that refuses stays
//! behind alone. What is told follows from the findings themselves, so a place only says where to look: behind it everything was
//! told, passed over and said, or decided in the hub since.

use super::inventory::Scope;
use super::synchronisation::{LEASE_MS, PERIOD_MS};
use super::{Instant, Position};
use serde::{Deserialize, Serialize};

/// How long nobody tells a hub that could not be reached, or did not take what it was told.
const UNREACHABLE_MS: i64 = 10 * 60 * 1000;
/// How often a hub is told again what it did not take for reasons of its own, before it is passed over.
pub const MOST_TRIES: u32 = 5;

/// How long a hub that takes nothing of what it is told keeps its place.
const HOPELESS_MS: i64 = 24 * 60 * 60 * 1000;

/// What became of findings that a hub was told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// As was said.
    pub told: u64,
    /// The hub has them no more.
    pub unknown: u64,
    /// Refused for another reason, and passed over.
    pub refused: u64,
}

impl Tally {
    /// Adds more.
    pub fn add(&mut self, more: Self) {
        let Self { told, unknown, refused } = more;
        self.told += told;
        self.unknown += unknown;
        self.refused += refused;
    }

    /// Whether nothing became of anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a worker found out about a hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listened {
    /// It has been told everything up to a place.
    Up(Position),
    /// It asks for a pause, in milliseconds.
    Wait {
        /// How many.
        ms: i64,
        /// In its words.
        reason: String,
    },
    /// It may not be told, or is not on.
    Closed(String),
    /// It cannot be reached.
    Lost(String),
    /// It did not take what it was told for reasons of its own.
    Untaken(String),
}

/// A hub, as far as it has been told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listener {
    /// The account's number.
    pub account: String,
    /// The region.
    pub region: String,
    /// The newest commit that it has been told of, or that was none of its business.
    pub seq: u64,
    /// That commit's instant.
    pub at: Instant,
    /// When it was last told something.
    pub told_at: Option<Instant>,
    /// What became of what it was told, ever.
    pub tally: Tally,
    /// How often in a row it did not take what it was told.
    pub tries: u32,
    /// When it first did not, since it has last taken everything.
    #[serde(default)]
    pub refuses_since: Option<Instant>,
    /// It is not told anything before.
    pub next_at: Option<Instant>,
    /// Why it could not be told, in words for clients.
    pub error: Option<String>,
}

impl Listener {
    /// A hub that is told what is decided behind a place.
    pub fn new(scope: &Scope, place: Position) -> Self {
        Self {
            account: scope.account.clone(),
            region: scope.region.clone(),
            seq: place.seq,
            at: place.at,
            told_at: None,
            tally: Tally::default(),
            tries: 0,
            refuses_since: None,
            next_at: None,
            error: None,
        }
    }

    /// Whether it took something since it first refused something.
    pub fn takes_some(&self) -> bool {
        self.refuses_since.is_none_or(|since| self.told_at.is_some_and(|told| told >= since))
    }

    /// Whether it has refused everything for a day.
    pub fn is_hopeless(&self, now: Instant) -> bool {
        !self.takes_some() && self.refuses_since.is_some_and(|since| since.plus(HOPELESS_MS) <= now)
    }

    /// Which hub it is.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// How far it has been told.
    pub fn place(&self) -> Position {
        match self.seq {
            0 => Position::START,
            seq => Position::behind(self.at, seq),
        }
    }

    /// Moves it to a place.
    pub fn move_to(&mut self, place: Position) {
        (self.seq, self.at) = (place.seq, place.at);
    }

    /// Whether it may be told. An instant that lies further ahead than any was ever set is of another clock.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next_at.is_none_or(|at| at <= now || at > now.plus(PERIOD_MS))
    }

    /// Keeps what was found out.
    pub fn heard(&mut self, heard: Listened, tally: Tally, now: Instant) {
        self.tally.add(tally);
        if tally.told > 0 {
            self.told_at = Some(now);
        }
        let wait = |ms: i64, reason: String| (Some(now.plus(ms.min(PERIOD_MS))), Some(reason));
        (self.next_at, self.error) = match heard {
            Listened::Up(place) => {
                self.move_to(place);
                (self.tries, self.refuses_since) = (0, None);
                (None, None)
            }
            Listened::Wait { ms, reason } => wait(ms, reason),
            Listened::Closed(reason) => wait(PERIOD_MS, reason),
            Listened::Lost(reason) => wait(UNREACHABLE_MS, reason),
            Listened::Untaken(reason) => {
                self.tries = self.tries.saturating_add(1);
                self.refuses_since = self.refuses_since.or(Some(now));
                wait(UNREACHABLE_MS, reason)
            }
        };
    }
}

/// A tenant's hubs, as far as they have been told.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Telling {
    /// By account and region, those that are asked no more among them: what they owe is told if they come back.
    pub hubs: Vec<Listener>,
    /// Whose credentials hubs were last told with by a schedule.
    #[serde(default)]
    pub own: Option<String>,
    /// Until when a worker has them to itself.
    pub lease_until: Option<Instant>,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

impl Telling {
    /// Whether a worker has it to itself. A lease that ends later than any worker could have taken it for is none.
    pub fn is_leased(&self, now: Instant) -> bool {
        self.lease_until.is_some_and(|end| now < end && end <= now.plus(LEASE_MS))
    }

    /// Whether a worker that goes on must keep it anew: a third of its lease is gone.
    pub fn is_ending(&self, now: Instant) -> bool {
        self.lease_until.is_none_or(|end| end <= now.plus(LEASE_MS / 3 * 2))
    }

    /// As a worker keeps it that goes on.
    #[must_use]
    pub fn held(&self, now: Instant) -> Self {
        Self { lease_until: Some(now.plus(LEASE_MS)), ..self.clone() }
    }

    /// As a worker leaves it.
    #[must_use]
    pub fn left(&self) -> Self {
        Self { lease_until: None, ..self.clone() }
    }

    /// A hub of it, if it is known.
    pub fn hub(&self, scope: &Scope) -> Option<&Listener> {
        self.hubs.iter().find(|hub| hub.account == scope.account && hub.region == scope.region)
    }

    /// The same, to be changed.
    pub fn hub_mut(&mut self, scope: &Scope) -> Option<&mut Listener> {
        self.hubs.iter_mut().find(|hub| hub.account == scope.account && hub.region == scope.region)
    }
}

/// The hub of those that there are that is told of a finding of an account and region: its own; else one of its account in another
/// region, which may aggregate regions; else one of `own`, the account which may be its administrator.
pub fn responsible<'a>(hubs: &'a [Scope], own: &str, account: &str, region: &str) -> Option<&'a Scope> {
    let of = |account: &str| {
        let here = hubs.iter().find(|hub| hub.account == account && hub.region == region);
        here.or_else(|| hubs.iter().find(|hub| hub.account == account))
    };
    of(account).or_else(|| of(own))
}

/// Whether a hub may be told of a finding of that id which says that it is of `account`. Whoever imports says both, perhaps with a key for that
/// account alone; a hub that sees several accounts would change another one's finding by its id. So an id that names an account must name
/// this one, and one that names none is told to this account's own hub only.
pub fn may_be_told(id: &str, account: &str, hub: &str) -> bool {
    let is_account = |part: &&str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut named = id.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_account).peekable();
    match named.peek() {
        Some(_) => named.all(|part| part == account),
        None => hub == account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_another_account_is_not_told() {
        let arn = "arn:aws:securityhub:eu-west-1:111111111111:security-control/S3.1/finding/00aa";
        let prowler = "prowler-aws-s3_public-111111111111-eu-west-1-bucket";
        for (id, account, hub, told) in [
            (arn, "111111111111", "111111111111", true),
            (arn, "111111111111", "999999999999", true),
            (arn, "222222222222", "999999999999", false),
            (arn, "222222222222", "222222222222", false),
            (prowler, "111111111111", "999999999999", true),
            (prowler, "222222222222", "222222222222", false),
            ("us-west-2/111111111111/222222222222", "111111111111", "111111111111", false),
            ("6b9a3d0e-0000-4000-8000-00aa00bb00cc", "111111111111", "111111111111", true),
            ("6b9a3d0e-0000-4000-8000-00aa00bb00cc", "111111111111", "999999999999", false),
        ] {
            assert_eq!(may_be_told(id, account, hub), told, "{id} {account} {hub}");
        }
    }

    const NOW: Instant = Instant(1_700_000_000_000);

    fn scope(account: &str, region: &str) -> Scope {
        Scope { account: account.to_owned(), region: region.to_owned() }
    }

    #[test]
    fn a_finding_is_told_to_the_nearest_hub() {
        let hubs = [scope("1", "eu"), scope("1", "us"), scope("2", "us")];
        let told =
            |account, region| responsible(&hubs, "1", account, region).map(|s| (s.account.as_str(), s.region.as_str()));
        for (account, region, hub) in [
            ("1", "us", ("1", "us")),
            ("1", "ap", ("1", "eu")),
            ("2", "us", ("2", "us")),
            ("2", "eu", ("2", "us")),
            ("3", "us", ("1", "us")),
            ("3", "ap", ("1", "eu")),
        ] {
            assert_eq!(told(account, region), Some(hub), "{account} {region}");
        }
        assert_eq!(responsible(&hubs[2..], "1", "3", "us"), None);
    }

    #[test]
    fn a_hub_that_refuses_keeps_its_place() {
        let mut hub = Listener::new(&scope("1", "eu"), Position::START);
        let place = Position::behind(NOW, 7);
        hub.heard(Listened::Up(place), Tally { told: 2, ..Tally::default() }, NOW);
        assert_eq!((hub.place(), hub.told_at, hub.tally.told), (place, Some(NOW), 2));
        for (heard, ms, tries) in [
            (Listened::Wait { ms: 5, reason: "r".to_owned() }, 5, 0),
            (Listened::Closed("r".to_owned()), PERIOD_MS, 0),
            (Listened::Lost("r".to_owned()), UNREACHABLE_MS, 0),
            (Listened::Untaken("r".to_owned()), UNREACHABLE_MS, 1),
        ] {
            hub.heard(heard.clone(), Tally::default(), NOW);
            assert_eq!((hub.place(), hub.error.as_deref(), hub.tries), (place, Some("r"), tries), "{heard:?}");
            assert!(!hub.is_due(NOW.plus(ms - 1)) && hub.is_due(NOW.plus(ms)), "{heard:?}");
        }
        hub.heard(Listened::Up(place), Tally::default(), NOW);
        assert_eq!((hub.tries, hub.error, hub.next_at), (0, None, None));
    }

    #[test]
    fn one_worker_at_a_time() {
        let held = Telling::default().held(NOW);
        assert!(held.is_leased(NOW.plus(LEASE_MS - 1)) && !held.is_leased(NOW.plus(LEASE_MS)));
        assert!(!held.is_leased(NOW.plus(-1)) && !held.left().is_leased(NOW));
    }
}
