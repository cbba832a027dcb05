//! The log of a patrol: the next entries with their documents and expiries, their ties, roots and numbers, and what rests on them.

use super::index::Observed;
use super::{Mark, Patrol, Place, Slice, Stage, Visit};
use crate::domain::{Column, Error, Instant};
use crate::ledger::check::{Checker, Items, Place as Where};
use crate::ledger::entry::{Body, Entry};
use crate::ledger::evidence::{Commit, Evidence, right_after};
use crate::ledger::items::Expiry;
use crate::ledger::keys;
use crate::ledger::manifest::Manifest;
use crate::ledger::problems::Problems;
use crate::ledger::proof::Hash;
use crate::ledger::store::Range;
use crate::ledger::verify::examine;
use std::collections::btree_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Entries that are held at a time with all their documents.
const ENTRIES_AT_ONCE: usize = 8;
/// Entries of a slice, and the documents upon which it ends before.
const ENTRIES: usize = 256;
const DOCUMENTS: usize = 2_000;
/// Findings whose observation is remembered in a slice before it is compared with the index.
const OBSERVED: usize = 100_000;

impl Visit<'_> {
    /// Verifies what was committed since the last visit, or the next part of it.
    pub(super) async fn news(&mut self) -> Result<Slice, Error> {
        let mut problems = Problems::default();
        let from = self.patrol.verified.clone();
        let (verified, is_over) = Box::pin(self.stretch(&from, &mut problems)).await?;
        if is_over {
            self.stage = Stage::Rotation;
        }
        Ok(Slice::of(Patrol { verified, ..self.patrol.clone() }, problems, 0))
    }

    /// Goes through the next part of the log again.
    pub(super) async fn log_again(&mut self, from: &Mark) -> Result<Slice, Error> {
        let mut problems = Problems::default();
        let mut next = self.patrol.clone();
        next.rotation.place = if from.seq > 0 && !self.is_in_log(from).await? {
            // Whatever happened to the log, the next visit sees it by what was verified.
            Place::Log(Mark::default())
        } else {
            let (mark, is_over) = Box::pin(self.stretch(from, &mut problems)).await?;
            if is_over && mark.is_sound {
                next.verified = mark.clone();
            }
            if is_over { Place::Findings(0) } else { Place::Log(mark) }
        };
        Ok(Slice::of(next, problems, 0))
    }

    /// Verifies the log behind a place for a slice; how far it came, and whether that is the tip.
    async fn stretch(&mut self, from: &Mark, problems: &mut Problems) -> Result<(Mark, bool), Error> {
        let folded = self.folded(problems).await?;
        let mut checker = Checker::after(self.tenant, &from.head());
        checker.problems = std::mem::take(problems);
        let mut walk = self.reader.walk_on(self.tenant, &from.read, self.tip.at, ENTRIES_AT_ONCE);
        let (mut read, mut entries) = (from.read.clone(), 0);
        let mut chains: BTreeMap<u64, Hash> = BTreeMap::new();
        let mut observed = Observed::new();
        while entries < ENTRIES && checker.documents < DOCUMENTS as u64 && observed.len() < OBSERVED {
            let commits = walk.next().await?;
            if commits.is_empty() {
                break;
            }
            entries += commits.len();
            let mut expiries = self.expiries_of(&checker, &commits).await?;
            for commit in commits {
                read.clone_from(&commit.sk);
                let Some((place, entry, items)) = examine(&mut checker, commit, &mut expiries) else { continue };
                checker.advance(place, &entry, &items);
                chains.insert(entry.seq, entry.chain);
                // What is behind the fold is laid over it from these very entries.
                if entry.seq <= folded {
                    note(&mut observed, &entry.body, entry.at);
                }
            }
        }
        self.check_manifests(&mut checker, &from.read, &read, &chains).await?;
        let is_over = walk.is_over();
        if is_over {
            let newest = self.newest_manifest().await?;
            let tip = self.tip.clone();
            self.reader.check_head(self.tenant, &mut checker, &tip, &newest).await?;
        }
        *problems = std::mem::take(&mut checker.problems);
        self.check_observed(observed, problems).await?;
        let made = checker.head();
        // What the head says otherwise is told; the next visit asks whether it has moved since.
        let has_arrived = is_over && (made.seq, made.chain) == (self.tip.seq, self.tip.chain);
        let head = if has_arrived { self.tip.clone() } else { made };
        Ok((Mark::of(&head, read, from.is_sound && problems.count() == 0), is_over))
    }

    /// The indexes of commits that were read were made of this log.
    async fn check_manifests(
        &self,
        checker: &mut Checker,
        behind: &str,
        until: &str,
        chains: &BTreeMap<u64, Hash>,
    ) -> Result<(), Error> {
        if until == behind {
            return Ok(());
        }
        let from = (!behind.is_empty()).then(|| right_after(behind));
        let range = Range { from, to: Some(until.to_owned()), consistent: true, ..Range::default() };
        let (items, _) = self.reader.store.query(&keys::manifest_partition(self.tenant), &range).await?;
        for item in &items {
            match Manifest::from_item(item) {
                Ok(manifest) if chains.get(&manifest.seq).is_some_and(|chain| *chain != manifest.chain) => {
                    checker.problems.add(format!(
                        "the index of commit {} was made of another log; posture rebuild writes it anew",
                        manifest.seq
                    ));
                }
                Ok(_) => {}
                Err(error) => checker.problems.add(format!("a manifest cannot be read: {error}")),
            }
        }
        Ok(())
    }

    /// The newest manifest of all: one that covers more than the head says is damage.
    async fn newest_manifest(&self) -> Result<BTreeMap<u64, Hash>, Error> {
        let range = Range { newest_first: true, limit: Some(1), consistent: true, ..Range::default() };
        let (items, _) = self.reader.store.query_page(&keys::manifest_partition(self.tenant), &range).await?;
        let read = items.iter().filter_map(|item| Manifest::from_item(item).ok());
        Ok(read.map(|manifest| (manifest.seq, manifest.chain)).collect())
    }

    /// The expiries that these commits wrote, by the commit's instant: those that their documents lead to, and where the root says that
    /// there are others, all that name the commit.
    async fn expiries_of(
        &self,
        checker: &Checker,
        commits: &[Commit],
    ) -> Result<BTreeMap<Instant, Vec<Expiry>>, Error> {
        let read = commits.iter().filter_map(|commit| Some((commit.entry.as_ref().ok()?, &commit.documents)));
        let read: Vec<(&Entry, &Vec<Evidence>)> = read.collect();
        let ends = read.iter().flat_map(|(entry, documents)| {
            documents.iter().filter_map(|document| Some((end_of(entry, document)?, document.ordinal(), entry.at)))
        });
        let places: Vec<_> = ends.map(|(end, ordinal, at)| keys::expiry(self.tenant, end, ordinal, at)).collect();
        let mut expiries: BTreeMap<Instant, Vec<Expiry>> = BTreeMap::new();
        for item in self.reader.store.batch_get(&places, true).await?.values() {
            if let Ok(expiry) = Expiry::from_item(item) {
                expiries.entry(expiry.at).or_default().push(expiry);
            }
        }
        let mut unsettled = BTreeSet::new();
        for (entry, documents) in read {
            let place = Where { line: None, seq: entry.seq };
            let items = Items {
                documents: documents.iter().map(|document| (place, document.clone())).collect(),
                expiries: expiries.get(&entry.at).into_iter().flatten().map(|e| (place, e.clone())).collect(),
            };
            if checker.root_of(&items).hex() != entry.body.root {
                unsettled.insert(entry.at);
            }
        }
        if unsettled.is_empty() {
            return Ok(expiries);
        }
        expiries.retain(|at, _| !unsettled.contains(at));
        let mut range = Range { consistent: true, ..Range::default() };
        loop {
            let (items, more) = self.reader.store.query_page(&keys::expiry_partition(self.tenant), &range).await?;
            for expiry in items.iter().filter_map(|item| Expiry::from_item(item).ok()) {
                if unsettled.contains(&expiry.at) {
                    expiries.entry(expiry.at).or_default().push(expiry);
                }
            }
            match items.last() {
                Some(last) if more => range.from = Some(right_after(last.sk()?)),
                _ => return Ok(expiries),
            }
        }
    }
}

/// When the acceptance ends that a document brought or kept. What an erased one held only the log can tell.
fn end_of(entry: &Entry, document: &Evidence) -> Option<Instant> {
    if let Some(finding) = document.finding() {
        return finding.ok()?.standing.acceptance?.expires_at;
    }
    let change = entry.body.changes.iter().find(|change| change.ordinal == document.ordinal())?;
    change.columns.get(Column::ExpiresAt.name())?.int().map(Instant)
}

/// Keeps the newest of what was observed of each finding.
fn note(observed: &mut Observed, body: &Body, at: Instant) {
    for group in &body.observed {
        let seen = Arc::new(group.seen.clone());
        for ordinal in &group.ordinals {
            match observed.entry(*ordinal) {
                Slot::Vacant(slot) => drop(slot.insert((Arc::clone(&seen), at))),
                Slot::Occupied(mut slot) => {
                    let (newest, last) = slot.get_mut();
                    *last = at;
                    if *newest < seen {
                        *newest = Arc::clone(&seen);
                    }
                }
            }
        }
    }
}
