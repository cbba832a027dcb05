//! Repair after a restore, which may hold half a transaction: the log is cut behind the last commit up to which chain
//! and roots verify, and what lies behind the cut is moved aside.
//!
//! Nothing that somebody wrote is lost: log entries, documents, expiries and removed findings' items are copied under
//! partition keys `TENANT#aside#CUT#…` before the originals are deleted; only manifests and segments, which are
//! derived, are dropped. A repair that was killed is completed by the next one: first the items that lead to others
//! are still there, then the log is shortened from its end, and the head comes last, only if nobody moved it meanwhile.
//! Only of findings whose item alone was restored nothing tells but the table itself, which is read once.
//! Whoever writes at the same time may find a commit moved aside, so writers are best stopped.

use super::check::{Checker, Items, Link, Place};
use super::entry::Entry;
use super::evidence::{Commit, identity_of};
use super::item::{Item, Key, PK, SK};
use super::items::{Expiry, FindingItem, Head};
use super::manifest::Manifest;
use super::proof::Hash;
use super::store::{Condition, ConditionalPut, Range};
use super::verify::{CREATED_PER_COMMIT, REQUESTS_AT_ONCE};
use super::{Writer, base, keys};
use crate::domain::{Cell, Column, Error, Family, FindingKey, Instant, Ordinal, TenantId};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Findings whose items are read and written together.
const FINDINGS_AT_ONCE: u32 = 100;

/// What a repair did. Nothing but `seq` and `chain` when there was nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repaired {
    /// The newest commit now; 0 when none is left.
    pub seq: u64,
    /// Its chain hash.
    pub chain: Hash,
    /// Why the log was cut there; `None` when all of it verified.
    pub reasons: Vec<String>,
    /// Log entries that were moved aside.
    pub entries: u64,
    /// Documents that were moved aside.
    pub documents: u64,
    /// Expiries that were moved aside.
    pub expiries: u64,
    /// Findings' items that were put back to their newest remaining document.
    pub findings_restored: u64,
    /// Findings' items that were moved aside with all their documents.
    pub findings_removed: u64,
    /// Rules whose lists of versions were written anew.
    pub rules: u64,
    /// Manifests that were dropped.
    pub manifests: u64,
    /// Whether the head was written anew.
    pub head: bool,
}

impl Repaired {
    /// Whether anything was changed.
    pub fn did_something(&self) -> bool {
        let Self { seq: _, chain: _, reasons, entries, documents, expiries, .. } = self;
        let Self { findings_restored, findings_removed, rules, manifests, head, .. } = self;
        let counts = [entries, documents, expiries, findings_restored, findings_removed, rules, manifests];
        *head || !reasons.is_empty() || counts.into_iter().any(|count| *count > 0)
    }
}

impl fmt::Display for Repaired {
    /// One line per reason, then the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for reason in &self.reasons {
            writeln!(f, "cut because of {reason}")?;
        }
        if !self.did_something() {
            return write!(f, "nothing to repair; newest commit {}, chain {}", self.seq, self.chain.hex());
        }
        let Self { seq, chain, entries, documents, expiries, findings_restored, findings_removed, .. } = self;
        write!(
            f,
            "moved aside: {entries} commits, {documents} documents, {expiries} expiries, {findings_removed} findings; \
             {findings_restored} findings and {} rules put back, {} indexes dropped; newest commit {seq}, chain {}",
            self.rules,
            self.manifests,
            chain.hex()
        )
    }
}

/// What lies behind the cut.
#[derive(Debug, Default)]
struct Behind {
    entries: Vec<Key>,
    documents: Vec<Key>,
    expiries: Vec<Key>,
    manifests: Vec<Key>,
    /// Segments that only dropped manifests name.
    segments: Vec<Key>,
    /// Findings that something behind the cut names.
    findings: BTreeSet<FindingKey>,
    /// One more than the largest ordinal that something behind the cut may have.
    ordinals: u32,
}

impl Writer {
    /// Cuts the log at the last commit up to which everything verifies, and puts right what depends on it.
    ///
    /// [`Error::Conflict`] when somebody committed meanwhile: run it again. Afterwards verification is clean, but for
    /// differences between columns, which are no reason to cut.
    pub async fn repair(&self, tenant: &TenantId) -> Result<Repaired, Error> {
        self.forget(tenant);
        let stored = self.store.get(&keys::head(tenant), true).await?;
        let old = stored.as_ref().and_then(|item| Head::from_item(item).ok());
        let manifests = self.manifests_by_key(tenant).await?;
        let (log, kept, reasons) = self.sound_part(tenant, &manifests).await?;
        let cut = log.tip;
        let behind = self.behind(tenant, &log, old.as_ref(), &manifests, &kept).await?;
        let mut done = Repaired { seq: cut.seq, chain: cut.chain, reasons, ..Repaired::default() };
        let aside = format!("{tenant}#aside#{}#", cut.seq);
        // Findings first: the documents behind the cut lead to them.
        (done.findings_restored, done.findings_removed) =
            self.restore_findings(tenant, &log, &behind.findings, &aside).await?;
        done.findings_removed += self.remove_strangers(tenant, &log, &aside).await?;
        done.rules = self.restore_rules(tenant, &log.rules).await?;
        done.documents = self.move_aside(tenant, &behind.documents, &aside).await?;
        done.expiries = self.move_aside(tenant, &behind.expiries, &aside).await?;
        for key in behind.segments.iter().chain(&behind.manifests) {
            self.store.delete(key).await?;
        }
        done.manifests = behind.manifests.len() as u64;
        // The newest entry first: what is left of the log is cut at the same place again.
        for key in behind.entries.iter().rev() {
            done.entries += self.move_aside(tenant, std::slice::from_ref(key), &aside).await?;
        }
        done.head = self.restore_head(tenant, &log, stored.is_some(), old).await?;
        // What was verified before may be cut off now.
        self.store.delete(&keys::patrol(tenant)).await?;
        self.forget(tenant);
        Ok(done)
    }

    fn forget(&self, tenant: &TenantId) {
        self.cache.forget(tenant);
        self.rules.forget(tenant);
        self.folds.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(tenant);
    }

    /// Every manifest; `None` for one that cannot be read.
    async fn manifests_by_key(&self, tenant: &TenantId) -> Result<BTreeMap<Key, Option<Manifest>>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::manifest_partition(tenant), &range).await?;
        items.iter().map(|item| Ok((item.key()?, Manifest::from_item(item).ok()))).collect()
    }

    /// The log up to its first commit that does not verify, the manifests that were made of it, and what is wrong with
    /// that commit.
    async fn sound_part(
        &self,
        tenant: &TenantId,
        manifests: &BTreeMap<Key, Option<Manifest>>,
    ) -> Result<(Checker, BTreeSet<Key>, Vec<String>), Error> {
        let mut log = Checker::new(tenant, None);
        let mut kept = BTreeSet::new();
        let (mut expiries, _) = self.expiries_by_commit(tenant).await?;
        let mut walk = self.walk(tenant, None);
        loop {
            let commits = walk.next().await?;
            if commits.is_empty() {
                return Ok((log, kept, Vec::new()));
            }
            for commit in commits {
                let (entry, place, items) = match sound(&log, commit, &mut expiries) {
                    Ok(sound) => sound,
                    Err(reasons) => return Ok((log, kept, reasons)),
                };
                log.accept(place, &entry, &items);
                let Link { seq, at, chain, .. } = log.tip;
                let made_of_it = manifests.iter().filter(|(_, manifest)| {
                    manifest.as_ref().is_some_and(|m| (m.seq, m.at, m.chain) == (seq, at, chain))
                });
                kept.extend(made_of_it.map(|(key, _)| key.clone()));
            }
        }
    }

    /// Finds what lies behind the cut as far as something leads there: later log entries and expiries, and the
    /// documents of every number that those or the head may have given.
    async fn behind(
        &self,
        tenant: &TenantId,
        log: &Checker,
        head: Option<&Head>,
        manifests: &BTreeMap<Key, Option<Manifest>>,
        kept: &BTreeSet<Key>,
    ) -> Result<Behind, Error> {
        let cut = log.tip;
        let mut behind = Behind { ordinals: log.next_ordinal, ..Behind::default() };
        self.find_entries(tenant, cut, &mut behind).await?;
        if let Some(head) = head.filter(|head| head.seq > cut.seq) {
            // No further than so many commits can have created, whatever a damaged head says.
            let commits = u32::try_from(head.seq - cut.seq).unwrap_or(u32::MAX);
            let most = log.next_ordinal.saturating_add(commits.saturating_mul(CREATED_PER_COMMIT));
            behind.ordinals = behind.ordinals.max(head.next_ordinal.min(most));
        }
        let range = Range { consistent: true, ..Range::default() };
        let (expiries, _) = self.store.query(&keys::expiry_partition(tenant), &range).await?;
        for item in &expiries {
            let Ok(expiry) = Expiry::from_item(item) else { continue };
            if cut.seq == 0 || expiry.at > cut.at {
                behind.expiries.push(item.key()?);
                behind.ordinals = behind.ordinals.max(expiry.ordinal.0.saturating_add(1));
                behind.findings.insert(expiry.key);
            }
        }
        for (key, manifest) in manifests.iter().filter(|(key, _)| !kept.contains(*key)) {
            behind.manifests.push(key.clone());
            let Some(manifest) = manifest else { continue };
            behind.segments.extend(own_segments(tenant, manifest, cut.seq));
        }
        self.find_documents(tenant, cut, &mut behind).await?;
        Ok(behind)
    }

    async fn find_entries(&self, tenant: &TenantId, cut: Link, behind: &mut Behind) -> Result<(), Error> {
        let mut from = after(cut);
        loop {
            let range = Range { from, consistent: true, ..Range::default() };
            let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
            for item in &items {
                behind.entries.push(item.key()?);
                let Ok(entry) = Entry::from_item(item) else { continue };
                for change in &entry.body.changes {
                    behind.ordinals = behind.ordinals.max(change.ordinal.0.saturating_add(1));
                    let text = |column: Column| change.columns.get(column.name()).and_then(Cell::text);
                    if let (Some(arn), Some(id)) = (text(Column::ProductArn), text(Column::Id)) {
                        behind.findings.insert(FindingKey { product_arn: arn.to_owned(), id: id.to_owned() });
                    }
                }
            }
            match behind.entries.last() {
                // A control character sorts right behind the key and before every other.
                Some(last) if more => from = Some(format!("{}\u{1}", last.sk)),
                _ => return Ok(()),
            }
        }
    }

    async fn find_documents(&self, tenant: &TenantId, cut: Link, behind: &mut Behind) -> Result<(), Error> {
        let mut first = 0;
        loop {
            let end = behind.ordinals.saturating_add(CREATED_PER_COMMIT);
            if first >= end {
                return Ok(());
            }
            let last = first.saturating_add(FINDINGS_AT_ONCE).min(end);
            let found = (first..last).map(Ordinal).map(|ordinal| async move {
                let range = Range { from: after(cut), consistent: true, ..Range::default() };
                let (items, _) = self.store.query(&keys::document_partition(tenant, ordinal), &range).await?;
                let keys = items.iter().map(Item::key).collect::<Result<Vec<Key>, Error>>()?;
                let findings: Vec<FindingKey> = items.iter().filter_map(identity_of).collect();
                Ok::<_, Error>((ordinal, keys, findings))
            });
            let found: Vec<_> = stream::iter(found).buffered(REQUESTS_AT_ONCE).try_collect().await?;
            for (ordinal, keys, findings) in found {
                if !keys.is_empty() {
                    behind.ordinals = behind.ordinals.max(ordinal.0.saturating_add(1));
                }
                behind.documents.extend(keys);
                behind.findings.extend(findings);
            }
            first = last;
        }
    }

    /// Lets every finding's item point at its newest remaining document, and moves aside those that have none.
    async fn restore_findings(
        &self,
        tenant: &TenantId,
        log: &Checker,
        suspects: &BTreeSet<FindingKey>,
        aside: &str,
    ) -> Result<(u64, u64), Error> {
        let mut restored = 0;
        let mut known = BTreeSet::new();
        let mut first = 0;
        while first < log.next_ordinal {
            let last = first.saturating_add(FINDINGS_AT_ONCE).min(log.next_ordinal);
            let accounts = (first..last).map(Ordinal).filter_map(|o| log.account(o).map(|account| (o, account)));
            let wanted: Vec<(FindingKey, FindingItem)> = accounts
                .map(|(ordinal, account)| {
                    let document_at = account.document_at();
                    // Without hashes the next import looks at the document, however new it is.
                    let newest = (Instant::LAST, Instant::LAST);
                    (account.key(), FindingItem { ordinal, document_at, sent: None, seen: None, newest })
                })
                .collect();
            let places: Vec<Key> = wanted.iter().map(|(key, _)| keys::finding(tenant, key)).collect();
            let items = self.store.batch_get(&places, true).await?;
            for ((key, item), place) in wanted.iter().zip(&places) {
                let there = items.get(place).and_then(|item| FindingItem::from_item(item).ok());
                let good = |there: FindingItem| (there.ordinal, there.document_at) == (item.ordinal, item.document_at);
                if !there.is_some_and(good) {
                    self.store
                        .put(ConditionalPut { item: item.to_item(tenant, key), condition: Condition::None })
                        .await?;
                    restored += 1;
                }
            }
            known.extend(suspects.iter().filter(|key| places.contains(&keys::finding(tenant, key))).cloned());
            first = last;
        }
        let strangers: Vec<Key> = suspects.difference(&known).map(|key| keys::finding(tenant, key)).collect();
        let removed = self.move_aside(tenant, &strangers, aside).await?;
        Ok((restored, removed))
    }

    /// Moves aside what is left of findings that the log does not know. Nothing leads to the item of one of which neither entry nor
    /// document was restored, and later it would pass for a finding of its number: so the whole table is read.
    async fn remove_strangers(&self, tenant: &TenantId, log: &Checker, aside: &str) -> Result<u64, Error> {
        let prefix = keys::finding_prefix(tenant);
        let is_known = |item: &Item, place: &Key| {
            let account = FindingItem::from_item(item).ok().and_then(|item| log.account(item.ordinal));
            account.is_some_and(|account| keys::finding(tenant, &account.key()) == *place)
        };
        let (mut removed, mut behind) = (0, None);
        loop {
            let (items, next) = self.store.scan_page(behind.as_ref()).await?;
            let mut strangers = Vec::new();
            for item in &items {
                let place = item.key()?;
                if place.pk.starts_with(&prefix) && !is_known(item, &place) {
                    strangers.push(place);
                }
            }
            removed += self.move_aside(tenant, &strangers, aside).await?;
            if next.is_none() {
                return Ok(removed);
            }
            behind = next;
        }
    }

    /// Copies items under `aside`, then deletes the originals; how many were there.
    async fn move_aside(&self, tenant: &TenantId, places: &[Key], aside: &str) -> Result<u64, Error> {
        let prefix = format!("{tenant}#");
        let moves = places.iter().map(|place| {
            let prefix = &prefix;
            async move {
                let Some(item) = self.store.get(place, true).await? else { return Ok(0) };
                let rest = place.pk.strip_prefix(prefix).unwrap_or(&place.pk);
                let mut copy = item;
                copy.put_text(PK, &format!("{aside}{rest}"));
                copy.put_text(SK, &place.sk);
                self.store.put(ConditionalPut { item: copy, condition: Condition::None }).await?;
                self.store.delete(place).await?;
                Ok::<u64, Error>(1)
            }
        });
        let moved: Vec<u64> = stream::iter(moves).buffered(REQUESTS_AT_ONCE).try_collect().await?;
        Ok(moved.into_iter().sum())
    }

    /// Writes the head that the log makes, if it is another one; whether that was so.
    async fn restore_head(
        &self,
        tenant: &TenantId,
        log: &Checker,
        there: bool,
        old: Option<Head>,
    ) -> Result<bool, Error> {
        let Link { seq, at, chain, .. } = log.tip;
        let head = Head { seq, at, next_ordinal: log.next_ordinal, chain, log_bytes: log.log_bytes };
        if seq == 0 {
            // The first commit expects none.
            if there {
                self.store.delete(&keys::head(tenant)).await?;
            }
            return Ok(there);
        }
        if old.as_ref() == Some(&head) {
            return Ok(false);
        }
        let condition = match (&old, there) {
            (Some(old), _) => Condition::Number("seq", old.seq),
            (None, false) => Condition::Absent,
            (None, true) => Condition::None,
        };
        match self.store.put(ConditionalPut { item: head.to_item(tenant), condition }).await? {
            true => Ok(true),
            false => Err(Error::Conflict(
                "somebody committed during the repair; stop all writers and run it again".to_owned(),
            )),
        }
    }
}

/// A commit with its items if it verifies, or what is wrong with it.
fn sound(
    log: &Checker,
    commit: Commit,
    expiries: &mut BTreeMap<Instant, Vec<Expiry>>,
) -> Result<(Entry, Place, Items), Vec<String>> {
    let Commit { sk, entry, documents, unreadable } = commit;
    let entry = entry.map_err(|error| vec![format!("the log entry {sk}, which cannot be read: {error}")])?;
    let place = Place { line: None, seq: entry.seq };
    let items = Items {
        documents: documents.into_iter().map(|document| (place, document)).collect(),
        expiries: expiries.remove(&entry.at).unwrap_or_default().into_iter().map(|expiry| (place, expiry)).collect(),
    };
    let mut reasons = log.link_problems(place, &Link::from(&entry), &entry.text);
    reasons.extend(unreadable.into_iter().map(|reason| format!("{place}: a document cannot be read: {reason}")));
    reasons.extend(log.item_problems(place, &entry, &items));
    if reasons.is_empty() { Ok((entry, place, items)) } else { Err(reasons) }
}

/// The first sort key behind the cut.
fn after(cut: Link) -> Option<String> {
    (cut.seq > 0).then(|| cut.at.plus(1).key())
}

/// The segments that were written by folds behind the cut, which no manifest before it can name: a fold's id starts
/// with the commit that it covers.
fn own_segments(tenant: &TenantId, manifest: &Manifest, cut: u64) -> Vec<Key> {
    let mut segments = Vec::new();
    for (number, parts) in (0_u32..).zip(&manifest.segments) {
        for (family, part) in parts {
            let covered = part.fold.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok());
            if let (Some(family), true) = (Family::named(family), covered.is_some_and(|seq| seq > cut)) {
                segments.extend(base::part_keys(tenant, number, family, part));
            }
        }
    }
    segments
}
