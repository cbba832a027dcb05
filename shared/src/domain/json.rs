//! JSON helpers: canonical text, and the difference of two documents as dotted paths.

use serde_json::{Map, Value};
use std::fmt::Write as _;

pub use super::parse::parse;

/// A JSON object.
pub type Object = Map<String, Value>;

/// The canonical text of a value: members sorted by name (byte order), no white space, numbers as they were sent.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_canonical(value, &mut out);
    out
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            out.push('{');
            for (i, name) in names.into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_scalar(&Value::String(name.clone()), out);
                out.push(':');
                if let Some(member) = members.get(name) {
                    write_canonical(member, out);
                }
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_canonical(item, out);
            }
            out.push(']');
        }
        scalar => write_scalar(scalar, out),
    }
}

fn write_scalar(value: &Value, out: &mut String) {
    // Writing to a String cannot fail.
    let _ = write!(out, "{value}");
}

/// One field that differs: its dotted path, the old and the new value. `None` means absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Dotted path of object members, for example `Compliance.Status`. Arrays are compared whole.
    pub path: String,
    /// The value before, in the text form of [`field_text`].
    pub old: Option<String>,
    /// The value after, in the same form.
    pub new: Option<String>,
}

/// A path of more bytes than this is not prolonged: what lies below is one field. Every path of the format is shorter;
/// without an end a chain of long names above many small values would make answers of gigabytes.
const LONGEST_PATH: usize = 256;

/// The fields that differ between two objects, in path order. An object on both sides is descended into, unless its
/// path is longer than 256 bytes; an array, or an object against anything else, is one field.
pub fn differences(old: &Object, new: &Object) -> Vec<FieldChange> {
    let mut out = Vec::new();
    walk(old, new, "", &mut out);
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

fn walk(old: &Object, new: &Object, prefix: &str, out: &mut Vec<FieldChange>) {
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match (old.get(name), new.get(name)) {
            (Some(Value::Object(a)), Some(Value::Object(b))) if !is_long(&path) => walk(a, b, &path, out),
            (Some(Value::Object(a)), None) if !a.is_empty() && !is_long(&path) => walk(a, &Object::new(), &path, out),
            (None, Some(Value::Object(b))) if !b.is_empty() && !is_long(&path) => walk(&Object::new(), b, &path, out),
            (a, b) if a.map(canonical) == b.map(canonical) => {}
            (a, b) => out.push(FieldChange { path, old: a.map(field_text), new: b.map(field_text) }),
        }
    }
}

fn is_long(path: &str) -> bool {
    path.len() > LONGEST_PATH
}

/// A value as Security Hub's history spells it: strings bare, scalars as JSON, arrays and objects as JSON text.
pub fn field_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => canonical(other),
    }
}

/// The value at a dotted path of object members.
pub fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let mut value = object.get(names.next()?)?;
    for name in names {
        value = value.as_object()?.get(name)?;
    }
    Some(value)
}

/// The string at a dotted path.
pub fn text_at<'a>(object: &'a Object, path: &str) -> Option<&'a str> {
    at(object, path)?.as_str()
}

/// Every value that a path leads to, where an array on the way stands for each of its items:
/// `Resources.Id` gives the id of every resource.
pub fn all_at<'a>(object: &'a Object, path: &str) -> Vec<&'a Value> {
    let mut found: Vec<&Value> = Vec::new();
    let mut names = path.split('.');
    if let Some(value) = names.next().and_then(|name| object.get(name)) {
        spread(value, &mut found);
    }
    for name in names {
        let mut next = Vec::new();
        for value in found {
            if let Some(member) = value.as_object().and_then(|o| o.get(name)) {
                spread(member, &mut next);
            }
        }
        found = next;
    }
    found
}

fn spread<'a>(value: &'a Value, out: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| spread(item, out)),
        other => out.push(other),
    }
}

/// Every string that a path leads to, in order of appearance (see [`all_at`]).
pub fn texts_at(object: &Object, path: &str) -> Vec<String> {
    all_at(object, path).into_iter().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

/// Whether serde_json would read an object whose first member is so named as something else than an object. Documents
/// are kept with their members in order, so such a member could come first there.
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("$serde_json::private::")
}

/// Whether a member at any depth has a reserved name.
pub fn has_reserved_name(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, member)| is_reserved(name) || has_reserved_name(member)),
        Value::Array(items) => items.iter().any(has_reserved_name),
        _ => false,
    }
}

/// How deep `value` nests: 1 for a scalar or an empty container.
pub fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{LONGEST_PATH, Object, differences};
    use serde_json::{Value, json};

    /// Ninety names of a thousand bytes above ten thousand values: whole paths would take 900 MB.
    #[test]
    fn long_paths_are_not_multiplied() {
        let document = |value: u32| {
            let leaves: Object = (0..10_000).map(|n| (format!("leaf-{n}"), json!(value))).collect();
            let chain =
                (0..90).fold(Value::Object(leaves), |inner, n| json!({format!("{n}{}", "x".repeat(1000)): inner}));
            chain.as_object().unwrap().clone()
        };
        let changes = differences(&document(1), &document(2));
        assert!(changes.iter().map(|change| change.path.len()).sum::<usize>() < 2000);
        assert_eq!(changes.len(), 1);
        for other in [differences(&document(1), &Object::new()), differences(&Object::new(), &document(1))] {
            assert_eq!(other.len(), 1);
        }
        // Shorter ones are as they were.
        let name = "n".repeat(LONGEST_PATH);
        let one = |value: u32| json!({&name: {"a": value, "b": 0}}).as_object().unwrap().clone();
        assert_eq!(differences(&one(1), &one(2)).first().unwrap().path, format!("{name}.a"));
    }
}
