//! Texts that filters compare: `-` before one negates it, `*` in it stands for anything.

use crate::domain::query::{Clause, Match, Showing, Test};
use crate::domain::{Column, Error};

/// What a text is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Whether what matches is left out.
    pub is_negated: bool,
    text: String,
}

impl Pattern {
    /// Reads a value; a `\` at its beginning takes the meaning of a `-` or `\` behind it. [`Error::Invalid`] names
    /// `field` when nothing is left to compare with.
    pub fn parse(field: &'static str, value: &str) -> Result<Self, Error> {
        let (is_negated, text) = value.strip_prefix('-').map_or((false, value), |text| (true, text));
        let text = text.strip_prefix('\\').filter(|rest| rest.starts_with(['-', '\\'])).unwrap_or(text);
        if text.is_empty() {
            return Err(Error::invalid(field, "must not be empty"));
        }
        Ok(Self { is_negated, text: text.to_owned() })
    }

    /// The text, when nothing in it stands for anything else.
    pub fn literal(&self) -> Option<&str> {
        Some(self.text.as_str()).filter(|text| !text.contains('*'))
    }

    /// What stands before the first `*`.
    pub fn beginning(&self) -> &str {
        self.text.split('*').next().unwrap_or_default()
    }

    /// The comparison, negation apart.
    pub fn matches(&self) -> Match {
        match self.literal() {
            Some(text) => Match::Equals(text.to_owned()),
            None => Match::Wildcard(self.text.split('*').map(str::to_owned).collect()),
        }
    }

    /// The comparison with what is shown for a text, negation apart.
    pub fn matches_shown(&self, shown: &'static Showing) -> Match {
        Match::Shown { shown, by: Box::new(self.matches()) }
    }

    /// That some value of a column matches, or with negation that none does.
    pub fn on(&self, column: Column, matches: impl IntoIterator<Item = Match>) -> Clause {
        Clause::on(column, if self.is_negated { Test::none(matches) } else { Test::any(matches) })
    }
}
