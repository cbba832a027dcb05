//! KeywordFilter: `{"Value"}`, deprecated by the vendor and nowhere defined. Here: some string value anywhere in the
//! finding holds it. Case matters, as in every other filter.

use super::super::super::members::Members;
use crate::domain::Error;
use crate::domain::query::{Match, Test};

/// The test of the keyword attribute; its values are OR-ed.
pub fn test(conditions: &[Members<'_>]) -> Result<Test, Error> {
    let one = |condition: &Members<'_>| {
        condition.required("Value", condition.text("Value")?).map(|value| Match::Contains(value.to_owned()))
    };
    Ok(Test::Text { any: conditions.iter().map(one).collect::<Result<_, _>>()?, none: Vec::new() })
}
