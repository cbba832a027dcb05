//! What a tenant has beside findings: the key of its uids, its API keys, how much of their rates they have used, the names of its accounts;
//! and the list of tenants.

use super::item::{Item, expires_in};
use super::store::{Condition, ConditionalPut, Range};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::domain::{Account, Error, Instant, KeyRecord, TenantId, Uids};
use crate::secrets;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

const MINUTE_MS: i64 = 60_000;
/// How long a minute's counter is kept, in seconds: longer than clocks differ.
const COUNTER_SECONDS: i64 = 600;

/// Tenants whose uid keys are remembered at a time. Beyond it remembering starts anew.
const REMEMBERED: usize = 1_000;

/// The uid keys that a process has seen. They never change.
pub(super) type KnownUids = Mutex<HashMap<TenantId, Uids>>;

impl Reader {
    /// How a tenant's uids are made. One request at most in the life of a process, beside whatever else is read.
    ///
    /// Before its first key a tenant has no uid key; nobody can have seen a uid of it then, and those made meanwhile are
    /// provisional.
    pub async fn uids(&self, tenant: &TenantId) -> Result<Uids, Error> {
        if let Some(known) = self.uids_known(tenant) {
            return Ok(known);
        }
        let place = keys::tenant(tenant);
        let mut found = self.store.get(&place, false).await?;
        if found.is_none() {
            // It may only just have been made.
            found = self.store.get(&place, true).await?;
        }
        let Some(item) = found else {
            return Ok(Uids::new(self.masters.current.derive(&["provisional uids", tenant.as_str()])));
        };
        self.uids_learn(tenant, &item)
    }

    /// Opens the uid key in a tenant's item, and remembers it.
    pub(super) fn uids_learn(&self, tenant: &TenantId, item: &Item) -> Result<Uids, Error> {
        check_format(item)?;
        let version = item.number("uids_master")?;
        let key = self.masters.unwrap(&uids_purpose(tenant), version, item.bytes("uids")?).ok_or_else(|| {
            Error::internal(format!("the uid key of tenant {tenant} needs master {version}, which is not available"))
        })?;
        let uids = Uids::new(key);
        let mut known = self.uids.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(tenant.clone(), uids.clone());
        Ok(uids)
    }

    /// What [`Reader::uids`] remembers, without a request.
    pub fn uids_known(&self, tenant: &TenantId) -> Option<Uids> {
        self.uids.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned()
    }

    /// An API key's record.
    pub async fn key_get(&self, tenant: &TenantId, name: &str) -> Result<Option<KeyRecord>, Error> {
        let item = self.store.get(&keys::api_key(tenant, name), true).await?;
        item.as_ref().map(from_item).transpose()
    }

    /// Every API key's record, by name.
    pub async fn key_list(&self, tenant: &TenantId) -> Result<Vec<KeyRecord>, Error> {
        self.list(&keys::api_key_partition(tenant)).await
    }

    /// The accounts that somebody has named, by id.
    pub async fn account_list(&self, tenant: &TenantId) -> Result<Vec<Account>, Error> {
        self.list(&keys::account_partition(tenant)).await
    }

    /// Every tenant that ever had a key, by name.
    pub async fn tenant_list(&self) -> Result<Vec<TenantId>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(keys::TENANT_PARTITION, &range).await?;
        items.iter().map(|item| TenantId::parse(item.sk()?)).collect()
    }

    async fn list<T: serde::de::DeserializeOwned>(&self, partition: &str) -> Result<Vec<T>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(partition, &range).await?;
        items.iter().map(from_item).collect()
    }
}

impl Writer {
    /// Stores a new API key; `false` when the tenant has a key of that name.
    pub async fn key_create(&self, record: &KeyRecord) -> Result<bool, Error> {
        // The tenant first: one without a key does no harm, a key whose tenant nobody knows would have no jobs done.
        self.tenant_create(&record.tenant).await?;
        let item = to_item(Item::new(&keys::api_key(&record.tenant, &record.name)), record)?;
        self.store.put(ConditionalPut { item, condition: Condition::Absent }).await
    }

    /// Makes sure that there is a tenant, and that its uid key opens with the current master: the one before it goes
    /// when its last key has ended.
    async fn tenant_create(&self, tenant: &TenantId) -> Result<(), Error> {
        let place = keys::tenant(tenant);
        let known = self.store.get(&place, true).await?;
        let version = known.as_ref().map(|item| item.number::<u32>("uids_master")).transpose()?;
        let (key, condition) = match (known, version) {
            (_, Some(version)) if version == self.masters.current.version => return Ok(()),
            (Some(item), Some(version)) => {
                let key = self.masters.unwrap(&uids_purpose(tenant), version, item.bytes("uids")?);
                let lost = || Error::internal(format!("the uid key of tenant {tenant} needs master {version}"));
                (key.ok_or_else(lost)?, Condition::Number("uids_master", version.into()))
            }
            _ => (secrets::random::<32>()?, Condition::Absent),
        };
        let (version, wrapped) = self.masters.wrap(&uids_purpose(tenant), &key)?;
        let mut item = Item::new(&place);
        item.put_number("format", FORMAT);
        item.put_number("uids_master", version);
        item.put_bytes("uids", wrapped);
        // Whoever was faster did the same.
        self.store.put(ConditionalPut { item, condition }).await.map(drop)
    }

    /// Stores an API key over the one of its name, for example to revoke it.
    pub async fn key_replace(&self, record: &KeyRecord) -> Result<(), Error> {
        let item = to_item(Item::new(&keys::api_key(&record.tenant, &record.name)), record)?;
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }

    /// Counts a request of a key in the minute of `now`; how many there were in it, this one included.
    pub async fn request_count(&self, tenant: &TenantId, name: &str, now: Instant) -> Result<u64, Error> {
        let counter = keys::rate(tenant, name, now.0.div_euclid(MINUTE_MS));
        self.store.update(&counter, "requests", expires_in(COUNTER_SECONDS)).await
    }

    /// Stores an account's names over those it had.
    pub async fn account_put(&self, tenant: &TenantId, account: &Account) -> Result<(), Error> {
        let item = to_item(Item::new(&keys::account(tenant, &account.id)), account)?;
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }
}

fn uids_purpose(tenant: &TenantId) -> [&str; 2] {
    ["uids", tenant.as_str()]
}

pub(super) fn to_item<T: serde::Serialize>(mut item: Item, value: &T) -> Result<Item, Error> {
    item.put_number("format", FORMAT);
    item.put_text("body", &serde_json::to_string(value).map_err(Error::internal)?);
    Ok(item)
}

pub(super) fn from_item<T: serde::de::DeserializeOwned>(item: &Item) -> Result<T, Error> {
    check_format(item)?;
    serde_json::from_str(item.text("body")?).map_err(Error::internal)
}
