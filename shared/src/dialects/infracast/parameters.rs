//! Reading query parameters, with errors that name them.

use super::super::members::shown;
use crate::domain::{AsOf, Error};

/// The decoded pairs of a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parameters<'a>(pub &'a [(String, String)]);

impl<'a> Parameters<'a> {
    /// Values of a name that are not blank, without the white space around them.
    fn values(self, name: &'static str) -> impl Iterator<Item = &'a str> {
        let of_name = self.0.iter().filter(move |(known, _)| known == name);
        of_name.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// The one value; [`Error::Invalid`] when there are two.
    pub fn one(self, name: &'static str) -> Result<Option<&'a str>, Error> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            _ => Err(Error::invalid(name, "is sent more than once")),
        }
    }

    /// What is in the comma-separated lists.
    pub fn list(self, name: &'static str) -> Vec<&'a str> {
        self.values(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
    }

    /// A whole number between two bounds; [`Error::Invalid`] says them.
    pub fn number(self, name: &'static str, default: u32, least: u32, most: u32) -> Result<u32, Error> {
        let Some(text) = self.one(name)? else { return Ok(default) };
        let number = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u32>().ok()).flatten();
        number.filter(|number| (least..=most).contains(number)).ok_or_else(|| {
            Error::invalid(name, format!("is {}, and must be a whole number from {least} to {most}", shown(text)))
        })
    }

    /// The state that is asked for, if it is not the newest. Whether it lies in the future only the clock can tell.
    pub fn as_of(self) -> Result<Option<AsOf>, Error> {
        super::super::as_of::parse(self.0)
    }
}

/// An [`Error::Invalid`] for a word that is none of those there are.
pub(super) fn no_such_word(name: &str, word: &str, known: &str) -> Error {
    Error::invalid(name, format!("{} is not one of {known}", shown(word)))
}
