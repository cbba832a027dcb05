//! Reading JSON that somebody else wrote.
//!
//! serde_json's own reading of a [`Value`] takes an object whose first name is `$serde_json::private::RawValue` for
//! JSON within a text, and reads that in the middle of reading what is around it: texts within texts get past its
//! limit of 128 levels, and a few kilobytes of them exhaust the stack, which no panic handler survives. One of our
//! dependencies turns that feature on. Here a name is a name. The one exception is how numbers reach us, as an object
//! whose only name is `$serde_json::private::Number`; an object that a client so names is a number too.

use super::json::Object;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use std::fmt;

/// The name under which serde_json hands over a number of any precision.
const NUMBER: &str = "$serde_json::private::Number";

/// Reads JSON, at most 128 levels deep. Of a name that comes twice in an object the last value counts.
pub fn parse(bytes: &[u8]) -> Result<Value, serde_json::Error> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let Plain(value) = Plain::deserialize(&mut input)?;
    input.end()?;
    Ok(value)
}

struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Self)
    }
}

struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Plain(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Object::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.is_empty() && name == NUMBER {
                let digits: String = members.next_value()?;
                return digits.parse::<Number>().map(Value::Number).map_err(A::Error::custom);
            }
            let Plain(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn what_serde_json_reads_is_read_alike() {
        for text in [
            "null",
            " [1, -0, 1.50, 1e2, 123456789012345678901234567890.5, 1E+400] ",
            r#"{"a":{"b":[true,false,null,"\u00e4\ud83d\ude00"]},"a":2,"":{}}"#,
            "[]x",
            "[1,]",
            "{\"a\":1,}",
            "\"\\ud800\"",
            "01",
            "NaN",
            "",
        ] {
            let ours = parse(text.as_bytes());
            let theirs = serde_json::from_str::<Value>(text);
            assert_eq!(ours.as_ref().ok(), theirs.as_ref().ok(), "{text}");
            assert_eq!(ours.map_err(|e| e.to_string()).err(), theirs.map_err(|e| e.to_string()).err(), "{text}");
        }
        assert_eq!(parse(b"\"\xff\"").ok(), None);
    }

    #[test]
    fn the_depth_is_limited() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(nested(127).as_bytes()).is_ok());
        assert!(parse(nested(128).as_bytes()).is_err());
        assert!(parse("[".repeat(1_000_000).as_bytes()).is_err());
    }

    #[test]
    fn a_text_is_not_read_as_json() {
        let text = r#"{"$serde_json::private::RawValue":"[1]"}"#;
        let read = parse(text.as_bytes()).unwrap_or_default();
        assert_eq!(read.get("$serde_json::private::RawValue"), Some(&Value::from("[1]")));
        assert_eq!(parse(br#"{"$serde_json::private::Number":"x"}"#).ok(), None);
        assert_eq!(parse(br#"{"$serde_json::private::Number":"1","a":2}"#).ok(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(parse(&bytes).ok(), serde_json::from_slice::<Value>(&bytes).ok());
        }
    }
}
