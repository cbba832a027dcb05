//! A view: the columns of one tenant as of one instant, in memory.

use super::base::Base;
use super::overlay::Overlay;
use super::proof::Hash;
use super::segment::SEGMENT_ROWS;
use crate::domain::finding::Vocabulary;
use crate::domain::query::{Field, Filter, SortKey, SortValue, Test};
use crate::domain::{Cell, Column, Error, Instant, Ordinal, Row, Seen, Status};
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

impl View {
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
            // Something else may have changed since the expiry.
            Column::ChangedAt => Ok(raw(column)?.max(expired()?.map_or(Cell::None, Cell::Int))),
            _ => raw(column),
        }
    }

    /// A finding's value as recorded, not evaluated.
    pub(super) fn recorded_cell(&self, ordinal: Ordinal, column: Column) -> Result<Cell, Error> {
        self.overlay.cell(ordinal, column, &|column| self.base.cell(ordinal, column))
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

    /// The findings that pass the filter's columnar clauses, ascending.
    pub fn select(&self, filter: &Filter) -> Result<Vec<Ordinal>, Error> {
        let mut chosen = vec![true; self.count() as usize];
        for clause in &filter.clauses {
            if let Field::Column(column) = clause.field {
                self.narrow(&mut chosen, column, &clause.test)?;
            }
        }
        for ordinal in self.patched()? {
            let mut passes = true;
            for (column, test) in filter.columnar() {
                passes = passes && test.accepts(&self.cell(ordinal, column)?, self.at);
            }
            if let Some(place) = chosen.get_mut(ordinal.0 as usize) {
                *place = passes;
            }
        }
        Ok((0_u32..).zip(chosen).filter(|(_, chosen)| *chosen).map(|(n, _)| Ordinal(n)).collect())
    }

    /// Clears the rows of the base that a test refuses: each distinct value is tested once.
    fn narrow(&self, chosen: &mut [bool], column: Column, test: &Test) -> Result<(), Error> {
        let absent_passes = test.accepts(&Cell::None, self.at);
        for (number, rows) in (0_u32..).zip(chosen.chunks_mut(SEGMENT_ROWS as usize)) {
            let Some(segment) = self.base.segment(number, column.family()) else { continue };
            for (rows, block) in rows.chunks_mut(segment.block_rows()).zip(segment.blocks()) {
                match block?.column(column) {
                    Some(coded) => {
                        let passes: Vec<bool> =
                            (0..coded.distinct()).map(|code| test.accepts(&coded.value(code), self.at)).collect();
                        for (row, place) in rows.iter_mut().enumerate() {
                            *place = *place && passes.get(coded.code(row)).copied().unwrap_or(absent_passes);
                        }
                    }
                    None => rows.iter_mut().for_each(|place| *place = *place && absent_passes),
                }
            }
        }
        Ok(())
    }

    /// The findings whose value is not simply the base's: touched by the tail, or expired since it was recorded.
    fn patched(&self) -> Result<BTreeSet<Ordinal>, Error> {
        let mut patched: BTreeSet<Ordinal> = self.overlay.ordinals().collect();
        for number in (0_u32..).take(self.base.manifest.segments.len()) {
            let Some(segment) = self.base.segment(number, Column::ExpiresAt.family()) else { continue };
            let mut first = number * SEGMENT_ROWS;
            for block in segment.blocks() {
                let block = block?;
                let Some(coded) = block.column(Column::ExpiresAt) else { continue };
                let due: Vec<bool> = (0..coded.distinct())
                    .map(|code| coded.value(code).int().is_some_and(|at| at <= self.at.0))
                    .collect();
                if due.contains(&true) {
                    let rows = segment.rows().min(segment.block_rows());
                    patched.extend(
                        (0_u32..)
                            .take(rows)
                            .filter(|row| due.get(coded.code(*row as usize)).copied().unwrap_or(false))
                            .map(|row| Ordinal(first + row)),
                    );
                }
                first += u32::try_from(segment.block_rows()).unwrap_or(SEGMENT_ROWS);
            }
        }
        Ok(patched)
    }

    /// Orders findings by columns; ties go by ordinal, ascending. Absent values come first, last when descending.
    pub fn sort(&self, ordinals: &mut [Ordinal], order: &[SortKey]) -> Result<(), Error> {
        if order.is_empty() {
            return Ok(());
        }
        let mut keyed: Vec<(Vec<u32>, Ordinal)> = ordinals.iter().map(|o| (Vec::new(), *o)).collect();
        for key in order {
            let mut values: Vec<SortValue> = Vec::with_capacity(keyed.len());
            for (_, ordinal) in &keyed {
                values.push(key.column.sort_value(&self.cell(*ordinal, key.column)?));
            }
            let distinct: BTreeSet<&SortValue> = values.iter().collect();
            let ranks: BTreeMap<&SortValue, u32> = distinct.into_iter().zip(0_u32..).collect();
            for ((ranked, _), value) in keyed.iter_mut().zip(&values) {
                let rank = ranks.get(value).copied().unwrap_or(0);
                ranked.push(if key.descending { u32::MAX - rank } else { rank });
            }
        }
        keyed.sort_unstable();
        for (place, (_, ordinal)) in ordinals.iter_mut().zip(keyed) {
            *place = ordinal;
        }
        Ok(())
    }

    /// Every distinct recorded value of a column, in order; some may no longer be any finding's.
    pub fn distinct(&self, column: Column) -> Result<BTreeSet<Cell>, Error> {
        let mut distinct = BTreeSet::new();
        for number in (0_u32..).take(self.base.manifest.segments.len()) {
            let Some(segment) = self.base.segment(number, column.family()) else { continue };
            for block in segment.blocks() {
                if let Some(coded) = block?.column(column) {
                    distinct.extend((0..coded.distinct()).map(|code| coded.value(code)));
                }
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

fn is_accepted(status: &Cell) -> bool {
    status.text() == Some(Status::RiskAccepted.word())
}
