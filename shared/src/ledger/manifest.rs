//! Manifests: which segments make up the columns as of one commit.

use super::compress::{pack, unpack};
use super::item::{Item, TTL};
use super::keys;
use super::proof::Hash;
use super::store::{Range, Store};
use super::{FORMAT, check_format};
use crate::domain::{Error, Family, Instant, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The columns as of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Manifest {
    /// The commit that it covers; 0 covers nothing.
    pub seq: u64,
    /// That commit's instant.
    pub at: Instant,
    /// That commit's chain hash.
    pub chain: Hash,
    /// How many findings there are.
    pub count: u32,
    /// Stored bytes of the log up to there.
    pub log_bytes: u64,
    /// Kept for ever, with every segment that it names.
    pub checkpoint: bool,
    /// The checkpoint that came before, or this one.
    pub last_checkpoint: Checkpoint,
    /// When DynamoDB may drop the manifest, in seconds since 1970.
    pub expires: Option<i64>,
    /// The segments in order.
    pub segments: Vec<Parts>,
}

/// Where the newest checkpoint stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub at: Instant,
    pub log_bytes: u64,
}

/// One segment: what was written for each family, by family name.
pub(super) type Parts = BTreeMap<String, Part>;

/// One family of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// The fold that wrote it.
    pub fold: String,
    /// Over how many items it is spread.
    pub items: u32,
    /// Its size in bytes.
    pub bytes: u64,
    /// When DynamoDB may drop it, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

/// The newest manifest of a tenant.
pub(super) async fn newest(store: &Store, tenant: &TenantId, consistent: bool) -> Result<Option<Manifest>, Error> {
    let range = Range { newest_first: true, limit: Some(1), consistent, ..Range::default() };
    let (items, _) = store.query_page(&keys::manifest_partition(tenant), &range).await?;
    items.first().map(Manifest::from_item).transpose()
}

#[derive(Serialize, Deserialize)]
struct Body {
    last_checkpoint: Checkpoint,
    segments: Vec<Parts>,
}

impl Manifest {
    /// The size of everything that it names, in bytes.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().flat_map(BTreeMap::values).map(|part| part.bytes).sum()
    }

    /// What was written for a family of a segment.
    pub fn part(&self, number: u32, family: Family) -> Option<&Part> {
        self.segments.get(number as usize)?.get(family.name())
    }

    pub fn to_item(&self, tenant: &TenantId) -> Result<Item, Error> {
        let mut item = Item::new(&keys::manifest(tenant, self.at));
        item.put_number("format", FORMAT);
        item.put_number("seq", self.seq);
        item.put_bytes("chain", self.chain.0.to_vec());
        item.put_number("count", self.count);
        item.put_number("log_bytes", self.log_bytes);
        item.put_number("checkpoint", u32::from(self.checkpoint));
        let body = Body { last_checkpoint: self.last_checkpoint, segments: self.segments.clone() };
        item.put_bytes("body", pack(&serde_json::to_string(&body).map_err(Error::internal)?)?);
        if let Some(expires) = self.expires {
            item.put_number(TTL, expires);
        }
        Ok(item)
    }

    pub fn from_item(item: &Item) -> Result<Self, Error> {
        check_format(item)?;
        let at = item.sk()?.parse().map_err(|_| Error::internal("a manifest's key is no instant"))?;
        let body: Body = serde_json::from_str(&unpack(item.bytes("body")?)?).map_err(Error::internal)?;
        Ok(Self {
            seq: item.number("seq")?,
            at: Instant(at),
            chain: item.bytes("chain")?.try_into()?,
            count: item.number("count")?,
            log_bytes: item.number("log_bytes")?,
            checkpoint: item.number::<u32>("checkpoint")? == 1,
            last_checkpoint: body.last_checkpoint,
            expires: item.number_if_any(TTL),
            segments: body.segments,
        })
    }
}
