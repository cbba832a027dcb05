//! Dictionaries: the distinct values of a column.
//!
//! Ids and descriptions are nearly all distinct, and alike but for the words in them that have digits: account numbers,
//! random ids. Such a dictionary is written as the patterns that are left without these words, each once, and the words by
//! their place in the pattern. Layout: values · form. Form 0: each value (length, bytes). Form 1: patterns, each its
//! number of texts and these (length, bytes), between which the words stand; codes, a pattern per value; then for each place,
//! as far as some pattern has one: words · spelling · words · codes, a word per value that has the place. Spelling 0: each
//! word (length, bytes); 1, of hexadecimal digits in lower case: the lengths, then all digits, two a byte.
//!
//! In memory a dictionary keeps the form in which it was written, because of a million ids most of what they have in common
//! would be there a million times.

use super::codes::{self, Codes};
use super::{Input, SEGMENT_ROWS, damaged, put_bytes, put_number};
use crate::domain::Error;
use crate::ledger::compress::UNPACKED_LIMIT;
use std::borrow::Cow;

/// Words that are taken out of a value; later ones stay in the pattern.
const WORDS: usize = 16;

/// The distinct values of a column, as encoded cells.
#[derive(Debug)]
pub(super) enum Dictionary {
    Whole(Texts),
    Split(Split),
}

/// Texts one after another, and where each ends.
#[derive(Debug, Default)]
pub(super) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

/// Values as patterns, and the words that stand in them.
#[derive(Debug)]
pub(super) struct Split {
    /// How many values there are.
    count: usize,
    /// The texts of all patterns.
    texts: Texts,
    /// Where the texts of each pattern end.
    patterns: Vec<u32>,
    /// The pattern of each value.
    chosen: Codes,
    places: Vec<Place>,
}

/// The words that stand at the same place of their patterns.
#[derive(Debug)]
struct Place {
    words: Texts,
    /// The word of each value; 0 also where its pattern has no such place.
    codes: Codes,
}

impl Dictionary {
    /// How many values there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Whole(texts) => texts.ends.len(),
            Self::Split(split) => split.count,
        }
    }

    /// A value.
    pub fn get(&self, code: usize) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Whole(texts) => texts.get(code).map(Cow::Borrowed),
            Self::Split(split) => split.get(code).map(Cow::Owned),
        }
    }

    /// Bytes held in memory.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Whole(texts) => texts.held(),
            Self::Split(Split { texts, patterns, chosen, places, .. }) => {
                let places = places.iter().map(|place| place.words.held() + place.codes.bytes()).sum::<usize>();
                texts.held() + patterns.len() * 4 + chosen.bytes() + places
            }
        }
    }
}

impl Texts {
    fn push(&mut self, text: &[u8]) -> Result<(), Error> {
        self.bytes.extend_from_slice(text);
        self.end()
    }

    /// The text that was written to the bytes ends here.
    fn end(&mut self) -> Result<(), Error> {
        self.ends.push(u32::try_from(self.bytes.len()).map_err(Error::internal)?);
        Ok(())
    }

    fn get(&self, number: usize) -> Option<&[u8]> {
        let end = *self.ends.get(number)? as usize;
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.bytes.get(start..end)
    }

    /// Gives back what no further text will need.
    fn done(mut self) -> Self {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
        self
    }

    /// Bytes held in memory.
    fn held(&self) -> usize {
        self.bytes.len() + self.ends.len() * 4
    }
}

impl Split {
    fn get(&self, code: usize) -> Option<Vec<u8>> {
        if code >= self.count {
            return None;
        }
        let texts = self.pattern(self.chosen.get(code))?;
        let mut value = Vec::with_capacity(96);
        let mut places = self.places.iter();
        for (turn, text) in texts.enumerate() {
            if turn > 0 {
                let place = places.next()?;
                value.extend_from_slice(place.words.get(place.codes.get(code))?);
            }
            value.extend_from_slice(self.texts.get(text)?);
        }
        Some(value)
    }

    /// The numbers of a pattern's texts.
    fn pattern(&self, number: usize) -> Option<std::ops::Range<usize>> {
        let end = *self.patterns.get(number)? as usize;
        let start = number.checked_sub(1).and_then(|before| self.patterns.get(before)).map_or(0, |end| *end as usize);
        Some(start..end)
    }
}

/// Writes encoded cells; `split` where most are distinct.
pub(super) fn put(out: &mut Vec<u8>, values: &[Vec<u8>], split: bool) -> Result<(), Error> {
    put_number(out, values.len());
    out.push(u8::from(split));
    if !split {
        values.iter().for_each(|value| put_bytes(out, value));
        return Ok(());
    }
    let parted: Vec<Parted<'_>> = values.iter().map(|value| part(value)).collect();
    let (patterns, pattern_codes) = codes::number(parted.iter().map(|(pattern, _)| pattern))?;
    put_number(out, patterns.len());
    for pattern in patterns {
        put_number(out, pattern.len());
        pattern.iter().for_each(|text| put_bytes(out, text));
    }
    codes::put(out, &pattern_codes);
    let places = parted.iter().map(|(_, words)| words.len()).max().unwrap_or(0);
    for place in 0..places {
        let (words, word_codes) = codes::number(parted.iter().filter_map(|(_, words)| words.get(place)))?;
        put_words(out, &words);
        codes::put(out, &word_codes);
    }
    Ok(())
}

/// A value's pattern, as the texts between its words, and the words.
type Parted<'a> = (Vec<Vec<u8>>, Vec<&'a [u8]>);

fn part(value: &[u8]) -> Parted<'_> {
    let mut pattern = Vec::new();
    let mut text = Vec::new();
    let mut words = Vec::new();
    for run in value.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric()) {
        let is_word = run.first().is_some_and(u8::is_ascii_alphanumeric) && run.iter().any(u8::is_ascii_digit);
        if is_word && words.len() < WORDS {
            pattern.push(std::mem::take(&mut text));
            words.push(run);
        } else {
            text.extend_from_slice(run);
        }
    }
    pattern.push(text);
    (pattern, words)
}

fn put_words(out: &mut Vec<u8>, words: &[&&[u8]]) {
    put_number(out, words.len());
    let nibbles: Option<Vec<u8>> = words.iter().flat_map(|word| word.iter()).map(|digit| nibble(*digit)).collect();
    let Some(nibbles) = nibbles else {
        out.push(0);
        return words.iter().for_each(|word| put_bytes(out, word));
    };
    out.push(1);
    words.iter().for_each(|word| put_number(out, word.len()));
    out.extend(nibbles.chunks(2).map(|pair| match pair {
        [high, low] => high << 4 | low,
        rest => rest.first().map_or(0, |high| high << 4),
    }));
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Reads [`put`] back.
pub(super) fn read(input: &mut Input<'_>) -> Result<Dictionary, Error> {
    let count = input.number()?;
    if count > SEGMENT_ROWS as usize {
        return Err(damaged());
    }
    match input.byte()? {
        0 => {
            let mut texts = Texts::default();
            for _ in 0..count {
                texts.push(input.bytes()?)?;
            }
            Ok(Dictionary::Whole(texts.done()))
        }
        1 => read_split(input, count).map(Dictionary::Split),
        _ => Err(damaged()),
    }
}

fn read_split(input: &mut Input<'_>, count: usize) -> Result<Split, Error> {
    let (mut texts, mut patterns, mut lengths) = (Texts::default(), Vec::new(), Vec::new());
    // Of each pattern the bytes of its texts: whoever takes all values out must not get more than may be stored.
    let mut bytes: Vec<usize> = Vec::new();
    for _ in 0..input.number()? {
        let before = texts.bytes.len();
        let length = input.number()?;
        if !(1..=WORDS + 1).contains(&length) {
            return Err(damaged());
        }
        for _ in 0..length {
            texts.push(input.bytes()?)?;
        }
        patterns.push(u32::try_from(texts.ends.len()).map_err(Error::internal)?);
        lengths.push(length);
        bytes.push(texts.bytes.len() - before);
    }
    let chosen = codes::read(input, count)?;
    let length = |code: &u16| lengths.get(usize::from(*code)).copied().ok_or_else(damaged);
    let lengths = chosen.iter().map(length).collect::<Result<Vec<usize>, Error>>()?;
    let mut all: usize = chosen.iter().filter_map(|code| bytes.get(usize::from(*code))).sum();
    if all > UNPACKED_LIMIT {
        return Err(damaged());
    }
    let most = lengths.iter().max().map_or(0, |most| most - 1);
    let mut places = Vec::with_capacity(most);
    for place in 0..most {
        let words = read_words(input)?;
        let holders = lengths.iter().filter(|length| **length > place + 1).count();
        let held = codes::read(input, holders)?;
        for code in &held {
            all += words.get(usize::from(*code)).ok_or_else(damaged)?.len();
        }
        if all > UNPACKED_LIMIT {
            return Err(damaged());
        }
        let mut held = held.into_iter();
        let codes = lengths.iter().map(|length| if *length > place + 1 { held.next().unwrap_or(0) } else { 0 });
        places.push(Place { words, codes: Codes::of(codes.collect()) });
    }
    Ok(Split { count, texts: texts.done(), patterns, chosen: Codes::of(chosen), places })
}

fn read_words(input: &mut Input<'_>) -> Result<Texts, Error> {
    let count = input.number()?;
    let mut words = Texts::default();
    if input.byte()? == 0 {
        for _ in 0..count {
            words.push(input.bytes()?)?;
        }
        return Ok(words.done());
    }
    let mut lengths = Vec::new();
    let mut all = 0_usize;
    for _ in 0..count {
        let length = input.number()?;
        all = all.checked_add(length).ok_or_else(damaged)?;
        lengths.push(length);
    }
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).map_or(b'0', |digit| digit as u8);
    let pairs = input.take(all.div_ceil(2))?;
    let mut digits = pairs.iter().flat_map(|pair| [digit(pair >> 4), digit(pair & 15)]);
    words.bytes.reserve_exact(all);
    for length in lengths {
        words.bytes.extend(digits.by_ref().take(length));
        words.end()?;
    }
    Ok(words.done())
}
