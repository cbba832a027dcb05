//! What is in a file: a list, `{"Findings"}`, `{"findings"}`, one finding, an event envelope, or one of these a line.

use posture_shared::domain::Error;
use serde_json::Value;

/// One thing to send.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// A bare finding, or whatever stands where one should.
    Finding(Value),
    /// An event of Security Hub, with its findings inside.
    Envelope(Value),
    /// A line that is no JSON: its number in the file, and why.
    Unreadable(usize, String),
}

impl Record {
    /// How many findings it stands for.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Envelope(event) => findings_in(event),
            Self::Finding(_) | Self::Unreadable(..) => 1,
        }
    }
}

/// How many findings an envelope carries; one that carries no list counts as one record that will be rejected.
fn findings_in(event: &Value) -> u64 {
    event.pointer("/detail/findings").and_then(Value::as_array).map_or(1, |findings| findings.len() as u64)
}

/// The records of a text, in order. [`Error::Invalid`] that names `file` when no line of it is JSON.
pub(super) fn records_of(text: &str, file: &str) -> Result<Vec<Record>, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let whole = match serde_json::from_str(text) {
        Ok(value) => return Ok(spread(value)),
        Err(error) => error,
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let lines = lines.map(|(index, line)| (index + 1, serde_json::from_str::<Value>(line)));
    let mut records = Vec::new();
    let mut any = false;
    for (number, line) in lines {
        match line {
            // In a list that breaks off the last lines can be JSON by accident, but none of them is an object.
            Ok(value @ (Value::Object(_) | Value::Array(_))) => {
                any = true;
                records.extend(spread(value));
            }
            Ok(_) => records.push(Record::Unreadable(number, "must be a JSON object".to_owned())),
            Err(error) => records.push(Record::Unreadable(number, format!("is not JSON: {error}"))),
        }
    }
    if any { Ok(records) } else { Err(Error::invalid(file, format!("is not JSON: {whole}"))) }
}

fn spread(value: Value) -> Vec<Record> {
    match value {
        Value::Array(items) => items.into_iter().flat_map(of_object).collect(),
        other => of_object(other),
    }
}

fn of_object(value: Value) -> Vec<Record> {
    let Value::Object(mut object) = value else { return vec![Record::Finding(value)] };
    if object.contains_key("detail-type") || object.contains_key("detail") {
        return vec![Record::Envelope(Value::Object(object))];
    }
    for name in ["Findings", "findings"] {
        match object.remove(name) {
            Some(Value::Array(findings)) => return findings.into_iter().map(Record::Finding).collect(),
            Some(other) => {
                object.insert(name.to_owned(), other);
            }
            None => {}
        }
    }
    vec![Record::Finding(Value::Object(object))]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Record, records_of};
    use serde_json::json;

    /// DESIGN §7: every form that `posture import` takes.
    #[test]
    fn every_form_is_taken() {
        let a = || Record::Finding(json!({"Id": "a"}));
        let b = || Record::Finding(json!({"Id": "b"}));
        let event = || Record::Envelope(json!({"detail-type": "x", "detail": {"findings": [{}, {}]}}));
        let cases = [
            (r#"[{"Id":"a"},{"Id":"b"}]"#, vec![a(), b()]),
            (r#"{"Findings":[{"Id":"a"},{"Id":"b"}]}"#, vec![a(), b()]),
            (r#"{"findings":[{"Id":"a"}],"more":1}"#, vec![a()]),
            (r#"{"Id":"a"}"#, vec![a()]),
            ("\u{feff}{\"Id\":\"a\"}\n", vec![a()]),
            (r#"{"detail-type":"x","detail":{"findings":[{},{}]}}"#, vec![event()]),
            ("{\"Id\":\"a\"}\r\n\n{\"Id\":\"b\"}", vec![a(), b()]),
            ("{\"Id\":\"a\"}\n{\"detail-type\":\"x\",\"detail\":{\"findings\":[{},{}]}}", vec![a(), event()]),
            ("{\"Findings\":[{\"Id\":\"a\"}]}\n[{\"Id\":\"b\"}]", vec![a(), b()]),
            ("[]", vec![]),
            ("[1]", vec![Record::Finding(json!(1))]),
        ];
        for (text, expected) in cases {
            assert_eq!(records_of(text, "f").unwrap(), expected, "{text}");
        }
        assert_eq!(event().len(), 2);
    }

    #[test]
    fn a_bad_line_is_one_record_and_a_bad_file_is_an_error() {
        let records = records_of("{\"Id\":\"a\"}\n{\"Id\":\n7\n{\"Id\":\"b\"}", "f").unwrap();
        assert!(matches!(
            records.as_slice(),
            [Record::Finding(_), Record::Unreadable(2, _), Record::Unreadable(3, _), Record::Finding(_)]
        ));
        for text in ["", "x", "[\n1,\n"] {
            assert!(records_of(text, "f").unwrap_err().to_string().starts_with("f: is not JSON"), "{text}");
        }
    }
}
