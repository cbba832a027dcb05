//! Evidence: what the proof of a commit rests on, as it lies in the table, read commit by commit.

use super::entry::Entry;
use super::item::{Item, Key};
use super::items::{Document, Expiry};
use super::proof::Hash;
use super::store::{Range, pause};
use super::{Reader, SETTLING, check_format, keys};
use crate::domain::{Actor, Error, Finding, FindingKey, Instant, Kind, Ordinal, Source, TenantId};
use futures_util::future::try_join_all;
use std::collections::BTreeMap;

/// Entries read at a time, with all their documents: what bounds the memory of whoever walks the log.
const ENTRIES_AT_ONCE: usize = 32;

/// A document as evidence: whole, or what an erasure has left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Evidence {
    /// The document.
    Whole(Document),
    /// Its key and leaf, and who erased it when.
    Erased(Erased),
}

/// What an erasure leaves of a document. Stored without `body` and `salt`, with `leaf`, `erased_by` and `erased_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Erased {
    pub ordinal: Ordinal,
    pub at: Instant,
    pub kind: Kind,
    pub actor: Actor,
    /// The leaf that the document had.
    pub leaf: Hash,
    pub erased_by: String,
    pub erased_at: Instant,
}

impl Evidence {
    pub fn ordinal(&self) -> Ordinal {
        match self {
            Self::Whole(document) => document.ordinal,
            Self::Erased(erased) => erased.ordinal,
        }
    }

    /// The commit's instant.
    pub fn at(&self) -> Instant {
        match self {
            Self::Whole(document) => document.at,
            Self::Erased(erased) => erased.at,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Self::Whole(document) => document.kind,
            Self::Erased(erased) => erased.kind,
        }
    }

    pub fn actor(&self) -> &Actor {
        match self {
            Self::Whole(document) => &document.actor,
            Self::Erased(erased) => &erased.actor,
        }
    }

    pub fn key(&self, tenant: &TenantId) -> Key {
        keys::document(tenant, self.ordinal(), self.at())
    }

    pub fn leaf(&self, tenant: &TenantId) -> Hash {
        match self {
            Self::Whole(document) => document.leaf(tenant),
            Self::Erased(erased) => erased.leaf,
        }
    }

    /// The bytes of its text.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Whole(document) => document.text.len(),
            Self::Erased(_) => 0,
        }
    }

    /// The finding that it holds; `None` when it was erased.
    pub fn finding(&self) -> Option<Result<Finding, Error>> {
        match self {
            Self::Whole(document) => Some(document.finding()),
            Self::Erased(_) => None,
        }
    }

    pub fn from_item(item: &Item) -> Result<Self, Error> {
        match (item.bytes("body"), item.bytes("leaf")) {
            (Err(_), Ok(leaf)) => Self::erased(item, leaf),
            _ => Document::from_item(item).map(Self::Whole),
        }
    }

    fn erased(item: &Item, leaf: &[u8]) -> Result<Self, Error> {
        check_format(item)?;
        let key = item.key()?;
        let (ordinal, at) =
            place_of(&key).ok_or_else(|| Error::internal(format!("{} / {} is no document's key", key.pk, key.sk)))?;
        let word = |name: &str| Ok::<_, Error>(serde_json::Value::String(item.text(name)?.to_owned()));
        let kind: Kind = serde_json::from_value(word("kind")?).map_err(Error::internal)?;
        let source: Source = serde_json::from_value(word("source")?).map_err(Error::internal)?;
        Ok(Self::Erased(Erased {
            ordinal,
            at,
            kind,
            actor: Actor { source, identity: item.text("identity")?.to_owned() },
            leaf: leaf.try_into()?,
            erased_by: item.text("erased_by")?.to_owned(),
            erased_at: Instant(item.number("erased_at")?),
        }))
    }
}

/// The finding and the commit's instant that a document's key names.
fn place_of(key: &Key) -> Option<(Ordinal, Instant)> {
    let ordinal = u32::from_str_radix(key.pk.rsplit('#').next()?, 16).ok()?;
    Some((Ordinal(ordinal), Instant(key.sk.parse().ok()?)))
}

/// The finding's identity in a document's item, as far as it can be read.
pub(super) fn identity_of(item: &Item) -> Option<FindingKey> {
    Evidence::from_item(item).ok()?.finding()?.ok().map(|finding| finding.key())
}

/// A commit as it lies in the table. What cannot be read is the reason why.
#[derive(Debug)]
pub(super) struct Commit {
    /// The log entry's sort key.
    pub sk: String,
    pub entry: Result<Entry, Error>,
    /// The documents that the entry names and that are there.
    pub documents: Vec<Evidence>,
    /// Why documents that are there cannot be read.
    pub unreadable: Vec<String>,
}

/// A walk along a tenant's log, oldest commit first.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    at_once: usize,
    reader: &'a Reader,
    tenant: &'a TenantId,
    from: Option<String>,
    until: Option<Instant>,
    over: bool,
}

impl Reader {
    /// Walks the whole log, or as far as an instant.
    pub(super) fn walk<'a>(&'a self, tenant: &'a TenantId, until: Option<Instant>) -> Walk<'a> {
        Walk { reader: self, tenant, from: None, until, over: false, at_once: ENTRIES_AT_ONCE }
    }

    /// Walks the log behind the entry of a sort key, or from its beginning, so many entries at a time.
    pub(super) fn walk_on<'a>(
        &'a self,
        tenant: &'a TenantId,
        behind: &str,
        until: Instant,
        at_once: usize,
    ) -> Walk<'a> {
        let from = (!behind.is_empty()).then(|| right_after(behind));
        Walk { reader: self, tenant, from, until: Some(until), over: false, at_once }
    }

    /// Every expiry by the commit that wrote it, in key order, and why those that cannot be read cannot.
    pub(super) async fn expiries_by_commit(
        &self,
        tenant: &TenantId,
    ) -> Result<(BTreeMap<Instant, Vec<Expiry>>, Vec<String>), Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::expiry_partition(tenant), &range).await?;
        let mut expiries: BTreeMap<Instant, Vec<Expiry>> = BTreeMap::new();
        let mut unreadable = Vec::new();
        for item in &items {
            match Expiry::from_item(item) {
                Ok(expiry) => expiries.entry(expiry.at).or_default().push(expiry),
                Err(error) => unreadable.push(format!("an expiry cannot be read: {error}")),
            }
        }
        Ok((expiries, unreadable))
    }

    async fn commit_of(&self, tenant: &TenantId, item: &Item) -> Result<Commit, Error> {
        let sk = item.sk()?.to_owned();
        let entry = Entry::from_item(item);
        let mut documents = Vec::new();
        let mut unreadable = Vec::new();
        if let Ok(entry) = &entry {
            let keys: Vec<Key> =
                entry.body.changes.iter().map(|change| keys::document(tenant, change.ordinal, entry.at)).collect();
            let mut items = self.store.batch_get(&keys, false).await?;
            for settle in [false, true] {
                let absent: Vec<Key> = keys.iter().filter(|key| !items.contains_key(*key)).cloned().collect();
                if absent.is_empty() {
                    break;
                }
                if settle {
                    pause(SETTLING).await;
                }
                items.extend(self.store.batch_get(&absent, true).await?);
            }
            for key in &keys {
                match items.get(key).map(Evidence::from_item) {
                    Some(Ok(document)) => documents.push(document),
                    Some(Err(error)) => unreadable.push(error.to_string()),
                    None => {}
                }
            }
        }
        Ok(Commit { sk, entry, documents, unreadable })
    }
}

/// A sort key and a control character: right after it, before every other.
pub(super) fn right_after(sk: &str) -> String {
    format!("{sk}\u{1}")
}

impl Walk<'_> {
    /// Whether there is nothing more.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// The next commits; none at the end.
    pub async fn next(&mut self) -> Result<Vec<Commit>, Error> {
        if self.over {
            return Ok(Vec::new());
        }
        let range = Range {
            from: self.from.clone(),
            to: self.until.map(Instant::key),
            limit: Some(self.at_once),
            consistent: true,
            ..Range::default()
        };
        let (items, more) = self.reader.store.query_page(&keys::log_partition(self.tenant), &range).await?;
        self.from = items.last().map(|item| item.sk().map(right_after)).transpose()?;
        self.over = !more || items.is_empty();
        try_join_all(items.iter().map(|item| self.reader.commit_of(self.tenant, item))).await
    }
}
