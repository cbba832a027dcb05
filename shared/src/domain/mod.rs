//! What a finding is, how it changes, and how it is asked for: no storage, no wire format, no clock.

pub mod account;
pub mod asff;
pub mod caller;
pub mod change;
pub mod column;
pub mod decision;
pub mod error;
pub mod finding;
pub mod framework;
pub mod instant;
pub mod job;
pub mod json;
pub mod key;
mod parse;
pub mod query;
pub mod rate;
pub mod resource_type;
pub mod rule;
pub mod score;
pub mod snapshot;
pub mod tenant;

pub use account::Account;
pub use caller::{Caller, Scope};
pub use change::{Actor, Kind, Source};
pub use column::{Cell, Column, Family, Row};
pub use decision::{Decision, HashAfter, HistoryRecord, Outcome, Rejection, Seen, Write};
pub use error::Error;
pub use finding::{Acceptance, Finding, FindingKey, Presence, Severity, Standing, Status, Verdict};
pub use instant::Instant;
pub use job::{Job, JobKind, JobState};
pub use key::KeyRecord;
pub use rate::Rate;
pub use snapshot::Snapshot;
pub use tenant::{Ordinal, TenantId};
