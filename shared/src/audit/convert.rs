//! Between JSON and the evaluator's values.

use serde_json::Value as Json;
use std::collections::BTreeMap;

/// A JSON value for the evaluator. A number that it cannot hold becomes its text, so that no comparison of numbers holds.
pub fn to_rego(json: &Json) -> regorus::Value {
    match json {
        Json::Null => regorus::Value::Null,
        Json::Bool(bool) => regorus::Value::from(*bool),
        Json::Number(number) => to_number(number),
        Json::String(text) => regorus::Value::from(text.as_str()),
        Json::Array(items) => regorus::Value::from(items.iter().map(to_rego).collect::<Vec<_>>()),
        Json::Object(members) => {
            let members = members.iter().map(|(name, member)| (regorus::Value::from(name.as_str()), to_rego(member)));
            regorus::Value::from(members.collect::<BTreeMap<_, _>>())
        }
    }
}

fn to_number(number: &serde_json::Number) -> regorus::Value {
    if let Some(whole) = number.as_i64() {
        return regorus::Value::from(whole);
    }
    match number.as_f64().filter(|float| float.is_finite()) {
        Some(float) => regorus::Value::from(float),
        None => regorus::Value::from(number.to_string()),
    }
}

/// Values of one violation.
const VALUES: usize = 20_000;
/// Bytes of its texts.
const BYTES: usize = 1024 * 1024;

/// A value of the evaluator as JSON; `None` for one that is too large. Sets are lists in their order; what is undefined is null.
///
/// A value may hold another one many times at no cost, so that what it would be as JSON knows no bound.
pub fn to_json(value: &regorus::Value) -> Option<Json> {
    json_of(value, &mut (VALUES, BYTES))
}

fn json_of(value: &regorus::Value, left: &mut (usize, usize)) -> Option<Json> {
    left.0 = left.0.checked_sub(1)?;
    Some(match value {
        regorus::Value::Null | regorus::Value::Undefined => Json::Null,
        regorus::Value::Bool(bool) => Json::Bool(*bool),
        regorus::Value::Number(_) => {
            let text = value.to_json_str().ok()?;
            left.1 = left.1.checked_sub(text.len())?;
            crate::domain::json::parse(text.as_bytes()).ok()?
        }
        regorus::Value::String(text) => Json::String(text_of(text, left)?),
        regorus::Value::Array(items) => {
            Json::Array(items.iter().map(|item| json_of(item, left)).collect::<Option<_>>()?)
        }
        regorus::Value::Set(items) => Json::Array(items.iter().map(|item| json_of(item, left)).collect::<Option<_>>()?),
        regorus::Value::Object(_) => {
            let members = value.as_object().ok()?.iter().map(|(name, member)| {
                let name = match name {
                    regorus::Value::String(name) => text_of(name, left)?,
                    other => json_of(other, left)?.to_string(),
                };
                Some((name, json_of(member, left)?))
            });
            Json::Object(members.collect::<Option<_>>()?)
        }
    })
}

fn text_of(text: &str, left: &mut (usize, usize)) -> Option<String> {
    left.1 = left.1.checked_sub(text.len())?;
    Some(text.to_owned())
}
