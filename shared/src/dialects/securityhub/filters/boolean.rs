//! BooleanFilter: `{"Value"}`, true or false. A finding that does not say counts as false.

use super::super::super::members::Members;
use crate::domain::Error;
use crate::domain::query::{Match, Test};

/// The test of a boolean attribute; its values are OR-ed.
pub fn test(conditions: &[Members<'_>]) -> Result<Test, Error> {
    let one = |condition: &Members<'_>| {
        condition.required("Value", condition.boolean("Value")?).map(|value| Match::Equals(value.to_string()))
    };
    Ok(Test::Text { any: conditions.iter().map(one).collect::<Result<_, _>>()?, none: Vec::new() })
}
