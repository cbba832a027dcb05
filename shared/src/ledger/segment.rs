//! Segments: the columns of 8,192 consecutive findings, dictionary-coded and compressed, never changed.
//!
//! Layout, all numbers as LEB128 unless said otherwise:
//! `PLS` and a format byte · rows · a zstd frame. The frame holds the number of columns, and per column its name (length,
//! bytes), its distinct values (see `dictionary`), and one code per row (see `codes`). A value is a cell: tag 0 absent, 1
//! zigzag number, 2 text, 3 texts (each a length and bytes). Columns are named, so a reader passes over those it does not
//! know and takes absent ones as empty: a new column is a fold and not a migration.

mod codes;
mod dictionary;
mod encode;

use super::compress::unpack_bytes;
use crate::domain::{Cell, Column, Error};
use codes::Codes;
use dictionary::Dictionary;

/// Findings per segment.
pub(super) const SEGMENT_ROWS: u32 = 8_192;
pub(super) const MAGIC: &[u8] = b"PLS\x02";
/// The level at which segments are compressed: they are read far more often than written.
const LEVEL: i32 = 9;

/// One column of a segment: each distinct value once, and a code per row.
#[derive(Debug)]
pub(super) struct Coded {
    dictionary: Dictionary,
    codes: Codes,
}

/// A segment's columns, unpacked.
#[derive(Debug)]
pub(super) struct Block {
    rows: usize,
    columns: Vec<(Column, Coded)>,
}

/// A segment of one family as it is stored: so many rows, and the frame.
#[derive(Debug)]
pub(super) struct Segment {
    rows: usize,
    frame: Vec<u8>,
}

impl Coded {
    /// The number of distinct values.
    pub fn distinct(&self) -> usize {
        self.dictionary.len()
    }

    /// A distinct value.
    pub fn value(&self, code: usize) -> Cell {
        self.dictionary.get(code).and_then(|bytes| decode_cell(&bytes).ok()).unwrap_or_default()
    }

    /// The code of a row.
    pub fn code(&self, row: usize) -> usize {
        self.codes.get(row)
    }

    /// Bytes held in memory.
    fn bytes(&self) -> usize {
        self.dictionary.bytes() + self.codes.bytes()
    }
}

impl Block {
    /// How many findings it covers.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Bytes held in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.columns.iter().map(|(_, coded)| coded.bytes()).sum()
    }

    /// A column, unless the segment was written before it existed.
    pub fn column(&self, column: Column) -> Option<&Coded> {
        self.columns.iter().find(|(c, _)| *c == column).map(|(_, coded)| coded)
    }

    /// One row's value; [`Cell::None`] for rows that it does not cover.
    pub fn cell(&self, row: usize, column: Column) -> Cell {
        let coded = self.column(column).filter(|_| row < self.rows);
        coded.map_or(Cell::None, |coded| coded.value(coded.code(row)))
    }
}

impl Segment {
    /// Its columns.
    pub fn unpack(&self) -> Result<Block, Error> {
        decode_block(self.rows, &unpack_bytes(&self.frame)?)
    }

    /// Bytes held in memory, roughly.
    pub fn bytes(&self) -> usize {
        self.frame.len()
    }

    /// Reads [`Segment::encode`] back, as far as can be told without unpacking it.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input(bytes);
        if input.take(MAGIC.len())? != MAGIC {
            return Err(Error::internal(
                "a segment has an unknown format: `posture rebuild` writes the index anew from the log",
            ));
        }
        let rows = input.number()?;
        if rows > SEGMENT_ROWS as usize {
            return Err(damaged());
        }
        Ok(Self { rows, frame: input.0.to_vec() })
    }
}

fn decode_block(rows: usize, raw: &[u8]) -> Result<Block, Error> {
    let mut input = Input(raw);
    let count = input.number()?;
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = String::from_utf8_lossy(input.bytes()?).into_owned();
        let dictionary = dictionary::read(&mut input)?;
        let codes = Codes::of(codes::read(&mut input, rows)?);
        if let Some(column) = Column::named(&name) {
            columns.push((column, Coded { dictionary, codes }));
        }
    }
    Ok(Block { rows, columns })
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
pub(super) struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        let (byte, rest) = self.0.split_first().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*byte)
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], Error> {
        let count = self.number()?;
        self.take(count)
    }

    pub fn number(&mut self) -> Result<usize, Error> {
        usize::try_from(self.u64()?).map_err(|_| damaged())
    }

    fn u64(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(damaged())
    }
}

pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
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

#[cfg(test)]
#[path = "segment_tests.rs"]
mod tests;
