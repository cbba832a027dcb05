//! MapFilter: `{"Key","Value","Comparison"}`, all required. The key is compared whole. Case matters.

use super::super::super::members::Members;
use super::comparison::{Comparison, combine};
use crate::domain::Error;
use crate::domain::column::pair;
use crate::domain::query::{Match, Test};

/// The test of a map attribute.
pub fn test(conditions: &[Members<'_>], path: &str) -> Result<Test, Error> {
    combine(conditions.iter().map(one).collect::<Result<_, _>>()?, path)
}

fn one(condition: &Members<'_>) -> Result<(Comparison, Match), Error> {
    let key = condition.required("Key", condition.text("Key")?)?;
    let value = condition.required("Value", condition.text("Value")?)?;
    let comparison = Comparison::of(condition, Comparison::OF_MAPS)?;
    let matched = match comparison {
        Comparison::Equals | Comparison::NotEquals | Comparison::Prefix | Comparison::PrefixNotEquals => {
            Match::Equals(pair(key, value))
        }
        Comparison::Contains | Comparison::NotContains => {
            Match::PairContains { key: key.to_owned(), value: value.to_owned() }
        }
    };
    Ok((comparison, matched))
}
