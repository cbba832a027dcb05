//! What is in a file: a list, `{"Findings"}`, `{"findings"}`, one finding, an event envelope, a rejection as `--rejects`
//! writes it, or one of these a line.

use posture_shared::domain::Error;
use serde_json::Value;
use std::io::{self, Read};

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

/// What a file should hold.
const EXPECTED: &str = "expected are findings in ASFF as JSON: a list, {\"Findings\": [...]}, one finding, one a line, or events of Security Hub";

/// The records of a file, in order; stdin for `-`. [`Error::Invalid`] that says what the file is instead.
pub(super) fn records_in(file: &str) -> Result<Vec<Record>, Error> {
    let mut bytes = Vec::new();
    let read = if file == "-" { io::stdin().read_to_end(&mut bytes).map(|_| bytes) } else { std::fs::read(file) };
    let bytes = read.map_err(|error| Error::internal(format!("{file}: {error}")))?;
    records_of(text_of(bytes, file)?.as_str(), file)
}

fn text_of(bytes: Vec<u8>, file: &str) -> Result<String, Error> {
    let is = |what: &str| Error::invalid(file, format!("is {what}; {EXPECTED}"));
    match bytes.as_slice() {
        [0x1f, 0x8b, ..] => return Err(is(&format!("compressed: gunzip -c {file} | posture import - takes it"))),
        [b'P', b'K', 3, 4, ..] => return Err(is("a zip archive")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(is("text in UTF-16, and not in UTF-8")),
        _ if bytes.iter().all(u8::is_ascii_whitespace) => return Err(is("empty")),
        _ if bytes.contains(&0) => return Err(is("binary")),
        _ => {}
    }
    String::from_utf8(bytes).map_err(|_| is("no text in UTF-8"))
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
    if any { Ok(records) } else { Err(Error::invalid(file, format!("is not JSON: {whole}; {EXPECTED}"))) }
}

/// The members of a line of `--rejects`.
const REJECTION: [&str; 4] = ["id", "code", "message", "record"];

fn spread(value: Value) -> Vec<Record> {
    match value {
        Value::Array(items) => items.into_iter().flat_map(of_object).collect(),
        other => of_object(other),
    }
}

fn of_object(value: Value) -> Vec<Record> {
    let Value::Object(mut object) = value else { return vec![Record::Finding(value)] };
    if object.len() == REJECTION.len() && REJECTION.iter().all(|name| object.contains_key(*name)) {
        return vec![Record::Finding(object.remove("record").unwrap_or_default())];
    }
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

    use super::{Record, records_of, text_of};
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
            (r#"{"id":"a","code":"InvalidInput","message":"no","record":{"Id":"a"}}"#, vec![a()]),
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

    #[test]
    fn a_file_that_is_something_else_is_called_what_it_is() {
        for (bytes, what) in [
            (&b"\x1f\x8b\x08\0"[..], "gunzip -c f"),
            (b"PK\x03\x04", "a zip archive"),
            (b"\xff\xfe{\0", "UTF-16"),
            (b"", "is empty"),
            (b" \r\n", "is empty"),
            (b"\x7fELF\0", "is binary"),
            (b"{\xe4", "no text in UTF-8"),
        ] {
            let told = text_of(bytes.to_vec(), "f").unwrap_err().to_string();
            assert!(told.starts_with("f: is ") && told.contains(what) && told.contains("ASFF"), "{told}");
        }
        assert_eq!(text_of(b"{}".to_vec(), "f").unwrap(), "{}");
    }
}
