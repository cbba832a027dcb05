//! What a tenant has beside findings: its API keys, how much of their rates they have used, the names of its accounts;
//! and the list of tenants.

use super::item::Item;
use super::store::{Condition, ConditionalPut, Range};
use super::{FORMAT, Reader, Writer, check_format, keys};
use crate::clock::Clock;
use crate::domain::{Account, Error, Instant, KeyRecord, TenantId};

const MINUTE_MS: i64 = 60_000;
/// How long a minute's counter is kept, in seconds: longer than clocks differ.
const COUNTER_SECONDS: i64 = 600;

impl Reader {
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
        let mut tenant = Item::new(&keys::tenant(&record.tenant));
        tenant.put_number("format", FORMAT);
        self.store.put(ConditionalPut { item: tenant, condition: Condition::None }).await?;
        let item = to_item(Item::new(&keys::api_key(&record.tenant, &record.name)), record)?;
        self.store.put(ConditionalPut { item, condition: Condition::Absent }).await
    }

    /// Stores an API key over the one of its name, for example to revoke it.
    pub async fn key_replace(&self, record: &KeyRecord) -> Result<(), Error> {
        let item = to_item(Item::new(&keys::api_key(&record.tenant, &record.name)), record)?;
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }

    /// Counts a request of a key in the minute of `now`; how many there were in it, this one included.
    pub async fn request_count(&self, tenant: &TenantId, name: &str, now: Instant) -> Result<u64, Error> {
        let counter = keys::rate(tenant, name, now.0.div_euclid(MINUTE_MS));
        // DynamoDB expires items by its own clock, whatever ours was set to.
        let ttl = Clock::machine().0 / 1000 + COUNTER_SECONDS;
        self.store.update(&counter, "requests", ttl).await
    }

    /// Stores an account's names over those it had.
    pub async fn account_put(&self, tenant: &TenantId, account: &Account) -> Result<(), Error> {
        let item = to_item(Item::new(&keys::account(tenant, &account.id)), account)?;
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
    }
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
