//! Trigger: Security Hub's own events, `Findings - Imported` and `Findings - Custom Action`, from a queue or bare.
//!
//! All messages of a batch are applied together, so that commits stay full. A message that cannot be taken, or that
//! holds a finding which is refused or which the ledger cannot decide about, fails alone: its id is in the answer, and the queue keeps it for a later try and
//! then for its dead-letter queue.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::dialects::native::snapshots::of_event;
use posture_shared::domain::{Error, Instant, Outcome, Snapshot, json};
use posture_shared::ledger::Writer;
use posture_shared::operations::{import_apart, import_snapshots};
use posture_shared::tally::{Gauge, gauge};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "import-hub-events",
    woken_by: WokenBy::Queue,
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let Wake { tenant, event, .. } = wake;
    let Some(records) = event.get("Records").and_then(Value::as_array) else {
        let snapshots = of_event(&event, "")?;
        let outcomes = import_snapshots(ledger, &tenant, None, &snapshots).await?.outcomes;
        let refused = outcomes.iter().find_map(rejection);
        return refused.map_or(Ok(Value::Null), |reason| Err(Error::invalid("detail.findings", reason)));
    };
    let mut failed: BTreeSet<usize> = BTreeSet::new();
    let mut snapshots: Vec<Snapshot> = Vec::new();
    let mut owners: Vec<usize> = Vec::new();
    for (place, record) in records.iter().enumerate() {
        match message_of(record).and_then(|event| of_event(&event, "")) {
            Ok(found) => {
                owners.extend(found.iter().map(|_| place));
                snapshots.extend(found);
            }
            Err(error) => {
                tracing::warn!(message_id = id_of(record), %error, "a message is no event of findings");
                failed.insert(place);
            }
        }
    }
    let results = import_apart(ledger, &tenant, &snapshots).await?;
    let oldest = snapshots.iter().filter_map(|snapshot| Instant::parse_aws(snapshot.time.as_deref()?)).min();
    if let Some(oldest) = oldest {
        gauge(Gauge::EventLag, oldest.seconds_until(ledger.clock().now()));
    }
    for (place, result) in owners.into_iter().zip(&results) {
        let reason = match result {
            Ok(outcome) => rejection(outcome).map(str::to_owned),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            tracing::warn!(message_id = records.get(place).map_or("", id_of), reason, "a finding was not taken");
            failed.insert(place);
        }
    }
    let failures: Vec<Value> =
        failed.iter().filter_map(|place| records.get(*place)).map(|r| json!({"itemIdentifier": id_of(r)})).collect();
    Ok(json!({"batchItemFailures": failures}))
}

/// The EventBridge event that a queue's record carries as text.
fn message_of(record: &Value) -> Result<Value, Error> {
    let body = record.get("body").and_then(Value::as_str);
    let body = body.ok_or_else(|| Error::invalid("Records.body", "must be the text of an event"))?;
    json::parse(body.as_bytes()).map_err(|error| Error::invalid("Records.body", format!("is not JSON: {error}")))
}

fn id_of(record: &Value) -> &str {
    record.get("messageId").and_then(Value::as_str).unwrap_or_default()
}

fn rejection(outcome: &Outcome) -> Option<&str> {
    match outcome {
        Outcome::Rejected(rejection) => Some(&rejection.message),
        Outcome::Created | Outcome::Changed | Outcome::Unchanged => None,
    }
}
