//! StringFilter: `{"Value","Comparison"}`, both required. Case matters.

use super::super::super::members::Members;
use super::comparison::{Comparison, combine};
use crate::domain::Error;
use crate::domain::query::{Match, Test};

/// The test of a string attribute.
pub fn test(conditions: &[Members<'_>], path: &str) -> Result<Test, Error> {
    combine(conditions.iter().map(one).collect::<Result<_, _>>()?, path)
}

fn one(condition: &Members<'_>) -> Result<(Comparison, Match), Error> {
    let value = condition.required("Value", condition.text("Value")?)?.to_owned();
    let comparison = Comparison::of(condition, Comparison::OF_STRINGS)?;
    let matched = match comparison {
        Comparison::Equals | Comparison::NotEquals => Match::Equals(value),
        Comparison::Prefix | Comparison::PrefixNotEquals => Match::Prefix(value),
        Comparison::Contains | Comparison::NotContains => Match::Contains(value),
    };
    Ok((comparison, matched))
}
