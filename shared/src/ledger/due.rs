//! Acceptances that have run out since a worker last looked, in stretches, none of them missed.
//!
//! Expiry items lie in the order of their ends, so a worker would only have to go on where it stopped, if an item could
//! not be written behind it: with an end that was past already, or by a writer whose clock is late. Therefore a
//! [`Reach`] has two parts: the position in the log up to which every acceptance is known, and the expiry item up to
//! which every end among them was looked at. What an entry after that position accepted with an end before that item
//! is found in the log, and so is a finding whose older acceptance counts again. Everything else is found by its item.

use super::entry::Entry;
use super::items::{Expiry, Head};
use super::store::Range;
use super::{Need, When, Writer, keys};
use crate::domain::finding::Vocabulary;
use crate::domain::{Cell, Column, Error, Family, FindingKey, Instant, Ordinal, Status, TenantId};
use crate::secrets;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Expiry items of a stretch: what is decided on in one round.
const EXPIRIES: usize = 400;
/// Log entries of a stretch.
const ENTRIES: usize = 400;

/// How far acceptances that ran out were looked at. The default is the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reach {
    /// Acceptances recorded up to here are known.
    log: Option<Position>,
    /// Of those, all that end up to here were looked at.
    expiry: Option<Place>,
}

/// A log entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    seq: u64,
    at: Instant,
    /// The first bytes of its chain hash, by which a table that was restored is noticed.
    chain: String,
}

/// An expiry item, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Place {
    expires_at: Instant,
    ordinal: Ordinal,
    at: Instant,
}

/// Acceptances to look at, and how far one has come when that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// Findings, and the end of an acceptance that each had.
    pub due: Vec<(FindingKey, Instant)>,
    /// Where to go on afterwards.
    pub next: Reach,
    /// Whether that is everything up to `until`.
    pub complete: bool,
    /// The present, as the ledger sees it.
    pub until: Instant,
}

impl Reach {
    /// Reads [`Reach::to_text`] back; the beginning for anything else, from where everything is found again.
    pub fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// Whether the same part of the log is known to both.
    pub fn knows_as_much_as(&self, other: &Self) -> bool {
        self.log == other.log
    }

    /// The text of a checkpoint.
    pub fn to_text(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(Error::internal)
    }
}

impl Position {
    fn of(seq: u64, at: Instant, chain: [u8; 8]) -> Self {
        Self { seq, at, chain: secrets::hex(&chain) }
    }

    fn of_entry(entry: &Entry) -> Self {
        Self::of(entry.seq, entry.at, entry.chain.short())
    }

    fn of_head(head: &Head) -> Self {
        Self::of(head.seq, head.at, head.chain.short())
    }
}

impl Place {
    fn of(expiry: &Expiry) -> Self {
        Self { expires_at: expiry.expires_at, ordinal: expiry.ordinal, at: expiry.at }
    }

    /// After everything that ends at `until`.
    fn after(until: Instant) -> Self {
        Self { expires_at: until, ordinal: Ordinal(u32::MAX), at: Instant::LAST }
    }
}

impl Writer {
    /// The next stretch of acceptances that may have run out. They are to be decided on before `next` is remembered.
    ///
    /// Two requests when there is nothing; [`Error::Internal`] when the log has a gap.
    pub async fn ran_out(&self, tenant: &TenantId, reach: &Reach) -> Result<Stretch, Error> {
        let head = self.head(tenant).await?;
        let until = self.clock.now().max(head.at);
        if head.seq == 0 {
            return Ok(Stretch { due: Vec::new(), next: Reach::default(), complete: true, until });
        }
        let Some((reach, entries)) = self.entries_since(tenant, reach, &head).await? else {
            // The table was restored, or this is the beginning: every end is looked at by its item.
            return self.ends(tenant, &Reach { log: Some(Position::of_head(&head)), expiry: None }, until).await;
        };
        let mut due = self.late(tenant, &reach, &entries).await?;
        let log = entries.last().map(Position::of_entry).or(reach.log);
        let caught_up = log.as_ref().is_some_and(|log| log.seq >= head.seq);
        let reach = Reach { log, expiry: reach.expiry };
        if !caught_up {
            return Ok(Stretch { due, next: reach, complete: false, until });
        }
        let mut stretch = self.ends(tenant, &reach, until).await?;
        due.append(&mut stretch.due);
        Ok(Stretch { due, ..stretch })
    }

    /// The next entries that were committed since, up to the head; `None` without a position that is in this log.
    async fn entries_since(
        &self,
        tenant: &TenantId,
        reach: &Reach,
        head: &Head,
    ) -> Result<Option<(Reach, Vec<Entry>)>, Error> {
        let Some(position) = &reach.log else { return Ok(None) };
        if *position == Position::of_head(head) {
            return Ok(Some((reach.clone(), Vec::new())));
        }
        if position.seq >= head.seq {
            return Ok(None);
        }
        let range = Range {
            from: Some(position.at.key()),
            to: Some(head.at.key()),
            limit: Some(ENTRIES),
            consistent: true,
            ..Range::default()
        };
        let (items, _) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
        let mut entries = items.iter().map(Entry::from_item).collect::<Result<Vec<_>, _>>()?;
        if entries.first().map(Position::of_entry).as_ref() != Some(position) {
            return Ok(None);
        }
        // The head was read before, so whatever is up to it is there.
        if entries.len() == 1 || !entries.windows(2).all(|pair| matches!(pair, [a, b] if b.previous == a.chain)) {
            return Err(Error::internal(format!("the log of tenant {tenant} has a gap; run verify")));
        }
        entries.remove(0);
        Ok(Some((reach.clone(), entries)))
    }

    /// What entries accepted, or let count again, with an end that `reach` has passed and that nobody has recorded.
    async fn late(
        &self,
        tenant: &TenantId,
        reach: &Reach,
        entries: &[Entry],
    ) -> Result<Vec<(FindingKey, Instant)>, Error> {
        let Some(passed) = reach.expiry else { return Ok(Vec::new()) };
        let changes = entries.iter().flat_map(|entry| &entry.body.changes);
        let touched = changes.filter(|change| {
            let cell = |column: Column| change.columns.get(column.name());
            match cell(Column::ExpiresAt).and_then(Cell::int) {
                Some(end) => end <= passed.expires_at.0,
                None => cell(Column::Status).and_then(Cell::text) == Some(Status::RiskAccepted.word()),
            }
        });
        let touched: BTreeSet<Ordinal> = touched.map(|change| change.ordinal).collect();
        if touched.is_empty() {
            return Ok(Vec::new());
        }
        let need = Need::of([Family::Core, Family::Seen], touched.iter().copied());
        let view = self.view(tenant, When::Now, &need).await?;
        let mut ended = Vec::new();
        for ordinal in touched {
            let end = view.cell(ordinal, Column::ExpiresAt)?.int();
            let status = view.cell(ordinal, Column::Status)?;
            if end.is_some_and(|end| end <= view.at.0) && status.text() == Some(Status::NeedsReview.word()) {
                ended.push(ordinal);
            }
        }
        let found = self.documents(tenant, &view, &ended).await?.into_iter();
        let end = |finding: &crate::domain::Finding| finding.standing.acceptance.as_ref()?.expires_at;
        Ok(found.filter_map(|found| Some((found.finding.key(), end(&found.finding)?))).collect())
    }

    /// The next acceptances that end after `reach` and up to `until`.
    async fn ends(&self, tenant: &TenantId, reach: &Reach, until: Instant) -> Result<Stretch, Error> {
        let range = Range {
            // `!` sorts before every character of a key, and after the key that it follows.
            from: reach.expiry.map(|p| format!("{}!", keys::expiry(tenant, p.expires_at, p.ordinal, p.at).sk)),
            to: Some(keys::expiry(tenant, until, Ordinal(u32::MAX), Instant::LAST).sk),
            limit: Some(EXPIRIES),
            consistent: true,
            ..Range::default()
        };
        if range.from > range.to {
            // The clock has been set back.
            return Ok(Stretch { due: Vec::new(), next: reach.clone(), complete: true, until });
        }
        let (items, more) = self.store.query(&keys::expiry_partition(tenant), &range).await?;
        let expiries = items.iter().map(Expiry::from_item).collect::<Result<Vec<_>, _>>()?;
        let last = expiries.last().filter(|_| more).map(Place::of);
        let expiry = Some(last.unwrap_or_else(|| Place::after(until)));
        let due = expiries.into_iter().map(|expiry| (expiry.key, expiry.expires_at)).collect();
        Ok(Stretch { due, next: Reach { log: reach.log.clone(), expiry }, complete: !more, until })
    }
}
