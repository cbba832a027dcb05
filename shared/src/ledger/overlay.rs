//! An overlay: what the log entries after a base changed, by finding.

use super::entry::Entry;
use crate::domain::column::SEEN_TEXTS;
use crate::domain::{Cell, Column, Family, Instant, Ordinal, Row, Seen};
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
    /// What moved the timestamps, in log order: a change names only those that differ from what was seen before it.
    seen: Vec<Step>,
    last_seen: Option<Instant>,
}

/// One move of a finding's timestamps.
#[derive(Debug, Clone)]
enum Step {
    Changed(Vec<(Column, Cell)>),
    Observed(Seen),
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
                put(patch.cells_of(column), column, cell);
            }
            self.count = self.count.max(change.ordinal.0.saturating_add(1));
        }
        for observed in &entry.body.observed {
            for ordinal in &observed.ordinals {
                let patch = self.rows.entry(*ordinal).or_default();
                match patch.seen.last_mut() {
                    Some(Step::Observed(seen)) if *seen >= observed.seen => {}
                    Some(Step::Observed(seen)) => *seen = observed.seen.clone(),
                    _ => patch.seen.push(Step::Observed(observed.seen.clone())),
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
            (family == Family::Seen && !patch.seen.is_empty())
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
        let mut row = Row::default();
        for column in SEEN_TEXTS.into_iter().chain([Column::EnvelopeTime]) {
            row.set(column, below(column)?);
        }
        for step in &patch.seen {
            match step {
                Step::Changed(cells) => cells.iter().for_each(|(column, cell)| row.set(*column, cell.clone())),
                // Observed timestamps count only where they are the newest, whatever the order of arrival.
                Step::Observed(seen) if *seen > Seen::of_row(&row) => {
                    seen.cells().into_iter().for_each(|(column, cell)| row.set(column, cell));
                }
                Step::Observed(_) => {}
            }
        }
        Ok(row.get(column).clone())
    }
}

impl Patch {
    /// Where a change's value of a column goes.
    fn cells_of(&mut self, column: Column) -> &mut Vec<(Column, Cell)> {
        if column.family() != Family::Seen || column == Column::LastSeen {
            return &mut self.cells;
        }
        if !matches!(self.seen.last(), Some(Step::Changed(_))) {
            self.seen.push(Step::Changed(Vec::new()));
        }
        match self.seen.last_mut() {
            Some(Step::Changed(cells)) => cells,
            _ => &mut self.cells,
        }
    }
}

fn put(cells: &mut Vec<(Column, Cell)>, column: Column, cell: Cell) {
    match cells.iter_mut().find(|(c, _)| *c == column) {
        Some(place) => place.1 = cell,
        None => cells.push((column, cell)),
    }
}
