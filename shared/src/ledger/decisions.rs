//! The decisions of a tenant, newest first: what the log says of who, when and what, and the documents of why.

use super::changes::{Recorded, of_entry};
use super::entry::Entry;
use super::store::Range;
use super::{Reader, keys};
use crate::domain::{Error, Instant, Ordinal, TenantId};

/// Log entries read at a time.
const ENTRIES: usize = 200;
/// Times that one request reads on while it finds too few decisions.
const READS: usize = 10;

/// A place in the log: before this finding's change at this instant, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The commit.
    pub at: Instant,
    /// The finding.
    pub ordinal: Ordinal,
}

/// A stretch of the decisions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decisions {
    /// Newest first.
    pub recorded: Vec<Recorded>,
    /// Where to go on.
    pub next: Option<Place>,
}

impl Reader {
    /// The decisions between two instants, both included, that lie before a place: at most `limit`, and fewer with more
    /// behind them where the log holds few. Reads 2,000 entries of log at most.
    pub async fn decisions(
        &self,
        tenant: &TenantId,
        (from, to): (Option<Instant>, Option<Instant>),
        before: Option<Place>,
        limit: usize,
    ) -> Result<Decisions, Error> {
        let mut found: Vec<Recorded> = Vec::new();
        let mut end = match (to, before.map(|place| place.at)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let mut next = None;
        for _ in 0..READS {
            if end.is_some_and(|end| end < from.unwrap_or(Instant(0))) {
                break;
            }
            let range = Range {
                from: from.map(Instant::key),
                to: end.map(Instant::key),
                newest_first: true,
                limit: Some(ENTRIES),
                consistent: true,
            };
            let (items, more) = self.store.query_page(&keys::log_partition(tenant), &range).await?;
            let entries = items.iter().map(Entry::from_item).collect::<Result<Vec<_>, _>>()?;
            for entry in &entries {
                let is_due = |ordinal: Ordinal| before.is_none_or(|b| entry.at < b.at || ordinal < b.ordinal);
                found.extend(decisions_of(entry).filter(|recorded| is_due(recorded.ordinal)));
            }
            let last = entries.last().map(|entry| entry.at);
            if found.len() > limit {
                found.truncate(limit);
                next = found.last().map(|last| Place { at: last.position.at, ordinal: last.ordinal });
                break;
            }
            // A place before every finding of an entry: all of it has been looked at.
            next = last.filter(|_| more).map(|at| Place { at, ordinal: Ordinal(0) });
            let Some(last) = next else { break };
            end = Some(last.at.plus(-1));
        }
        let kept = self.recall(tenant, &mut found).await?;
        if kept < found.len() {
            found.truncate(kept);
            next = found.last().map(|last| Place { at: last.position.at, ordinal: last.ordinal });
        }
        Ok(Decisions { recorded: found, next })
    }
}

/// The decisions of an entry, those of the latest findings first.
fn decisions_of(entry: &Entry) -> impl Iterator<Item = Recorded> {
    let is_one = |change: &Recorded| change.actor.source.is_decision();
    of_entry(entry).rev().filter(is_one)
}
