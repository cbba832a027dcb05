//! Texts that hold JSON, as AWS Config and the APIs behind it deliver policies and parts of configurations: unfolded
//! until what they hold is no text any more.
//!
//! A text is unfolded where it is an object or a list, plain, as a JSON string, or percent-encoded. What people write
//! freely, such as the values of tags or of environment variables, stays as it is, whatever it looks like.

use crate::domain::json::{self, Object};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// How deep a configuration may nest. AWS's own stay below 30; below this much nothing else has to care for depth.
pub const MAX_DEPTH: usize = 64;

/// Members, in lower case, below which texts are what somebody wrote.
const FREE: [&str; 8] =
    ["comment", "description", "environment", "tags", "userdata", "value", "variables", "templatebody"];

/// The members of a configuration with their texts unfolded. Unfolding again changes nothing.
pub fn unfolded(members: Object) -> Object {
    each(members, 1)
}

/// The members of a supplementary configuration: AWS Config gives each of them as the JSON of its value, so that even
/// `"false"` is no text.
pub fn unfolded_members(members: Object) -> Object {
    let read = |value: Value| match value {
        Value::String(text) => scalar(text),
        other => other,
    };
    each(members.into_iter().map(|(name, value)| (name, read(value))).collect(), 1)
}

/// An object that may have come as text, also as the text of a text; `None` when it is neither. Nothing is an empty
/// one.
pub fn object(value: Option<&Value>) -> Option<Object> {
    match value {
        None | Some(Value::Null) => Some(Object::new()),
        Some(Value::Object(members)) => Some(members.clone()),
        Some(Value::String(text)) if text.trim().is_empty() => Some(Object::new()),
        Some(Value::String(text)) => match scalar(text.clone()) {
            Value::Object(members) => Some(members),
            Value::Null => Some(Object::new()),
            _ => None,
        },
        Some(_) => None,
    }
}

/// What a text says as JSON, texts of texts included. A text that is no JSON is itself.
pub fn scalar(text: String) -> Value {
    let mut text = text;
    // Each turn takes at least the quotes off.
    loop {
        match json::parse(text.as_bytes()) {
            Ok(Value::String(inner)) => text = inner,
            Ok(value) if json::depth(&value) < MAX_DEPTH => return value,
            _ => return structure(&text, 0).unwrap_or(Value::String(text)),
        }
    }
}

fn each(members: Object, level: usize) -> Object {
    let is_free = |name: &str| FREE.contains(&name.to_lowercase().as_str());
    let read = |(name, value): (String, Value)| {
        let value = if is_free(&name) { value } else { below(value, level) };
        (name, value)
    };
    members.into_iter().map(read).collect()
}

fn below(value: Value, level: usize) -> Value {
    match value {
        Value::Object(members) => Value::Object(each(members, level.saturating_add(1))),
        Value::Array(items) => items.into_iter().map(|item| below(item, level.saturating_add(1))).collect(),
        Value::String(text) => match structure(&text, level) {
            Some(unfolded) => below(unfolded, level),
            None => Value::String(text),
        },
        other => other,
    }
}

/// The object or list that a text at a level holds. One that would get too deep is left folded.
fn structure(text: &str, level: usize) -> Option<Value> {
    let text = text.trim();
    let decoded;
    let text = match text.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("%7b") || start.eq_ignore_ascii_case("%5b") => {
            decoded = percent_decode_str(text).decode_utf8().ok()?;
            decoded.trim()
        }
        _ => text,
    };
    if !text.starts_with(['{', '[', '"']) {
        return None;
    }
    match json::parse(text.as_bytes()).ok()? {
        Value::String(inner) => structure(&inner, level),
        value @ (Value::Object(_) | Value::Array(_)) => {
            (json::depth(&value).saturating_add(level) < MAX_DEPTH).then_some(value)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{MAX_DEPTH, object, scalar, unfolded, unfolded_members};
    use crate::domain::json;
    use serde_json::{Value, json};

    fn of(value: &Value) -> Value {
        Value::Object(unfolded(value.as_object().unwrap().clone()))
    }

    #[test]
    fn policies_are_unfolded_however_they_were_folded() {
        let policy = json!({"Statement": [{"Action": "*"}]});
        let text = policy.to_string();
        let quoted = Value::from(text.as_str()).to_string();
        let encoded = "%7B%22Statement%22%3A%5B%7B%22Action%22%3A%22%2A%22%7D%5D%7D";
        let twice = Value::from(quoted.as_str()).to_string();
        for folded in [text.as_str(), &quoted, &twice, encoded, &Value::from(encoded).to_string()] {
            assert_eq!(of(&json!({"a": [{"policy": folded}]})), json!({"a": [{"policy": policy}]}), "{folded}");
        }
    }

    #[test]
    fn texts_that_only_look_like_json_stay() {
        let members = json!({
            "description": "{\"a\":1}",
            "environment": {"variables": {"SETTINGS": "{\"a\":1}"}},
            "tags": [{"key": "k", "value": "[1]"}],
            "name": "{not json}",
            "port": "22",
            "flag": "true",
            "quoted": "\"22\"",
            "percent": "%7Bbroken",
        });
        assert_eq!(of(&members), members);
    }

    #[test]
    fn supplementary_members_are_values() {
        let members = json!({
            "IsRequesterPaysEnabled": "false",
            "Concurrency": "\"{\\\"reservedConcurrentExecutions\\\":1}\"",
            "Policy": "\"{}\"",
            "Name": "plain",
            "Nothing": "null",
        });
        let wanted = json!({
            "IsRequesterPaysEnabled": false,
            "Concurrency": {"reservedConcurrentExecutions": 1},
            "Policy": {},
            "Name": "plain",
            "Nothing": null,
        });
        assert_eq!(Value::Object(unfolded_members(members.as_object().unwrap().clone())), wanted);
    }

    #[test]
    fn whole_configurations_come_as_texts() {
        let folded = Value::from("{\"a\":1}").to_string();
        for value in [json!({"a": 1}), json!("{\"a\":1}"), json!(folded)] {
            assert_eq!(object(Some(&value)).unwrap(), *json!({"a": 1}).as_object().unwrap());
        }
        for value in [json!(null), json!("null"), json!(" ")] {
            assert!(object(Some(&value)).unwrap().is_empty());
        }
        for value in [json!(7), json!("x"), json!([]), json!("[]")] {
            assert!(object(Some(&value)).is_none(), "{value}");
        }
    }

    /// Texts within texts would get past the limit of the parser.
    #[test]
    fn no_folding_gets_deeper_than_the_limit() {
        let mut value = json!({"x": 1});
        for _ in 0..6 {
            let text = value.to_string();
            value = (0..20).fold(json!(text), |inner, _| json!({"a": inner}));
        }
        let read = of(&value);
        assert!(json::depth(&read) <= MAX_DEPTH, "{}", json::depth(&read));
        assert_eq!(of(&read), read);
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert_eq!(scalar(deep.clone()), Value::from(deep));
    }
}
