//! `POST /api/v1/tenants/{tenantID}/snapshots`: findings as Security Hub had them, in its events or as its GetFindings
//! gave them.
//!
//! A body is one event, a list of events, or `{"Findings": […]}` (also `findings`, and `time` beside it). At most 500
//! findings in all, so that one request stays within a Lambda's time.

use super::super::{Reply, members};
use crate::domain::json::{self, Object};
use crate::domain::{Error, Outcome, Snapshot};
use serde_json::{Value, json};

/// Findings of one request.
pub const MAX_FINDINGS: usize = 500;

/// Reads a request body; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<Vec<Snapshot>, Error> {
    let value = json::parse(body).map_err(|e| Error::invalid("body", format!("is not JSON: {e}")))?;
    let snapshots = match &value {
        Value::Array(events) => {
            let read = events.iter().enumerate().map(|(i, event)| of_event(event, &format!("[{i}].")));
            read.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
        }
        other => of_event(other, "")?,
    };
    if snapshots.len() > MAX_FINDINGS {
        return Err(Error::invalid("body", format!("must hold at most {MAX_FINDINGS} findings")));
    }
    Ok(snapshots)
}

/// The findings of one event of Security Hub (`Findings - Imported` or `- Custom Action`), or of one bare list.
/// `path` stands before the names in errors.
pub fn of_event(event: &Value, path: &str) -> Result<Vec<Snapshot>, Error> {
    let Some(event) = event.as_object() else {
        return Err(Error::invalid(format!("{path}event"), "must be an object"));
    };
    let (name, findings) = match event.get("detail") {
        Some(Value::Object(detail)) => ("detail.findings", detail.get("findings")),
        None | Some(Value::Null) => ("Findings", event.get("Findings").or_else(|| event.get("findings"))),
        Some(_) => return Err(Error::invalid(format!("{path}detail"), "must be an object")),
    };
    let Some(findings) = findings.and_then(Value::as_array) else {
        return Err(Error::invalid(format!("{path}{name}"), "must be a list of findings"));
    };
    let time = time_of(event, path)?;
    Ok(findings.iter().map(|finding| Snapshot { finding: finding.clone(), time: time.clone() }).collect())
}

fn time_of(event: &Object, path: &str) -> Result<Option<String>, Error> {
    match event.get("time") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(time)) => {
            let field = format!("{path}time");
            crate::domain::Instant::parse_field(&field, time).map(|_| Some(time.clone()))
        }
        Some(other) => Err(Error::invalid(
            format!("{path}time"),
            format!("must be a timestamp, not {}", members::shown(&other.to_string())),
        )),
    }
}

/// How many records a request brought and what became of them; the numbers add up. Each rejection with its reason.
/// `customers_parts_left_out` is, of those that were accepted, the number of which only the producer's part was taken.
pub fn render(outcomes: &[Outcome], customers_parts_left_out: usize) -> Reply {
    let mut body = counts(outcomes);
    body.insert("customers_parts_left_out".to_owned(), Value::from(customers_parts_left_out));
    let rejections: Vec<Value> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Rejected(r) => Some(json!({"id": r.id, "code": r.code, "message": r.message})),
            Outcome::Created | Outcome::Changed | Outcome::Unchanged => None,
        })
        .collect();
    body.insert("rejections".to_owned(), Value::Array(rejections));
    Reply::json(200, &Value::Object(body))
}

/// `received`, `created`, `changed`, `unchanged` and `rejected`.
pub fn counts(outcomes: &[Outcome]) -> Object {
    let count = |wanted: fn(&Outcome) -> bool| Value::from(outcomes.iter().filter(|o| wanted(o)).count());
    let mut object = Object::new();
    object.insert("received".to_owned(), Value::from(outcomes.len()));
    object.insert("created".to_owned(), count(|o| *o == Outcome::Created));
    object.insert("changed".to_owned(), count(|o| *o == Outcome::Changed));
    object.insert("unchanged".to_owned(), count(|o| *o == Outcome::Unchanged));
    object.insert("rejected".to_owned(), count(|o| matches!(o, Outcome::Rejected(_))));
    object
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::parse;
    use crate::domain::Error;

    #[test]
    fn events_lists_and_bare_findings_are_read() {
        let cases = [
            (
                r#"{"detail-type":"Security Hub Findings - Imported","time":"2024-01-04T15:25:10Z","detail":{"findings":[{"Id":"a"},{"Id":"b"}]}}"#,
                2,
                true,
            ),
            (
                r#"[{"time":"2024-01-04T15:25:10Z","detail":{"findings":[{"Id":"a"}]}},{"time":"2024-01-04T15:25:11Z","detail":{"findings":[]}}]"#,
                1,
                true,
            ),
            (r#"{"Findings":[{"Id":"a"}]}"#, 1, false),
            (r#"{"findings":[{"Id":"a"}],"time":null}"#, 1, false),
            ("[]", 0, false),
        ];
        for (body, count, timed) in cases {
            let snapshots = parse(body.as_bytes()).unwrap();
            assert_eq!(snapshots.len(), count, "{body}");
            assert!(snapshots.iter().all(|snapshot| snapshot.time.is_some() == timed), "{body}");
        }
    }

    #[test]
    fn what_is_neither_is_named() {
        let cases = [
            ("", "body"),
            ("7", "event"),
            ("[7]", "[0].event"),
            ("{}", "Findings"),
            (r#"{"detail":{}}"#, "detail.findings"),
            (r#"{"detail":7,"findings":[]}"#, "detail"),
            (r#"{"detail":null}"#, "Findings"),
            (r#"{"findings":[],"time":"yesterday"}"#, "time"),
            (r#"[{"findings":[],"time":7}]"#, "[0].time"),
            (&format!(r#"{{"findings":[],"time":"2024-01-01T00:00:00.{}Z"}}"#, "0".repeat(108)), "time"),
        ];
        for (body, wanted) in cases {
            match parse(body.as_bytes()) {
                Err(Error::Invalid { field, .. }) => assert_eq!(field, wanted, "{body}"),
                other => panic!("{body} gave {other:?}"),
            }
        }
    }
}
