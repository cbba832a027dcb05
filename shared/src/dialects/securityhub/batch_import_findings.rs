//! `POST /findings/import`: BatchImportFindings (CONTRACTS 1.1 and 1.7).
//!
//! Only the request as a whole is judged here: a finding that is no object, or no good ASFF, is refused on its own,
//! with an entry in FailedFindings.

use super::super::Reply;
use super::super::members;
use super::limits;
use crate::domain::{Error, Outcome, Rejection};
use serde_json::{Value, json};

/// The findings of a request body, 1 to 100 of them as they came; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<Vec<Value>, Error> {
    if body.len() > limits::IMPORT_BODY_BYTES {
        return Err(Error::invalid("body", format!("must have at most {} bytes", limits::IMPORT_BODY_BYTES)));
    }
    let mut object = members::body(body)?;
    match object.remove("Findings") {
        None | Some(Value::Null) => Err(Error::invalid("Findings", "is required")),
        Some(Value::Array(findings)) if limits::BATCH.contains(&findings.len()) => Ok(findings),
        Some(Value::Array(_)) => {
            let (least, most) = (limits::BATCH.start(), limits::BATCH.end());
            Err(Error::invalid("Findings", format!("must hold {least} to {most} findings")))
        }
        Some(_) => Err(Error::invalid("Findings", "must be a list")),
    }
}

/// What became of the findings, in the order in which they were sent.
pub fn render(outcomes: &[Outcome]) -> Reply {
    let failed: Vec<Value> = outcomes.iter().filter_map(failure).collect();
    Reply::json(
        200,
        &json!({
            "SuccessCount": outcomes.len() - failed.len(),
            "FailedCount": failed.len(),
            "FailedFindings": failed,
        }),
    )
}

fn failure(outcome: &Outcome) -> Option<Value> {
    match outcome {
        Outcome::Created | Outcome::Changed | Outcome::Unchanged => None,
        Outcome::Rejected(Rejection { id, code, message }) => {
            Some(json!({"Id": id, "ErrorCode": code, "ErrorMessage": message}))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::super::limits::IMPORT_BODY_BYTES;
    use super::{parse, render};
    use crate::domain::{Error, Outcome, Rejection};
    use serde_json::{Value, json};

    fn refused_field(body: &str) -> String {
        match parse(body.as_bytes()) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("gave {other:?}"),
        }
    }

    /// CONTRACTS 1.1: 1 to 100 findings; 1.7: 6 MB.
    #[test]
    fn one_to_a_hundred_findings_are_taken_as_they_came() {
        for count in [1, 100] {
            let findings = vec![json!({"Id": "f", "Confidence": 1.50}); count];
            assert_eq!(parse(json!({"Findings": findings}).to_string().as_bytes()).unwrap(), findings);
        }
        assert_eq!(parse(br#"{"Findings":[7,{}]}"#).unwrap(), [json!(7), json!({})]);
        for count in [0, 101] {
            assert_eq!(refused_field(&json!({"Findings": vec![json!({}); count]}).to_string()), "Findings");
        }
        for body in ["", "{}", r#"{"Findings":null}"#, r#"{"Findings":{}}"#] {
            assert_eq!(refused_field(body), "Findings", "{body}");
        }
    }

    #[test]
    fn a_body_over_six_megabytes_is_refused() {
        let with = |bytes: usize| {
            let frame = r#"{"Findings":[""]}"#.len();
            format!(r#"{{"Findings":["{}"]}}"#, "x".repeat(bytes - frame))
        };
        assert!(parse(with(IMPORT_BODY_BYTES).as_bytes()).is_ok());
        assert_eq!(refused_field(&with(IMPORT_BODY_BYTES + 1)), "body");
    }

    #[test]
    fn outcomes_are_counted_and_failures_listed() {
        let rejection = Rejection {
            id: "f-3".to_owned(),
            code: "InvalidInput".to_owned(),
            message: "Title is required".to_owned(),
        };
        let outcomes = [Outcome::Created, Outcome::Changed, Outcome::Rejected(rejection), Outcome::Unchanged];
        let body: Value = serde_json::from_slice(&render(&outcomes).body).unwrap();
        let failed = json!({"Id": "f-3", "ErrorCode": "InvalidInput", "ErrorMessage": "Title is required"});
        assert_eq!(body, json!({"SuccessCount": 3, "FailedCount": 1, "FailedFindings": [failed]}));
        let body: Value = serde_json::from_slice(&render(&[Outcome::Unchanged]).body).unwrap();
        assert_eq!(body, json!({"SuccessCount": 1, "FailedCount": 0, "FailedFindings": []}));
    }
}
