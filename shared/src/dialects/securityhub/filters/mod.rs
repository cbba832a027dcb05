//! `Filters` of GetFindings: every attribute of the real service, each converted into one clause (CONTRACTS 1.9).
//!
//! Attributes are AND-ed. Within an attribute positive comparisons are OR-ed and negative ones AND-ed; on a field
//! with several values a positive comparison needs one of them and a negative one all of them, and an absent field
//! passes negative comparisons only.
//!
//! Where the contract is silent: an attribute whose list is empty (or null) is no condition and does not count; a
//! comparison must be given; map comparisons belong to the attribute and not to the key, so EQUALS on one key and
//! NOT_EQUALS on another are an illegal mix.

mod attributes;
mod boolean;
mod comparison;
mod date;
mod ip;
mod keyword;
mod map;
mod number;
mod text;

pub use attributes::{ATTRIBUTES, Attribute, Kind};
pub(super) use comparison::Comparison;

use super::super::members::{Members, shown};
use super::limits;
use crate::domain::Error;
use crate::domain::query::{Clause, Filter, Test};
use serde_json::Value;

/// The filter that the members of `Filters` ask for; [`Error::Invalid`] names the attribute at fault.
pub fn parse(filters: &Members<'_>) -> Result<Filter, Error> {
    let mut clauses = Vec::new();
    for (name, values) in filters.iter() {
        let path = filters.name(&shown(name));
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == name);
        let attribute = attribute.ok_or_else(|| Error::invalid(&path, "there is no such filter attribute"))?;
        let values = conditions(values, &path)?;
        if !values.is_empty() {
            clauses.push(Clause { field: attribute.field, test: test(attribute.kind, &values, &path)? });
        }
    }
    if clauses.len() > limits::FILTER_ATTRIBUTES {
        let (named, most) = (clauses.len(), limits::FILTER_ATTRIBUTES);
        return Err(Error::invalid(filters.path(), format!("names {named} attributes; at most {most} are allowed")));
    }
    Ok(Filter::of(clauses))
}

/// The conditions of one attribute: at most 20 objects.
fn conditions<'a>(values: &'a Value, path: &str) -> Result<Vec<Members<'a>>, Error> {
    let list = values.as_array().ok_or_else(|| Error::invalid(path, "must be a list of conditions"))?;
    if list.len() > limits::FILTER_VALUES {
        let (given, most) = (list.len(), limits::FILTER_VALUES);
        return Err(Error::invalid(path, format!("has {given} values; at most {most} are allowed")));
    }
    list.iter().enumerate().map(|(position, value)| Members::of(value, format!("{path}[{position}]"))).collect()
}

fn test(kind: Kind, values: &[Members<'_>], path: &str) -> Result<Test, Error> {
    match kind {
        Kind::Text => text::test(values, path),
        Kind::Date => date::test(values),
        Kind::Number => number::test(values),
        Kind::Ip => ip::test(values),
        Kind::Map => map::test(values, path),
        Kind::Keyword => keyword::test(values),
        Kind::Boolean => boolean::test(values),
    }
}

#[cfg(test)]
mod tests;
