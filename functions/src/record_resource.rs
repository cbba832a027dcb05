//! Trigger: AWS Config's events of changed resources, `Config Configuration Item Change`, from a queue or bare.
//!
//! All messages of a batch are applied together. A message that cannot be taken fails alone, as in a batch of findings.
//! A resource whose item was too large for an event is logged, and its type is no longer called completely known.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::{Error, json};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Recorded, record_resources};
use serde_json::{Value, json};

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "record-resource",
    woken_by: WokenBy::Queue,
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let Wake { tenant, event, .. } = wake;
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        let recorded = record_resources(ledger, &tenant, &[event]).await?;
        tell_of_oversized(&recorded);
        let refused = recorded.into_iter().find_map(|recorded| recorded.refused);
        return refused.map_or(Ok(Value::Null), |why| Err(Error::invalid("detail", why)));
    };
    let events: Vec<Value> = records.iter().map(event_of).collect();
    let recorded = record_resources(ledger, &tenant, &events).await?;
    tell_of_oversized(&recorded);
    let mut failures = Vec::new();
    for (record, recorded) in records.iter().zip(recorded) {
        if let Some(why) = recorded.refused {
            let id = record.get("messageId").and_then(Value::as_str).unwrap_or_default();
            tracing::warn!(message_id = id, why, "an event of a resource was refused");
            failures.push(json!({"itemIdentifier": id}));
        }
    }
    Ok(json!({"batchItemFailures": failures}))
}

/// The event that a queue's record carries as text; nothing, which is refused, when it is none.
fn event_of(record: &Value) -> Value {
    let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
    let event = json::parse(body.as_bytes()).unwrap_or_default();
    if event.get("detail").is_some_and(Value::is_object) { event } else { Value::Null }
}

fn tell_of_oversized(recorded: &[Recorded]) {
    for oversized in recorded.iter().flat_map(|recorded| &recorded.oversized) {
        let (key, location) = (oversized.key.text(), oversized.location.as_deref().unwrap_or("nowhere that it says"));
        tracing::warn!(key, location, "a resource was too large for its event");
    }
}
