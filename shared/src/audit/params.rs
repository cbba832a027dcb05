//! Parameters of rules: what `rule.yaml` declares, and whether a tenant's value fits.
//!
//! A parameter is written as its default alone, which then tells its type, or as `{type, default, description, min, max, items,
//! one_of}`. Chosen where nothing is declared: a number is not negative where the default is not, and the items of a
//! list or map have the type that all items of the default have.

use crate::domain::audit_rule::Param;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Items of a value, and characters of a text.
const MOST: usize = 1_000;
/// The types, as they are written.
const TYPES: [&str; 6] = ["integer", "number", "boolean", "text", "list", "map"];

/// A parameter that says more than its default.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    #[serde(rename = "type")]
    kind: String,
    default: Value,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    #[serde(default)]
    items: Option<String>,
    #[serde(default)]
    one_of: Vec<Value>,
}

/// Reads the member `params` of `rule.yaml`.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Param>, D::Error> {
    let all = Map::<String, Value>::deserialize(deserializer)?;
    let read = |(name, value): (String, Value)| {
        let param = param(value).map_err(|why| D::Error::custom(format!("parameter {name}: {why}")))?;
        Ok((name, param))
    };
    all.into_iter().map(read).collect()
}

fn param(value: Value) -> Result<Param, String> {
    let says_more = value.get("type").is_some_and(Value::is_string) && value.get("default").is_some();
    if !says_more {
        return inferred(value);
    }
    let Declared { kind, default, description, min, max, items, one_of } =
        serde_json::from_value(value).map_err(|error| error.to_string())?;
    let known = |kind: &str| TYPES.iter().find(|known| **known == kind).copied();
    let kinds = TYPES.join(", ");
    let kind = known(&kind).ok_or_else(|| format!("type has no value {kind}; there are {kinds}"))?;
    let items = match items {
        None => None,
        Some(_) if !is_nested(kind) => return Err("items are those of a list or a map".to_owned()),
        Some(items) => Some(known(&items).ok_or_else(|| format!("items has no value {items}; there are {kinds}"))?),
    };
    let param = Param { kind, items, default, description, min, max, one_of };
    match check(&param, &param.default) {
        Ok(()) => Ok(param),
        Err(why) => Err(format!("its default {why}")),
    }
}

fn inferred(default: Value) -> Result<Param, String> {
    let kind = kind_of(&default).ok_or("null is no default")?;
    let items = match &default {
        Value::Array(items) => shared(items.iter()),
        Value::Object(members) => shared(members.values()),
        _ => None,
    };
    let is_number = matches!(kind, "integer" | "number");
    let min = (is_number && default.as_f64().is_some_and(|number| number >= 0.0)).then_some(0.0);
    Ok(Param { kind, items, default, description: None, min, max: None, one_of: Vec::new() })
}

/// The type that all of these have.
fn shared<'a>(mut values: impl Iterator<Item = &'a Value>) -> Option<&'static str> {
    let first = kind_of(values.next()?)?;
    values.all(|value| kind_of(value) == Some(first)).then_some(first)
}

fn is_nested(kind: &str) -> bool {
    matches!(kind, "list" | "map")
}

fn kind_of(value: &Value) -> Option<&'static str> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_i64() => Some("integer"),
        Value::Number(_) => Some("number"),
        Value::String(_) => Some("text"),
        Value::Array(_) => Some("list"),
        Value::Object(_) => Some("map"),
    }
}

/// Whether a value fits a parameter; else what would.
pub fn check(param: &Param, value: &Value) -> Result<(), String> {
    if !is_of(param.kind, value) {
        return Err(format!("must be {}", with_article(param.kind)));
    }
    let fits = |number: f64| param.min.is_none_or(|min| number >= min) && param.max.is_none_or(|max| number <= max);
    if let Value::Number(number) = value
        && !number.as_f64().is_some_and(fits)
    {
        return Err(format!("must be {}{}", with_article(param.kind), between(param.min, param.max)));
    }
    if !param.one_of.is_empty() && !param.one_of.contains(value) {
        let allowed: Vec<String> = param.one_of.iter().map(Value::to_string).collect();
        return Err(format!("must be one of {}", allowed.join(", ")));
    }
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        Value::String(text) if text.chars().count() > MOST => {
            return Err(format!("must have at most {MOST} characters"));
        }
        _ => return Ok(()),
    };
    if inside.len() > MOST {
        return Err(format!("must have at most {MOST} items"));
    }
    match param.items {
        Some(items) if !inside.iter().all(|item| is_of(items, item)) => {
            Err(format!("must be a {} in which each item is {}", param.kind, with_article(items)))
        }
        _ => Ok(()),
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind_of(value) {
        Some("integer") => matches!(kind, "integer" | "number"),
        found => found == Some(kind),
    }
}

fn with_article(kind: &str) -> &'static str {
    match kind {
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "text" => "a text",
        "list" => "a list",
        _ => "a map",
    }
}

fn between(min: Option<f64>, max: Option<f64>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        (Some(min), None) => format!(" of at least {min}"),
        (None, Some(max)) => format!(" of at most {max}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{check, param};
    use serde_json::json;

    #[test]
    fn a_default_tells_what_fits() {
        for (default, good, bad, why) in [
            (json!(30), json!(7), json!(-1), "must be a whole number of at least 0"),
            (json!(30), json!(0), json!("7"), "must be a whole number"),
            (json!(1.5), json!(2), json!(true), "must be a number"),
            (json!("alias/x"), json!(""), json!(7), "must be a text"),
            (json!([22, 80]), json!([]), json!([22, "x"]), "must be a list in which each item is a whole number"),
            (json!({"a": "x"}), json!({"b": "y"}), json!({"b": 7}), "must be a map in which each item is a text"),
            (json!([1, "x"]), json!([true]), json!({}), "must be a list"),
            (json!(false), json!(true), json!(null), "must be true or false"),
        ] {
            let param = param(default.clone()).unwrap();
            assert_eq!(check(&param, &good), Ok(()), "{default}");
            assert_eq!(check(&param, &bad), Err(why.to_owned()), "{default}");
        }
    }

    #[test]
    fn what_is_declared_goes_before() {
        let days = param(json!({"type": "integer", "default": 30, "min": 1, "max": 365})).unwrap();
        assert_eq!(check(&days, &json!(366)), Err("must be a whole number from 1 to 365".to_owned()));
        let size = param(json!({"type": "text", "default": "s", "one_of": ["s", "m"]})).unwrap();
        assert_eq!(check(&size, &json!("l")), Err("must be one of \"s\", \"m\"".to_owned()));
        for (wrong, why) in [
            (json!({"type": "date", "default": "x"}), "type has no value date"),
            (json!({"type": "integer", "default": 0, "min": 1}), "its default must be a whole number of at least 1"),
            (json!({"type": "integer", "default": 0, "items": "text"}), "items are those of"),
            (json!({"type": "list", "default": [], "most": 7}), "unknown field `most`"),
            (json!(null), "null is no default"),
        ] {
            let said = param(wrong.clone()).unwrap_err();
            assert!(said.contains(why), "{wrong}: {said}");
        }
    }
}
