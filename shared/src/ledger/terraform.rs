//! Terraform that a tenant has pushed.
//!
//! The content of a push lies in parts under the push's own name, written before the root's item that names it: a push is there whole
//! or not at all. Whoever replaces a root empties the parts of the push before, which nobody names any more, and marks them to
//! expire. A reader that comes in between finds them so, and looks for the root again. What a crash leaves unnamed does no harm.

use super::compress::{pack, unpack_bytes};
use super::item::{Item, Key, TTL};
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::{from_item, to_item};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::terraform::{Content, Root};
use crate::domain::{Error, TenantId};

/// Compressed bytes of a part: DynamoDB takes 400 KB, names included.
const PART: usize = 380_000;

impl Reader {
    /// A tenant's roots, by name.
    pub async fn terraform_list(&self, tenant: &TenantId) -> Result<Vec<Root>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::terraform_partition(tenant), &range).await?;
        items.iter().map(from_item).collect()
    }

    /// What was pushed of a root; `None` where another push has replaced it since.
    pub async fn terraform_content(&self, tenant: &TenantId, root: &Root) -> Result<Option<Content>, Error> {
        let places: Vec<Key> = (0..root.parts).map(|part| keys::terraform_files(tenant, &root.push, part)).collect();
        if places.is_empty() {
            return Ok(Some(Content::default()));
        }
        let found = self.store.batch_get(&places, true).await?;
        let mut packed = Vec::new();
        for place in &places {
            let Some(item) = found.get(place) else { return Ok(None) };
            check_format(item)?;
            let bytes = item.bytes("body")?;
            if bytes.is_empty() {
                return Ok(None);
            }
            packed.extend_from_slice(bytes);
        }
        serde_json::from_slice(&unpack_bytes(&packed)?).map(Some).map_err(Error::internal)
    }
}

impl Writer {
    /// Stores the content of a push; in how many parts.
    pub async fn terraform_content_put(&self, tenant: &TenantId, push: &str, content: &Content) -> Result<u32, Error> {
        let packed = pack(&serde_json::to_string(content).map_err(Error::internal)?)?;
        let mut parts = 0;
        for part in packed.chunks(PART) {
            let item = part_item(&keys::terraform_files(tenant, push, parts), part);
            self.store.put(ConditionalPut { item, condition: Condition::None }).await?;
            parts += 1;
        }
        Ok(parts)
    }

    /// Names a push as a root's, over the revision that `root` was made from, 0 for none; whether nobody was faster.
    pub async fn terraform_put(&self, tenant: &TenantId, root: &Root) -> Result<bool, Error> {
        let condition = match root.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let root = Root { revision: root.revision.saturating_add(1), ..root.clone() };
        let mut item = to_item(Item::new(&keys::terraform(tenant, &root.name)), &root)?;
        item.put_number("revision", root.revision);
        self.store.put(ConditionalPut { item, condition }).await
    }

    /// Empties the parts of a push that is no root's any more.
    pub async fn terraform_content_end(&self, tenant: &TenantId, root: &Root) -> Result<(), Error> {
        let now = self.clock().now().0.div_euclid(1_000);
        for part in 0..root.parts {
            let mut item = part_item(&keys::terraform_files(tenant, &root.push, part), &[]);
            item.put_number(TTL, now);
            self.store.put(ConditionalPut { item, condition: Condition::None }).await?;
        }
        Ok(())
    }
}

fn part_item(place: &Key, body: &[u8]) -> Item {
    let mut item = Item::new(place);
    item.put_number("format", FORMAT);
    item.put_bytes("body", body.to_vec());
    item
}
