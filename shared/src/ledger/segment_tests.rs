//! Segments: every cell comes back, and damage is an error.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failing test may panic")]
use super::{SEGMENT_ROWS, Segment};
use crate::domain::{Cell, Column, Family};

fn sample(row: usize, column: Column) -> Cell {
    match row % 8 {
        0 => Cell::None,
        1 => Cell::Int(i64::try_from(row).unwrap() * -1_000_003),
        2 => Cell::Text(format!("{} {row}", column.name())),
        3 => Cell::Texts(vec!["a".into(), String::new(), format!("ü{}", row % 7)]),
        4 => Cell::Text(prowlers(row)),
        5 => Cell::Text((0..row % 23).map(|word| format!("{word}-{row:X}é{row:o} ")).collect()),
        6 => Cell::Texts(vec![format!("{row}"), format!("arn:aws:s3:::b{row:03x}\0{row}")]),
        _ => Cell::Int(i64::MAX),
    }
}

fn encode(family: Family, rows: usize, cell: &dyn Fn(usize, Column) -> Cell) -> Result<Vec<u8>, crate::domain::Error> {
    Segment::encode(family, rows, None, &|_| true, cell)
}

/// An id in Prowler's form, whose nine last digits are as good as random.
fn prowlers(row: usize) -> String {
    let random =
        (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    format!("prowler-ec2_check_{}-123456789012-eu-west-{}-{:09x}", row % 90, row % 3 + 1, random >> 28)
}

/// What makes ids distinct are 36 random bits, so little more than 4.5 bytes has to be stored of each.
#[test]
fn ids_cost_little_more_than_what_is_random_in_them() {
    let rows = SEGMENT_ROWS as usize;
    let id = |row, column| if column == Column::Id { Cell::Text(prowlers(row)) } else { Cell::None };
    let bytes = encode(Family::Ids, rows, &id).unwrap();
    assert!(bytes.len() < 7 * rows, "{} bytes each", bytes.len() / rows);
    let block = Segment::decode(&bytes).unwrap().unpack().unwrap();
    assert!((0..rows).all(|row| block.cell(row, Column::Id) == Cell::Text(prowlers(row))));
    // In memory it is the nine digits, where they end, and the codes of the pattern and of the words.
    assert!(block.bytes() < 24 * rows, "{} bytes each", block.bytes() / rows);
}

/// Timestamps to the millisecond are all distinct, and a list by one of them has every finding's in memory.
#[test]
fn timestamps_cost_less_than_half_of_their_text() {
    let rows = SEGMENT_ROWS as usize;
    let at = |row: usize| {
        let at = crate::domain::Instant(1_790_000_000_000 + i64::try_from(row).unwrap() * 7_919_123);
        Cell::Text(at.to_string())
    };
    let seen = |row, column| if column == Column::UpdatedAt { at(row) } else { Cell::None };
    let bytes = encode(Family::Seen, rows, &seen).unwrap();
    assert!(bytes.len() < 6 * rows, "{} bytes each", bytes.len() / rows);
    let block = Segment::decode(&bytes).unwrap().unpack().unwrap();
    assert!((0..rows).all(|row| block.cell(row, Column::UpdatedAt) == at(row)));
    assert!(block.bytes() < 12 * rows, "{} bytes each", block.bytes() / rows);
}

#[test]
fn every_cell_comes_back() {
    for family in Family::ALL {
        for rows in [0, 1, 127, 128, 129, SEGMENT_ROWS as usize] {
            let bytes = encode(family, rows, &sample).unwrap();
            let segment = Segment::decode(&bytes).unwrap().unpack().unwrap();
            assert_eq!(segment.rows(), rows);
            // The finding that comes next has no row yet, and must not be given the first one's values.
            assert_eq!(segment.cell(rows, Column::Title), Cell::None);
            for column in Column::ALL.iter().filter(|column| column.family() == family) {
                for row in (0..rows).step_by(37) {
                    assert_eq!(segment.cell(row, *column), sample(row, *column), "{column:?} {row}");
                }
            }
        }
    }
}

/// A fold that takes over what is untouched writes the bytes of one that looks at every value.
#[test]
fn encoding_over_a_base_changes_nothing_but_the_work() {
    let newer = |row: usize, column: Column| match row % 41 {
        0 => Cell::Text(format!("newer {} {row}", column.name())),
        _ => sample(row, column),
    };
    for family in Family::ALL {
        for (below, rows) in [(0, 300), (1, 300), (128, 256), (300, 300), (300, 1_000), (1_000, 1_001)] {
            let base = Segment::decode(&encode(family, below, &sample).unwrap()).unwrap().unpack().unwrap();
            let touched = |row: usize| row.is_multiple_of(41);
            let looked = std::cell::Cell::new(0);
            let cell = |row, column| {
                looked.set(looked.get() + 1);
                newer(row, column)
            };
            let bytes = Segment::encode(family, rows, Some(&base), &touched, &cell).unwrap();
            assert_eq!(bytes, encode(family, rows, &newer).unwrap(), "{family:?} {below} {rows}");
            let columns = Column::ALL.iter().filter(|column| column.family() == family).count();
            let news = (0..rows).filter(|row| *row >= below || touched(*row)).count();
            assert!(looked.get() <= news * columns, "{family:?} {below} {rows}");
        }
    }
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let whole = encode(Family::Ids, 300, &sample).unwrap();
    for cut in (0..whole.len()).step_by(11) {
        assert!(Segment::decode(&whole[..cut]).and_then(|segment| segment.unpack()).is_err(), "cut at {cut}");
    }
    for at in (0..whole.len()).step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x55;
        let _ = Segment::decode(&flipped).and_then(|segment| segment.unpack());
    }
    // The frame's own checks stop most damage, so the columns are damaged below it, too.
    let frame = &whole[super::MAGIC.len() + 2..];
    let raw = super::unpack_bytes(frame).unwrap();
    for at in (0..raw.len()).step_by(13) {
        for flip in [0x01, 0x80, 0xff] {
            let mut flipped = raw.clone();
            flipped[at] ^= flip;
            if let Ok(block) = super::decode_block(300, &flipped) {
                (0..300).step_by(17).for_each(|row| drop(block.cell(row, Column::ResourceIds)));
            }
        }
        assert!(super::decode_block(300, &raw[..at]).is_err(), "cut at {at}");
    }
}

/// A frame of some kilobytes must not stand for gigabytes of values, whoever takes them all out.
#[test]
fn what_would_unfold_to_too_much_is_refused() {
    let split = |values: usize, word: usize| {
        let mut raw = Vec::new();
        super::put_number(&mut raw, 1);
        super::put_bytes(&mut raw, Column::Id.name().as_bytes());
        super::put_number(&mut raw, values);
        raw.push(1);
        // One pattern of two texts, which all values have.
        [1, 2].iter().for_each(|number| super::put_number(&mut raw, *number));
        super::put_bytes(&mut raw, &[2]);
        super::put_bytes(&mut raw, b"");
        let same: Vec<u16> = vec![0; values];
        super::codes::put(&mut raw, &same);
        // One word, which all of them name.
        super::put_number(&mut raw, 1);
        raw.push(0);
        super::put_bytes(&mut raw, &vec![b'7'; word]);
        super::codes::put(&mut raw, &same);
        super::codes::put(&mut raw, &vec![0; 300]);
        super::decode_block(300, &raw)
    };
    let block = split(200, 1_000).unwrap();
    assert_eq!(block.cell(7, Column::Id), Cell::Text("7".repeat(1_000)));
    assert!(split(200, 1 << 20).is_err());
    assert!(split(SEGMENT_ROWS as usize + 1, 1).is_err());
    let mut many = super::MAGIC.to_vec();
    super::put_number(&mut many, SEGMENT_ROWS as usize + 1);
    assert!(Segment::decode(&many).is_err());
}
