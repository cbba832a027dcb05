//! The ledger: the only module that knows DynamoDB.
//!
//! Placeholder of the surface that the host is built against.

use crate::clock::Clock;
use crate::domain::{Error, Instant, Scope, TenantId};
use crate::secrets::Masters;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

/// A key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its name, unique within the tenant.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The AWS accounts that it is good for; `None` means any.
    pub accounts: Option<BTreeSet<String>>,
    /// From when on it is no longer good.
    pub expires: Option<Instant>,
    /// When it was made.
    pub created: Instant,
    /// When it was revoked.
    pub revoked: Option<Instant>,
}

type Keys = Arc<Mutex<BTreeMap<(TenantId, String), KeyRecord>>>;

/// Reads the ledger.
#[derive(Debug, Clone)]
pub struct Reader {
    keys: Keys,
}

/// Reads and writes the ledger.
#[derive(Debug, Clone)]
pub struct Writer {
    reader: Reader,
}

impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Writer {
    /// A ledger over one table.
    pub fn connect(_config: &aws_config::SdkConfig, _table: &str, _clock: Clock, _masters: Masters) -> Self {
        Self { reader: Reader { keys: Keys::default() } }
    }

    /// Makes the table if it is not there.
    pub async fn create_table(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Keeps a key.
    pub async fn key_put(&self, tenant: &TenantId, record: &KeyRecord) -> Result<(), Error> {
        let mut keys = self.reader.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert((tenant.clone(), record.name.clone()), record.clone());
        Ok(())
    }
}

impl Reader {
    /// The key of that name.
    pub async fn key_get(&self, tenant: &TenantId, name: &str) -> Result<Option<KeyRecord>, Error> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.get(&(tenant.clone(), name.to_owned())).cloned())
    }

    /// Every key of a tenant.
    pub async fn key_list(&self, tenant: &TenantId) -> Result<Vec<KeyRecord>, Error> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.iter().filter(|((t, _), _)| t == tenant).map(|(_, record)| record.clone()).collect())
    }
}
