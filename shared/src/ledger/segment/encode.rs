//! Writing segments: over the segment below, of which most rows are taken as they are.

use super::{Block, Coded, LEVEL, MAGIC, Segment, Stored};
use crate::domain::{Cell, Column, Error, Family};
use crate::ledger::compress::pack_bytes;
use std::collections::HashMap;

impl Segment {
    /// Encodes one family of up to [`SEGMENT_ROWS`](super::SEGMENT_ROWS) rows; `cell(row, column)` gives the values. Rows that `base` has and
    /// that are not `touched` are taken from there without a look at their values; the bytes are the same.
    pub fn encode(
        family: Family,
        rows: usize,
        base: Option<&Self>,
        touched: &dyn Fn(usize) -> bool,
        cell: &dyn Fn(usize, Column) -> Cell,
    ) -> Result<Vec<u8>, Error> {
        let block_rows = family.block_rows();
        let blocks = rows.div_ceil(block_rows);
        let base = base.filter(|base| base.block_rows == block_rows);
        let mut out = MAGIC.to_vec();
        put_number(&mut out, rows);
        put_number(&mut out, blocks);
        for block in 0..blocks {
            let first = block * block_rows;
            let range = first..rows.min(first + block_rows);
            let stored = base.and_then(|base| base.blocks.get(block));
            let same = |base: &Self| base.rows.min(first + block_rows) == range.end && !range.clone().any(touched);
            if let Some(Stored::Packed(bytes)) = stored.filter(|_| base.is_some_and(same)) {
                put_bytes(&mut out, bytes);
                continue;
            }
            let stored = stored.map(Stored::open).transpose()?;
            let below = Below { block: stored.as_deref(), first, end: base.map_or(0, |base| base.rows), touched };
            let raw = encode_block(family, range, &below, cell)?;
            put_bytes(&mut out, &pack_bytes(&raw, LEVEL)?);
        }
        Ok(out)
    }
}

/// What lies below the rows that are encoded.
struct Below<'a> {
    block: Option<&'a Block>,
    /// The segment's row with which the block begins.
    first: usize,
    /// How many rows the segment below has.
    end: usize,
    touched: &'a dyn Fn(usize) -> bool,
}

impl Below<'_> {
    /// The row's place in the block below, if its values are those of there.
    fn place(&self, row: usize) -> Option<usize> {
        (row < self.end && !(self.touched)(row)).then(|| row.checked_sub(self.first)).flatten()
    }
}

fn encode_block(
    family: Family,
    rows: std::ops::Range<usize>,
    below: &Below<'_>,
    cell: &dyn Fn(usize, Column) -> Cell,
) -> Result<Vec<u8>, Error> {
    let places: Vec<Option<usize>> = rows.clone().map(|row| below.place(row)).collect();
    let mut out = Vec::new();
    let columns: Vec<Column> = Column::ALL.iter().copied().filter(|column| column.family() == family).collect();
    put_number(&mut out, columns.len());
    for column in columns {
        let mut codes: Vec<u16> = Vec::with_capacity(rows.len());
        let mut known: HashMap<Cell, u16> = HashMap::new();
        let mut dictionary: Vec<Cell> = Vec::new();
        let coded = below.block.and_then(|block| block.column(column));
        // The new code of each old one, as far as it occurred.
        let mut moved: Vec<Option<u16>> = vec![None; coded.map_or(0, Coded::distinct)];
        for (row, place) in rows.clone().zip(&places) {
            let old = coded.zip(*place).map(|(coded, place)| (coded, coded.code(place)));
            if let Some(code) = old.and_then(|(_, old)| moved.get(old).copied().flatten()) {
                codes.push(code);
                continue;
            }
            let value = old.map_or_else(|| cell(row, column), |(coded, old)| coded.value(old));
            let next = u16::try_from(known.len()).map_err(Error::internal)?;
            let code = *known.entry(value).or_insert_with_key(|value| {
                dictionary.push(value.clone());
                next
            });
            if let Some(place) = old.and_then(|(_, old)| moved.get_mut(old)) {
                *place = Some(code);
            }
            codes.push(code);
        }
        put_bytes(&mut out, column.name().as_bytes());
        put_number(&mut out, dictionary.len());
        for value in &dictionary {
            put_bytes(&mut out, &encode_cell(value));
        }
        if dictionary.len() <= 256 {
            out.push(1);
            out.extend(codes.iter().map(|code| code.to_le_bytes()[0]));
        } else {
            out.push(2);
            out.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
        }
    }
    let mut framed = Vec::with_capacity(out.len() + 4);
    put_number(&mut framed, rows.len());
    framed.extend(out);
    Ok(framed)
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

fn put_number(out: &mut Vec<u8>, number: usize) {
    put_u64(out, number as u64);
}

fn put_u64(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, bytes.len());
    out.extend_from_slice(bytes);
}
