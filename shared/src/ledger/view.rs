//! A view: the columns of one tenant as of one instant, in memory.

use super::base::Base;
use super::overlay::Overlay;
use super::proof::Hash;
use super::read::Former;
use super::segment::{Block, Coded, SEGMENT_ROWS};
use crate::domain::finding::Vocabulary;
use crate::domain::query::{DerivedField, Filter, Test};
use crate::domain::{AsOf, Cell, Column, Error, FindingKey, Instant, Judged, Ordinal, Presence, Row, Seen, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The columns of one tenant as of one instant.
///
/// `seq` bounds the data; `at` is the clock by which acceptances expire.
#[derive(Debug, Clone)]
pub struct View {
    /// The instant.
    pub at: Instant,
    /// The newest commit in it.
    pub seq: u64,
    /// That commit's chain hash.
    pub chain: Hash,
    pub(super) tip_at: Instant,
    pub(super) tail_bytes: u64,
    pub(super) base: Arc<Base>,
    pub(super) overlay: Arc<Overlay>,
}

/// A column and the block that holds it, if there is one.
type Held = (Column, Option<Arc<Block>>);

/// Findings that have the same values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: u32,
    /// The first one ever seen.
    pub first: Ordinal,
}

impl View {
    /// The state that it is, as clients may name it.
    pub fn as_of(&self) -> AsOf {
        AsOf { at: self.at, seq: Some(self.seq) }
    }

    /// When the newest commit in it was made.
    pub fn committed_at(&self) -> Instant {
        self.tip_at
    }

    /// The finding of a number by its producer's names. The families `core` and `ids` must have been loaded.
    pub fn key(&self, ordinal: Ordinal) -> Result<FindingKey, Error> {
        let text = |column: Column| {
            let cell = self.recorded_cell(ordinal, column)?;
            let absent = || Error::internal(format!("finding {} has no {}", ordinal.0, column.name()));
            cell.text().map(str::to_owned).ok_or_else(absent)
        };
        Ok(FindingKey { product_arn: text(Column::ProductArn)?, id: text(Column::Id)? })
    }

    /// How many findings were ever seen.
    pub fn count(&self) -> u32 {
        self.overlay.count
    }

    /// A finding's value, evaluated at the view's instant. The column's family must have been loaded.
    pub fn cell(&self, ordinal: Ordinal, column: Column) -> Result<Cell, Error> {
        let raw = |column| self.recorded_cell(ordinal, column);
        let expired = || -> Result<Option<i64>, Error> {
            let expires = raw(Column::ExpiresAt)?.int().filter(|at| *at <= self.at.0);
            Ok(expires.filter(|_| matches!(raw(Column::Status), Ok(cell) if is_accepted(&cell))))
        };
        match column {
            Column::Status if expired()?.is_some() => Ok(Cell::Text(Status::NeedsReview.word().to_owned())),
            Column::WorkflowStatus if expired()?.is_some() => Ok(Cell::Text("NOTIFIED".to_owned())),
            // Something else may have changed since the expiry, and an expiry changes nothing of what is gone.
            Column::ChangedAt => {
                let expired = expired()?.filter(|_| matches!(raw(Column::Presence), Ok(cell) if !is_gone(&cell)));
                Ok(raw(column)?.max(expired.map_or(Cell::None, Cell::Int)))
            }
            _ => raw(column),
        }
    }

    /// A finding's value as recorded, not evaluated.
    pub(super) fn recorded_cell(&self, ordinal: Ordinal, column: Column) -> Result<Cell, Error> {
        self.overlay.cell(ordinal, column, &|column| self.base.cell(ordinal, column))
    }

    /// What is judged of a finding, evaluated at the view's instant.
    pub fn judged(&self, ordinal: Ordinal) -> Result<Option<Judged>, Error> {
        judged(&|column| self.cell(ordinal, column))
    }

    /// What was judged of a finding just before an instant, from what the log says about its changes since then; `None`
    /// when it was not there.
    pub fn judged_before(
        &self,
        ordinal: Ordinal,
        from: Instant,
        former: Option<&Former>,
    ) -> Result<Option<Judged>, Error> {
        if former.is_some_and(|former| former.is_new) {
            return Ok(None);
        }
        let cell = |column: Column| match former.and_then(|former| former.cells.get(&column)) {
            Some(cell) => Ok(cell.clone()),
            None => self.recorded_cell(ordinal, column),
        };
        let state = judged(&cell)?;
        let ended = cell(Column::ExpiresAt)?.int().is_some_and(|at| at < from.0);
        Ok(state.map(|state| match state.status {
            Some(Status::RiskAccepted) if ended => Judged { status: Some(Status::NeedsReview), ..state },
            _ => state,
        }))
    }

    /// Every column of a finding, as recorded and not evaluated. All families must have been loaded.
    pub fn recorded_row(&self, ordinal: Ordinal) -> Result<Row, Error> {
        let mut row = Row::default();
        for column in Column::ALL {
            row.set(*column, self.recorded_cell(ordinal, *column)?);
        }
        Ok(row)
    }

    /// The newest timestamps that producers sent for a finding.
    pub fn seen(&self, ordinal: Ordinal) -> Result<Seen, Error> {
        let mut row = Row::default();
        for column in crate::domain::column::SEEN_TEXTS.into_iter().chain([Column::EnvelopeTime]) {
            row.set(column, self.recorded_cell(ordinal, column)?);
        }
        Ok(Seen::of_row(&row))
    }

    /// The findings that pass all of the filter that columns answer, ascending.
    pub fn select(&self, filter: &Filter) -> Result<Vec<Ordinal>, Error> {
        let mut chosen = vec![true; self.count() as usize];
        for (number, rows) in (0_u32..).zip(chosen.chunks_mut(SEGMENT_ROWS as usize)) {
            self.narrow(number, rows, filter)?;
        }
        for ordinal in self.patched()? {
            let passes = filter.accepts_cells(&|column| self.cell(ordinal, column), self.at)?;
            if let Some(place) = chosen.get_mut(ordinal.0 as usize) {
                *place = passes;
            }
        }
        Ok((0_u32..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(n, _)| Ordinal(n)).collect())
    }

    /// Clears the rows of a segment that a filter refuses. Segment by segment, so that what is packed is unpacked once.
    fn narrow(&self, number: u32, rows: &mut [bool], filter: &Filter) -> Result<(), Error> {
        for (column, test) in filter.columnar() {
            self.narrow_by(number, rows, column, test)?;
        }
        for (field, test) in filter.derived() {
            self.narrow_by_derived(number, rows, field, test)?;
        }
        for filters in &filter.alternatives {
            let mut some = vec![false; rows.len()];
            for filter in filters {
                let mut these: Vec<bool> = rows.iter().zip(&some).map(|(chosen, some)| *chosen && !some).collect();
                self.narrow(number, &mut these, filter)?;
                some.iter_mut().zip(these).for_each(|(some, these)| *some = *some || these);
            }
            rows.copy_from_slice(&some);
        }
        Ok(())
    }

    /// Clears the rows of a segment that a test refuses. Each distinct value is tested once, and only where some row that
    /// has it is still chosen, so that long texts stay packed where none of theirs matters.
    fn narrow_by(&self, number: u32, rows: &mut [bool], column: Column, test: &Test) -> Result<(), Error> {
        if !rows.contains(&true) {
            return Ok(());
        }
        // Rows beyond the segment are younger than it, and the overlay's.
        let Some(block) = self.base.block(number, column.family())? else { return Ok(()) };
        let Some(coded) = block.column(column) else {
            let absent_passes = test.accepts(&Cell::None, self.at);
            rows.iter_mut().for_each(|place| *place = *place && absent_passes);
            return Ok(());
        };
        let mut passes: Vec<Option<bool>> = vec![None; coded.distinct()];
        for (row, place) in rows.iter_mut().enumerate().filter(|(_, place)| **place) {
            let code = coded.code(row);
            *place = match passes.get_mut(code) {
                Some(known) => *known.get_or_insert_with(|| test.accepts(&coded.value(code), self.at)),
                None => test.accepts(&Cell::None, self.at),
            };
        }
        Ok(())
    }

    /// Clears the rows of a segment for which a test refuses what several columns tell together.
    fn narrow_by_derived(
        &self,
        number: u32,
        rows: &mut [bool],
        field: &DerivedField,
        test: &Test,
    ) -> Result<(), Error> {
        if !rows.contains(&true) {
            return Ok(());
        }
        let blocks = self.blocks(number, field.columns)?;
        let coded: Vec<_> = blocks.iter().map(|(column, block)| block.as_ref()?.column(*column)).collect();
        for (row, place) in rows.iter_mut().enumerate().filter(|(_, place)| **place) {
            let cell = |coded: &Option<&Coded>| coded.map_or(Cell::None, |coded| coded.value(coded.code(row)));
            let cells: Vec<Cell> = coded.iter().map(cell).collect();
            *place = test.accepts(&(field.of)(&cells), self.at);
        }
        Ok(())
    }

    /// What holds some columns of a stretch of findings.
    fn blocks(&self, number: u32, columns: &[Column]) -> Result<Vec<Held>, Error> {
        columns.iter().map(|column| Ok((*column, self.base.block(number, column.family())?))).collect()
    }

    /// Counts findings by the values of some columns.
    pub fn groups(&self, filter: &Filter, columns: &[Column]) -> Result<BTreeMap<Vec<Cell>, Group>, Error> {
        let chosen = self.select(filter)?;
        let patched = self.patched()?;
        let mut groups: BTreeMap<Vec<Cell>, Group> = BTreeMap::new();
        let mut add = |cells: Vec<Cell>, group: Group| {
            let known = groups.entry(cells).or_insert(Group { count: 0, first: group.first });
            known.count += group.count;
            known.first = known.first.min(group.first);
        };
        for ordinals in chosen.chunk_by(|a, b| a.0 / SEGMENT_ROWS == b.0 / SEGMENT_ROWS) {
            let Some(number) = ordinals.first().map(|ordinal| ordinal.0 / SEGMENT_ROWS) else { continue };
            let blocks = self.blocks(number, columns)?;
            let coded: Vec<_> = blocks.iter().map(|(column, block)| block.as_ref()?.column(*column)).collect();
            let mut by_code: BTreeMap<Vec<usize>, Group> = BTreeMap::new();
            for ordinal in ordinals {
                let row = (ordinal.0 % SEGMENT_ROWS) as usize;
                if patched.contains(ordinal) {
                    let cells = columns.iter().map(|column| self.cell(*ordinal, *column)).collect::<Result<_, _>>()?;
                    add(cells, Group { count: 1, first: *ordinal });
                    continue;
                }
                let codes = coded.iter().map(|coded| coded.map_or(0, |coded| coded.code(row))).collect();
                by_code.entry(codes).or_insert(Group { count: 0, first: *ordinal }).count += 1;
            }
            for (codes, group) in by_code {
                let value =
                    |(coded, code): (&Option<&Coded>, usize)| coded.map_or(Cell::None, |coded| coded.value(code));
                add(coded.iter().zip(codes).map(value).collect(), group);
            }
        }
        Ok(groups)
    }

    /// The findings whose value is not simply the base's: touched by the tail, or expired since it was recorded.
    pub(super) fn patched(&self) -> Result<BTreeSet<Ordinal>, Error> {
        let mut patched: BTreeSet<Ordinal> = self.overlay.ordinals().collect();
        for number in (0_u32..).take(self.base.manifest.segments.len()) {
            let Some(block) = self.base.block(number, Column::ExpiresAt.family())? else { continue };
            let Some(coded) = block.column(Column::ExpiresAt) else { continue };
            let due: Vec<bool> =
                (0..coded.distinct()).map(|code| coded.value(code).int().is_some_and(|at| at <= self.at.0)).collect();
            if due.contains(&true) {
                let rows = (0_u32..).take(block.rows());
                let is_due = |row: &u32| due.get(coded.code(*row as usize)).copied().unwrap_or(false);
                patched.extend(rows.filter(is_due).map(|row| Ordinal(number * SEGMENT_ROWS + row)));
            }
        }
        Ok(patched)
    }

    /// Every distinct recorded value of a column, in order; some may no longer be any finding's.
    pub fn distinct(&self, column: Column) -> Result<BTreeSet<Cell>, Error> {
        let mut distinct = BTreeSet::new();
        for number in (0_u32..).take(self.base.manifest.segments.len()) {
            let Some(block) = self.base.block(number, column.family())? else { continue };
            if let Some(coded) = block.column(column) {
                distinct.extend((0..coded.distinct()).map(|code| coded.value(code)));
            }
        }
        for ordinal in self.overlay.ordinals() {
            distinct.insert(self.recorded_cell(ordinal, column)?);
        }
        Ok(distinct)
    }

    /// When a finding's newest document in this view was written; `None` for a number that was never given.
    pub fn document_at(&self, ordinal: Ordinal) -> Result<Option<Instant>, Error> {
        Ok(self.recorded_cell(ordinal, Column::DocumentAt)?.int().map(Instant))
    }
}

fn judged(cell: &dyn Fn(Column) -> Result<Cell, Error>) -> Result<Option<Judged>, Error> {
    fn word<T: Vocabulary>(cell: &Cell) -> Option<T> {
        cell.text().and_then(T::from_word)
    }
    let (result, severity) = (word(&cell(Column::Result)?), word(&cell(Column::Severity)?));
    let (status, presence) = (word(&cell(Column::Status)?), word(&cell(Column::Presence)?));
    let (Some(result), Some(severity), Some(presence)) = (result, severity, presence) else { return Ok(None) };
    Ok(Some(Judged { result, severity, status, presence }))
}

fn is_gone(presence: &Cell) -> bool {
    presence.text() == Some(Presence::Gone.word())
}

fn is_accepted(status: &Cell) -> bool {
    status.text() == Some(Status::RiskAccepted.word())
}
