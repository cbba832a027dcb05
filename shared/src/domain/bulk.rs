//! A decision about more findings than a request can wait for: what a run of that sort works on, and what came out of it.
//!
//! Everything that it depends on is kept as it was when it was asked for: the request, who asked, and the state from which
//! the findings are selected. What was decided since then by somebody else is left as it is.

use super::decision::Outcome;
use super::{AsOf, Attempt, Caller, Instant, Ordinal, Rejection, Scope, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest request that is kept, in bytes: it is written anew with every checkpoint.
pub const LONGEST_REQUEST: usize = 16 * 1024;

/// Findings that were left which are named; beyond that they are only counted.
pub const MOST_NAMED: usize = 100;

/// Reasons that are told apart.
const MOST_REASONS: usize = 20;

/// The reason of what is left for a reason beyond those.
const OTHER_REASON: &str = "another reason";

/// A decision about many findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bulk {
    /// The request's body, as its dialect reads it.
    pub request: String,
    /// The name of the key that asked.
    pub key_name: String,
    /// The AWS accounts that the key was good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// What the decisions bear by which they are known again.
    pub attempt: String,
    /// From what the findings are selected.
    pub from: Pinned,
    /// How many were selected.
    pub total: u64,
    /// The last finding that was come to.
    pub after: Option<u32>,
    /// What came out so far.
    pub tally: Tally,
}

/// A state of the ledger that cannot change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The clock by which acceptances end.
    pub at: Instant,
    /// The newest commit.
    pub seq: u64,
    /// The first bytes of its chain hash.
    pub chain: [u8; 8],
    /// When it was made: what bears a later instant was decided after it.
    pub committed_at: Instant,
}

/// What came out of a decision about many findings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Findings that it was decided about.
    pub decided: u64,
    /// Findings of which all that it says held already.
    pub unchanged: u64,
    /// Findings that were left, by why.
    pub left: BTreeMap<String, u64>,
    /// The first 100 of these, each with why.
    pub named: Vec<(String, String)>,
}

impl Pinned {
    /// The state, as clients may name it.
    pub fn as_of(&self) -> AsOf {
        AsOf { at: self.at, seq: Some(self.seq) }
    }
}

impl Bulk {
    /// Who asked, with the rights that a decision needs.
    pub fn caller(&self, tenant: &TenantId) -> Caller {
        Caller {
            tenant: tenant.clone(),
            key_name: self.key_name.clone(),
            scopes: [Scope::FindingsWrite].into(),
            accounts: self.accounts.clone(),
            region: None,
        }
    }

    /// The request as a finding knows it: whatever was decided after the state that it selects from is somebody else's,
    /// unless it bears this request's name.
    pub fn attempt(&self) -> Attempt {
        Attempt { id: self.attempt.clone(), since: Some(self.from.committed_at) }
    }

    /// Whether a finding is still to come.
    pub fn is_ahead(&self, ordinal: Ordinal) -> bool {
        self.after.is_none_or(|after| ordinal.0 > after)
    }
}

impl Tally {
    /// Counts what became of the finding of a uid.
    pub fn count(&mut self, uid: String, outcome: &Outcome) {
        match outcome {
            Outcome::Created | Outcome::Changed => self.decided += 1,
            Outcome::Unchanged => self.unchanged += 1,
            Outcome::Rejected(Rejection { id: _, code: _, message }) => {
                let is_new = !self.left.contains_key(message);
                let reason = if is_new && self.left.len() >= MOST_REASONS { OTHER_REASON } else { message };
                *self.left.entry(reason.to_owned()).or_default() += 1;
                if self.named.len() < MOST_NAMED {
                    self.named.push((uid, reason.to_owned()));
                }
            }
        }
    }

    /// How many findings were left.
    pub fn left(&self) -> u64 {
        self.left.values().sum()
    }

    /// How many findings were come to.
    pub fn done(&self) -> u64 {
        self.decided + self.unchanged + self.left()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_NAMED, MOST_REASONS, OTHER_REASON, Tally};
    use crate::domain::{Outcome, Rejection};

    /// However many are left, and why, what is kept of it is bounded and adds up.
    #[test]
    fn what_is_left_is_bounded() {
        let mut tally = Tally::default();
        for number in 0..200 {
            let message = format!("reason {}", number % 40);
            let rejection = Rejection { id: String::new(), code: String::new(), message };
            tally.count(number.to_string(), &Outcome::Rejected(rejection));
        }
        tally.count("x".to_owned(), &Outcome::Changed);
        tally.count("y".to_owned(), &Outcome::Unchanged);
        assert_eq!((tally.left(), tally.done(), tally.decided, tally.unchanged), (200, 202, 1, 1));
        assert_eq!((tally.left.len(), tally.left.get(OTHER_REASON)), (MOST_REASONS + 1, Some(&100)));
        assert_eq!(tally.named.len(), MOST_NAMED);
    }
}
