//! Every change of a tenant, oldest first, from a place in its log on.

use crate::domain::{Error, Instant, Position, TenantId, Uids};
use crate::ledger::{Changes, Reader};

pub use crate::ledger::Recorded as RecordedChange;

/// A question for a page of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery {
    /// Behind which place; without one, from the first change on.
    pub after: Option<Position>,
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Rows of a page.
    pub limit: usize,
    /// The parameter that carries the place, for errors.
    pub field: &'static str,
}

/// A page of changes, and how the findings' uids are made. [`Error::Invalid`] when the place is none of this log's.
pub async fn list_changes(reader: &Reader, tenant: &TenantId, query: &LogQuery) -> Result<(Changes, Uids), Error> {
    let before = |from: Instant| Position { at: from.plus(-1).max(Instant(0)), ..Position::START };
    let start = query.from.map_or(Position::START, before);
    let after = query.after.filter(|after| after.at >= start.at).unwrap_or(start);
    let changes = reader.changes(tenant, after, query.to, query.limit);
    let (changes, uids) = tokio::try_join!(changes, reader.uids(tenant))?;
    Ok((changes.ok_or_else(|| no_place(query.field))?, uids))
}

/// The error for a place that is none of this log's.
pub(super) fn no_place(field: &str) -> Error {
    Error::invalid(field, "names no place in this log: start without it, or from the as_of of a list")
}
