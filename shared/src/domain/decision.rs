//! What to do with something that a client or producer sent about one finding: the result of every merge rule.

use super::json::Object;
use super::{Actor, Cell, Column, Finding, Instant, Row};
use crate::domain::column::SEEN_TEXTS;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a merge rule decided.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing to record.
    Unchanged,
    /// Seen again: only the timestamps that producers move on every scan differ.
    Observed,
    /// A new state to record.
    Write(Box<Write>),
    /// Not acceptable.
    Rejected(Rejection),
}

/// A new state of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// The whole finding as it is from now on.
    pub finding: Finding,
    /// Who did it.
    pub actor: Actor,
    /// What becomes of the hash of what its producer last sent.
    pub hash: HashAfter,
}

/// What becomes of the hash by which a producer's identical import is recognised without reading a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashAfter {
    /// This was that producer's own import: its hash is kept from now on.
    Set,
    /// No field of the producer was touched.
    Keep,
    /// A producer's field or RecordState was touched by somebody else: the next import must look at the document.
    Clear,
}

/// Why one record of a request was not accepted, while others may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// The record's Id, as far as it could be read.
    pub id: String,
    /// A code of the Security Hub dialect, for example `InvalidInput` or `FindingNotFound`.
    pub code: String,
    /// What is wrong, where, and what would be right.
    pub message: String,
}

/// What became of one record of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A finding was seen for the first time.
    Created,
    /// A finding is different now.
    Changed,
    /// Nothing but timestamps moved, or nothing at all.
    Unchanged,
    /// It was refused.
    Rejected(Rejection),
}

/// What became of one finding of a decision about several, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// This.
    Known(Outcome),
    /// Its commit was sent, or may have been, and nobody knows whether it was made.
    Unknown,
    /// It was not come to.
    NotDone,
}

impl Fate {
    /// The outcome, if it is known.
    pub fn known(&self) -> Option<&Outcome> {
        match self {
            Self::Known(outcome) => Some(outcome),
            Self::Unknown | Self::NotDone => None,
        }
    }
}

/// The five timestamps that producers move on every scan, as sent, and the time of the hub's envelope if there was one.
///
/// Ordered by UpdatedAt, then by the envelope's time, then by the texts, so that any order of arrival ends alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Seen {
    /// CreatedAt, UpdatedAt, FirstObservedAt, LastObservedAt, ProcessedAt.
    pub texts: [Option<String>; 5],
    /// The envelope's time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub envelope: Option<String>,
}

impl Seen {
    /// The timestamps of an ASFF document.
    pub fn of(asff: &Object, envelope: Option<&str>) -> Self {
        let text = |column: Column| asff.get(column.name()).and_then(Value::as_str).map(str::to_owned);
        Self { texts: SEEN_TEXTS.map(text), envelope: envelope.map(str::to_owned) }
    }

    /// The timestamps that a row holds.
    pub fn of_row(row: &Row) -> Self {
        let text = |column: Column| row.get(column).text().map(str::to_owned);
        Self { texts: SEEN_TEXTS.map(text), envelope: text(Column::EnvelopeTime) }
    }

    /// Lays the timestamps over a document: present ones replace, absent ones remove.
    pub fn lay_over(&self, asff: &mut Object) {
        for (column, text) in SEEN_TEXTS.into_iter().zip(&self.texts) {
            match text {
                Some(text) => asff.insert(column.name().to_owned(), Value::String(text.clone())),
                None => asff.remove(column.name()),
            };
        }
    }

    /// The columns of the family `seen` that hold these timestamps.
    pub fn cells(&self) -> Vec<(Column, Cell)> {
        let mut cells: Vec<(Column, Cell)> =
            SEEN_TEXTS.into_iter().zip(&self.texts).map(|(c, t)| (c, Cell::from(t.as_deref()))).collect();
        cells.push((Column::EnvelopeTime, Cell::from(self.envelope.as_deref())));
        cells
    }

    /// UpdatedAt as an instant; the earliest instant when it is absent or unreadable.
    pub fn updated_at(&self) -> Instant {
        self.texts[1].as_deref().and_then(Instant::parse_aws).unwrap_or(Instant(i64::MIN))
    }

    /// The envelope's time as an instant; the earliest instant when it is absent or unreadable.
    pub fn envelope_at(&self) -> Instant {
        self.envelope.as_deref().and_then(Instant::parse_aws).unwrap_or(Instant(i64::MIN))
    }

    fn rank(&self) -> (Instant, Instant, &[Option<String>; 5]) {
        (self.updated_at(), self.envelope_at(), &self.texts)
    }
}

impl PartialOrd for Seen {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Seen {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank().cmp(&other.rank())
    }
}

/// One record of a finding's history: the difference between two consecutive documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRecord {
    /// When it was recorded.
    pub at: Instant,
    /// Whether this is the finding's first document.
    pub created: bool,
    /// Who did it.
    pub actor: Actor,
    /// The ASFF fields that differ, in path order; the five timestamps of [`Seen`] are never among them.
    pub changes: Vec<super::json::FieldChange>,
}
