//! Times that filters compare, in milliseconds since 1970 (datadog-posture-management-findings, Filtering).
//!
//! The operator stands before the number: `filter[x]=>=N`, `filter[x]=<N`. The document's sample writes
//! `filter[x]>=N`, which arrives as a parameter whose name ends in the operator; so do `filter[x]<=N` and, without a
//! value, `filter[x]>N`. A number alone is that millisecond. `=>` and `=<` are read as `>=` and `<=`.

use super::super::super::members::shown;
use super::super::parameters::digits;
use crate::domain::query::InstantRange;
use crate::domain::{Column, Error, Instant};

/// The filters of times; of the first, the last three are other names.
const TIMES: [(&str, Column); 4] = [
    ("filter[evaluation_changed_at]", Column::EvaluationChangedAt),
    ("filter[discovery_timestamp]", Column::FirstSeen),
    ("filter[resource_discovery_timestamp]", Column::FirstSeen),
    ("filter[resource_discovery_date]", Column::FirstSeen),
];

/// A time filter by a parameter's name, and what follows that in the parameter.
fn find(name: &str) -> Option<(&'static str, Column, &str)> {
    TIMES.iter().find_map(|(known, column)| {
        let rest = name.strip_prefix(known)?;
        (rest.is_empty() || rest.starts_with(['<', '>'])).then_some((*known, *column, rest))
    })
}

/// Whether a parameter's name has an operator in it.
pub(in super::super) fn is_key_form(name: &str) -> bool {
    find(name).is_some_and(|(_, _, rest)| !rest.is_empty())
}

/// The column and range of a parameter, if it is a filter of times. [`Error::Invalid`] names it.
pub(super) fn parse(name: &str, value: &str) -> Result<Option<(Column, InstantRange)>, Error> {
    let Some((known, column, rest)) = find(name) else { return Ok(None) };
    let text = match (rest, value) {
        ("", value) => value.to_owned(),
        (rest, "") => rest.to_owned(),
        (rest, value) => format!("{rest}={value}"),
    };
    let range = range(text.trim()).ok_or_else(|| {
        let why = "must be milliseconds since 1970, with >, >=, < or <= before them or nothing";
        Error::invalid(known, format!("is {}, and {why}", shown(&text)))
    })?;
    Ok(Some((column, range)))
}

fn range(text: &str) -> Option<InstantRange> {
    type Bounds = fn(Instant) -> (Option<Instant>, Option<Instant>);
    const OPERATORS: [(&str, Bounds); 7] = [
        (">=", |at| (Some(at), None)),
        ("=>", |at| (Some(at), None)),
        ("<=", |at| (None, Some(at))),
        ("=<", |at| (None, Some(at))),
        (">", |at| (Some(at.plus(1)), None)),
        ("<", |at| (None, Some(at.plus(-1)))),
        ("", |at| (Some(at), Some(at))),
    ];
    let (bounds, number) = OPERATORS.iter().find_map(|(sign, bounds)| Some((bounds, text.strip_prefix(sign)?)))?;
    let (from, to) = bounds(Instant(digits(number)?));
    Some(InstantRange::Between { from, to })
}
