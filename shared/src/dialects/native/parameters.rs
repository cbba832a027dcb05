//! Reading the parameters of our own feeds, with errors that name them.

use super::super::members::known_only;
use crate::domain::{Error, Instant};

/// The decoded pairs of a query whose parameters are all known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'a>(&'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// [`Error::Invalid`] for a name that is not `known`.
    pub fn of(query: &'a [(String, String)], known: &[&str]) -> Result<Self, Error> {
        known_only(query, known.iter().copied(), "this request").map(|()| Self(query))
    }

    /// The one value that is not blank; [`Error::Invalid`] when there are two.
    pub fn one(self, name: &str) -> Result<Option<&'a str>, Error> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.trim());
        match (values.next(), values.next()) {
            (value, None) => Ok(value.filter(|value| !value.is_empty())),
            _ => Err(Error::invalid(name, "is sent more than once")),
        }
    }

    /// An instant, or the first of a date.
    pub fn instant(self, name: &str) -> Result<Option<Instant>, Error> {
        let wrong = || Error::invalid(name, "must be an instant such as 2024-01-04T15:25:10Z, or a date");
        let read = |text: &str| Instant::parse_loose(text).filter(|at| at.0 >= 0).ok_or_else(wrong);
        self.one(name)?.map(read).transpose()
    }

    /// The rows of a page, from 1 to `most`.
    pub fn limit(self, default: u32, most: u32) -> Result<u32, Error> {
        let Some(text) = self.one("limit")? else { return Ok(default) };
        let number = text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        number.ok_or_else(|| Error::invalid("limit", format!("must be a whole number from 1 to {most}")))
    }
}
