//! The findings of a patrol: of each its documents, the entries that wrote them, its item and its columns in the index.
//!
//! Documents and the entries that wrote them tell every column but the timestamps that observations move. Those are taken from the
//! entry that the index itself names as the last to have seen the finding: an index that names one too early is found by that
//! entry (see [`super::log`]), one that names a wrong one here. Where that does not settle it, as when an older
//! report came late, the log is gone through for the findings in question.

use super::{Patrol, Place, Slice, Visit};
use crate::domain::{Column, Error, Family, Instant, Ordinal};
use crate::ledger::base::Need;
use crate::ledger::check::{Checker, Link, Place as Where};
use crate::ledger::entry::Entry;
use crate::ledger::evidence::{Evidence, right_after};
use crate::ledger::item::{Item, Key};
use crate::ledger::items::Head;
use crate::ledger::keys;
use crate::ledger::problems::Problems;
use crate::ledger::store::Range;
use crate::ledger::verify::{CREATED_PER_COMMIT, REQUESTS_AT_ONCE, check_index};
use crate::ledger::view::View;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Findings of a slice: an eighth of a segment.
const FINDINGS: u32 = 1_024;
/// Documents after which a slice ends sooner: where findings changed for years, a slice must still fit into a function's time.
const DOCUMENTS: usize = 3_600;
/// Findings whose documents and rows are held at a time.
const FINDINGS_AT_ONCE: usize = 16;
/// Documents of each of them that are held at a time.
const DOCUMENTS_AT_ONCE: usize = 16;
/// Entries that are kept for the findings that come next: neighbours were written by the same commits.
const ENTRIES_KEPT: usize = 64;

/// Entries of the log by their instants; absent ones, and those that cannot be read, are none.
pub(super) type Entries = HashMap<Instant, Option<Arc<Entry>>>;

/// A slice under way.
struct Work {
    checker: Checker,
    entries: Entries,
    /// The most rows that were held at a time.
    rows: usize,
    /// Documents that were read.
    documents: usize,
    /// Findings whose timestamps only the whole log can tell.
    unsettled: BTreeSet<Ordinal>,
}

impl Visit<'_> {
    /// Verifies the findings from a number on.
    pub(super) async fn findings(&mut self, first: u32) -> Result<Slice, Error> {
        let count = self.tip.next_ordinal;
        // Beyond the last one there may be documents that nothing names.
        let beyond = count.saturating_add(CREATED_PER_COMMIT);
        let mut last = first.saturating_add(FINDINGS).min(beyond);
        let mut checker = Checker::after(self.tenant, &self.tip);
        checker.tip = Link { seq: self.tip.seq, at: self.tip.at, chain: self.tip.chain, ..Link::default() };
        let mut problems = Problems::default();
        let need = Need::of(Family::ALL, (first..last.min(count)).map(Ordinal));
        let view = if first < count { self.columns(&need, &mut problems).await? } else { None };
        checker.problems = problems;
        if let Some(view) = view.as_ref().filter(|view| first == 0 && view.count() != count) {
            checker.problems.add(format!(
                "the index counts {} findings, the log {count}; posture rebuild writes it anew",
                view.count()
            ));
        }
        let mut work = Work { checker, entries: Entries::new(), rows: 0, documents: 0, unsettled: BTreeSet::new() };
        let ordinals: Vec<Ordinal> = (first..last).map(Ordinal).collect();
        for ordinals in ordinals.chunks(FINDINGS_AT_ONCE) {
            Box::pin(self.some(&mut work, ordinals, view.as_ref())).await?;
            if let Some(ordinal) = ordinals.last().filter(|_| work.documents >= DOCUMENTS) {
                last = ordinal.0.saturating_add(1);
                break;
            }
        }
        if let Some(view) = view.as_ref().filter(|_| !work.unsettled.is_empty()) {
            Box::pin(self.settle(&mut work, view)).await?;
        }
        let Work { mut checker, rows, .. } = work;
        checker.rules.forget_shared();
        for (id, _) in self.reader.wrong_rules(self.tenant, &checker.rules).await? {
            let told = "is not what the documents tell; posture verify --repair writes it anew";
            checker.problems.add(format!("the list of versions of rule {id} {told}"));
        }
        let mut next: Patrol = self.patrol.clone();
        next.rotation.place = if last < beyond { Place::Findings(last) } else { Place::Expiries(String::new()) };
        Ok(Slice::of(next, checker.problems, rows))
    }

    /// Verifies some findings, all of whose rows are held.
    async fn some(&self, work: &mut Work, ordinals: &[Ordinal], view: Option<&View>) -> Result<(), Error> {
        let mut open: Vec<(Ordinal, Option<String>)> = ordinals.iter().map(|ordinal| (*ordinal, None)).collect();
        while !open.is_empty() {
            let wanted: Vec<_> = open.drain(..).map(|(ordinal, from)| self.page(ordinal, from)).collect();
            let pages: Vec<(Ordinal, Vec<Item>, bool)> =
                stream::iter(wanted).buffered(REQUESTS_AT_ONCE).try_collect().await?;
            let instants = pages.iter().flat_map(|(_, items, _)| items).filter_map(instant_of);
            self.read_entries(&mut work.entries, instants.filter(|at| *at <= self.tip.at).collect()).await?;
            for (ordinal, items, more) in pages {
                work.documents += items.len();
                for item in &items {
                    self.document(work, ordinal, item).await?;
                }
                if let Some(last) = items.last().filter(|_| more) {
                    open.push((ordinal, Some(right_after(last.sk()?))));
                }
            }
        }
        let count = self.tip.next_ordinal;
        let known: Vec<Ordinal> = ordinals.iter().copied().filter(|ordinal| ordinal.0 < count).collect();
        for ordinal in &known {
            if work.checker.account(*ordinal).is_none() {
                work.checker.problems.add(format!("finding {} has no document", ordinal.0));
            }
        }
        if let Some(view) = view {
            self.see_again(work, &known, view).await?;
            let is_timestamp = |column: Column| column.family() == Family::Seen;
            let (settled, unsettled): (Vec<Ordinal>, Vec<Ordinal>) =
                known.iter().partition(|ordinal| !work.unsettled.contains(ordinal));
            check_index(&mut work.checker, view, &settled, |_| true);
            check_index(&mut work.checker, view, &unsettled, |column| !is_timestamp(column));
        }
        self.reader.check_items(self.tenant, &mut work.checker, &known).await?;
        work.rows = work.rows.max(work.checker.forget_findings());
        Ok(())
    }

    async fn page(&self, ordinal: Ordinal, from: Option<String>) -> Result<(Ordinal, Vec<Item>, bool), Error> {
        let range = Range { from, limit: Some(DOCUMENTS_AT_ONCE), consistent: true, ..Range::default() };
        let partition = keys::document_partition(self.tenant, ordinal);
        let (items, more) = self.reader.store.query_page(&partition, &range).await?;
        Ok((ordinal, items, more))
    }

    /// Takes over what the entry of a document says of its finding, and compares the two.
    async fn document(&self, work: &mut Work, ordinal: Ordinal, item: &Item) -> Result<(), Error> {
        let (n, problems) = (ordinal.0, &mut work.checker.problems);
        let Some(at) = instant_of(item) else {
            problems.add(format!("a document of finding {n} has the key {}", item.sk()?));
            return Ok(());
        };
        if at > self.tip.at {
            // It came since this visit began, or it is a stray.
            if !self.reader.is_named(self.tenant, ordinal, at).await? {
                problems.add(format!("no log entry names the document of finding {n} at {at}"));
            }
            return Ok(());
        }
        let entry = work.entries.get(&at).cloned().flatten();
        let Some((entry, change)) = entry.as_ref().and_then(|entry| {
            let place = entry.body.changes.binary_search_by_key(&ordinal, |change| change.ordinal).ok()?;
            Some((entry, entry.body.changes.get(place)?))
        }) else {
            problems.add(format!("no log entry names the document of finding {n} at {at}"));
            return Ok(());
        };
        let document = match Evidence::from_item(item) {
            Ok(document) => document,
            Err(error) => {
                problems.add(format!("commit {}: a document cannot be read: {error}", entry.seq));
                return Ok(());
            }
        };
        let place = Where { line: None, seq: entry.seq };
        work.checker.assume_seen(change, &document);
        work.checker.take_over(place, entry, change, Some(&(place, document)));
        Ok(())
    }

    /// Takes over the observations that the index names as the last ones.
    async fn see_again(&self, work: &mut Work, ordinals: &[Ordinal], view: &View) -> Result<(), Error> {
        let mut later = Vec::new();
        for ordinal in ordinals {
            let Some(account) = work.checker.account(*ordinal) else { continue };
            let last = |cell: Option<i64>| cell.unwrap_or_default();
            let own = last(account.row.get(Column::LastSeen).int());
            // What cannot be read is named when all columns are compared.
            let Ok(indexed) = view.recorded_cell(*ordinal, Column::LastSeen) else { continue };
            let indexed = last(indexed.int());
            if indexed > own && indexed <= self.tip.at.0 {
                later.push((*ordinal, Instant(indexed)));
            }
        }
        self.read_entries(&mut work.entries, later.iter().map(|(_, at)| *at).collect()).await?;
        for (ordinal, at) in later {
            let entry = work.entries.get(&at).cloned().flatten();
            let groups = entry.iter().flat_map(|entry| &entry.body.observed);
            for group in groups.filter(|group| group.ordinals.binary_search(&ordinal).is_ok()) {
                work.checker.see_again(ordinal, &group.seen, at);
            }
        }
        for ordinal in ordinals {
            let Some(account) = work.checker.account(*ordinal) else { continue };
            let columns = Column::ALL.iter().copied().filter(|column| column.family() == Family::Seen);
            let agrees =
                |column| view.recorded_cell(*ordinal, column).is_ok_and(|cell| cell == *account.row.get(column));
            if !columns.into_iter().all(agrees) {
                work.unsettled.insert(*ordinal);
            }
        }
        Ok(())
    }

    /// Goes through the log for what it says of the findings whose timestamps are in question.
    async fn settle(&self, work: &mut Work, view: &View) -> Result<(), Error> {
        let asked = std::mem::take(&mut work.unsettled);
        let mut checker = Checker::after(self.tenant, &Head::default());
        let mut range = Range { to: Some(self.tip.at.key()), consistent: true, ..Range::default() };
        loop {
            let (items, more) = self.reader.store.query_page(&keys::log_partition(self.tenant), &range).await?;
            for entry in items.iter().filter_map(|item| Entry::from_item(item).ok()) {
                let place = Where { line: None, seq: entry.seq };
                for change in entry.body.changes.iter().filter(|change| asked.contains(&change.ordinal)) {
                    checker.take_over(place, &entry, change, None);
                }
                for group in &entry.body.observed {
                    for ordinal in group.ordinals.iter().filter(|ordinal| asked.contains(ordinal)) {
                        checker.see_again(*ordinal, &group.seen, entry.at);
                    }
                }
            }
            match items.last() {
                Some(last) if more => range.from = Some(right_after(last.sk()?)),
                _ => break,
            }
        }
        // What else is wrong with these changes was told where they were compared with their documents.
        checker.problems = std::mem::take(&mut work.checker.problems);
        let asked: Vec<Ordinal> = asked.into_iter().collect();
        check_index(&mut checker, view, &asked, |column| column.family() == Family::Seen);
        work.rows = work.rows.max(checker.forget_findings());
        work.checker.problems = checker.problems;
        Ok(())
    }

    /// Reads the entries of these instants that are not at hand.
    pub(super) async fn read_entries(&self, known: &mut Entries, wanted: BTreeSet<Instant>) -> Result<(), Error> {
        if known.len() > ENTRIES_KEPT {
            known.retain(|at, _| wanted.contains(at));
        }
        let wanted: Vec<Instant> = wanted.into_iter().filter(|at| !known.contains_key(at)).collect();
        let places: Vec<Key> = wanted.iter().map(|at| keys::log_entry(self.tenant, *at)).collect();
        let mut items = self.reader.store.batch_get(&places, false).await?;
        let absent: Vec<Key> = places.iter().filter(|place| !items.contains_key(*place)).cloned().collect();
        items.extend(self.reader.store.batch_get(&absent, true).await?);
        for (at, place) in wanted.into_iter().zip(&places) {
            let entry = items.get(place).and_then(|item| Entry::from_item(item).ok());
            known.insert(at, entry.map(Arc::new));
        }
        Ok(())
    }
}

/// The commit's instant in a document's key.
fn instant_of(item: &Item) -> Option<Instant> {
    item.sk().ok()?.parse().ok().map(Instant)
}
