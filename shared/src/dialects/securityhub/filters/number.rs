//! NumberFilter: one or more of `{"Eq","Gt","Gte","Lt","Lte"}`, all of which must hold.

use super::super::super::members::Members;
use crate::domain::Error;
use crate::domain::query::{NumberRange, Test};

/// The test of a number attribute; its ranges are OR-ed.
pub fn test(conditions: &[Members<'_>]) -> Result<Test, Error> {
    conditions.iter().map(one).collect::<Result<_, _>>().map(Test::Numbers)
}

fn one(condition: &Members<'_>) -> Result<NumberRange, Error> {
    let [eq, gte, gt, lte, lt] = ["Eq", "Gte", "Gt", "Lte", "Lt"].map(|member| condition.number(member));
    let (eq, gte, lte) = (eq?, gte?, lte?);
    // Equality is a range of one number, and narrows whatever else is asked.
    let tightest = |bound: Option<f64>, narrower: fn(f64, f64) -> f64| match (eq, bound) {
        (Some(eq), Some(bound)) => Some(narrower(eq, bound)),
        (one, other) => one.or(other),
    };
    let range = NumberRange { gte: tightest(gte, f64::max), gt: gt?, lte: tightest(lte, f64::min), lt: lt? };
    if range == NumberRange::default() {
        return Err(Error::invalid(condition.path(), "must have Eq, Gt, Gte, Lt or Lte"));
    }
    Ok(range)
}
