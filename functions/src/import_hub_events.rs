//! Trigger: Security Hub's own events, `Findings - Imported` and `Findings - Custom Action`, from a queue or bare.
//!
//! A message that cannot be taken fails alone: its id is in the answer, and the queue keeps it for a later try.

use crate::Trigger;
use futures_util::FutureExt;
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;

/// The trigger.
pub static TRIGGER: Trigger =
    Trigger { function: "import-hub-events", handler: |ledger, event| Box::pin(handle(ledger, event)) };

async fn handle(ledger: &Writer, event: Value) -> Result<Value, Error> {
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        return import(ledger, &event).await.map(|()| Value::Null);
    };
    let mut failures = Vec::new();
    for record in records {
        let id = record.get("messageId").and_then(Value::as_str).unwrap_or_default();
        let outcome = AssertUnwindSafe(import_record(ledger, record)).catch_unwind().await;
        if let Err(error) = outcome.unwrap_or_else(|_| Err(Error::internal("the import panicked"))) {
            tracing::warn!(message_id = id, reason = %reason(&error), "message failed");
            failures.push(json!({"itemIdentifier": id}));
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}

async fn import_record(ledger: &Writer, record: &Value) -> Result<(), Error> {
    import(ledger, &message_of(record)?).await
}

/// The EventBridge event that a queue's record carries as text.
fn message_of(record: &Value) -> Result<Value, Error> {
    let body = record.get("body").and_then(Value::as_str);
    let body = body.ok_or_else(|| Error::invalid("Records.body", "must be the text of an event"))?;
    serde_json::from_str(body).map_err(|error| Error::invalid("Records.body", format!("is not JSON: {error}")))
}

async fn import(_ledger: &Writer, event: &Value) -> Result<(), Error> {
    if event.pointer("/detail/findings").is_none_or(|findings| !findings.is_array()) {
        return Err(Error::invalid("detail.findings", "must be a list of findings"));
    }
    Err(Error::internal("import-hub-events waits for its operation"))
}

/// What a failure may say in a log: never the text of a message.
fn reason(error: &Error) -> &str {
    match error {
        Error::Invalid { field, .. } => field,
        Error::Internal(reason) => reason,
        _ => "refused",
    }
}
