//! Segments: the columns of 8,192 consecutive findings, dictionary-coded and compressed, never changed.
//!
//! Layout, all numbers as LEB128 unless said otherwise:
//! `PLS` and a format byte · rows · blocks · per block: length and a zstd frame. A frame holds: rows, columns, and per
//! column its name (length, bytes), the dictionary (entries, each a length and an encoded cell), the width of a code
//! (1 or 2) and one little-endian code per row. Encoded cell: tag 0 absent, 1 zigzag number, 2 text, 3 texts (each a
//! length and bytes). Columns are named, so a reader passes over those it does not know and takes absent ones as
//! empty: a new column is a fold and not a migration.

mod encode;

use super::compress::unpack_bytes;
use crate::domain::{Cell, Column, Error, Family};
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

    /// One block, opened; `None` beyond the last.
    pub fn block(&self, place: usize) -> Result<Option<Arc<Block>>, Error> {
        self.blocks.get(place).map(Stored::open).transpose()
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
