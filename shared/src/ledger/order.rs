//! The order of findings in a view: by ranks of their values, one column at a time, so that of a million findings nothing is held but
//! each distinct value once, and of what it has in common with another that.

mod values;

use super::segment::{Coded, SEGMENT_ROWS};
use super::view::View;
use crate::domain::query::{DerivedKey, SortKey, SortValue};
use crate::domain::{Column, Error, Ordinal};
use std::collections::{BTreeSet, HashMap};
use values::Values;

impl View {
    /// Orders findings by columns; ties go by ordinal, ascending. Absent values come first, last when descending.
    pub fn sort(&self, ordinals: &mut [Ordinal], order: &[SortKey]) -> Result<(), Error> {
        self.sort_after(ordinals, None, order)
    }

    /// As [`View::sort`], before that by what several columns tell together.
    pub fn sort_after(
        &self,
        ordinals: &mut [Ordinal],
        first: Option<DerivedKey>,
        order: &[SortKey],
    ) -> Result<(), Error> {
        ordinals.sort_unstable();
        let patched = self.patched()?;
        // A stable sort by the last key, then by the one before it.
        for SortKey { column, descending } in order.iter().rev() {
            let ranks = self.ranks(ordinals, *column, &patched)?;
            arrange(ordinals, ranks, *descending);
        }
        if let Some(DerivedKey { field, descending }) = first {
            let mut values = Values::default();
            let mut of = vec![0; ordinals.len()];
            for places in stretches(&ascending(ordinals)) {
                let mut known: HashMap<SortValue, u32> = HashMap::new();
                for (ordinal, place) in places {
                    let value = field.value(&|column| self.cell(*ordinal, column))?;
                    let value = value.texts().first().map_or(SortValue::Absent, |text| SortValue::Text(text.clone()));
                    let number = match known.get(&value) {
                        Some(number) => *number,
                        None => {
                            let number = values.push(&value)?;
                            known.insert(value, number);
                            number
                        }
                    };
                    if let Some(of) = of.get_mut(*place as usize) {
                        *of = number;
                    }
                }
            }
            arrange(ordinals, values.ranks(of), descending);
        }
        Ok(())
    }

    /// Where each finding's value comes among those of all. A value that several share is looked at once a segment.
    fn ranks(&self, ordinals: &[Ordinal], column: Column, patched: &BTreeSet<Ordinal>) -> Result<Vec<u32>, Error> {
        let mut values = Values::default();
        let mut of = vec![0; ordinals.len()];
        for places in stretches(&ascending(ordinals)) {
            let Some(number) = places.first().map(|(ordinal, _)| ordinal.0 / SEGMENT_ROWS) else { continue };
            let block = self.base.block(number, column.family())?;
            let coded = block.as_ref().and_then(|block| block.column(column));
            let mut known: Vec<Option<u32>> = vec![None; coded.map_or(0, Coded::distinct)];
            for (ordinal, place) in places {
                let code = coded
                    .filter(|_| !patched.contains(ordinal))
                    .map(|coded| coded.code((ordinal.0 % SEGMENT_ROWS) as usize));
                let known = code.and_then(|code| known.get_mut(code));
                let value = match known {
                    Some(Some(value)) => *value,
                    known => {
                        let value = values.push(&column.sort_value(&self.cell(*ordinal, column)?))?;
                        if let Some(known) = known {
                            *known = Some(value);
                        }
                        value
                    }
                };
                if let Some(of) = of.get_mut(*place as usize) {
                    *of = value;
                }
            }
        }
        Ok(values.ranks(of))
    }
}

/// Findings in ascending order, each with its place in the list: so that what is packed is unpacked once.
fn ascending(ordinals: &[Ordinal]) -> Vec<(Ordinal, u32)> {
    let mut places: Vec<(Ordinal, u32)> = ordinals.iter().copied().zip(0..).collect();
    places.sort_unstable();
    places
}

/// The same, by segments.
fn stretches(places: &[(Ordinal, u32)]) -> impl Iterator<Item = &[(Ordinal, u32)]> {
    places.chunk_by(|(a, _), (b, _)| a.0 / SEGMENT_ROWS == b.0 / SEGMENT_ROWS)
}

/// Orders findings by their ranks, and leaves those of the same rank as they are.
fn arrange(ordinals: &mut [Ordinal], ranks: Vec<u32>, descending: bool) {
    let key = |rank: u32| if descending { u32::MAX - rank } else { rank };
    let mut keyed: Vec<(u32, Ordinal)> = ranks.into_iter().map(key).zip(ordinals.iter().copied()).collect();
    keyed.sort_by_key(|(key, _)| *key);
    for (place, (_, ordinal)) in ordinals.iter_mut().zip(keyed) {
        *place = ordinal;
    }
}
