//! `PATCH /findings/batchupdate`: BatchUpdateFindings (CONTRACTS 1.1 and 1.7).
//!
//! Where the contract is silent: a finding whose identifier occurs twice is not updated at all, and is listed once
//! among the unprocessed ones, since that list is "the findings that were not updated".

use super::super::Reply;
use super::super::members::{self, Members};
use super::{identifier, limits};
use crate::domain::json::Object;
use crate::domain::{Error, FindingKey, Outcome, Rejection};
use serde_json::{Value, json};

/// A request to update findings.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchUpdateFindings {
    /// The findings to update, each once, in the order in which they were sent.
    pub keys: Vec<FindingKey>,
    /// The findings that the request names more than once, each once: not to be updated.
    pub duplicated: Vec<FindingKey>,
    /// Every member but FindingIdentifiers that is not null; at least one.
    pub change: Object,
}

/// Reads a request body; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<BatchUpdateFindings, Error> {
    let mut object = members::body(body)?;
    let sent = identifiers(&Members::root(&object))?;
    let (mut keys, mut duplicated) = (Vec::new(), Vec::new());
    for key in &sent {
        let list = if sent.iter().filter(|other| *other == key).count() == 1 { &mut keys } else { &mut duplicated };
        if !list.contains(key) {
            list.push(key.clone());
        }
    }
    object.remove("FindingIdentifiers");
    object.retain(|_, value| !value.is_null());
    if object.is_empty() {
        return Err(Error::invalid(
            "body",
            "must hold at least one member besides FindingIdentifiers, such as Workflow",
        ));
    }
    Ok(BatchUpdateFindings { keys, duplicated, change: object })
}

fn identifiers(root: &Members<'_>) -> Result<Vec<FindingKey>, Error> {
    const MEMBER: &str = "FindingIdentifiers";
    let list = root.required(MEMBER, root.list(MEMBER)?)?;
    if !limits::BATCH.contains(&list.len()) {
        let (least, most) = (limits::BATCH.start(), limits::BATCH.end());
        return Err(Error::invalid(MEMBER, format!("must hold {least} to {most} identifiers")));
    }
    let parse = |(position, value)| identifier::parse(&Members::of(value, format!("{MEMBER}[{position}]"))?);
    list.iter().enumerate().map(parse).collect()
}

/// Why a finding was not updated. The codes and their messages are the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Another request was updating the finding.
    ConcurrentUpdate,
    /// The request names the finding more than once.
    Duplicated,
    /// There is no such finding in this tenant.
    NotFound,
    /// The finding would be larger than 240 KB.
    TooLarge,
    /// Our fault.
    Internal,
    /// The update would not leave a good ASFF finding.
    Invalid,
}

impl Failure {
    /// Every failure with its code and its message.
    pub const TABLE: [(Self, &'static str, &'static str); 6] = [
        (Self::ConcurrentUpdate, "ConcurrentUpdateError", "Concurrent finding updates detected"),
        (Self::Duplicated, "DuplicatedFindingIdentifier", "Finding Identifier is duplicated"),
        (Self::NotFound, "FindingNotFound", "Finding Not Found"),
        (Self::TooLarge, "FindingSizeExceeded", "Finding size exceeded 240 KB"),
        (Self::Internal, "InternalFailure", "Internal service failure"),
        (Self::Invalid, "InvalidInput", "Invalid Input"),
    ];

    /// The code on the wire.
    pub fn code(self) -> &'static str {
        Self::TABLE.iter().find(|(failure, ..)| *failure == self).map_or("", |(_, code, _)| code)
    }

    /// The vendor's message for a code, if it is one of the vendor's.
    pub fn message_of(code: &str) -> Option<&'static str> {
        Self::TABLE.iter().find(|(_, known, _)| *known == code).map(|(.., message)| *message)
    }
}

/// What became of the findings: those of [`BatchUpdateFindings::keys`] with their outcomes, and
/// [`BatchUpdateFindings::duplicated`].
pub fn render(outcomes: &[(FindingKey, Outcome)], duplicated: &[FindingKey]) -> Reply {
    let (mut processed, mut unprocessed) = (Vec::new(), Vec::new());
    for (key, outcome) in outcomes {
        match outcome {
            Outcome::Created | Outcome::Changed | Outcome::Unchanged => processed.push(identifier::render(key)),
            Outcome::Rejected(Rejection { id: _, code, message }) => {
                unprocessed.push(refused(key, code, Failure::message_of(code).unwrap_or(message)));
            }
        }
    }
    let code = Failure::Duplicated.code();
    unprocessed.extend(duplicated.iter().map(|key| refused(key, code, Failure::message_of(code).unwrap_or(code))));
    Reply::json(200, &json!({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed}))
}

fn refused(key: &FindingKey, code: &str, message: &str) -> Value {
    json!({"FindingIdentifier": identifier::render(key), "ErrorCode": code, "ErrorMessage": message})
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]
mod tests {
    use super::{BatchUpdateFindings, Failure, parse, render};
    use crate::domain::{Error, FindingKey, Outcome, Rejection};
    use serde_json::{Value, json};

    const ARN: &str = "arn:aws:securityhub:eu-central-1::product/acme/scanner";

    fn identifier(id: &str) -> Value {
        json!({"Id": id, "ProductArn": ARN})
    }

    fn key(id: &str) -> FindingKey {
        FindingKey { product_arn: ARN.to_owned(), id: id.to_owned() }
    }

    fn request(body: &Value) -> Result<BatchUpdateFindings, Error> {
        parse(body.to_string().as_bytes())
    }

    fn refused_field(body: &Value) -> String {
        match request(body) {
            Err(Error::Invalid { field, .. }) => field,
            other => panic!("{body} gave {other:?}"),
        }
    }

    #[test]
    fn identifiers_and_change_come_apart() {
        let body = json!({
            "FindingIdentifiers": [identifier("a"), identifier("b")],
            "Workflow": {"Status": "RESOLVED"}, "Confidence": 5, "Note": null
        });
        let found = request(&body).unwrap();
        assert_eq!((found.keys, found.duplicated), (vec![key("a"), key("b")], Vec::new()));
        assert_eq!(Value::Object(found.change), json!({"Workflow": {"Status": "RESOLVED"}, "Confidence": 5}));
    }

    /// CONTRACTS 1.7: DuplicatedFindingIdentifier.
    #[test]
    fn an_identifier_that_occurs_twice_is_not_updated() {
        let ids = ["a", "b", "a", "c", "a"].map(identifier);
        let found = request(&json!({"FindingIdentifiers": ids, "Confidence": 5})).unwrap();
        assert_eq!((found.keys, found.duplicated), (vec![key("b"), key("c")], vec![key("a")]));
    }

    #[test]
    fn one_to_a_hundred_identifiers() {
        let with = |count: usize| {
            let ids: Vec<Value> = (0..count).map(|i| identifier(&format!("f-{i}"))).collect();
            json!({"FindingIdentifiers": ids, "Confidence": 5})
        };
        for count in [1, 100] {
            assert_eq!(request(&with(count)).unwrap().keys.len(), count);
        }
        for count in [0, 101] {
            assert_eq!(refused_field(&with(count)), "FindingIdentifiers");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let one = json!([identifier("a")]);
        for (body, field) in [
            (json!({"Confidence": 5}), "FindingIdentifiers"),
            (json!({"FindingIdentifiers": {}, "Confidence": 5}), "FindingIdentifiers"),
            (json!({"FindingIdentifiers": ["a"], "Confidence": 5}), "FindingIdentifiers[0]"),
            (json!({"FindingIdentifiers": [{"Id": "a"}], "Confidence": 5}), "FindingIdentifiers[0].ProductArn"),
            (json!({"FindingIdentifiers": [{"ProductArn": ARN}], "Confidence": 5}), "FindingIdentifiers[0].Id"),
            (json!({"FindingIdentifiers": one}), "body"),
            (json!({"FindingIdentifiers": one, "Note": null}), "body"),
        ] {
            assert_eq!(refused_field(&body), field, "{body}");
        }
    }

    #[test]
    fn outcomes_become_processed_and_unprocessed() {
        let rejected = |code: &str, message: &str| {
            Outcome::Rejected(Rejection { id: "x".to_owned(), code: code.to_owned(), message: message.to_owned() })
        };
        let outcomes = [
            (key("changed"), Outcome::Changed),
            (key("same"), Outcome::Unchanged),
            (key("absent"), rejected("FindingNotFound", "no such finding")),
            (key("odd"), rejected("Odd", "an odd thing")),
        ];
        let body: Value = serde_json::from_slice(&render(&outcomes, &[key("twice")]).body).unwrap();
        let refused = |id: &str, code: &str, message: &str| json!({"FindingIdentifier": identifier(id), "ErrorCode": code, "ErrorMessage": message});
        let expected = json!({
            "ProcessedFindings": [identifier("changed"), identifier("same")],
            "UnprocessedFindings": [
                refused("absent", "FindingNotFound", "Finding Not Found"),
                refused("odd", "Odd", "an odd thing"),
                refused("twice", "DuplicatedFindingIdentifier", "Finding Identifier is duplicated"),
            ],
        });
        assert_eq!(body, expected);
        let body: Value = serde_json::from_slice(&render(&[], &[]).body).unwrap();
        assert_eq!(body, json!({"ProcessedFindings": [], "UnprocessedFindings": []}));
    }

    /// CONTRACTS 1.7, the last row of its table.
    #[test]
    fn failures_have_the_vendors_codes_and_messages() {
        for (failure, code, message) in Failure::TABLE {
            assert_eq!((failure.code(), Failure::message_of(code)), (code, Some(message)));
        }
        assert_eq!(Failure::message_of("Odd"), None);
    }
}
