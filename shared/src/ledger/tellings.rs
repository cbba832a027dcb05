//! The way back to Security Hub: how far hubs have been told, and what the log holds for them.

use super::changes::of_entry;
use super::entry::Entry;
use super::item::Item;
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::{from_item, to_item};
use super::{Reader, Writer, keys};
use crate::domain::{Error, Ordinal, Position, Telling, TenantId};
use std::collections::BTreeMap;

/// Log entries read at a time.
const ENTRIES: usize = 100;

/// Findings about which somebody decided in a stretch of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedIn {
    /// Each with the place of its newest decision there.
    pub findings: BTreeMap<Ordinal, Position>,
    /// How far the log was looked at.
    pub reached: Position,
    /// Whether there may be more behind that.
    pub has_more: bool,
}

impl Reader {
    /// How far a tenant's hubs have been told.
    pub async fn telling_get(&self, tenant: &TenantId) -> Result<Telling, Error> {
        let item = self.store.get(&keys::telling(tenant), true).await?;
        item.as_ref().map_or_else(|| Ok(Telling::default()), from_item)
    }

    /// The findings about which somebody decided behind a commit, in the next stretch of the log. One request. It goes by the
    /// commit's instant, so that a place which a restore took away is none to stumble over.
    pub async fn decided_behind(&self, tenant: &TenantId, place: Position) -> Result<DecidedIn, Error> {
        let range =
            Range { from: Some(place.at.plus(1).key()), limit: Some(ENTRIES), consistent: true, ..Range::default() };
        let (items, has_more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
        let mut found = DecidedIn { findings: BTreeMap::new(), reached: place, has_more };
        for item in &items {
            let entry = Entry::from_item(item)?;
            let position = Position::behind(entry.at, entry.seq);
            let decided = of_entry(&entry).filter(|change| change.actor.source.is_decision());
            found.findings.extend(decided.map(|change| (change.ordinal, position)));
            found.reached = position;
        }
        Ok(found)
    }
}

impl Writer {
    /// Records how far hubs have been told over the revision that `telling` was made from; as recorded, or `None` when somebody else
    /// has recorded it since.
    pub async fn telling_put(&self, tenant: &TenantId, telling: Telling) -> Result<Option<Telling>, Error> {
        let condition = match telling.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let telling = Telling { revision: telling.revision.saturating_add(1), ..telling };
        let mut item = to_item(Item::new(&keys::telling(tenant)), &telling)?;
        item.put_number("revision", telling.revision);
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(telling))
    }
}
