//! Requests that bear an Idempotency-Key: an item each, by compare-and-set, which expires.

use super::compress::{pack, unpack};
use super::item::{Item, TTL};
use super::store::{Condition, ConditionalPut};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::{Error, Once, TenantId};

impl Reader {
    /// What is kept of the request that an API key has sent under this name.
    pub async fn once_get(&self, tenant: &TenantId, key_name: &str, name: &str) -> Result<Option<Once>, Error> {
        let Some(item) = self.store.get(&keys::once(tenant, key_name, name), true).await? else { return Ok(None) };
        check_format(&item)?;
        serde_json::from_str(&unpack(item.bytes("body")?)?).map(Some).map_err(Error::internal)
    }
}

impl Writer {
    /// Records a request over the revision that `once` was made from, 0 for none; as recorded, or `None` when somebody
    /// else has recorded it since.
    pub async fn once_put(
        &self,
        tenant: &TenantId,
        key_name: &str,
        name: &str,
        once: Once,
    ) -> Result<Option<Once>, Error> {
        let condition = match once.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let once = Once { revision: once.revision.saturating_add(1), ..once };
        let mut item = Item::new(&keys::once(tenant, key_name, name));
        item.put_number("format", FORMAT);
        item.put_number("revision", once.revision);
        item.put_number(TTL, once.ends_at.0 / 1000);
        item.put_bytes("body", pack(&serde_json::to_string(&once).map_err(Error::internal)?)?);
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(once))
    }
}
