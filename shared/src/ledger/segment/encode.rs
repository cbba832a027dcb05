//! Writing segments: over the segment below, of which most rows are taken as they are.

use super::{Block, Coded, LEVEL, MAGIC, Segment, codes, dictionary, put_bytes, put_number, put_u64};
use crate::domain::column::SEEN_TEXTS;
use crate::domain::{Cell, Column, Error, Family};
use crate::ledger::compress::pack_bytes;
use std::collections::HashMap;

impl Segment {
    /// Encodes one family of up to [`SEGMENT_ROWS`](super::SEGMENT_ROWS) rows; `cell(row, column)` gives the values. Rows that `base` has and
    /// that are not `touched` are taken from there without a look at their values; the bytes are the same.
    pub fn encode(
        family: Family,
        rows: usize,
        base: Option<&Block>,
        touched: &dyn Fn(usize) -> bool,
        cell: &dyn Fn(usize, Column) -> Cell,
    ) -> Result<Vec<u8>, Error> {
        let untouched: Vec<bool> =
            (0..rows).map(|row| base.is_some_and(|base| row < base.rows) && !touched(row)).collect();
        let columns: Vec<Column> = Column::ALL.iter().copied().filter(|column| column.family() == family).collect();
        let mut raw = Vec::new();
        put_number(&mut raw, columns.len());
        for column in columns {
            let below = base.and_then(|base| base.column(column));
            let (values, codes) = coded(&untouched, below, &|row| cell(row, column))?;
            put_bytes(&mut raw, column.name().as_bytes());
            dictionary::put(&mut raw, &values, is_split(column))?;
            codes::put(&mut raw, &codes);
        }
        let mut out = MAGIC.to_vec();
        put_number(&mut out, rows);
        out.extend(pack_bytes(&raw, LEVEL)?);
        Ok(out)
    }
}

/// Whether a column's values are nearly all distinct, and alike but for words with digits.
fn is_split(column: Column) -> bool {
    matches!(column.family(), Family::Ids | Family::Text) || SEEN_TEXTS.contains(&column)
}

/// The distinct values of a column, encoded, and a code per row.
fn coded(
    untouched: &[bool],
    below: Option<&Coded>,
    cell: &dyn Fn(usize) -> Cell,
) -> Result<(Vec<Vec<u8>>, Vec<u16>), Error> {
    let mut codes: Vec<u16> = Vec::with_capacity(untouched.len());
    let mut known: HashMap<Cell, u16> = HashMap::new();
    let mut values: Vec<Vec<u8>> = Vec::new();
    // The new code of each old one, as far as it occurred.
    let mut moved: Vec<Option<u16>> = vec![None; below.map_or(0, Coded::distinct)];
    for (row, untouched) in untouched.iter().enumerate() {
        let old = below.filter(|_| *untouched).map(|below| (below, below.code(row)));
        if let Some(code) = old.and_then(|(_, old)| moved.get(old).copied().flatten()) {
            codes.push(code);
            continue;
        }
        let value = old.map_or_else(|| cell(row), |(below, old)| below.value(old));
        let next = u16::try_from(values.len()).map_err(Error::internal)?;
        let code = *known.entry(value).or_insert_with_key(|value| {
            values.push(encode_cell(value));
            next
        });
        if let Some(place) = old.and_then(|(_, old)| moved.get_mut(old)) {
            *place = Some(code);
        }
        codes.push(code);
    }
    Ok((values, codes))
}

fn encode_cell(cell: &Cell) -> Vec<u8> {
    let mut out = Vec::new();
    match cell {
        Cell::None => out.push(0),
        Cell::Int(int) => {
            out.push(1);
            put_u64(&mut out, (int << 1 ^ int >> 63).cast_unsigned());
        }
        Cell::Text(text) => {
            out.push(2);
            out.extend_from_slice(text.as_bytes());
        }
        Cell::Texts(texts) => {
            out.push(3);
            for text in texts {
                put_bytes(&mut out, text.as_bytes());
            }
        }
    }
    out
}
