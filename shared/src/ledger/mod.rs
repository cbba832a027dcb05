//! The ledger: a log of commits and the documents that they wrote, in one DynamoDB table.
//!
//! This is the only place that knows DynamoDB. Log and documents are the truth; folds, manifests and everything in
//! memory are derived and can be rebuilt.

mod anchor;
mod base;
mod capacity;
mod changes;
mod check;
#[cfg(test)]
mod check_tests;
mod commit;
mod compress;
mod decisions;
mod due;
mod entry;
mod evidence;
mod export;
mod failure;
mod fold;
#[cfg(fuzzing)]
pub mod fuzzing;
mod glance;
mod grouped;
mod hubs;
mod inventory;
mod item;
mod items;
mod jobs;
mod keys;
mod lineage;
#[cfg(test)]
mod lineage_tests;
mod log;
mod manifest;
mod offline;
#[cfg(test)]
mod offline_tests;
mod once;
mod order;
mod overlay;
mod own_rules;
mod patrol;
mod problems;
mod proof;
mod read;
mod ready;
mod repair;
mod round;
mod rules;
mod runs;
#[cfg(test)]
mod samples;
mod scopes;
mod segment;
mod store;
mod tellings;
mod tenants;
mod terraform;
mod verify;
mod view;
mod when;
mod wordings;
mod writer;

pub use anchor::Anchor;
pub use base::Need;
pub use changes::{Changes, Recorded};
pub use decisions::{Decisions, Place as DecisionPlace};
pub use due::{Reach, Stretch};
pub use entry::{Body, Change, Entry, Observed};
pub use export::Exported;
pub use inventory::{Repeats, Stored, Walk};
pub use items::{Document, Expiry, Head};
pub use offline::verify_export;
pub use patrol::{Patrol, Slice, Visit};
pub use proof::Hash;
pub use read::{Former, Found, History, Version, Versions};
pub use ready::{Became, Keyed, Ready};
pub use repair::Repaired;
pub use tellings::DecidedIn;
pub use verify::{Progress, Verified};
pub use view::{Group, View};
pub use when::When;
pub use wordings::Wordings;
pub use writer::{Decide, Intent, Sent};

use crate::clock::Clock;
use crate::domain::{Error, TenantId};
use crate::secrets::Masters;
use item::Item;
use manifest::Manifest;
use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use store::Store;

/// The pause after which what looked torn is looked at once more (see [`store::pause`]): 80 ms. A transaction may be seen
/// torn across items for a moment.
const SETTLING: usize = 3;

/// The format that this version writes into every item. Readers take it and the one before.
const FORMAT: u32 = 1;
/// The oldest format that this version reads.
const OLDEST: u32 = if FORMAT > 1 { FORMAT - 1 } else { 1 };

/// Reads a ledger. Clones are cheap and share what they have learned.
#[derive(Debug, Clone)]
pub struct Reader {
    store: Store,
    clock: Clock,
    masters: Masters,
    cache: Arc<lineage::Cache>,
    uids: Arc<tenants::KnownUids>,
}

/// Reads and writes a ledger. Clones are cheap and share what they have learned.
#[derive(Debug, Clone)]
pub struct Writer {
    reader: Reader,
    lanes: Arc<writer::Lanes>,
    rules: Arc<rules::Memory>,
    folds: Arc<Mutex<HashMap<TenantId, fold::Folded>>>,
}

impl Deref for Writer {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}

impl Reader {
    /// The clock by which acceptances expire.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The masters from which keys and seals are derived.
    pub fn masters(&self) -> &Masters {
        &self.masters
    }
}

/// A table that nobody reads or writes yet.
#[derive(Debug)]
pub struct Table(Store);

impl Table {
    /// Makes ready what the first client of a process would wait for: the SDK reads what it knows of AWS's partitions, a tenth of all that
    /// is done until a first answer.
    pub fn prepare() {
        drop(aws_sdk_dynamodb::config::endpoint::DefaultResolver::new());
    }

    /// The table of that name, reached as `config` says.
    pub fn new(config: &aws_config::SdkConfig, name: &str) -> Self {
        let table = Self::unused(config, name);
        table.0.open();
        table
    }

    /// The same for a process that most likely asks nothing of it: its client is made when it does.
    pub fn unused(config: &aws_config::SdkConfig, name: &str) -> Self {
        Self(Store::new(config.clone(), name))
    }

    /// Reads what the first request will need. What comes of that does not matter: whatever is wrong is wrong again where it can be
    /// answered.
    pub async fn look_ahead(&self, tenant: &TenantId, ahead: Ahead) -> Seen {
        let Self(store) = self;
        let place = keys::tenant(tenant);
        let item = async { if ahead.uids { store.get(&place, false).await } else { Ok(None) } };
        let newest = async { if ahead.findings { Some(manifest::newest(store, tenant, false).await) } else { None } };
        let (item, newest) = tokio::join!(item, newest);
        let warn = |error: &Error| tracing::warn!(%error, "nothing could be read ahead");
        let newest = newest.and_then(|newest| newest.inspect_err(warn).ok()).map(Option::unwrap_or_default);
        Seen { item: item.inspect_err(warn).ok().flatten(), newest }
    }
}

/// What a process reads of its tenant before its first request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ahead {
    /// How its uids are made.
    pub uids: bool,
    /// Where the state of its findings begins.
    pub findings: bool,
}

impl Ahead {
    /// Nothing.
    pub const NOTHING: Self = Self { uids: false, findings: false };
    /// For answers that name things by their uids.
    pub const UIDS: Self = Self { uids: true, findings: false };
    /// For answers from the state of findings.
    pub const FINDINGS: Self = Self { uids: false, findings: true };
    /// For answers from the state of findings, named by their uids.
    pub const BOTH: Self = Self { uids: true, findings: true };
}

/// What [`Table::look_ahead`] saw.
#[derive(Debug)]
pub struct Seen {
    item: Option<Item>,
    /// Of a tenant that has none, one that covers nothing.
    newest: Option<Manifest>,
}

impl Writer {
    /// The ledger in `table`, reached as `config` says.
    pub fn connect(config: &aws_config::SdkConfig, table: &str, clock: Clock, masters: Masters) -> Self {
        Self::over(Table::new(config, table), clock, masters)
    }

    /// The ledger in a table.
    pub fn over(table: Table, clock: Clock, masters: Masters) -> Self {
        let Table(store) = table;
        let reader = Reader { store, clock, masters, cache: Arc::default(), uids: Arc::default() };
        Self { reader, lanes: Arc::default(), rules: Arc::default(), folds: Arc::default() }
    }

    /// Takes note of what was seen of a tenant before.
    pub fn learn(&self, tenant: &TenantId, seen: Seen) {
        let Seen { item, newest } = seen;
        // What cannot be opened is told of by whoever needs it.
        let _ = item.map(|item| self.uids_learn(tenant, &item));
        if let Some(manifest) = newest {
            self.cache.begin(tenant, manifest);
        }
    }

    /// Makes the table, if there is none.
    pub async fn create_table(&self) -> Result<(), Error> {
        self.store.create_table().await
    }
}

/// An item's format; refuses those that this version does not read.
fn check_format(item: &Item) -> Result<u32, Error> {
    let format: u32 = item.number("format")?;
    let place = || item.key().map_or_else(|_| "an item".to_owned(), |key| format!("the item {} / {}", key.pk, key.sk));
    match format {
        OLDEST..=FORMAT => Ok(format),
        ..OLDEST => Err(Error::internal(format!(
            "{} has format {format}, and this version reads none before {OLDEST}: let a version in between read it first",
            place()
        ))),
        _ => Err(Error::internal(format!(
            "{} has format {format}, and this version reads none after {FORMAT}: a newer version wrote it, go on with that one",
            place()
        ))),
    }
}
