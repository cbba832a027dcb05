//! Reading findings: documents by exact key, histories by one query.

use super::entry::Entry;
use super::evidence::Evidence;
use super::item::{Item, Key};
use super::items::{Document, Expiry, FindingItem};
use super::proof::Hash;
use super::store::Range;
use super::{Need, Reader, View, When, keys};
use crate::domain::json;
use crate::domain::{
    Actor, Cell, Column, Error, Family, Finding, FindingKey, HistoryRecord, Instant, Kind, Ordinal, Seen, TenantId,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Documents that are read at a time where none of them is kept.
const UNPACKED: usize = 100;

/// A finding as of a view, with everything laid over and evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Its number.
    pub ordinal: Ordinal,
    /// The finding.
    pub finding: Finding,
    /// When a producer last reported it to us.
    pub last_seen: Instant,
}

/// What was judged of a finding before the first change in an interval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Former {
    /// It was never seen before.
    pub is_new: bool,
    /// Values that differ from the newest recorded ones; the others are the same as before.
    pub cells: BTreeMap<Column, Cell>,
}

/// A version of a finding, and the one before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// When it was recorded.
    pub at: Instant,
    /// What its commit did.
    pub kind: Kind,
    /// Who did it.
    pub actor: Actor,
    /// The finding until then; `None` when it was not there, or that was erased.
    pub before: Option<Finding>,
    /// The finding from then on; `None` if that was erased.
    pub finding: Option<Finding>,
}

/// A stretch of a finding's versions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Versions {
    /// Newest first.
    pub versions: Vec<Version>,
    /// Older ones lie before this instant; `None` when there are none.
    pub before: Option<Instant>,
}

/// A stretch of a finding's history.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Newest first.
    pub records: Vec<HistoryRecord>,
    /// Where to go on: the documents before this instant have not been looked at.
    pub before: Option<Instant>,
}

impl Reader {
    /// The documents of exact keys, as they are stored. A key that is not there yet is read again consistently; one that
    /// is not there even then is left out.
    async fn document_items(&self, keys: Vec<Key>, consistent: bool) -> Result<HashMap<Key, Item>, Error> {
        let mut items = self.store.batch_get(&keys, consistent).await?;
        let absent: Vec<Key> = keys.into_iter().filter(|key| !items.contains_key(key)).collect();
        if !absent.is_empty() && !consistent {
            items.extend(self.store.batch_get(&absent, true).await?);
        }
        Ok(items)
    }

    /// The documents of exact keys, by ordinal. One that is not there is left out.
    pub(super) async fn documents_exact(
        &self,
        tenant: &TenantId,
        places: &[(Ordinal, Instant)],
        consistent: bool,
    ) -> Result<HashMap<Ordinal, Document>, Error> {
        let keys = places.iter().map(|(ordinal, at)| keys::document(tenant, *ordinal, *at)).collect();
        let items = self.document_items(keys, consistent).await?;
        let documents = items.values().map(Document::from_item);
        documents.map(|document| document.map(|document| (document.ordinal, document))).collect()
    }

    /// Findings as of a view, in the order asked for. The families `core` and `seen` must have been loaded.
    /// [`Error::Internal`] when the ledger lacks a document that its log names.
    pub async fn documents(&self, tenant: &TenantId, view: &View, ordinals: &[Ordinal]) -> Result<Vec<Found>, Error> {
        self.documents_while(tenant, view, ordinals, |_| true).await
    }

    /// As [`Reader::documents`], up to the first that `fits` refuses. All of them are read in one round, but unpacked one
    /// after the other: what is refused, and what comes after it, takes no more memory than it takes in the store.
    pub async fn documents_while(
        &self,
        tenant: &TenantId,
        view: &View,
        ordinals: &[Ordinal],
        mut fits: impl FnMut(&Found) -> bool,
    ) -> Result<Vec<Found>, Error> {
        let mut found = Vec::with_capacity(ordinals.len());
        let each = |next| {
            let is_in = fits(&next);
            if is_in {
                found.push(next);
            }
            is_in
        };
        self.unpacked(tenant, view, ordinals, each).await?;
        Ok(found)
    }

    /// Hands findings out one after the other as they are unpacked, until `each` has enough.
    async fn unpacked(
        &self,
        tenant: &TenantId,
        view: &View,
        ordinals: &[Ordinal],
        mut each: impl FnMut(Found) -> bool,
    ) -> Result<(), Error> {
        // In ascending order, so that a segment which is packed is unpacked once.
        let mut told = BTreeMap::new();
        for ordinal in ordinals.iter().copied().collect::<BTreeSet<Ordinal>>() {
            let at = view.document_at(ordinal)?;
            let at = at.ok_or_else(|| Error::internal(format!("finding {} has no document", ordinal.0)))?;
            let last_seen = view.cell(ordinal, Column::LastSeen)?.int().map_or(at, Instant);
            told.insert(ordinal, (at, view.seen(ordinal)?, last_seen));
        }
        let keys = told.iter().map(|(ordinal, (at, ..))| keys::document(tenant, *ordinal, *at)).collect();
        let mut items = self.document_items(keys, false).await?;
        for ordinal in ordinals {
            let Some((at, seen, last_seen)) = told.get(ordinal) else { continue };
            let Some(item) = items.remove(&keys::document(tenant, *ordinal, *at)) else {
                return Err(self.without_document(tenant, view, *ordinal, *at).await);
            };
            if !each(lay_over(&Document::from_item(&item)?, *ordinal, seen, *last_seen, view.at)?) {
                break;
            }
        }
        Ok(())
    }

    /// The error for a document that a view names and the table does not have: a restore may have taken both away meanwhile.
    async fn without_document(&self, tenant: &TenantId, view: &View, ordinal: Ordinal, at: Instant) -> Error {
        // What is known of the tenant may be of before that, too.
        self.cache.forget(tenant);
        match self.view_again(tenant, view, &Need::default()).await {
            Ok(_) => Error::internal(format!("the document of finding {} at {at} is not there", ordinal.0)),
            Err(error) => error,
        }
    }

    /// What `take` makes of each finding as of a view, in the order asked for: some are read at a time, and none is kept. The
    /// families `core` and `seen` must have been loaded.
    pub async fn documents_each<T>(
        &self,
        tenant: &TenantId,
        view: &View,
        ordinals: &[Ordinal],
        take: impl Fn(&Found) -> T,
    ) -> Result<Vec<T>, Error> {
        let mut taken = Vec::with_capacity(ordinals.len());
        for some in ordinals.chunks(UNPACKED) {
            let each = |found| {
                taken.push(take(&found));
                true
            };
            self.unpacked(tenant, view, some, each).await?;
        }
        Ok(taken)
    }

    /// One finding by its producer's identity, as of an instant; `None` when there was none.
    ///
    /// Warm this is two rounds, cold three, whatever the tenant's size.
    pub async fn finding(&self, tenant: &TenantId, key: &FindingKey, when: When) -> Result<Option<Found>, Error> {
        Ok(self.finding_viewed(tenant, key, when).await?.0)
    }

    /// Like [`Reader::finding`], with the state that was asked, whose columns may not have been loaded where nothing was found.
    pub async fn finding_viewed(
        &self,
        tenant: &TenantId,
        key: &FindingKey,
        when: When,
    ) -> Result<(Option<Found>, View), Error> {
        let place = keys::finding(tenant, key);
        // The view is needed in any case; its log is read beside the finding's item.
        let nothing = Need::default();
        let (item, view) = tokio::join!(self.store.get(&place, true), self.view(tenant, when, &nothing));
        let (item, view) = (item?, view?);
        let item = item.as_ref().map(FindingItem::from_item).transpose()?;
        let Some(item) = item.filter(|item| item.ordinal.0 < view.count()) else { return Ok((None, view)) };
        let need = Need::of([Family::Core, Family::Seen], [item.ordinal]);
        // While the segment that holds its timestamps is on its way, the newest document is as well: it is the one,
        // unless the view lies in the past.
        let guess = [(item.ordinal, item.document_at)];
        let (loaded, mut documents) =
            tokio::join!(self.view_again(tenant, &view, &need), self.documents_exact(tenant, &guess, false));
        let view = loaded?;
        let at = view.document_at(item.ordinal)?;
        let Some(at) = at else { return Ok((None, view)) };
        if at != item.document_at {
            documents = self.documents_exact(tenant, &[(item.ordinal, at)], false).await;
        }
        let Some(document) = documents?.remove(&item.ordinal) else {
            return Err(self.without_document(tenant, &view, item.ordinal, at).await);
        };
        let seen = view.seen(item.ordinal)?;
        let last_seen = view.cell(item.ordinal, Column::LastSeen)?.int().map_or(at, Instant);
        let found = lay_over(&document, item.ordinal, &seen, last_seen, view.at)?;
        Ok((Some(found), view))
    }

    /// One finding by its number, as of an instant; `None` when there was none. Warm this is two rounds, cold three,
    /// whatever the tenant's size.
    pub async fn finding_numbered(
        &self,
        tenant: &TenantId,
        ordinal: Ordinal,
        when: When,
    ) -> Result<Option<(Found, View)>, Error> {
        let view = self.view(tenant, when, &Need::of([Family::Core, Family::Seen], [ordinal])).await?;
        if ordinal.0 >= view.count() {
            return Ok(None);
        }
        let found = self.documents(tenant, &view, &[ordinal]).await?.pop();
        Ok(found.map(|found| (found, view)))
    }

    /// What the log says about the findings that changed from an instant on, up to a view: what was judged of each
    /// before the first of these changes. One request for each megabyte of log; `None` when it has more than `most` bytes.
    pub async fn former_states(
        &self,
        tenant: &TenantId,
        from: Instant,
        view: &View,
        most: usize,
    ) -> Result<Option<BTreeMap<Ordinal, Former>>, Error> {
        let each = |former: &mut BTreeMap<Ordinal, Former>, entry: &Entry| {
            for change in &entry.body.changes {
                let known = former.entry(change.ordinal).or_default();
                known.is_new = known.is_new || change.kind == Kind::Created;
                for (name, cell) in &change.before {
                    if let Some(column) = Column::named(name) {
                        known.cells.entry(column).or_insert_with(|| cell.clone());
                    }
                }
            }
        };
        self.log_folded(tenant, from, view, most, each).await
    }

    /// A stretch of a finding's history, newest first: the records with `from <= instant <= to`, older than `before`,
    /// from at most `limit` documents. Documents that differ only in our own fields make no record, so a stretch may
    /// be short and yet have more behind it. Unknown findings have an empty history.
    pub async fn history(
        &self,
        tenant: &TenantId,
        key: &FindingKey,
        (from, to): (Option<Instant>, Option<Instant>),
        before: Option<Instant>,
        limit: usize,
    ) -> Result<History, Error> {
        let Some(item) = self.store.get(&keys::finding(tenant, key), true).await? else {
            return Ok(History::default());
        };
        let item = FindingItem::from_item(&item)?;
        let earliest = from.unwrap_or(Instant(0)).max(Instant(0));
        let items = self.documents_before(tenant, item.ordinal, (earliest, to), before, limit).await?;
        let documents = items.iter().map(Document::from_item).collect::<Result<Vec<_>, _>>()?;
        let mut records = Vec::new();
        let mut last = None;
        for (place, document) in documents.iter().take(limit).enumerate() {
            if document.at < earliest {
                return Ok(History { records, before: None });
            }
            last = Some(document.at);
            let older = documents.get(place + 1).map(Document::finding).transpose()?;
            let newer = document.finding()?;
            let changes = history_changes(older.as_ref(), &newer);
            if older.is_none() || !changes.is_empty() {
                records.push(HistoryRecord {
                    at: document.at,
                    created: older.is_none(),
                    actor: document.actor.clone(),
                    changes,
                });
            }
        }
        Ok(History { records, before: last.filter(|_| documents.len() > limit) })
    }

    /// A stretch of a finding's versions, newest first: those with `from <= instant <= to`, older than `before`, at most `limit`, and
    /// fewer when their documents have more than `bytes`. None for a number that was never given.
    pub async fn versions(
        &self,
        tenant: &TenantId,
        ordinal: Ordinal,
        (from, to): (Option<Instant>, Option<Instant>),
        before: Option<Instant>,
        limit: usize,
        bytes: usize,
    ) -> Result<Versions, Error> {
        let earliest = from.unwrap_or(Instant(0)).max(Instant(0));
        let items = self.documents_before(tenant, ordinal, (earliest, to), before, limit).await?;
        let mut found = Versions::default();
        let mut size = 0_usize;
        // Two are unpacked at a time: one, and the one before it.
        let mut next = items.first().map(Evidence::from_item).transpose()?;
        for place in 0..items.len().min(limit) {
            let Some(newer) = next.take() else { break };
            let older = items.get(place + 1).map(Evidence::from_item).transpose()?;
            size = size.saturating_add(newer.bytes()).saturating_add(older.as_ref().map_or(0, Evidence::bytes));
            if newer.at() < earliest || (place > 0 && size > bytes) {
                found.before = found.versions.last().filter(|_| newer.at() >= earliest).map(|last| last.at);
                return Ok(found);
            }
            found.versions.push(Version {
                at: newer.at(),
                kind: newer.kind(),
                actor: newer.actor().clone(),
                before: older.as_ref().and_then(Evidence::finding).transpose()?,
                finding: newer.finding().transpose()?,
            });
            next = older;
        }
        found.before = found.versions.last().map(|last| last.at).filter(|_| items.len() > limit);
        Ok(found)
    }

    /// The documents of an interval that are older than `before`, newest first: at most `limit`, and the one that precedes them.
    async fn documents_before(
        &self,
        tenant: &TenantId,
        ordinal: Ordinal,
        (earliest, to): (Instant, Option<Instant>),
        before: Option<Instant>,
        limit: usize,
    ) -> Result<Vec<Item>, Error> {
        let end = match (to, before.map(|at| at.plus(-1))) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if end.is_some_and(|end| end < earliest) {
            return Ok(Vec::new());
        }
        let range = Range {
            to: end.map(Instant::key),
            newest_first: true,
            limit: Some(limit + 1),
            consistent: true,
            ..Range::default()
        };
        Ok(self.store.query(&keys::document_partition(tenant, ordinal), &range).await?.0)
    }

    /// Every document of a finding, oldest first.
    pub async fn documents_of(&self, tenant: &TenantId, ordinal: Ordinal) -> Result<Vec<Document>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::document_partition(tenant, ordinal), &range).await?;
        items.iter().map(Document::from_item).collect()
    }

    /// The acceptances that end between two instants, both included, in order.
    pub async fn expiries(&self, tenant: &TenantId, from: Instant, to: Instant) -> Result<Vec<Expiry>, Error> {
        let range = Range {
            from: Some(from.key()),
            // `~` sorts after everything that follows an instant in these keys.
            to: Some(format!("{}~", to.key())),
            consistent: true,
            ..Range::default()
        };
        let (items, _) = self.store.query(&keys::expiry_partition(tenant), &range).await?;
        items.iter().map(Expiry::from_item).collect()
    }

    /// The head's sequence number and chain hash.
    pub async fn tip(&self, tenant: &TenantId) -> Result<(u64, Hash), Error> {
        let view = self.view(tenant, When::Now, &Need::default()).await?;
        Ok((view.seq, view.chain))
    }
}

fn lay_over(
    document: &Document,
    ordinal: Ordinal,
    seen: &Seen,
    last_seen: Instant,
    at: Instant,
) -> Result<Found, Error> {
    let mut finding = document.finding()?;
    seen.lay_over(&mut finding.asff);
    Ok(Found { ordinal, finding: finding.evaluated(at), last_seen })
}

/// The ASFF fields in which two consecutive documents differ; none for the first. The timestamps that producers move
/// on every scan are left out.
fn history_changes(older: Option<&Finding>, newer: &Finding) -> Vec<json::FieldChange> {
    let Some(older) = older else { return Vec::new() };
    let moving = crate::domain::column::SEEN_TEXTS.map(Column::name);
    let mut changes = json::differences(&older.asff, &newer.asff);
    changes.retain(|change| !moving.contains(&change.path.as_str()));
    changes
}
