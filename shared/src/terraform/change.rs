//! A configuration item as it will be once arguments have their values.

use crate::domain::json::Object;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The places of a list that a path may name.
const PLACES: usize = 100;

/// Sets what follows from an argument that has a value; `wanted` is the value that constants stand beside. `None` where a path leads
/// through something that is neither object nor list.
pub fn changed(item: &mut Object, follows: &BTreeMap<String, Value>, value: &Value, wanted: &Value) -> Option<()> {
    for (path, then) in follows {
        let then = match then {
            Value::Null => value,
            // It follows from the wanted value alone.
            _ if value != wanted => return None,
            other => other,
        };
        match path.split_once("[].") {
            Some((list, name)) => {
                let items = then.as_array()?.iter().map(|value| json!({name: value}));
                put(item, list, Value::Array(items.collect()))?;
            }
            None => put(item, path, then.clone())?,
        }
    }
    Some(())
}

/// Puts a value at a dotted path, and makes what is missing on the way.
fn put(item: &mut Object, path: &str, value: Value) -> Option<()> {
    let mut parts = path.split('.');
    let first = parts.next()?;
    let mut place = member(item, first)?;
    for part in parts {
        if place.is_null() {
            *place = Value::Object(Object::new());
        }
        place = member(place.as_object_mut()?, part)?;
    }
    *place = value;
    Some(())
}

/// A member by its name, or a place of the list that it is: `items[0]`.
fn member<'a>(object: &'a mut Object, part: &str) -> Option<&'a mut Value> {
    let (name, at) = match part.split_once('[') {
        Some((name, at)) => (name, Some(at.strip_suffix(']')?.parse::<usize>().ok().filter(|at| *at < PLACES)?)),
        None => (part, None),
    };
    let value = object.entry(name.to_owned()).or_insert(Value::Null);
    let Some(at) = at else { return Some(value) };
    if value.is_null() {
        *value = Value::Array(Vec::new());
    }
    let items = value.as_array_mut()?;
    while items.len() <= at {
        items.push(Value::Null);
    }
    items.get_mut(at)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::changed;
    use crate::domain::json::Object;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn after(item: &Value, path: &str, then: &Value, value: &Value) -> Option<Value> {
        let mut item: Object = item.as_object().unwrap().clone();
        let follows = BTreeMap::from([(path.to_owned(), then.clone())]);
        changed(&mut item, &follows, value, &json!(true)).map(|()| Value::Object(item))
    }

    #[test]
    fn what_follows_is_set() {
        let own = Value::Null;
        assert_eq!(after(&json!({"a": {"b": 1}}), "a.c", &own, &json!(true)), Some(json!({"a": {"b": 1, "c": true}})));
        assert_eq!(
            after(&json!({"a": null}), "a.b.c", &json!("ON"), &json!(true)),
            Some(json!({"a": {"b": {"c": "ON"}}}))
        );
        assert_eq!(after(&json!({}), "a[0].b", &own, &json!(true)), Some(json!({"a": [{"b": true}]})));
        assert_eq!(after(&json!({}), "a[].b", &own, &json!(["x"])), Some(json!({"a": [{"b": "x"}]})));
        assert_eq!(after(&json!({}), "a", &json!("ON"), &json!(false)), None, "the value is another one");
        assert_eq!(after(&json!({"a": 7}), "a.b", &own, &json!(true)), None);
        assert_eq!(after(&json!({}), "a[999999999].b", &own, &json!(true)), None);
    }
}
