//! Values in order, of which is held what each adds to the one before it: ids and timestamps that are next to each other are alike in
//! most of their bytes.
//!
//! Values come in any order. So many at a time are put in order and become a run, and the runs are merged in the end.

use super::super::segment::{Input, put_number};
use crate::domain::Error;
use crate::domain::query::SortValue;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Values of a run.
const RUN: usize = 16_384;
/// Bytes of values after which a run ends in any case.
const RUN_BYTES: usize = 4 << 20;

/// Values that are numbered as they come, as bytes in whose order they are.
pub(super) struct Values {
    /// Those that are in no run yet, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    runs: Vec<Run>,
    /// How many are in runs.
    done: u32,
    /// How many become a run.
    run: usize,
}

/// Values in order.
struct Run {
    /// Of each, how many bytes it has in common with the one before it, and the others: their number, and they.
    bytes: Vec<u8>,
    /// Their numbers.
    numbers: Vec<u32>,
}

/// What of a run is not merged yet.
struct Rest<'a> {
    bytes: Input<'a>,
    numbers: std::slice::Iter<'a, u32>,
}

impl Default for Values {
    fn default() -> Self {
        Self::in_runs_of(RUN)
    }
}

impl Values {
    fn in_runs_of(run: usize) -> Self {
        Self { bytes: Vec::new(), ends: Vec::new(), runs: Vec::new(), done: 0, run }
    }

    /// Adds a value, and says its number.
    pub fn push(&mut self, value: &SortValue) -> Result<u32, Error> {
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
        let place = u32::try_from(self.ends.len()).map_err(Error::internal)?;
        self.ends.push(self.bytes.len());
        let number = self.done.checked_add(place).ok_or_else(|| Error::internal("there are too many values"))?;
        if self.ends.len() >= self.run || self.bytes.len() >= RUN_BYTES {
            self.close();
        }
        Ok(number)
    }

    /// Makes a run of what is in none.
    fn close(&mut self) {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let values = starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default());
        let mut order: Vec<(&[u8], u32)> = values.zip(self.done..).collect();
        order.sort_unstable();
        let mut run = Run { bytes: Vec::new(), numbers: Vec::with_capacity(order.len()) };
        let mut last: &[u8] = &[];
        for (value, number) in order {
            let common = last.iter().zip(value).take_while(|(a, b)| a == b).count();
            let added = value.get(common..).unwrap_or_default();
            put_number(&mut run.bytes, common);
            put_number(&mut run.bytes, added.len());
            run.bytes.extend_from_slice(added);
            run.numbers.push(number);
            last = value;
        }
        run.bytes.shrink_to_fit();
        self.done = self.done.saturating_add(u32::try_from(run.numbers.len()).unwrap_or(u32::MAX));
        self.runs.push(run);
        self.bytes.clear();
        self.ends.clear();
    }

    /// The rank of the value that each finding has, by the values' numbers.
    pub fn ranks(mut self, mut of: Vec<u32>) -> Vec<u32> {
        self.close();
        let ranks = self.merge();
        drop(self);
        for place in &mut of {
            *place = ranks.get(*place as usize).copied().unwrap_or(0);
        }
        of
    }

    /// The rank of each value, by its number.
    fn merge(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.done as usize];
        let mut rests: Vec<Rest<'_>> = self.runs.iter().map(Rest::of).collect();
        let firsts = rests.iter_mut().enumerate().filter_map(|(place, rest)| {
            let mut value = Vec::new();
            rest.next(&mut value).map(|number| Reverse((value, number, place)))
        });
        let mut heap: BinaryHeap<_> = firsts.collect();
        let (mut rank, mut last): (u32, Option<Vec<u8>>) = (0, None);
        while let Some(mut least) = heap.peek_mut() {
            let Reverse((value, number, place)) = &mut *least;
            match &mut last {
                Some(last) if last == value => {}
                Some(last) => {
                    rank += 1;
                    last.clone_from(value);
                }
                None => last = Some(value.clone()),
            }
            if let Some(of) = ranks.get_mut(*number as usize) {
                *of = rank;
            }
            match rests.get_mut(*place).and_then(|rest| rest.next(value)) {
                Some(next) => *number = next,
                None => drop(PeekMut::pop(least)),
            }
        }
        ranks
    }
}

impl<'a> Rest<'a> {
    fn of(run: &'a Run) -> Self {
        Self { bytes: Input(&run.bytes), numbers: run.numbers.iter() }
    }

    /// Makes the next value of the one before it, and says its number.
    fn next(&mut self, value: &mut Vec<u8>) -> Option<u32> {
        let number = *self.numbers.next()?;
        value.truncate(self.bytes.number().ok()?);
        value.extend_from_slice(self.bytes.bytes().ok()?);
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::Values;
    use crate::domain::Ordinal;
    use crate::domain::query::SortValue;
    use crate::ledger::order::arrange;
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
        /// The bytes have the order of the values, and what is equal has one rank, whatever run it is in.
        #[test]
        fn ranks_are_the_order_of_values(
            values in proptest::collection::vec(value(), 0..60),
            run in 1..70_usize,
            descending in any::<bool>(),
        ) {
            let mut held = Values::in_runs_of(run);
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

    /// A sort of all findings by their ids must not hold them whole.
    #[test]
    fn ids_take_a_fraction_of_their_bytes() {
        let mut values = Values::default();
        let mut whole = 0;
        for row in 0..200_000_u64 {
            let random = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let (check, account) = (random % 97, 100_000_000_000 + random % 13);
            let id = format!("prowler-aws-check_of_a_service_{check}-{account}-eu-west-1-bucket-{:09x}", random >> 28);
            whole += id.len();
            values.push(&SortValue::Text(id)).unwrap();
        }
        let held = values.bytes.capacity() + values.runs.iter().map(|run| run.bytes.capacity()).sum::<usize>();
        assert!(held * 3 < whole, "{held} of {whole}");
    }
}
