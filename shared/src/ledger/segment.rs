//! Segments: the columns of 8,192 consecutive findings, dictionary-coded and compressed, never changed.
//!
//! Layout, all numbers as LEB128 unless said otherwise:
//! `PLS` and a format byte · rows · blocks · per block: length and a zstd frame. A frame holds: rows, columns, and per
//! column its name (length, bytes), the dictionary (entries, each a length and an encoded cell), the width of a code
//! (1 or 2) and one little-endian code per row. Encoded cell: tag 0 absent, 1 zigzag number, 2 text, 3 texts (each a
//! length and bytes). Columns are named, so a reader passes over those it does not know and takes absent ones as
//! empty: a new column is a fold and not a migration.

use super::compress::{pack_bytes, unpack_bytes};
use crate::domain::{Cell, Column, Error, Family};
use std::collections::HashMap;
use std::sync::Arc;

/// Findings per segment.
pub(super) const SEGMENT_ROWS: u32 = 8_192;
const MAGIC: &[u8] = b"PLS\x01";
/// The level at which segments are compressed: they are read far more often than written.
const LEVEL: i32 = 9;

/// One column of a block: each distinct value once, and a code per row.
#[derive(Debug)]
pub(super) struct Coded {
    dictionary: Vec<u8>,
    ends: Vec<u32>,
    codes: Codes,
}

#[derive(Debug)]
enum Codes {
    Narrow(Vec<u8>),
    Wide(Vec<u16>),
}

/// The rows that were compressed together.
#[derive(Debug)]
pub(super) struct Block {
    columns: Vec<(Column, Coded)>,
}

/// A segment of one family.
#[derive(Debug)]
pub(super) struct Segment {
    rows: usize,
    block_rows: usize,
    blocks: Vec<Stored>,
}

#[derive(Debug)]
enum Stored {
    Open(Arc<Block>),
    Packed(Vec<u8>),
}

impl Coded {
    /// The number of distinct values.
    pub fn distinct(&self) -> usize {
        self.ends.len()
    }

    /// A distinct value.
    pub fn value(&self, code: usize) -> Cell {
        let end = self.ends.get(code).map_or(0, |end| *end as usize);
        let start = code.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.dictionary.get(start..end).and_then(|bytes| decode_cell(bytes).ok()).unwrap_or_default()
    }

    /// The code of a row.
    pub fn code(&self, row: usize) -> usize {
        match &self.codes {
            Codes::Narrow(codes) => codes.get(row).map_or(0, |code| usize::from(*code)),
            Codes::Wide(codes) => codes.get(row).map_or(0, |code| usize::from(*code)),
        }
    }

    /// Bytes held in memory.
    fn bytes(&self) -> usize {
        let codes = match &self.codes {
            Codes::Narrow(codes) => codes.len(),
            Codes::Wide(codes) => codes.len() * 2,
        };
        self.dictionary.len() + self.ends.len() * 4 + codes
    }
}

impl Block {
    /// A column, unless the block was written before it existed.
    pub fn column(&self, column: Column) -> Option<&Coded> {
        self.columns.iter().find(|(c, _)| *c == column).map(|(_, coded)| coded)
    }
}

impl Segment {
    /// How many findings it covers.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Rows per block.
    pub fn block_rows(&self) -> usize {
        self.block_rows
    }

    /// The blocks, in row order, opened.
    pub fn blocks(&self) -> impl Iterator<Item = Result<Arc<Block>, Error>> {
        self.blocks.iter().map(Stored::open)
    }

    /// One row's value; [`Cell::None`] for rows that it does not cover.
    pub fn cell(&self, row: usize, column: Column) -> Result<Cell, Error> {
        if row >= self.rows {
            return Ok(Cell::None);
        }
        let Some(stored) = self.blocks.get(row / self.block_rows.max(1)) else { return Ok(Cell::None) };
        let block = stored.open()?;
        Ok(block.column(column).map_or(Cell::None, |coded| coded.value(coded.code(row % self.block_rows.max(1)))))
    }

    /// Bytes held in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.blocks
            .iter()
            .map(|stored| match stored {
                Stored::Open(block) => block.columns.iter().map(|(_, coded)| coded.bytes()).sum(),
                Stored::Packed(bytes) => bytes.len(),
            })
            .sum()
    }

    /// Encodes one family of up to [`SEGMENT_ROWS`] rows; `cell(row, column)` gives the values. Rows that `base` has and
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

    /// Reads [`Segment::encode`] back. Long texts stay packed until a query opens their block.
    pub fn decode(family: Family, bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input(bytes);
        if input.take(MAGIC.len())? != MAGIC {
            return Err(Error::internal("a segment has an unknown format"));
        }
        let rows = input.number()?;
        let count = input.number()?;
        let mut blocks = Vec::new();
        for _ in 0..count {
            let packed = Stored::Packed(input.bytes()?.to_vec());
            blocks.push(if family == Family::Text { packed } else { Stored::Open(packed.open()?) });
        }
        Ok(Self { rows, block_rows: family.block_rows(), blocks })
    }
}

impl Stored {
    fn open(&self) -> Result<Arc<Block>, Error> {
        match self {
            Self::Open(block) => Ok(Arc::clone(block)),
            Self::Packed(bytes) => decode_block(&unpack_bytes(bytes)?).map(Arc::new),
        }
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

fn decode_block(raw: &[u8]) -> Result<Block, Error> {
    let mut input = Input(raw);
    let rows = input.number()?;
    let count = input.number()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = String::from_utf8_lossy(input.bytes()?).into_owned();
        let distinct = input.number()?;
        let mut dictionary = Vec::new();
        let mut ends = Vec::new();
        for _ in 0..distinct {
            dictionary.extend_from_slice(input.bytes()?);
            ends.push(u32::try_from(dictionary.len()).map_err(Error::internal)?);
        }
        let codes = match input.take(1)? {
            [1] => Codes::Narrow(input.take(rows)?.to_vec()),
            [2] => {
                let bytes = input.take(rows.saturating_mul(2))?;
                let pair = |pair: &[u8]| pair.iter().rev().fold(0_u16, |code, byte| code << 8 | u16::from(*byte));
                Codes::Wide(bytes.chunks_exact(2).map(pair).collect())
            }
            _ => return Err(damaged()),
        };
        if let Some(column) = Column::named(&name) {
            columns.push((column, Coded { dictionary, ends, codes }));
        }
    }
    Ok(Block { columns })
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

fn decode_cell(bytes: &[u8]) -> Result<Cell, Error> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| damaged());
    let (tag, rest) = bytes.split_first().ok_or_else(damaged)?;
    let mut input = Input(rest);
    match tag {
        0 => Ok(Cell::None),
        1 => {
            let zigzag = input.u64()?;
            Ok(Cell::Int((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed()))
        }
        2 => Ok(Cell::Text(text(rest)?)),
        3 => {
            let mut texts = Vec::new();
            while !input.0.is_empty() {
                texts.push(text(input.bytes()?)?);
            }
            Ok(Cell::Texts(texts))
        }
        _ => Err(damaged()),
    }
}

fn damaged() -> Error {
    Error::internal("a segment is damaged")
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

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let count = self.number()?;
        self.take(count)
    }

    fn number(&mut self) -> Result<usize, Error> {
        usize::try_from(self.u64()?).map_err(|_| damaged())
    }

    fn u64(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = *self.take(1)? else { return Err(damaged()) };
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged())
    }
}

#[cfg(test)]
#[path = "segment_tests.rs"]
mod tests;
