//! Dictionaries: the distinct values of a column.
//!
//! Ids and descriptions are nearly all distinct, and alike but for the words in them that have digits: account numbers,
//! random ids. Such a dictionary is written as the patterns that are left without these words, each once, and the words by
//! their place in the pattern. Layout: values · form. Form 0: each value (length, bytes). Form 1: patterns, each its
//! number of texts and these (length, bytes), between which the words stand; codes, a pattern per value; then for each place,
//! as far as some pattern has one: words · spelling · words · codes, a word per value that has the place. Spelling 0: each
//! word (length, bytes); 1, of hexadecimal digits in lower case: the lengths, then all digits, two a byte.

use super::{Dictionary, Input, codes, damaged, put_bytes, put_number};
use crate::domain::Error;

/// Words that are taken out of a value; later ones stay in the pattern.
const WORDS: usize = 16;

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
    let mut dictionary = Dictionary::default();
    match input.byte()? {
        0 => {
            for _ in 0..count {
                dictionary.push(&[input.bytes()?])?;
            }
        }
        1 => read_split(input, count, &mut dictionary)?,
        _ => return Err(damaged()),
    }
    Ok(dictionary)
}

fn read_split(input: &mut Input<'_>, count: usize, dictionary: &mut Dictionary) -> Result<(), Error> {
    let mut patterns: Vec<Vec<&[u8]>> = Vec::new();
    for _ in 0..input.number()? {
        let texts = input.number()?;
        if texts > WORDS + 1 {
            return Err(damaged());
        }
        patterns.push((0..texts).map(|_| input.bytes()).collect::<Result<_, _>>()?);
    }
    let of_pattern = |code: u16| patterns.get(usize::from(code)).ok_or_else(damaged);
    let chosen = codes::read(input, count)?.into_iter().map(of_pattern).collect::<Result<Vec<_>, _>>()?;
    let places = chosen.iter().map(|texts| texts.len()).max().unwrap_or(0).saturating_sub(1);
    let mut words = Vec::new();
    for place in 0..places {
        let of_place = read_words(input)?;
        let holders = chosen.iter().filter(|texts| texts.len() > place + 1).count();
        words.push((of_place, codes::read(input, holders)?.into_iter()));
    }
    for texts in chosen {
        let mut parts: Vec<&[u8]> = Vec::with_capacity(2 * texts.len());
        let (last, texts) = texts.split_last().ok_or_else(damaged)?;
        for (text, (words, codes)) in texts.iter().zip(&mut words) {
            let word = codes.next().and_then(|code| words.get(usize::from(code))).ok_or_else(damaged)?;
            parts.extend([text, word.as_slice()]);
        }
        parts.push(last);
        dictionary.push(&parts)?;
    }
    Ok(())
}

fn read_words(input: &mut Input<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let count = input.number()?;
    let mut words = Vec::new();
    if input.byte()? == 0 {
        for _ in 0..count {
            words.push(input.bytes()?.to_vec());
        }
        return Ok(words);
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
    words.extend(lengths.into_iter().map(|length| digits.by_ref().take(length).collect::<Vec<u8>>()));
    Ok(words)
}
