//! Verification in the table: the log, what it rests on, and everything derived from it, compared with each other.
//!
//! It verifies up to the head at its beginning, so that commits may go on meanwhile. Memory: one row of columns for
//! every finding (about 3 KB), every expiry, and 32 commits with their documents.

use super::check::{Account, Checker, Items, Link, Place, shown};
use super::entry::Entry;
use super::evidence::Commit;
use super::item::Key;
use super::items::{Expiry, FindingItem, Head};
use super::manifest::Manifest;
use super::proof::Hash;
use super::store::{Range, pause};
use super::view::View;
use super::when::When;
use super::{Need, Reader, SETTLING, keys};
use crate::domain::{Column, Error, Family, Instant, Ordinal, TenantId};
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::BTreeMap;
use std::fmt;

/// Findings whose items are read in one request.
const FINDINGS_AT_ONCE: u32 = 100;
/// Requests that are made at a time.
pub(super) const REQUESTS_AT_ONCE: usize = 16;
/// A commit creates at most this many findings, so documents that no log entry names have numbers at most this far on.
pub(super) const CREATED_PER_COMMIT: u32 = 49;

/// Hears how far a long task has come: what is done, and how much there is to do (0: nobody knows).
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verified {
    /// Log entries that were read.
    pub entries: u64,
    /// Documents that were read, the erased ones included.
    pub documents: u64,
    /// How many of them were erased and are known by their leaf alone.
    pub erased: u64,
    /// Expiries that were read.
    pub expiries: u64,
    /// Findings that the log names.
    pub findings: u64,
    /// The newest commit; 0 when there is none.
    pub seq: u64,
    /// Its chain hash.
    pub chain: Hash,
    /// Everything that is wrong, in plain words; nothing when the ledger is clean.
    pub problems: Vec<String>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    pub(super) fn of(checker: Checker) -> Self {
        Self {
            entries: checker.entries,
            documents: checker.documents,
            erased: checker.erased,
            expiries: checker.expiries,
            findings: checker.findings(),
            seq: checker.tip.seq,
            chain: checker.tip.chain,
            problems: checker.problems.into_list(),
        }
    }
}

impl fmt::Display for Verified {
    /// One line per problem, then the summary.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.problems {
            writeln!(f, "problem: {problem}")?;
        }
        let Self { entries, documents, erased, expiries, findings, seq, chain, problems } = self;
        write!(f, "{entries} commits, {findings} findings, {documents} documents")?;
        if *erased > 0 {
            write!(f, " ({erased} erased)")?;
        }
        write!(f, ", {expiries} expiries; newest commit {seq}, chain {}; ", chain.hex())?;
        match problems.len() {
            0 => f.write_str("everything verifies"),
            1 => f.write_str("1 problem"),
            many => write!(f, "{many} problems"),
        }
    }
}

impl Reader {
    /// Whether the tenant has a head or an entry of a log: of a restored table one of them may be missing.
    pub async fn is_begun(&self, tenant: &TenantId) -> Result<bool, Error> {
        let first = Range { limit: Some(1), consistent: true, ..Range::default() };
        let (partition, head) = (keys::log_partition(tenant), keys::head(tenant));
        let (head, entries) = tokio::join!(self.store.get(&head, true), self.store.query(&partition, &first));
        Ok(head?.is_some() || !entries?.0.is_empty())
    }

    /// When the tenant's newest commit was made; `None` before the first.
    pub async fn newest_commit(&self, tenant: &TenantId) -> Result<Option<Instant>, Error> {
        let head = self.store.get(&keys::head(tenant), true).await?;
        Ok(head.as_ref().map(Head::from_item).transpose()?.map(|head| head.at))
    }

    /// Recomputes everything and compares: chain, roots and documents of the log, the columns that the log claims
    /// with those that the documents make, the head, the findings' items and the index.
    ///
    /// `anchor`: a chain hash that was kept elsewhere; the log must hold a commit with exactly that one.
    /// What is wrong with the ledger is in [`Verified::problems`]; an error means that the table could not be read.
    pub async fn verify(
        &self,
        tenant: &TenantId,
        anchor: Option<Hash>,
        progress: Progress<'_>,
    ) -> Result<Verified, Error> {
        self.cache.forget(tenant);
        let mut checker = Checker::new(tenant, anchor);
        let head_item = self.store.get(&keys::head(tenant), true).await?;
        let head = match head_item.as_ref().map(Head::from_item) {
            Some(Ok(head)) => Some(head),
            Some(Err(error)) => {
                checker.problems.add(format!("the head cannot be read: {error}"));
                None
            }
            // Before the first commit there is none.
            None => Some(Head::default()),
        };
        let manifests = self.manifests(tenant, &mut checker).await?;
        let total = head.as_ref().map_or(0, |head| head.seq + u64::from(head.next_ordinal));
        let until = head.as_ref().filter(|head| head.seq > 0).map(|head| head.at);
        let strays = self.check_log(tenant, &mut checker, until, &manifests, &|done| progress(done, total)).await?;
        if let Some(head) = &head {
            self.check_head(tenant, &mut checker, head, &manifests).await?;
        }
        for stray in strays {
            if !self.is_named(tenant, stray.ordinal, stray.at).await? {
                checker.problems.add(format!(
                    "no log entry names the expiry of finding {} at {}, written at {}",
                    stray.ordinal.0, stray.expires_at, stray.at
                ));
            }
        }
        self.check_findings(tenant, &mut checker, &|done| progress(checked(&head, done), total)).await?;
        for (id, _) in self.wrong_rules(tenant, &checker.rules).await? {
            let told = "is not what the documents tell; posture verify --repair writes it anew";
            checker.problems.add(format!("the list of versions of rule {id} {told}"));
        }
        checker.check_anchor();
        progress(total, total);
        Ok(Verified::of(checker))
    }

    /// Every manifest's chain hash by the commit that it covers.
    async fn manifests(&self, tenant: &TenantId, checker: &mut Checker) -> Result<BTreeMap<u64, Hash>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::manifest_partition(tenant), &range).await?;
        let mut claims = BTreeMap::new();
        for item in &items {
            match Manifest::from_item(item) {
                Ok(manifest) => drop(claims.insert(manifest.seq, manifest.chain)),
                Err(error) => checker.problems.add(format!("a manifest cannot be read: {error}")),
            }
        }
        Ok(claims)
    }

    /// Checks every commit; returns the expiries that belong to none.
    async fn check_log(
        &self,
        tenant: &TenantId,
        checker: &mut Checker,
        until: Option<Instant>,
        manifests: &BTreeMap<u64, Hash>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Expiry>, Error> {
        let (mut expiries, unreadable) = self.expiries_by_commit(tenant).await?;
        unreadable.into_iter().for_each(|problem| checker.problems.add(problem));
        let mut walk = self.walk(tenant, until);
        loop {
            let commits = walk.next().await?;
            if commits.is_empty() {
                break;
            }
            for commit in commits {
                check_commit(checker, commit, &mut expiries);
                let Link { seq, chain, .. } = checker.tip;
                if manifests.get(&seq).is_some_and(|claimed| *claimed != chain) {
                    checker.problems.add(format!(
                        "the index of commit {seq} was made of another log; posture rebuild writes it anew"
                    ));
                }
            }
            progress(checker.entries);
        }
        Ok(expiries.into_values().flatten().collect())
    }

    pub(super) async fn check_head(
        &self,
        tenant: &TenantId,
        checker: &mut Checker,
        head: &Head,
        manifests: &BTreeMap<u64, Hash>,
    ) -> Result<(), Error> {
        let made = checker.head();
        if *head != made {
            checker.problems.add(format!("the head says {}; the log says {}", described(head), described(&made)));
        }
        let range = Range {
            from: (head.seq > 0).then(|| head.at.plus(1).key()),
            limit: Some(1),
            consistent: true,
            ..Range::default()
        };
        let (behind, _) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
        let behind = behind.first().filter(|_| head.seq > 0).map(|item| item.sk()).transpose()?;
        let folded = manifests.keys().next_back().copied().filter(|seq| *seq > head.seq);
        if behind.is_none() && folded.is_none() {
            return Ok(());
        }
        // What lies behind the head came meanwhile, in which case the head has moved, or it is damage.
        let now = self.store.get(&keys::head(tenant), true).await?;
        if now.as_ref().map_or(Ok(Head::default()), Head::from_item)? == *head {
            if let Some(sk) = behind {
                checker.problems.add(format!("the log goes on behind the head, at {sk}"));
            }
            if let Some(seq) = folded {
                checker.problems.add(format!("an index covers commit {seq}, which is behind the head"));
            }
        }
        Ok(())
    }

    /// Checks what is derived for each finding: its item, its place in the index; and that it has no other documents.
    async fn check_findings(
        &self,
        tenant: &TenantId,
        checker: &mut Checker,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Error> {
        let view = self.index(tenant, checker).await;
        if let Some(view) = view.as_ref().filter(|view| view.count() != checker.next_ordinal) {
            checker.problems.add(format!(
                "the index counts {} findings, the log {}; posture rebuild writes it anew",
                view.count(),
                checker.next_ordinal
            ));
        }
        let beyond = checker.next_ordinal.saturating_add(CREATED_PER_COMMIT);
        let mut first = 0;
        while first < beyond {
            let last = first.saturating_add(FINDINGS_AT_ONCE).min(beyond);
            let ordinals: Vec<Ordinal> = (first..last).map(Ordinal).collect();
            self.check_items(tenant, checker, &ordinals).await?;
            self.check_strays(tenant, checker, &ordinals).await?;
            if let Some(view) = &view {
                check_index(checker, view, &ordinals, |_| true);
            }
            progress(u64::from(last.min(checker.next_ordinal)));
            first = last;
        }
        Ok(())
    }

    /// The index brought up to date by the log, as of the last commit that was verified.
    async fn index(&self, tenant: &TenantId, checker: &mut Checker) -> Option<View> {
        let Link { seq, at, chain, .. } = checker.tip;
        if seq == 0 {
            return None;
        }
        let pinned = When::Pinned { seq, at, chain: Some(chain.short()) };
        let need = Need::all(Family::ALL);
        let view = self.view(tenant, pinned, &need).await.map_err(|error| match error {
            Error::Invalid { .. } => {
                Error::Conflict("it does not lead to the commit that was verified last".to_owned())
            }
            other => other,
        });
        match view.and_then(|view| view.base.unpack(&need).map(|()| view)) {
            Ok(view) => Some(view),
            Err(error) => {
                checker.problems.add(format!("the index cannot be brought up to date: {error}"));
                None
            }
        }
    }

    /// Each finding has an item with its number that points at its newest document.
    pub(super) async fn check_items(
        &self,
        tenant: &TenantId,
        checker: &mut Checker,
        ordinals: &[Ordinal],
    ) -> Result<(), Error> {
        let places: Vec<(Ordinal, Key, Instant)> = ordinals
            .iter()
            .filter_map(|ordinal| checker.account(*ordinal).map(|account| (*ordinal, account)))
            .map(|(ordinal, account)| (ordinal, keys::finding(tenant, &account.key()), account.document_at()))
            .collect();
        let wanted: Vec<Key> = places.iter().map(|(_, key, _)| key.clone()).collect();
        let items = self.store.batch_get(&wanted, true).await?;
        let until = checker.tip.at;
        for (ordinal, key, document_at) in places {
            let n = ordinal.0;
            let problem = match items.get(&key).map(FindingItem::from_item) {
                None => format!("the item of finding {n} is missing"),
                Some(Err(error)) => format!("the item of finding {n} cannot be read: {error}"),
                Some(Ok(item)) if item.ordinal != ordinal => {
                    format!("the item of finding {n} says that its number is {}", item.ordinal.0)
                }
                Some(Ok(item)) if item.document_at == document_at => continue,
                // It may have changed since this verification began.
                Some(Ok(item))
                    if item.document_at > until && self.is_named(tenant, ordinal, item.document_at).await? =>
                {
                    continue;
                }
                Some(Ok(item)) => format!(
                    "the item of finding {n} says that its newest document is of {}, the log says {document_at}",
                    item.document_at
                ),
            };
            checker.problems.add(problem);
        }
        Ok(())
    }

    /// No finding has a document that no log entry names.
    async fn check_strays(&self, tenant: &TenantId, checker: &mut Checker, ordinals: &[Ordinal]) -> Result<(), Error> {
        let range = Range { consistent: true, ..Range::default() };
        let counts = ordinals.iter().map(|ordinal| {
            let (ordinal, range) = (*ordinal, &range);
            async move {
                let partition = keys::document_partition(tenant, ordinal);
                self.store.count(&partition, range).await.map(|count| (ordinal, count))
            }
        });
        let counts: Vec<(Ordinal, u64)> = stream::iter(counts).buffered(REQUESTS_AT_ONCE).try_collect().await?;
        for (ordinal, count) in counts {
            if count == checker.account(ordinal).map_or(0, |account| account.documents) {
                continue;
            }
            // Missing ones were named with their commits; here it matters which of them are too many.
            let (items, _) = self.store.query(&keys::document_partition(tenant, ordinal), &range).await?;
            for item in &items {
                let at = match item.sk()?.parse() {
                    Ok(at) => Instant(at),
                    Err(_) => {
                        let sk = item.sk()?;
                        checker.problems.add(format!("a document of finding {} has the key {sk}", ordinal.0));
                        continue;
                    }
                };
                if !self.is_named(tenant, ordinal, at).await? {
                    checker.problems.add(format!("no log entry names the document of finding {} at {at}", ordinal.0));
                }
            }
        }
        Ok(())
    }

    /// Whether the log entry of that instant changes that finding.
    pub(super) async fn is_named(&self, tenant: &TenantId, ordinal: Ordinal, at: Instant) -> Result<bool, Error> {
        for settle in [false, true] {
            if settle {
                // Of a commit that is being made the entry may be seen last.
                pause(SETTLING).await;
            }
            let item = self.store.get(&keys::log_entry(tenant, at), true).await?;
            let entry = item.as_ref().and_then(|item| Entry::from_item(item).ok());
            if entry.is_some_and(|entry| entry.body.changes.iter().any(|change| change.ordinal == ordinal)) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Takes the next commit of the table with its expiries.
fn check_commit(checker: &mut Checker, commit: Commit, expiries: &mut BTreeMap<Instant, Vec<Expiry>>) {
    if let Some((place, entry, items)) = examine(checker, commit, expiries) {
        checker.accept(place, &entry, &items);
    }
}

/// Examines a commit of the table by itself and its tie to the one before; `None` when its entry cannot be read.
pub(super) fn examine(
    checker: &mut Checker,
    commit: Commit,
    expiries: &mut BTreeMap<Instant, Vec<Expiry>>,
) -> Option<(Place, Entry, Items)> {
    let entry = match commit.entry {
        Ok(entry) => entry,
        Err(error) => {
            let (sk, seq) = (commit.sk, checker.tip.seq);
            checker.problems.add(format!("after commit {seq}: the log entry {sk} cannot be read: {error}"));
            return None;
        }
    };
    let place = Place { line: None, seq: entry.seq };
    let items = Items {
        documents: commit.documents.into_iter().map(|document| (place, document)).collect(),
        expiries: expiries.remove(&entry.at).unwrap_or_default().into_iter().map(|expiry| (place, expiry)).collect(),
    };
    for problem in checker.link_problems(place, &Link::from(&entry), &entry.text) {
        checker.problems.add(problem);
    }
    for reason in commit.unreadable {
        checker.problems.add(format!("{place}: a document cannot be read: {reason}"));
    }
    for problem in checker.item_problems(place, &entry, &items) {
        checker.problems.add(problem);
    }
    Some((place, entry, items))
}

/// Compares the index with what the log says, column by column.
pub(super) fn check_index(checker: &mut Checker, view: &View, ordinals: &[Ordinal], of: impl Fn(Column) -> bool) {
    for ordinal in ordinals {
        let Some(Account { row, .. }) = checker.account(*ordinal) else { continue };
        let drifts: Vec<String> = match view.recorded_row(*ordinal) {
            Err(error) => vec![format!("finding {}: the index cannot be read: {error}", ordinal.0)],
            Ok(indexed) => Column::ALL
                .iter()
                .copied()
                .filter(|column| of(*column) && row.get(*column) != indexed.get(*column))
                .map(|column| {
                    let (says, is) = (shown(indexed.get(column)), shown(row.get(column)));
                    format!("finding {}: {} is {says} in the index and {is} in the log", ordinal.0, column.name())
                })
                .collect(),
        };
        drifts.into_iter().for_each(|drift| checker.problems.drift(drift));
    }
}

pub(super) fn described(head: &Head) -> String {
    let Head { seq, at, next_ordinal, chain, log_bytes } = head;
    format!("commit {seq} of {at}, next finding {next_ordinal}, {log_bytes} bytes of log, chain {}", chain.hex())
}

fn checked(head: &Option<Head>, done: u64) -> u64 {
    head.as_ref().map_or(done, |head| head.seq + done)
}
