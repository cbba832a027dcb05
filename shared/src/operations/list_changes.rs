//! Every change of a tenant, oldest first, from a place in its log on.

use crate::domain::{AsOf, Error, Instant, Place, Position, TenantId, Uids};
use crate::ledger::{Changes, Reader};

pub use crate::ledger::Recorded as RecordedChange;

/// A question for a page of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogQuery {
    /// Behind which place; without one, from the first change on.
    pub after: Option<Place>,
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
    let after = match query.after {
        None => Position::START,
        Some(place) => begin(reader, tenant, place, query.field).await?,
    };
    // An instant without a commit is a place to begin, and none to name.
    let before = |from: Instant| Position { at: from.plus(-1).max(Instant(0)), ..Position::START };
    let from = query.from.map(before).filter(|from| from.at > after.at);
    let changes = reader.changes(tenant, from.unwrap_or(after), query.to, query.limit);
    let (mut changes, uids) = tokio::try_join!(changes, reader.uids(tenant))?;
    if let Some(from) = from
        && changes.reached == from
    {
        let newest = reader.position(tenant, Some(AsOf { at: from.at, seq: None })).await?;
        changes.reached = newest.filter(|newest| newest.at > after.at).unwrap_or(after);
    }
    Ok((changes, uids))
}

/// The position of a place. [`Error::Invalid`] names `field` when it is none of this log's.
pub(super) async fn begin(reader: &Reader, tenant: &TenantId, place: Place, field: &str) -> Result<Position, Error> {
    let position = match place {
        Place::Behind(position) => reader.holds(tenant, position).await?.then_some(position),
        Place::After(state) => reader.position(tenant, Some(state)).await?,
    };
    position.ok_or_else(|| {
        Error::invalid(field, "names no place in this log: start without it, or from the as_of of a list")
    })
}

/// The newest commit: what an export of all there is ends with.
pub async fn newest_position(reader: &Reader, tenant: &TenantId) -> Result<Position, Error> {
    Ok(reader.position(tenant, None).await?.unwrap_or(Position::START))
}
