//! An overlay: what the log entries after a base changed, by finding.

use super::entry::{Change, Entry};
use super::proof::Hash;
use crate::domain::column::SEEN_TEXTS;
use crate::domain::{Cell, Column, Family, Instant, Ordinal, Row, Seen};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What entries changed, by finding.
#[derive(Debug, Clone, Default)]
pub(super) struct Overlay {
    rows: BTreeMap<Ordinal, Patch>,
    /// How many findings there are, counting those of the base.
    pub count: u32,
}

/// What one entry lays over the columns below: of the entry only what is needed for that, because a process that stays warm holds
/// all of them since its base.
#[derive(Debug)]
pub(super) struct Layer {
    pub seq: u64,
    pub at: Instant,
    pub previous: Hash,
    pub chain: Hash,
    /// Stored size of the entry in bytes.
    pub size: usize,
    changes: Vec<Changed>,
    observed: Vec<(Arc<Seen>, Vec<Ordinal>)>,
}

/// Values of some columns of a finding, each once.
type Cells = Arc<Vec<(Column, Cell)>>;

/// What a change did to a finding.
#[derive(Debug)]
struct Changed {
    ordinal: Ordinal,
    /// Of the timestamps that producers sent.
    seen: Cells,
    /// Of all other columns.
    cells: Cells,
}

/// What entries changed of one finding. What only one did is shared with its layer.
#[derive(Debug, Clone, Default)]
struct Patch {
    cells: Cells,
    /// What moved the timestamps, in log order: a change names only those that differ from what was seen before it.
    seen: Vec<Step>,
    last_seen: Option<Instant>,
}

/// One move of a finding's timestamps.
#[derive(Debug, Clone)]
enum Step {
    Changed(Cells),
    Observed(Arc<Seen>),
}

impl Layer {
    /// What of an entry is laid over.
    pub fn of(entry: Entry) -> Self {
        let Entry { seq, at, previous, chain, size, body, .. } = entry;
        let changed = |change: &Change| {
            let (mut seen, mut cells) = (Vec::new(), Vec::new());
            for (column, cell) in change.cells(at, body.source(change)) {
                let is_seen = column.family() == Family::Seen && column != Column::LastSeen;
                put(if is_seen { &mut seen } else { &mut cells }, column, cell);
            }
            cells.shrink_to_fit();
            Changed { ordinal: change.ordinal, seen: Arc::new(seen), cells: Arc::new(cells) }
        };
        let changes = body.changes.iter().map(changed).collect();
        let observed = body.observed.into_iter().map(|one| (Arc::new(one.seen), one.ordinals)).collect();
        Self { seq, at, previous, chain, size, changes, observed }
    }
}

impl Overlay {
    /// An empty overlay over a base of so many findings.
    pub fn new(count: u32) -> Self {
        Self { rows: BTreeMap::new(), count }
    }

    /// Adds the next layer.
    pub fn apply(&mut self, layer: &Layer) {
        for Changed { ordinal, seen, cells } in &layer.changes {
            let patch = self.rows.entry(*ordinal).or_default();
            lay(&mut patch.cells, cells);
            match patch.seen.last_mut() {
                _ if seen.is_empty() => {}
                Some(Step::Changed(below)) => lay(below, seen),
                _ => patch.seen.push(Step::Changed(Arc::clone(seen))),
            }
            self.count = self.count.max(ordinal.0.saturating_add(1));
        }
        for (seen, ordinals) in &layer.observed {
            for ordinal in ordinals {
                let patch = self.rows.entry(*ordinal).or_default();
                match patch.seen.last_mut() {
                    Some(Step::Observed(known)) if *known >= *seen => {}
                    Some(Step::Observed(known)) => *known = Arc::clone(seen),
                    _ => patch.seen.push(Step::Observed(Arc::clone(seen))),
                }
                patch.last_seen = Some(layer.at);
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
                Step::Observed(seen) if **seen > Seen::of_row(&row) => {
                    seen.cells().into_iter().for_each(|(column, cell)| row.set(column, cell));
                }
                Step::Observed(_) => {}
            }
        }
        Ok(row.get(column).clone())
    }
}

/// Lays a change's values over those of the changes before it.
fn lay(below: &mut Cells, cells: &Cells) {
    if below.is_empty() {
        *below = Arc::clone(cells);
    } else if !cells.is_empty() {
        let below = Arc::make_mut(below);
        cells.iter().for_each(|(column, cell)| put(below, *column, cell.clone()));
    }
}

fn put(cells: &mut Vec<(Column, Cell)>, column: Column, cell: Cell) {
    match cells.iter_mut().find(|(c, _)| *c == column) {
        Some(place) => place.1 = cell,
        None => cells.push((column, cell)),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::*;
    use crate::domain::{Actor, Kind, Source};
    use crate::ledger::entry::{Body, Observed};

    fn layer(seq: u64, ordinals: &[u32], columns: &[(&str, &str)], observed: &str) -> Layer {
        let columns: BTreeMap<String, Cell> =
            columns.iter().map(|(name, text)| ((*name).to_owned(), Cell::Text((*text).to_owned()))).collect();
        let change = |ordinal: &u32| Change {
            ordinal: Ordinal(*ordinal),
            kind: Kind::Created,
            actor: 0,
            before: BTreeMap::new(),
            columns: columns.clone(),
        };
        let seen = Seen { texts: [const { None }; 5], envelope: Some(observed.to_owned()) };
        let body = Body {
            commit: "c".to_owned(),
            root: "r".to_owned(),
            actors: vec![Actor { source: Source::Import, identity: "a".to_owned() }],
            changes: ordinals.iter().map(change).collect(),
            observed: vec![Observed { seen, ordinals: vec![Ordinal(7), Ordinal(8)] }],
        };
        let at = Instant(i64::try_from(seq).unwrap());
        Layer::of(Entry {
            format: 1,
            seq,
            at,
            previous: Hash::default(),
            chain: Hash::default(),
            text: String::new(),
            body,
            size: 1,
        })
    }

    /// Of a finding that came with one entry, and of what was seen of many at once, the values are in memory once.
    #[test]
    fn an_overlay_shares_what_its_layers_hold() {
        let first = layer(1, &[1, 2], &[("Title", "t"), ("CreatedAt", "x")], "2026-01-01T00:00:00Z");
        let second = layer(2, &[2], &[("Title", "u")], "2026-01-02T00:00:00Z");
        let mut overlay = Overlay::new(9);
        overlay.apply(&first);
        let shared = |overlay: &Overlay, ordinal: u32, of: &Changed| {
            Arc::ptr_eq(&overlay.rows[&Ordinal(ordinal)].cells, &of.cells)
        };
        assert!(shared(&overlay, 1, &first.changes[0]) && shared(&overlay, 2, &first.changes[1]));
        overlay.apply(&second);
        assert!(shared(&overlay, 1, &first.changes[0]), "only what changed again has values of its own");
        for ordinal in [7, 8] {
            let steps = &overlay.rows[&Ordinal(ordinal)].seen;
            assert!(matches!(steps.as_slice(), [Step::Observed(seen)] if Arc::ptr_eq(seen, &second.observed[0].0)));
        }
        let title = |ordinal: u32| overlay.cell::<()>(Ordinal(ordinal), Column::Title, &|_| Ok(Cell::None)).unwrap();
        assert_eq!(
            [title(1), title(2), title(7)],
            [Cell::Text("t".to_owned()), Cell::Text("u".to_owned()), Cell::None]
        );
        let created = overlay.cell::<()>(Ordinal(2), Column::CreatedAt, &|_| Ok(Cell::None));
        assert_eq!(created, Ok(Cell::Text("x".to_owned())), "what a later change does not name stays");
    }
}
