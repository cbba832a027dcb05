//! Log entries: what one commit changed.
//!
//! The text is JSON (members below, changes as [`super::grouped`] says), stored zstd-compressed. A row of changed columns names them by
//! [`Column::name`]; `document_at` and `last_seen` are implied by the entry's instant and are not repeated.

use super::FORMAT;
use super::compress::{pack, unpack};
use super::item::Item;
use super::keys;
use super::proof::{Hash, chain};
use crate::domain::{Actor, Cell, Column, Error, Instant, Kind, Ordinal, Seen, Source, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one commit changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The commit's id, also DynamoDB's ClientRequestToken.
    pub commit: String,
    /// The root over its documents and expiries, in hexadecimal.
    pub root: String,
    /// Who acted; changes refer to these by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<Actor>,
    /// The findings that changed, by ascending ordinals; none occurs twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "super::grouped")]
    pub changes: Vec<Change>,
    /// The findings that were only seen again, grouped by equal timestamps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observed: Vec<Observed>,
}

/// One finding's change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The finding.
    pub ordinal: Ordinal,
    /// What kind of change.
    pub kind: Kind,
    /// Position in [`Body::actors`].
    pub actor: usize,
    /// Former values of result, severity, status, presence and the acceptance's end, as far as they differ. Absent ones
    /// are null.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub before: BTreeMap<String, Cell>,
    /// Every column that differs, by name, with its new value. Null means none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, Cell>,
}

/// Findings that were seen again with the same timestamps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The timestamps.
    pub seen: Seen,
    /// The findings, ascending.
    #[serde(with = "super::grouped::differences")]
    pub ordinals: Vec<Ordinal>,
}

/// A log entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The format in which it was written, which the chain covers.
    pub format: u32,
    /// Position in the log, from 1 on, without gaps.
    pub seq: u64,
    /// The commit's instant, unique within the tenant and ascending.
    pub at: Instant,
    /// The chain hash of the entry before; zeros before the first.
    pub previous: Hash,
    /// This entry's chain hash.
    pub chain: Hash,
    /// The JSON text of [`Body`], which the chain covers.
    pub text: String,
    /// What was read from the text.
    pub body: Body,
    /// Stored size in bytes.
    pub size: usize,
}

impl Change {
    /// The changed columns, with the two that the entry's instant implies. Names of columns that this version does
    /// not know are passed over.
    pub fn cells(&self, at: Instant, source: Source) -> Vec<(Column, Cell)> {
        let mut cells: Vec<(Column, Cell)> = self
            .columns
            .iter()
            .filter_map(|(name, cell)| Column::named(name).map(|column| (column, cell.clone())))
            .collect();
        cells.push((Column::DocumentAt, Cell::Int(at.0)));
        if source.is_report() {
            cells.push((Column::LastSeen, Cell::Int(at.0)));
        }
        cells
    }
}

impl Body {
    /// The door through which a change of this entry came.
    pub fn source(&self, change: &Change) -> Source {
        self.actors.get(change.actor).map_or(Source::Import, |actor| actor.source)
    }
}

impl Entry {
    /// The entry that follows `previous` with this body.
    pub fn new(tenant: &TenantId, seq: u64, at: Instant, previous: Hash, body: Body) -> Result<Self, Error> {
        let text = serde_json::to_string(&body).map_err(Error::internal)?;
        let chain = chain(FORMAT, tenant, seq, at, &previous, &text);
        Ok(Self { format: FORMAT, seq, at, previous, chain, text, body, size: 0 })
    }

    pub(super) fn to_item(&self, tenant: &TenantId) -> Result<Item, Error> {
        let mut item = Item::new(&keys::log_entry(tenant, self.at));
        item.put_number("format", self.format);
        item.put_number("seq", self.seq);
        item.put_bytes("previous", self.previous.0.to_vec());
        item.put_bytes("chain", self.chain.0.to_vec());
        item.put_bytes("body", pack(&self.text)?);
        Ok(item)
    }

    pub(super) fn from_item(item: &Item) -> Result<Self, Error> {
        let format = super::check_format(item)?;
        let at = item.sk()?.parse().map_err(|_| Error::internal("a log entry's key is no instant"))?;
        let text = unpack(item.bytes("body")?)?;
        let body = serde_json::from_str(&text).map_err(Error::internal)?;
        Ok(Self {
            format,
            seq: item.number("seq")?,
            at: Instant(at),
            previous: item.bytes("previous")?.try_into()?,
            chain: item.bytes("chain")?.try_into()?,
            text,
            body,
            size: item.size(),
        })
    }

    /// Whether the chain hash is what the entry's contents make it.
    pub fn is_intact(&self, tenant: &TenantId) -> bool {
        chain(self.format, tenant, self.seq, self.at, &self.previous, &self.text) == self.chain
    }
}
