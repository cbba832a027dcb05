//! The check of a log: every entry against the one before, its documents, its root and the columns that it claims.
//!
//! It is fed commits in order, from the table or from a file, and names every problem in plain words.

use super::commit::newest_seen;
use super::entry::{Body, Change, Entry};
use super::evidence::Evidence;
use super::items::{Expiry, Head, kind_name};
use super::keys;
use super::problems::Problems;
use super::proof::{Hash, chain, root};
use super::rules::Told;
use crate::domain::{
    Cell, Column, Finding, FindingKey, Instant, Kind, Ordinal, Presence, Row, Seen, TenantId, finding::Vocabulary,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

/// Where a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The line of an exported file, from 1 on.
    pub line: Option<u64>,
    /// The commit.
    pub seq: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        write!(f, "commit {}", self.seq)
    }
}

/// What ties an entry to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Link {
    pub format: u32,
    pub seq: u64,
    pub at: Instant,
    pub previous: Hash,
    pub chain: Hash,
}

impl From<&Entry> for Link {
    fn from(entry: &Entry) -> Self {
        Self { format: entry.format, seq: entry.seq, at: entry.at, previous: entry.previous, chain: entry.chain }
    }
}

/// A commit's immutable items, each with its place.
#[derive(Debug, Default)]
pub(super) struct Items {
    pub documents: Vec<(Place, Evidence)>,
    pub expiries: Vec<(Place, Expiry)>,
}

/// A log under examination: what it says up to the newest entry that was accepted.
#[derive(Debug)]
pub(super) struct Checker {
    tenant: TenantId,
    /// The newest entry; zeros before the first.
    pub tip: Link,
    /// The number that the next new finding must get.
    pub next_ordinal: u32,
    pub entries: u64,
    pub documents: u64,
    pub erased: u64,
    pub expiries: u64,
    /// Stored bytes of the entries.
    pub log_bytes: u64,
    pub problems: Problems,
    pub rules: Told,
    findings: HashMap<Ordinal, Account>,
    anchor: Option<Hash>,
    anchored: bool,
}

/// What the log says of a finding.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Its columns.
    pub row: Row,
    /// How many documents the log names.
    pub documents: u64,
}

impl Account {
    /// The finding's identity.
    pub fn key(&self) -> FindingKey {
        let text = |column| self.row.get(column).text().unwrap_or_default().to_owned();
        FindingKey { product_arn: text(Column::ProductArn), id: text(Column::Id) }
    }

    /// The commit of its newest document.
    pub fn document_at(&self) -> Instant {
        Instant(self.row.get(Column::DocumentAt).int().unwrap_or_default())
    }
}

impl Checker {
    pub fn new(tenant: &TenantId, anchor: Option<Hash>) -> Self {
        Self {
            tenant: tenant.clone(),
            tip: Link::default(),
            next_ordinal: 0,
            entries: 0,
            documents: 0,
            erased: 0,
            expiries: 0,
            log_bytes: 0,
            problems: Problems::default(),
            rules: Told::default(),
            findings: HashMap::new(),
            anchor,
            anchored: false,
        }
    }

    /// A log that is gone on with behind a commit, up to which it was examined before. Of findings nothing is known.
    pub fn after(tenant: &TenantId, known: &Head) -> Self {
        let Head { seq, at, next_ordinal, chain, log_bytes } = *known;
        let tip = Link { seq, at, chain, ..Link::default() };
        Self { tip, next_ordinal, log_bytes, entries: seq, ..Self::new(tenant, None) }
    }

    /// What the log makes the head.
    pub fn head(&self) -> Head {
        let Link { seq, at, chain, previous: _, format: _ } = self.tip;
        Head { seq, at, next_ordinal: self.next_ordinal, chain, log_bytes: self.log_bytes }
    }

    /// Forgets what the log says of findings; of how many that was.
    pub fn forget_findings(&mut self) -> usize {
        std::mem::take(&mut self.findings).len()
    }

    /// What the log says of a finding.
    pub fn account(&self, ordinal: Ordinal) -> Option<&Account> {
        self.findings.get(&ordinal)
    }

    /// How many findings the log names.
    pub fn findings(&self) -> u64 {
        self.findings.len() as u64
    }

    /// What is wrong with an entry's tie to the one before, and with its chain hash over `text`.
    pub fn link_problems(&self, place: Place, link: &Link, text: &str) -> Vec<String> {
        let tip = &self.tip;
        let mut problems = Vec::new();
        if link.seq != tip.seq.saturating_add(1) {
            let why = if link.seq > tip.seq { "something is missing" } else { "swapped, or there twice" };
            problems.push(format!("{place}: after commit {} comes commit {}: {why}", tip.seq, link.seq));
        }
        if self.entries > 0 && link.at <= tip.at {
            problems.push(format!("{place}: its instant {} is not after {} of commit {}", link.at, tip.at, tip.seq));
        }
        if link.previous != tip.chain {
            problems.push(match tip.seq {
                0 => format!("{place}: its previous hash is not that of a first commit"),
                seq => format!("{place}: its previous hash is not the chain hash of commit {seq}"),
            });
        }
        if chain(link.format, &self.tenant, link.seq, link.at, &link.previous, text) != link.chain {
            problems.push(format!("{place}: its chain hash is not what its contents make it"));
        }
        problems
    }

    /// What is wrong with the documents and expiries of a commit: which are missing or too many, and its root.
    pub fn item_problems(&self, place: Place, entry: &Entry, items: &Items) -> Vec<String> {
        let mut problems = Vec::new();
        let body = &entry.body;
        let named: BTreeMap<Ordinal, &Change> = body.changes.iter().map(|change| (change.ordinal, change)).collect();
        let mut met = HashSet::new();
        for (place, document) in &items.documents {
            let ordinal = document.ordinal();
            match named.get(&ordinal) {
                Some(change) if document.at() == entry.at => {
                    if !met.insert(ordinal) {
                        problems.push(format!("{place}: the document of finding {} is there twice", ordinal.0));
                    }
                    problems.extend(attribution_problem(*place, body, change, document));
                }
                _ => problems.push(format!(
                    "{place}: no log entry names the document of finding {} at {}",
                    ordinal.0,
                    document.at()
                )),
            }
        }
        for ordinal in named.keys().filter(|ordinal| !met.contains(*ordinal)) {
            problems.push(format!("{place}: the document of finding {} is missing", ordinal.0));
        }
        for (place, expiry) in &items.expiries {
            if expiry.at != entry.at || !named.contains_key(&expiry.ordinal) {
                problems.push(format!(
                    "{place}: no log entry names the expiry of finding {} at {}",
                    expiry.ordinal.0, expiry.expires_at
                ));
            }
        }
        if self.root_of(items).hex() != body.root {
            problems.push(format!("{place}: its root is not what its documents and expiries make it"));
        }
        problems
    }

    /// The root that the documents and expiries of a commit make.
    pub fn root_of(&self, items: &Items) -> Hash {
        let tenant = &self.tenant;
        let documents = items.documents.iter().map(|(_, document)| (document.key(tenant), document.leaf(tenant)));
        let expiries = items.expiries.iter().map(|(_, expiry)| {
            (keys::expiry(tenant, expiry.expires_at, expiry.ordinal, expiry.at), expiry.leaf(tenant))
        });
        root(documents.chain(expiries).collect())
    }

    /// Goes on behind an entry whose contents cannot be read.
    pub fn pass_over(&mut self, link: Link) {
        self.entries += 1;
        self.anchored |= self.anchor == Some(link.chain);
        self.tip = link;
    }

    /// Accepts a commit as the newest: takes over what its log entry says, and compares that with its documents.
    pub fn accept(&mut self, place: Place, entry: &Entry, items: &Items) {
        self.advance(place, entry, items);
        let documents: HashMap<Ordinal, &(Place, Evidence)> =
            items.documents.iter().map(|document| (document.1.ordinal(), document)).collect();
        for change in &entry.body.changes {
            self.take_over(place, entry, change, documents.get(&change.ordinal).copied());
        }
        for (place, expiry) in &items.expiries {
            let known = self.findings.get(&expiry.ordinal).map(Account::key);
            if known.is_some_and(|known| known != expiry.key) {
                let ordinal = expiry.ordinal.0;
                self.problems.add(format!("{place}: the expiry of finding {ordinal} names another finding"));
            }
        }
        for observed in &entry.body.observed {
            for ordinal in &observed.ordinals {
                self.see_again(*ordinal, &observed.seen, entry.at);
            }
        }
    }

    /// Accepts a commit as the newest, and keeps nothing of what it says of findings but how many there are.
    pub fn advance(&mut self, place: Place, entry: &Entry, items: &Items) {
        self.pass_over(Link::from(entry));
        self.documents += items.documents.len() as u64;
        self.erased += items.documents.iter().filter(|(_, d)| matches!(d, Evidence::Erased(_))).count() as u64;
        self.expiries += items.expiries.len() as u64;
        self.log_bytes += entry.size as u64;
        let mut before: Option<Ordinal> = None;
        for change in &entry.body.changes {
            self.check_number(place, change, before, &entry.body);
            before = Some(change.ordinal);
        }
        for observed in &entry.body.observed {
            if !observed.ordinals.is_sorted_by(|a, b| a < b) {
                self.problems.add(format!("{place}: the findings that were seen again are not in order"));
            }
            for ordinal in observed.ordinals.iter().filter(|ordinal| ordinal.0 >= self.next_ordinal) {
                self.problems.add(format!("{place}: finding {} is seen again but was never created", ordinal.0));
            }
        }
    }

    /// Numbers are dense, findings occur once and in order, and actors exist.
    fn check_number(&mut self, place: Place, change: &Change, before: Option<Ordinal>, body: &Body) {
        let ordinal = change.ordinal;
        if before == Some(ordinal) {
            self.problems.add(format!("{place}: finding {} is there twice", ordinal.0));
        } else if before.is_some_and(|before| before > ordinal) {
            self.problems.add(format!("{place}: finding {} is not in order", ordinal.0));
        }
        let next = self.next_ordinal;
        if change.kind == Kind::Created && ordinal.0 != next {
            self.problems.add(format!("{place}: the new finding has number {}, not the next one, {next}", ordinal.0));
        } else if change.kind != Kind::Created && ordinal.0 >= next {
            self.problems.add(format!("{place}: it changes finding {}, which was never created", ordinal.0));
        }
        self.next_ordinal = next.max(ordinal.0.saturating_add(1));
        if body.actors.get(change.actor).is_none() {
            self.problems.add(format!("{place}: the change of finding {} names no actor", ordinal.0));
        }
    }

    /// Takes over what a log entry says of one finding, and compares that with the finding's document.
    pub fn take_over(&mut self, place: Place, entry: &Entry, change: &Change, document: Option<&(Place, Evidence)>) {
        let ordinal = change.ordinal;
        let account = self.findings.entry(ordinal).or_default();
        let first = account.documents == 0;
        account.documents += 1;
        for (name, cell) in &change.before {
            let known = Column::named(name).map(|column| account.row.get(column));
            if known.is_some_and(|known| known != cell) {
                self.problems.drift(format!(
                    "{place}: finding {}: {name} is said to have been {}, it was {}",
                    ordinal.0,
                    shown(cell),
                    shown(known.unwrap_or(&Cell::None))
                ));
            }
        }
        let seen = Seen::of_row(&account.row);
        let presence = account.row.get(Column::Presence).clone();
        for (column, cell) in change.cells(entry.at, entry.body.source(change)) {
            account.row.set(column, cell);
        }
        let kind = kind_of(first, &presence, account.row.get(Column::Presence));
        if kind != change.kind {
            let (said, made) = (kind_name(change.kind), kind_name(kind));
            self.problems.drift(format!(
                "{place}: finding {}: the kind of change is {said}, the columns make it {made}",
                ordinal.0
            ));
        }
        let Some((place, document)) = document else { return };
        match document.finding() {
            None => {}
            Some(Err(error)) => {
                self.problems.add(format!("{place}: the document of finding {} cannot be read: {error}", ordinal.0));
            }
            Some(Ok(finding)) => {
                self.rules.hear(&finding);
                let expected = expected_row(&finding, (!first).then_some(&seen), entry.at);
                for column in Column::ALL.iter().copied().filter(|column| !is_the_logs(*column)) {
                    let (says, is) = (account.row.get(column), expected.get(column));
                    if says != is {
                        self.problems.drift(format!(
                            "{place}: finding {}: {} is {} in the log and {} in the document",
                            ordinal.0,
                            column.name(),
                            shown(says),
                            shown(is)
                        ));
                    }
                }
            }
        }
    }

    /// Takes over that a finding was seen again.
    pub fn see_again(&mut self, ordinal: Ordinal, seen: &Seen, at: Instant) {
        // One that was never created is named where the entry is accepted.
        let Some(account) = self.findings.get_mut(&ordinal) else { return };
        if Seen::of_row(&account.row) < *seen {
            seen.cells().into_iter().for_each(|(column, cell)| account.row.set(column, cell));
        }
        account.row.set(Column::LastSeen, Cell::Int(at.0));
    }

    /// Takes for known, before a change is taken over, the timestamps that the change leaves as they were: for whoever knows
    /// documents, and not what was seen between them.
    pub fn assume_seen(&mut self, change: &Change, document: &Evidence) {
        let Some(Ok(finding)) = document.finding() else { return };
        let account = self.findings.entry(change.ordinal).or_default();
        for (column, cell) in newest_seen(None, &finding).cells() {
            if !change.columns.contains_key(column.name()) {
                account.row.set(column, cell);
            }
        }
    }

    /// Complains when an anchor was given and no commit had that chain hash.
    pub fn check_anchor(&mut self) {
        if let Some(anchor) = self.anchor.filter(|_| !self.anchored) {
            self.problems
                .add(format!("no commit has the chain hash {}: this log does not extend the anchor", anchor.hex()));
        }
    }
}

/// Kind and actor of a document must be what its log entry says.
fn attribution_problem(place: Place, body: &Body, change: &Change, document: &Evidence) -> Option<String> {
    let actor = body.actors.get(change.actor);
    let agrees = document.kind() == change.kind && actor.is_none_or(|actor| actor == document.actor());
    let ordinal = change.ordinal.0;
    (!agrees).then(|| format!("{place}: the document of finding {ordinal} names another kind or actor than the log"))
}

fn kind_of(first: bool, before: &Cell, after: &Cell) -> Kind {
    let is = |cell: &Cell, presence: Presence| cell.text() == Some(presence.word());
    match first {
        true => Kind::Created,
        false if is(before, Presence::Active) && is(after, Presence::Gone) => Kind::Gone,
        false if is(before, Presence::Gone) && is(after, Presence::Active) => Kind::Returned,
        false => Kind::Changed,
    }
}

/// The columns that a document makes, over the timestamps that were known before it.
fn expected_row(finding: &Finding, seen: Option<&Seen>, at: Instant) -> Row {
    let mut row = Row::of(finding, at);
    for (column, cell) in newest_seen(seen, finding).cells() {
        row.set(column, cell);
    }
    row
}

/// Columns that no document holds.
fn is_the_logs(column: Column) -> bool {
    matches!(column, Column::LastSeen | Column::DocumentAt)
}

/// A cell in a message: at most 80 characters.
pub(super) fn shown(cell: &Cell) -> String {
    let whole = match cell {
        Cell::None => return "absent".to_owned(),
        Cell::Int(number) => return number.to_string(),
        Cell::Text(text) => format!("{text:?}"),
        Cell::Texts(texts) => format!("{texts:?}"),
    };
    match whole.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", whole.split_at(end).0),
        None => whole,
    }
}
