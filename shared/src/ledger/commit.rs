//! Commits: one DynamoDB transaction each, compare-and-set on the head. A commit is whole or absent.

use super::entry::{Body, Change, Entry, Observed};
use super::item::{Item, Key};
use super::items::{Document, Expiry, FindingItem, Head};
use super::proof::{Hash, root};
use super::rules::Versions;
use super::store::{Condition, ConditionalPut, Transacted};
use super::{Writer, keys};
use crate::domain::{
    Actor, Cell, Column, Error, Finding, FindingKey, Instant, Kind, Ordinal, Presence, Row, Seen, TenantId, Write,
};
use crate::secrets;
use crate::tally;
use std::collections::{BTreeMap, BTreeSet};

/// Items per transaction (a limit of DynamoDB).
pub(super) const TRANSACTION_ITEMS: usize = 100;
/// Bytes per transaction: DynamoDB takes 4 MB, we leave room.
const TRANSACTION_BYTES: usize = 3_500_000;
/// Uncompressed bytes per log entry, so that an entry stays below an item's 400 KB even when nothing compresses.
const ENTRY_BYTES: usize = 350_000;
/// The largest compressed document.
pub(super) const DOCUMENT_BYTES: usize = 380_000;
/// What the log keeps the former values of: what the state of a finding at an instant is evaluated from.
pub(super) const JUDGED: [Column; 5] =
    [Column::Result, Column::Severity, Column::Status, Column::Presence, Column::ExpiresAt];
/// What a change adds to an entry beside its columns, roughly.
const CHANGE_BYTES: usize = 80;

/// What is known of a finding before a change.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub item: FindingItem,
    /// The newest timestamps, where somebody had to know them without the document.
    pub newest: Option<Seen>,
    /// The newest document with the newest timestamps laid over, and those timestamps.
    pub document: Option<(Finding, Seen)>,
}

impl Known {
    /// Takes newer timestamps over, so that the next decision starts from them.
    pub fn see_again(&mut self, newer: &Seen) {
        if let Some(newest) = self.newest.as_mut().filter(|newest| **newest < *newer) {
            *newest = newer.clone();
        }
        if let Some((finding, seen)) = self.document.as_mut().filter(|(_, seen)| *seen < *newer) {
            *seen = newer.clone();
            crate::domain::asff::lay_over(finding, seen);
        }
    }
}

/// What was found of a finding before a change.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub known: Option<Known>,
    /// The finding's item points past the log, as only a restore can leave it: the finding counts as absent, and the
    /// item is overwritten. The instant that it names.
    pub stray: Option<Instant>,
}

/// A change that is to go into a commit.
#[derive(Debug)]
pub(super) struct Staged {
    document: Item,
    document_leaf: (Key, Hash),
    finding: Item,
    finding_condition: Condition,
    expiry: Option<(Item, Hash, Key)>,
    /// The rule whose list of versions this change lets grow.
    pub rule: Option<String>,
    change: Change,
    actor: Actor,
    bytes: usize,
    entry_bytes: usize,
}

/// A commit in the making.
#[derive(Debug)]
pub(super) struct Draft {
    pub head: Head,
    pub at: Instant,
    pub next_ordinal: u32,
    staged: Vec<Staged>,
    /// Lists of rule versions that have grown.
    rules: BTreeMap<String, Versions>,
    touched: BTreeSet<Ordinal>,
    observed: BTreeMap<Seen, BTreeSet<Ordinal>>,
    bytes: usize,
    entry_bytes: usize,
    items: usize,
}

/// How a commit ended.
#[derive(Debug)]
pub(super) enum Committed {
    /// It is in the log; this is the head now.
    Done(Head),
    /// Somebody else was first: decide again.
    Lost,
    /// The table takes no more now.
    Throttled,
}

impl Draft {
    /// The commit that follows `head`.
    pub fn after(head: Head, now: Instant) -> Self {
        let at = if head.seq == 0 { now } else { now.max(head.at.plus(1)) };
        Self {
            at,
            next_ordinal: head.next_ordinal,
            head,
            staged: Vec::new(),
            rules: BTreeMap::new(),
            touched: BTreeSet::new(),
            observed: BTreeMap::new(),
            bytes: 0,
            entry_bytes: 0,
            // Head and log entry.
            items: 2,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.staged.is_empty() && self.observed.is_empty()
    }

    /// Whether it touches a finding already. A change then belongs into the next commit: a finding is changed at most
    /// once in one, and before it is seen again.
    pub fn touches(&self, ordinal: Ordinal) -> bool {
        self.touched.contains(&ordinal)
    }

    /// Whether there is no room for another change of the usual size.
    pub fn is_full(&self) -> bool {
        self.items + 2 > TRANSACTION_ITEMS || self.entry_bytes > ENTRY_BYTES || self.bytes > TRANSACTION_BYTES
    }

    /// Whether `staged` still fits.
    pub fn has_room_for(&self, staged: &Staged) -> bool {
        let items = self.items_of(staged);
        self.is_empty()
            || (self.items + items <= TRANSACTION_ITEMS
                && self.bytes + staged.bytes <= TRANSACTION_BYTES
                && self.entry_bytes + staged.entry_bytes <= ENTRY_BYTES)
    }

    /// Whether timestamps still fit.
    pub fn has_room_to_observe(&self, seen: &Seen) -> bool {
        self.is_empty() || self.entry_bytes + observed_bytes(seen) <= ENTRY_BYTES
    }

    fn items_of(&self, staged: &Staged) -> usize {
        let grown = staged.rule.as_ref().is_some_and(|id| !self.rules.contains_key(id));
        2 + usize::from(staged.expiry.is_some()) + usize::from(grown)
    }

    /// Takes a change in; `versions` is its rule's list where the change lets that grow.
    pub fn add(&mut self, staged: Staged, versions: Option<Versions>) {
        self.items += self.items_of(&staged);
        self.rules.extend(staged.rule.clone().zip(versions));
        self.bytes += staged.bytes;
        self.entry_bytes += staged.entry_bytes;
        let ordinal = staged.change.ordinal;
        self.next_ordinal = self.next_ordinal.max(ordinal.0.saturating_add(1));
        self.touched.insert(ordinal);
        self.staged.push(staged);
    }

    /// The rules whose lists have grown.
    pub fn grown(&self) -> Vec<String> {
        self.rules.keys().cloned().collect()
    }

    pub fn observe(&mut self, ordinal: Ordinal, seen: &Seen) {
        self.touched.insert(ordinal);
        if let Some(ordinals) = self.observed.get_mut(seen) {
            if ordinals.insert(ordinal) {
                self.entry_bytes += 9;
            }
            return;
        }
        self.entry_bytes += observed_bytes(seen);
        self.observed.insert(seen.clone(), BTreeSet::from([ordinal]));
    }
}

/// What timestamps that no finding of the entry has had yet add to it.
fn observed_bytes(seen: &Seen) -> usize {
    60 + seen.texts.iter().chain([&seen.envelope]).flatten().map(String::len).sum::<usize>()
}

/// Prepares a change of one finding. `Ok(None)` when the finding's document is too large to be stored.
pub(super) fn stage(
    tenant: &TenantId,
    found: &Before,
    ordinal: Ordinal,
    at: Instant,
    write: Write,
    sent: Option<(String, String)>,
) -> Result<Option<(Staged, Known)>, Error> {
    let Write { mut finding, actor, hash: _ } = write;
    let known = found.known.as_ref();
    let before = known.and_then(|known| known.document.as_ref());
    finding.standing.changed_at = changed_at(before.map(|(finding, _)| finding), &finding, at);
    let kind = kind_of(before.map(|(finding, _)| finding), &finding);
    let document = Document::new(ordinal, at, kind, &actor, &finding)?;
    let document_item = document.to_item(tenant)?;
    if document_item.size() > DOCUMENT_BYTES {
        return Ok(None);
    }
    let row_before = before.map(|(finding, seen)| row(finding, seen, at));
    let seen = newest_seen(before.map(|(_, seen)| seen), &finding);
    let row_after = row(&finding, &seen, at);
    let change = change(ordinal, kind, row_before.as_ref(), &row_after);
    let key = finding.key();
    let (sent, seen_hash) = sent.unzip();
    let newest = (seen.updated_at(), seen.envelope_at());
    let item = FindingItem { ordinal, document_at: at, sent, seen: seen_hash, newest };
    let expiry = expiry(tenant, before.map(|(finding, _)| finding), &finding, &key, ordinal, at)?;
    let finding_item = item.to_item(tenant, &key);
    let entry_bytes = CHANGE_BYTES + serde_json::to_string(&change).map_err(Error::internal)?.len();
    let bytes = document_item.size()
        + finding_item.size()
        + expiry.as_ref().map_or(0, |(item, _, _)| item.size())
        + entry_bytes;
    let staged = Staged {
        document_leaf: (keys::document(tenant, ordinal, at), document.leaf(tenant)),
        document: document_item,
        finding: finding_item,
        finding_condition: match known.map(|known| known.item.document_at).or(found.stray) {
            None => Condition::Absent,
            Some(at) => Condition::Number("document_at", at.0.unsigned_abs()),
        },
        expiry,
        rule: None,
        change,
        actor,
        bytes,
        entry_bytes,
    };
    crate::domain::asff::lay_over(&mut finding, &seen);
    Ok(Some((staged, Known { item, newest: None, document: Some((finding, seen)) })))
}

/// The recorded row of a finding whose newest timestamps are `seen`.
fn row(finding: &Finding, seen: &Seen, at: Instant) -> Row {
    let mut row = Row::of(finding, at);
    for (column, cell) in seen.cells() {
        row.set(column, cell);
    }
    row
}

/// The timestamps after a change: never older than those before.
pub(super) fn newest_seen(before: Option<&Seen>, finding: &Finding) -> Seen {
    let envelope = Column::EnvelopeTime.of(finding, Instant(0));
    let own = Seen::of(&finding.asff, envelope.text());
    match before {
        Some(before) if *before > own => before.clone(),
        _ => own,
    }
}

/// When the evaluated state last changed in what a row of net changes can show, given that `after` is recorded at `at`.
fn changed_at(before: Option<&Finding>, after: &Finding, at: Instant) -> Instant {
    let before = before.map(|finding| finding.clone().evaluated(at));
    match before {
        Some(before) if before.state().shown() == after.clone().evaluated(at).state().shown() => {
            before.standing.changed_at
        }
        _ => at,
    }
}

fn kind_of(before: Option<&Finding>, after: &Finding) -> Kind {
    match (before.map(|finding| finding.standing.presence), after.standing.presence) {
        (None, _) => Kind::Created,
        (Some(Presence::Active), Presence::Gone) => Kind::Gone,
        (Some(Presence::Gone), Presence::Active) => Kind::Returned,
        (Some(_), _) => Kind::Changed,
    }
}

/// The log's account of a change.
fn change(ordinal: Ordinal, kind: Kind, before: Option<&Row>, after: &Row) -> Change {
    let nothing = Row::default();
    let delta = before.unwrap_or(&nothing).delta(after);
    let implied = |column: &Column| matches!(column, Column::DocumentAt | Column::LastSeen);
    let columns: BTreeMap<String, Cell> = delta
        .into_iter()
        .filter(|(column, _)| !implied(column))
        .map(|(column, cell)| (column.name().to_owned(), cell))
        .collect();
    let before = JUDGED
        .into_iter()
        .filter(|column| before.is_some() && columns.contains_key(column.name()))
        .map(|column| (column.name().to_owned(), before.unwrap_or(&nothing).get(column).clone()))
        .collect();
    Change { ordinal, kind, actor: 0, before, columns }
}

/// The expiry item of an acceptance that this change brought.
fn expiry(
    tenant: &TenantId,
    before: Option<&Finding>,
    after: &Finding,
    key: &FindingKey,
    ordinal: Ordinal,
    at: Instant,
) -> Result<Option<(Item, Hash, Key)>, Error> {
    let had = before.and_then(|finding| finding.standing.acceptance.as_ref());
    let Some(acceptance) = after.standing.acceptance.as_ref().filter(|acceptance| had != Some(acceptance)) else {
        return Ok(None);
    };
    let Some(expires_at) = acceptance.expires_at else { return Ok(None) };
    let salt = secrets::random::<16>()?.to_vec();
    let expiry = Expiry { expires_at, ordinal, at, key: key.clone(), salt };
    let place = keys::expiry(tenant, expires_at, ordinal, at);
    Ok(Some((expiry.to_item(tenant), expiry.leaf(tenant), place)))
}

impl Writer {
    /// Carries a draft out.
    pub(super) async fn commit(&self, tenant: &TenantId, draft: Draft) -> Result<Committed, Error> {
        let commit = secrets::hex(&secrets::random::<16>()?);
        let mut leaves = Vec::with_capacity(draft.staged.len());
        let mut puts = Vec::with_capacity(draft.items);
        let mut actors: Vec<Actor> = Vec::new();
        let mut changes = Vec::with_capacity(draft.staged.len());
        for mut staged in draft.staged {
            staged.change.actor = match actors.iter().position(|actor| *actor == staged.actor) {
                Some(place) => place,
                None => {
                    actors.push(staged.actor);
                    actors.len() - 1
                }
            };
            changes.push(staged.change);
            leaves.push(staged.document_leaf);
            puts.push(ConditionalPut { item: staged.document, condition: Condition::Absent });
            puts.push(ConditionalPut { item: staged.finding, condition: staged.finding_condition });
            if let Some((item, leaf, key)) = staged.expiry {
                leaves.push((key, leaf));
                puts.push(ConditionalPut { item, condition: Condition::Absent });
            }
        }
        puts.extend(draft.rules.iter().map(|(id, versions)| versions.put(tenant, id)));
        changes.sort_by_key(|change| change.ordinal);
        let observed = draft
            .observed
            .into_iter()
            .map(|(seen, ordinals)| Observed { seen, ordinals: ordinals.into_iter().collect() })
            .collect();
        let body = Body { commit: commit.clone(), root: root(leaves).hex(), actors, changes, observed };
        let seq = draft.head.seq + 1;
        let mut entry = Entry::new(tenant, seq, draft.at, draft.head.chain, body)?;
        let log_item = entry.to_item(tenant)?;
        entry.size = log_item.size();
        let head = Head {
            seq,
            at: draft.at,
            next_ordinal: draft.next_ordinal,
            chain: entry.chain,
            log_bytes: draft.head.log_bytes + entry.size as u64,
        };
        let head_condition = match draft.head.seq {
            0 => Condition::Absent,
            seq => Condition::Number("seq", seq),
        };
        puts.push(ConditionalPut { item: log_item, condition: Condition::Absent });
        puts.push(ConditionalPut { item: head.to_item(tenant), condition: head_condition });
        let ended = self.store.transact(puts, &commit).await?;
        let done = match &ended {
            Transacted::Done => true,
            // A repeated or unanswered request may have been carried out: the log tells.
            Transacted::Lost | Transacted::Unknown(_) => self.is_committed(tenant, draft.at, &commit).await?,
            Transacted::Throttled => false,
        };
        if done {
            self.cache.append(tenant, entry);
            tally::committed();
            return Ok(Committed::Done(head));
        }
        if let Transacted::Unknown(reason) = &ended {
            tracing::warn!(tenant = %tenant, seq, reason, "a commit was not carried out; deciding again");
        }
        tally::lost();
        Ok(if matches!(ended, Transacted::Throttled) { Committed::Throttled } else { Committed::Lost })
    }

    async fn is_committed(&self, tenant: &TenantId, at: Instant, commit: &str) -> Result<bool, Error> {
        let item = self.store.get(&keys::log_entry(tenant, at), true).await?;
        Ok(match item {
            Some(item) => Entry::from_item(&item)?.body.commit == commit,
            None => false,
        })
    }
}
