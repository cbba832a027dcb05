//! The comparison words of string and map filters, and which of them may stand together on one field.

use super::super::super::members::{Members, shown};
use crate::domain::Error;
use crate::domain::query::{Match, Test};

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equals,
    Prefix,
    Contains,
    NotEquals,
    PrefixNotEquals,
    NotContains,
}

use Comparison::{Contains, Equals, NotContains, NotEquals, Prefix, PrefixNotEquals};

impl Comparison {
    const WORDS: [(Self, &'static str); 6] = [
        (Equals, "EQUALS"),
        (Prefix, "PREFIX"),
        (Contains, "CONTAINS"),
        (NotEquals, "NOT_EQUALS"),
        (PrefixNotEquals, "PREFIX_NOT_EQUALS"),
        (NotContains, "NOT_CONTAINS"),
    ];

    /// All of them, which strings allow.
    pub const OF_STRINGS: &'static [Self] = &[Equals, Prefix, Contains, NotEquals, PrefixNotEquals, NotContains];

    /// Those that maps allow.
    pub const OF_MAPS: &'static [Self] = &[Equals, Contains, NotEquals, NotContains];

    /// The word.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(comparison, _)| *comparison == self).map_or("", |(_, word)| word)
    }

    /// The comparison of one condition, which must be one of `allowed`.
    pub fn of(condition: &Members<'_>, allowed: &[Self]) -> Result<Self, Error> {
        let word = condition.required("Comparison", condition.text("Comparison")?)?;
        let found = Self::WORDS.iter().find(|(comparison, known)| *known == word && allowed.contains(comparison));
        found.map(|(comparison, _)| *comparison).ok_or_else(|| {
            let words: Vec<&str> = allowed.iter().map(|comparison| comparison.word()).collect();
            let message = match word {
                "CONTAINS_WORD" => "CONTAINS_WORD belongs to GetFindingsV2 only; use CONTAINS".to_owned(),
                other => format!("{} is none of {}", shown(other), words.join(", ")),
            };
            Error::invalid(condition.name("Comparison"), message)
        })
    }
}

/// One test from the conditions on one field; [`Error::Invalid`] for a mix that the vendor refuses.
pub fn combine(conditions: Vec<(Comparison, Match)>, path: &str) -> Result<Test, Error> {
    let has = |wanted: &[Comparison]| conditions.iter().any(|(comparison, _)| wanted.contains(comparison));
    for alone in [Contains, NotContains] {
        if has(&[alone]) && conditions.iter().any(|(comparison, _)| *comparison != alone) {
            let word = alone.word();
            return Err(Error::invalid(path, format!("{word} can only be combined with {word} on the same field")));
        }
    }
    if has(&[Equals]) && has(&[NotEquals, PrefixNotEquals]) {
        let message = "EQUALS cannot be combined with NOT_EQUALS or PREFIX_NOT_EQUALS on the same field";
        return Err(Error::invalid(path, message));
    }
    let (mut any, mut none) = (Vec::new(), Vec::new());
    for (comparison, matched) in conditions {
        match comparison {
            Equals | Prefix | Contains => any.push(matched),
            NotEquals | PrefixNotEquals | NotContains => none.push(matched),
        }
    }
    Ok(Test::Text { any, none })
}
