//! An overlay: what the log entries after a base changed, by finding.

use super::entry::Entry;
use crate::domain::{Cell, Column, Family, Instant, Ordinal, Seen};
use std::collections::BTreeMap;

/// What entries changed, by finding.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    rows: BTreeMap<Ordinal, Patch>,
    /// How many findings there are, counting those of the base.
    pub count: u32,
}

/// What entries changed of one finding.
#[derive(Debug, Clone, Default)]
struct Patch {
    cells: Vec<(Column, Cell)>,
    observed: Option<Seen>,
    last_seen: Option<Instant>,
}

impl Overlay {
    /// An empty overlay over a base of so many findings.
    pub fn new(count: u32) -> Self {
        Self { rows: BTreeMap::new(), count }
    }

    /// Adds the next entry.
    pub fn apply(&mut self, entry: &Entry) {
        for change in &entry.body.changes {
            let patch = self.rows.entry(change.ordinal).or_default();
            for (column, cell) in change.cells(entry.at, entry.body.source(change)) {
                match patch.cells.iter_mut().find(|(c, _)| *c == column) {
                    Some(place) => place.1 = cell,
                    None => patch.cells.push((column, cell)),
                }
            }
            self.count = self.count.max(change.ordinal.0.saturating_add(1));
        }
        for observed in &entry.body.observed {
            for ordinal in &observed.ordinals {
                let patch = self.rows.entry(*ordinal).or_default();
                if patch.observed.as_ref().is_none_or(|seen| *seen < observed.seen) {
                    patch.observed = Some(observed.seen.clone());
                }
                patch.last_seen = Some(entry.at);
            }
        }
    }

    /// The findings that it says anything about.
    pub fn ordinals(&self) -> impl Iterator<Item = Ordinal> {
        self.rows.keys().copied()
    }

    /// Whether a family of a finding is touched.
    pub fn touches(&self, ordinal: Ordinal, family: Family) -> bool {
        self.rows.get(&ordinal).is_some_and(|patch| {
            (family == Family::Seen && patch.observed.is_some())
                || patch.cells.iter().any(|(column, _)| column.family() == family)
        })
    }

    /// A finding's value, where `below` gives the base's.
    pub fn cell<E>(
        &self,
        ordinal: Ordinal,
        column: Column,
        below: &dyn Fn(Column) -> Result<Cell, E>,
    ) -> Result<Cell, E> {
        let Some(patch) = self.rows.get(&ordinal) else { return below(column) };
        let changed = |column: Column| match patch.cells.iter().find(|(c, _)| *c == column) {
            Some((_, cell)) => Ok(cell.clone()),
            None => below(column),
        };
        if column.family() != Family::Seen {
            return changed(column);
        }
        if column == Column::LastSeen {
            let observed = patch.last_seen.map_or(Cell::None, |at| Cell::Int(at.0));
            return Ok(changed(column)?.max(observed));
        }
        // Observed timestamps count only where they are the newest, whatever the order of arrival.
        let mut newest = Seen::default();
        for (place, column) in newest.texts.iter_mut().zip(crate::domain::column::SEEN_TEXTS) {
            *place = changed(column)?.text().map(str::to_owned);
        }
        newest.envelope = changed(Column::EnvelopeTime)?.text().map(str::to_owned);
        if let Some(observed) = &patch.observed
            && *observed > newest
        {
            newest = observed.clone();
        }
        Ok(newest.cells().into_iter().find(|(c, _)| *c == column).map_or(Cell::None, |(_, cell)| cell))
    }
}
