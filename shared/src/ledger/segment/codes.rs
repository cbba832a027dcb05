//! Codes: which of the distinct values each place of a list has.
//!
//! Distinct values are numbered as they first occur. Written is how far back a value's number lies, and 0 for a value that
//! has not occurred before, so that lists of values that are nearly all distinct cost nearly nothing. Layout: the width of a
//! code (1 or 2), and the codes, little-endian.

use super::{Input, damaged};
use crate::domain::Error;
use std::collections::HashMap;
use std::hash::Hash;

/// Codes in memory, in as few bytes as the greatest of them needs.
#[derive(Debug)]
pub(super) enum Codes {
    /// All are 0.
    Same,
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

impl Codes {
    pub fn of(codes: Vec<u16>) -> Self {
        match codes.iter().max() {
            None | Some(0) => Self::Same,
            // Not in place, which would keep the memory of the wider ones.
            Some(1..=255) => Self::Narrow(codes.iter().map(|code| code.to_le_bytes()[0]).collect()),
            Some(_) => Self::Wide(codes),
        }
    }

    /// The code of a place; 0 beyond the last.
    pub fn get(&self, place: usize) -> usize {
        match self {
            Self::Same => 0,
            Self::Narrow(codes) => codes.get(place).map_or(0, |code| usize::from(*code)),
            Self::Wide(codes) => codes.get(place).map_or(0, |code| usize::from(*code)),
        }
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Same => 0,
            Self::Narrow(codes) => codes.len(),
            Self::Wide(codes) => codes.len() * 2,
        }
    }
}

/// Gives each value the number of its first occurrence; the distinct values, and a number for each place.
pub(super) fn number<T: Clone + Eq + Hash>(values: impl Iterator<Item = T>) -> Result<(Vec<T>, Vec<u16>), Error> {
    let mut known: HashMap<T, u16> = HashMap::new();
    let mut distinct = Vec::new();
    let mut codes = Vec::new();
    for value in values {
        let next = u16::try_from(distinct.len()).map_err(Error::internal)?;
        codes.push(*known.entry(value).or_insert_with_key(|value| {
            distinct.push(value.clone());
            next
        }));
    }
    Ok((distinct, codes))
}

/// Writes the numbers of values, of which each new one is one more than the greatest before it.
pub(super) fn put(out: &mut Vec<u8>, codes: &[u16]) {
    let mut next = 0_u16;
    let back: Vec<u16> = codes
        .iter()
        .map(|code| {
            let back = next.saturating_sub(*code);
            next += u16::from(back == 0);
            back
        })
        .collect();
    if back.iter().all(|back| *back <= u16::from(u8::MAX)) {
        out.push(1);
        out.extend(back.iter().map(|back| back.to_le_bytes()[0]));
    } else {
        out.push(2);
        out.extend(back.iter().flat_map(|back| back.to_le_bytes()));
    }
}

/// Reads [`put`] back.
pub(super) fn read(input: &mut Input<'_>, count: usize) -> Result<Vec<u16>, Error> {
    let width = usize::from(input.byte()?);
    if !matches!(width, 1 | 2) {
        return Err(damaged());
    }
    let bytes = input.take(count.checked_mul(width).ok_or_else(damaged)?)?;
    let mut next = 0_u16;
    let mut code = |back: &[u8]| {
        let back = back.iter().rev().fold(0_u16, |back, byte| back << 8 | u16::from(*byte));
        let code = next.checked_sub(back).ok_or_else(damaged)?;
        next = next.checked_add(u16::from(back == 0)).ok_or_else(damaged)?;
        Ok(code)
    };
    bytes.chunks_exact(width).map(&mut code).collect()
}
