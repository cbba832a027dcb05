//! The order of findings in a view: by ranks of their values, one column at a time, so that of a million findings nothing is held but
//! each distinct value once, in as many bytes as it has.

use super::segment::{Coded, SEGMENT_ROWS};
use super::view::View;
use crate::domain::query::{DerivedKey, SortKey, SortValue};
use crate::domain::{Column, Error, Ordinal};
use std::collections::{BTreeSet, HashMap};

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

/// Values one after another, as bytes in whose order the values are.
#[derive(Default)]
struct Values {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl Values {
    /// Adds a value, and says its number.
    fn push(&mut self, value: &SortValue) -> Result<u32, Error> {
        match value {
            SortValue::Absent => {}
            SortValue::Number(number) => {
                self.bytes.push(1);
                // The sign's bit turned: negative numbers come first.
                self.bytes.extend((number ^ i64::MIN).to_be_bytes());
            }
            SortValue::Text(text) => {
                self.bytes.push(2);
                self.bytes.extend(text.as_bytes());
            }
        }
        self.ends.push(u32::try_from(self.bytes.len()).map_err(Error::internal)?);
        u32::try_from(self.ends.len() - 1).map_err(Error::internal)
    }

    fn get(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let end = self.ends.get(number).map_or(0, |end| *end as usize);
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The rank of the value that each finding has, by the values' numbers.
    fn ranks(self, mut of: Vec<u32>) -> Vec<u32> {
        let mut order: Vec<u32> = (0..).take(self.ends.len()).collect();
        order.sort_unstable_by(|a, b| self.get(*a).cmp(self.get(*b)));
        let mut ranks = vec![0; order.len()];
        let groups = order.chunk_by(|a, b| self.get(*a) == self.get(*b));
        for (rank, equal) in (0_u32..).zip(groups) {
            for number in equal {
                if let Some(place) = ranks.get_mut(*number as usize) {
                    *place = rank;
                }
            }
        }
        for place in &mut of {
            *place = ranks.get(*place as usize).copied().unwrap_or(0);
        }
        of
    }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Ordinal, Values, arrange};
    use crate::domain::query::SortValue;
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = SortValue> {
        prop_oneof![
            Just(SortValue::Absent),
            any::<i64>().prop_map(SortValue::Number),
            (-2..2_i64).prop_map(SortValue::Number),
            ".{0,3}".prop_map(SortValue::Text),
        ]
    }

    proptest! {
        /// The bytes have the order of the values, and what is equal has one rank.
        #[test]
        fn ranks_are_the_order_of_values(values in proptest::collection::vec(value(), 0..60), descending in any::<bool>()) {
            let mut held = Values::default();
            let of: Vec<u32> = values.iter().map(|value| held.push(value).unwrap()).collect();
            let ranks = held.ranks(of);
            for (a, one) in ranks.iter().zip(&values) {
                for (b, other) in ranks.iter().zip(&values) {
                    prop_assert_eq!(a.cmp(b), one.cmp(other));
                }
            }
            let mut ordinals: Vec<Ordinal> = (0..).take(values.len()).map(Ordinal).collect();
            let mut expected = ordinals.clone();
            expected.sort_by(|a, b| {
                let (one, other) = (values.get(a.0 as usize), values.get(b.0 as usize));
                if descending { other.cmp(&one) } else { one.cmp(&other) }
            });
            arrange(&mut ordinals, ranks, descending);
            prop_assert_eq!(ordinals, expected);
        }
    }
}
