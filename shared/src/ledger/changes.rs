//! Changes as the log has them, oldest first, with the findings as they were from then on.

use super::entry::Entry;
use super::evidence::Evidence;
use super::store::{Range, pause};
use super::{Reader, SETTLING, keys};
use crate::domain::{Actor, AsOf, Cell, Column, Error, Finding, Instant, Kind, Ordinal, Position, TenantId};
use std::collections::BTreeMap;

/// Log entries read at a time.
const ENTRIES: usize = 100;
/// Times that one request reads on while it finds too few changes.
const READS: usize = 10;
/// Further looks for documents of a commit that the log has.
const LOOKS: usize = 3;
/// Texts of documents that are unpacked at once. Unpacked they take some 25 times as much where their values are short.
const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// A change as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The place right behind it.
    pub position: Position,
    /// The finding.
    pub ordinal: Ordinal,
    /// What kind of change.
    pub kind: Kind,
    /// Who, and through which door.
    pub actor: Actor,
    /// Former values of what is judged, as far as they differ.
    pub before: BTreeMap<Column, Cell>,
    /// Every column that differs, with its new value.
    pub columns: BTreeMap<Column, Cell>,
    /// The finding from then on; `None` if that was erased.
    pub finding: Option<Finding>,
}

/// A stretch of changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Oldest first.
    pub recorded: Vec<Recorded>,
    /// How far the log was looked at.
    pub reached: Position,
    /// Whether there may be more behind that.
    pub has_more: bool,
}

impl Reader {
    /// The changes behind a place, up to an instant that is included: at most `limit`, and fewer with more behind them where the
    /// log holds few, or documents many bytes. Reads 1,000 entries of log at most. Whether the place is one of this log's,
    /// [`Reader::holds`] tells.
    pub async fn changes(
        &self,
        tenant: &TenantId,
        after: Position,
        until: Option<Instant>,
        limit: usize,
    ) -> Result<Changes, Error> {
        let mut found = Changes { recorded: Vec::new(), reached: after, has_more: true };
        // Of the place's own commit some may not be told yet.
        let mut from = if after.nth.is_some() { after.at } else { after.at.plus(1) };
        for _ in 0..READS {
            if until.is_some_and(|until| until < from) {
                found.has_more = false;
                break;
            }
            let range = Range {
                from: Some(from.key()),
                to: until.map(Instant::key),
                limit: Some(ENTRIES),
                consistent: true,
                ..Range::default()
            };
            let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
            let entries = items.iter().map(Entry::from_item).collect::<Result<Vec<_>, _>>()?;
            for entry in &entries {
                for change in of_entry(entry).filter(|one| after.precedes(entry.at, one.position.nth.unwrap_or(0))) {
                    if found.recorded.len() == limit {
                        return self.recalled(tenant, found).await;
                    }
                    found.reached = change.position;
                    found.recorded.push(change);
                }
                found.reached = Position::behind(entry.at, entry.seq);
            }
            found.has_more = more;
            if !more || found.recorded.len() == limit {
                break;
            }
            from = found.reached.at.plus(1);
        }
        self.recalled(tenant, found).await
    }

    /// Whether a place is one of this log's.
    pub async fn holds(&self, tenant: &TenantId, place: Position) -> Result<bool, Error> {
        if place == Position::START {
            return Ok(true);
        }
        let item = self.store.get(&keys::log_entry(tenant, place.at), true).await?;
        let entry = item.as_ref().map(Entry::from_item).transpose()?;
        Ok(entry.is_some_and(|entry| entry.seq == place.seq))
    }

    /// The same with its documents; where they have many bytes it ends early.
    async fn recalled(&self, tenant: &TenantId, mut found: Changes) -> Result<Changes, Error> {
        let kept = self.recall(tenant, &mut found.recorded).await?;
        if kept < found.recorded.len() {
            found.recorded.truncate(kept);
            found.reached = found.recorded.last().map_or(found.reached, |last| last.position);
            found.has_more = true;
        }
        Ok(found)
    }

    /// The finding that a change left behind it, if it was there and is not erased.
    pub async fn before_change(&self, tenant: &TenantId, change: &Recorded) -> Result<Option<Finding>, Error> {
        let range = Range {
            to: Some(change.position.at.plus(-1).key()),
            newest_first: true,
            limit: Some(1),
            consistent: true,
            ..Range::default()
        };
        let (items, _) = self.store.query(&keys::document_partition(tenant, change.ordinal), &range).await?;
        let document = items.first().map(Evidence::from_item).transpose()?;
        document.and_then(|document| document.finding()).transpose()
    }

    /// The place behind the newest commit of a state, or of now; `None` when there is no such state.
    pub async fn position(&self, tenant: &TenantId, state: Option<AsOf>) -> Result<Option<Position>, Error> {
        let wanted = state.and_then(|state| state.seq);
        if wanted == Some(0) {
            return Ok(Some(Position::START));
        }
        let mut end = state.map(|state| state.at);
        for _ in 0..READS {
            // A state names its newest commit where a clock that lagged has written later ones with earlier instants.
            let range = Range {
                to: end.map(Instant::key),
                newest_first: true,
                limit: Some(if state.is_some() { ENTRIES } else { 1 }),
                consistent: true,
                ..Range::default()
            };
            let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
            let entries = items.iter().map(Entry::from_item).collect::<Result<Vec<_>, _>>()?;
            let found = entries.iter().find(|entry| wanted.is_none_or(|seq| entry.seq == seq));
            if let Some(entry) = found {
                return Ok(Some(Position::behind(entry.at, entry.seq)));
            }
            let last = entries.last().filter(|entry| more && wanted.is_some_and(|seq| entry.seq > seq));
            let Some(last) = last else { return Ok(wanted.is_none().then_some(Position::START)) };
            end = Some(last.at.plus(-1));
        }
        Ok(None)
    }

    /// Reads the documents that changes wrote; of how many, before they have too many bytes to be kept at once.
    pub(super) async fn recall(&self, tenant: &TenantId, found: &mut [Recorded]) -> Result<usize, Error> {
        let place = |one: &Recorded| keys::document(tenant, one.ordinal, one.position.at);
        let places: Vec<_> = found.iter().map(place).collect();
        if places.is_empty() {
            return Ok(0);
        }
        let mut items = self.store.batch_get(&places, true).await?;
        // A transaction may be seen torn for a moment: its log entry, and not yet its documents.
        for _ in 0..LOOKS {
            let missing: Vec<_> = places.iter().filter(|place| !items.contains_key(place)).cloned().collect();
            if missing.is_empty() {
                break;
            }
            pause(SETTLING).await;
            items.extend(self.store.batch_get(&missing, true).await?);
        }
        let mut bytes = 0_usize;
        for (nth, (one, place)) in found.iter_mut().zip(&places).enumerate() {
            let item = items.remove(place);
            let item = item.ok_or_else(|| Error::internal(format!("{} / {} is not there", place.pk, place.sk)))?;
            let document = Evidence::from_item(&item)?;
            bytes = bytes.saturating_add(document.bytes());
            if nth > 0 && bytes > KEPT_BYTES {
                return Ok(nth);
            }
            one.finding = document.finding().transpose()?;
        }
        Ok(found.len())
    }
}

/// The changes of an entry, without their documents.
pub(super) fn of_entry(entry: &Entry) -> impl DoubleEndedIterator<Item = Recorded> {
    let cells = |named: &BTreeMap<String, Cell>| {
        let known = named.iter().filter_map(|(name, cell)| Some((Column::named(name)?, cell.clone())));
        known.collect::<BTreeMap<Column, Cell>>()
    };
    let numbered = entry.body.changes.iter().enumerate();
    numbered.filter_map(move |(place, change)| {
        let nth = u32::try_from(place).unwrap_or(u32::MAX).saturating_add(1);
        Some(Recorded {
            position: Position { at: entry.at, seq: entry.seq, nth: Some(nth) },
            ordinal: change.ordinal,
            kind: change.kind,
            actor: entry.body.actors.get(change.actor)?.clone(),
            before: cells(&change.before),
            columns: cells(&change.columns),
            finding: None,
        })
    })
}
