//! What each kind of function may do to the table: the one place from which the template's policies follow.
//!
//! A [`Reader`](posture_shared::ledger::Reader) makes the requests of [`READS`], a
//! [`Writer`](posture_shared::ledger::Writer) those of [`WRITES`] too. Requests are counted before every handler, so
//! every route may write counters, and those that only read write nothing else, or a model's words: both lie in partitions of their
//! own.

use crate::route::{Handler, Route, Trigger};
use crate::verify_ledgers;

/// An action that a function may take on the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The action, in the words of IAM.
    pub action: &'static str,
    /// On which partition keys: a pattern for `ForAllValues:StringLike` of `dynamodb:LeadingKeys`; `None` means all.
    pub partitions: Option<&'static str>,
}

const fn all(action: &'static str) -> Grant {
    Grant { action, partitions: None }
}

/// What a reader does.
pub const READS: &[Grant] = &[all("dynamodb:BatchGetItem"), all("dynamodb:GetItem"), all("dynamodb:Query")];

/// What a writer does beside. A transaction of puts needs the right to put and none of its own.
pub const WRITES: &[Grant] = &[all("dynamodb:PutItem")];

/// What the rate-limit hook does.
pub const COUNTS: &[Grant] = &[Grant { action: "dynamodb:UpdateItem", partitions: Some("*#rate#*") }];

/// What keeping a model's words does.
pub const WORDS: &[Grant] = &[Grant { action: "dynamodb:PutItem", partitions: Some("*#wording#*") }];

/// What keeping the place of a verification does.
pub const PATROLS: &[Grant] = &[Grant { action: "dynamodb:PutItem", partitions: Some("*#patrol") }];

impl Route {
    /// What its function may do.
    pub fn grants(&self) -> Vec<Grant> {
        match self.handler {
            Handler::Reads(_) | Handler::ReadsAhead(_) | Handler::Streams(_) => [READS, COUNTS].concat(),
            Handler::Words(_) => [READS, WORDS, COUNTS].concat(),
            Handler::Writes(_) | Handler::Decides(..) => [READS, WRITES, COUNTS].concat(),
            Handler::Open(_) => Vec::new(),
        }
    }
}

impl Trigger {
    /// What its function may do. Events have no key whose requests would be counted.
    pub fn grants(&self) -> Vec<Grant> {
        if self.function == verify_ledgers::TRIGGER.function {
            // What watches over the ledger cannot write to it.
            return [READS, PATROLS].concat();
        }
        [READS, WRITES].concat()
    }
}
