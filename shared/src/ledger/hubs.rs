//! How far the findings of each Security Hub have been read: an item for each account and region.

use super::item::Item;
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::{from_item, to_item};
use super::{Reader, Writer, keys};
use crate::domain::inventory::Scope;
use crate::domain::{Error, Synchronisation, TenantId};

impl Reader {
    /// How far the hub of an account in a region has been read.
    pub async fn hub_get(&self, tenant: &TenantId, scope: &Scope) -> Result<Synchronisation, Error> {
        let item = self.store.get(&keys::hub(tenant, scope), true).await?;
        item.as_ref().map_or_else(|| Ok(Synchronisation::new(scope)), from_item)
    }

    /// The same of every hub that anybody wanted to read, by account and region.
    pub async fn hub_list(&self, tenant: &TenantId) -> Result<Vec<Synchronisation>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::hub_partition(tenant), &range).await?;
        items.iter().map(from_item).collect()
    }
}

impl Writer {
    /// Records how far a hub has been read over the revision that `hub` was made from; as recorded, or `None` when somebody else has
    /// recorded it since.
    pub async fn hub_put(&self, tenant: &TenantId, hub: Synchronisation) -> Result<Option<Synchronisation>, Error> {
        let condition = match hub.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let hub = Synchronisation { revision: hub.revision.saturating_add(1), ..hub };
        let mut item = to_item(Item::new(&keys::hub(tenant, &hub.scope())), &hub)?;
        item.put_number("revision", hub.revision);
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(hub))
    }
}
