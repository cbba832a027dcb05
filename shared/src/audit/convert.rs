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

/// A value of the evaluator as JSON. Sets are lists in their order; what is undefined is null.
pub fn to_json(value: &regorus::Value) -> Json {
    value.to_json_str().ok().and_then(|text| crate::domain::json::parse(text.as_bytes()).ok()).unwrap_or_default()
}
