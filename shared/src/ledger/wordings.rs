//! What models made of findings: an item for each finding and model, in place of the one before, which expires.

use super::item::{Item, TTL, expires_in};
use super::store::{Condition, ConditionalPut, Store};
use super::tenants::{from_item, to_item};
use super::{Writer, keys};
use crate::domain::{Error, KeptWording, TenantId};

/// Reads and writes what models made of findings, and nothing else.
#[derive(Debug, Clone)]
pub struct Wordings {
    store: Store,
}

impl Writer {
    /// The right to keep what models make of findings.
    pub fn wordings(&self) -> Wordings {
        Wordings { store: self.store.clone() }
    }
}

impl Wordings {
    /// What is kept under a name, a lower-case hexadecimal hash. It may lag behind: then a model is asked once more.
    pub async fn get(&self, tenant: &TenantId, name: &str) -> Result<Option<KeptWording>, Error> {
        let item = self.store.get(&keys::wording(tenant, name), false).await?;
        item.as_ref().map(from_item).transpose()
    }

    /// Keeps something under a name, over what was there.
    pub async fn put(&self, tenant: &TenantId, name: &str, kept: &KeptWording) -> Result<(), Error> {
        let mut item = to_item(Item::new(&keys::wording(tenant, name)), kept)?;
        let left = kept.until.0.saturating_sub(kept.at.0).max(0);
        item.put_number(TTL, expires_in(left.div_euclid(1_000)));
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }
}
