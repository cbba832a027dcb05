//! DateFilter: `{"Start","End"}`, one or both, or `{"DateRange":{"Value","Unit","Comparison"}}`.
//!
//! Start and End belong to the range. A day is 24 hours before the query's instant. `Unit` may be left out, DAYS
//! being the only one.

use super::super::super::members::Members;
use super::super::limits;
use crate::domain::query::{InstantRange, Test};
use crate::domain::{Error, Instant};

const DAY_MS: i64 = 86_400_000;

/// The test of a date attribute; its ranges are OR-ed.
pub fn test(conditions: &[Members<'_>]) -> Result<Test, Error> {
    conditions.iter().map(one).collect::<Result<_, _>>().map(Test::Instants)
}

fn one(condition: &Members<'_>) -> Result<InstantRange, Error> {
    let instant = |member: &str| -> Result<Option<Instant>, Error> {
        let name = condition.name(member);
        condition.text(member)?.map(|text| Instant::parse_field(&name, text)).transpose()
    };
    let (from, to) = (instant("Start")?, instant("End")?);
    match (condition.object("DateRange")?, from, to) {
        (Some(range), None, None) => days(&range),
        (Some(_), ..) => Err(Error::invalid(condition.path(), "must have Start and End, or DateRange, not both")),
        (None, None, None) => Err(Error::invalid(condition.path(), "must have Start, End or DateRange")),
        (None, Some(from), Some(to)) if from > to => {
            Err(Error::invalid(condition.name("Start"), "must not be after End"))
        }
        (None, from, to) => Ok(InstantRange::Between { from, to }),
    }
}

fn days(range: &Members<'_>) -> Result<InstantRange, Error> {
    let value = range.required("Value", range.integer("Value")?)?;
    if !limits::DATE_RANGE_DAYS.contains(&value) {
        let (least, most) = (limits::DATE_RANGE_DAYS.start(), limits::DATE_RANGE_DAYS.end());
        return Err(Error::invalid(range.name("Value"), format!("must be from {least} to {most}")));
    }
    if !matches!(range.text("Unit")?, None | Some("DAYS")) {
        return Err(Error::invalid(range.name("Unit"), "must be DAYS"));
    }
    let ms = value.saturating_mul(DAY_MS);
    match range.text("Comparison")? {
        None | Some("WITHIN") => Ok(InstantRange::Within(ms)),
        Some("OLDER_THAN") => Ok(InstantRange::OlderThan(ms)),
        Some(_) => Err(Error::invalid(range.name("Comparison"), "must be WITHIN or OLDER_THAN")),
    }
}
