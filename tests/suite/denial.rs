//! What a refusal looks like in each dialect, and what no answer may ever show.

use posture_shared::dialects::Dialect;
use posture_shared::domain::error::Denial;
use posture_tests::{Answer, World};
use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// No key, or no good one.
    Key,
    /// A good key without the scope.
    Scope,
}

/// DESIGN §5, the sentence on what no or a bad key and a missing scope give; CONTRACTS 1.5 for the shape.
pub fn assert_refused(dialect: Dialect, refusal: Refusal, answer: &Answer, case: &str) {
    let (status, code) = match (dialect, refusal) {
        (Dialect::SecurityHub, _) => (401, "InvalidAccessException"),
        (Dialect::Bitdefender | Dialect::Datadog, _) => (403, "Forbidden"),
        (Dialect::Infracast | Dialect::Native, Refusal::Key) => (401, "UNAUTHORIZED"),
        (Dialect::Infracast | Dialect::Native, Refusal::Scope) => (403, "FORBIDDEN"),
    };
    assert_eq!(answer.status, status, "{case}: {}", answer.body);
    let messages = match refusal {
        Refusal::Key => vec![Denial::NoKey, Denial::BadKey, Denial::Skew],
        Refusal::Scope => vec![Denial::Scope],
    };
    let body = answer.json();
    let shapes = messages.iter().map(|denial| match dialect {
        Dialect::SecurityHub => json!({"Code": code, "Message": denial.message()}),
        Dialect::Bitdefender => json!({"message": code}),
        Dialect::Datadog => json!({"errors": [{"status": "403", "title": code, "detail": denial.message()}]}),
        Dialect::Infracast | Dialect::Native => {
            json!({"error": {"code": code, "message": denial.message(), "details": null}})
        }
    });
    assert!(shapes.clone().any(|shape| shape == body), "{case}: {body}");
    let media = if dialect == Dialect::Datadog { "application/vnd.api+json" } else { "application/json" };
    assert_eq!(answer.header("content-type"), Some(media), "{case}");
    match dialect {
        Dialect::SecurityHub => {
            assert_eq!(answer.header("x-amzn-errortype"), Some(code), "{case}");
            assert!(answer.header("x-amzn-requestid").is_some_and(|id| !id.is_empty()), "{case}");
        }
        Dialect::Bitdefender | Dialect::Datadog | Dialect::Infracast | Dialect::Native => {
            assert!(answer.header("x-request-id").is_some_and(|id| !id.is_empty()), "{case}");
        }
    }
}

/// The code and message of an error, whichever dialect's it is; `None` when the answer is none.
pub fn error_of(answer: &Answer) -> Option<(String, String)> {
    let body = answer.json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let native = text(&body["error"]["code"]).zip(text(&body["error"]["message"]));
    let first = &body["errors"][0];
    let datadog = text(&first["title"]).zip(text(&first["detail"]));
    native.or(datadog).or_else(|| text(&body["Code"]).zip(text(&body["Message"])))
}

/// No secret of anybody, nothing of the other tenant, and nothing of the machinery.
pub fn assert_clean(world: &World, answer: &Answer, case: &str) {
    let whole = format!("{:?} {}", answer.headers, answer.body);
    // Rules of the audit are about such tables of clients.
    let whole = ["AWS::DynamoDB::Table", "\"DynamoDB table ", "\"dynamodb.table"]
        .iter()
        .fold(whole, |whole, theirs| whole.replace(theirs, ""));
    for secret in world.ours.secrets().into_iter().chain(world.theirs.secrets()) {
        assert!(!whole.contains(secret), "{case}: a secret shows");
    }
    for word in [world.theirs.id.as_str(), "ynamo", "panicked", "src/", ".rs", "#log", "#key", "TableName", "serde"] {
        assert!(!whole.contains(word), "{case}: {word} shows in {whole}");
    }
}
