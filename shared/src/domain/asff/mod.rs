//! The AWS Security Finding Format: the language in which the ledger keeps findings, and the rules by which they merge.
//!
//! Everything here is pure: what a producer, a customer or the real Security Hub said, against what is known,
//! gives a [`super::Decision`]. Chosen where the contract is silent:
//!
//! - An import replaces the producer's fields: a member that it no longer sends is gone, unless it belongs to the
//!   customer ([`CUSTOMER_OWNED`], [`super::Standing::customer_set`]) or the hub fills it.
//! - A member sent as `null` counts as not sent, as the stock clients have it.
//! - The deprecated WorkflowState is kept as it was sent and never follows Workflow.Status; the real hub's events
//!   show it standing still too.

pub mod decide;
pub mod hash;
pub mod history;
mod hub;
pub mod import;
pub mod products;
mod rules;
pub mod severity;
pub mod snapshot;
pub mod standing;
pub mod tell;
pub mod update;
pub mod validate;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use decide::{decide, expire, judged_again};
pub use hash::{producer_hash, seen_hash};
pub use import::import;
pub use snapshot::{Snapshot, lay_over, producers_part};
pub use standing::next_standing;
pub use tell::{told, untold};
pub use update::{Update, update};
pub use validate::{Door, finding as validate};

use super::column::SEEN_TEXTS;
use super::json::{self, Object};
use super::{Finding, Rejection};
use serde_json::Value;

/// Members that belong to customers: an import sets them on a new finding only (CONTRACTS 1.7).
pub const CUSTOMER_OWNED: [&str; 5] = ["Note", "UserDefinedFields", "VerificationState", "Workflow", "WorkflowState"];

/// Members that producer and customer share: the producer's value is in FindingProviderFields, and at the top level
/// as long as no customer has set another (CONTRACTS 1.7).
pub const SHARED: [&str; 5] = ["Confidence", "Criticality", "RelatedFindings", "Severity", "Types"];

/// The largest finding that import and update calls accept, in bytes of JSON without white space: 240 KB.
pub const MAX_FINDING_BYTES: usize = 240 * 1024;

/// How deep a member of a finding may nest: 100 levels. Parsers stop at 128 (ours) or far earlier (some clients'), and
/// a document stands some levels deeper where it is stored than where it is sent.
pub const MAX_DEPTH: usize = 100;

/// Sets Workflow.Status. The deprecated WorkflowState stays as it was sent.
pub fn set_workflow(asff: &mut Object, status: &str) {
    let text = Value::String(status.to_owned());
    match asff.get_mut("Workflow") {
        Some(Value::Object(workflow)) => {
            workflow.insert("Status".to_owned(), text);
        }
        _ => {
            let mut workflow = Object::new();
            workflow.insert("Status".to_owned(), text);
            asff.insert("Workflow".to_owned(), Value::Object(workflow));
        }
    }
}

/// Workflow.Status, NEW where there is none.
pub fn workflow(asff: &Object) -> &str {
    json::text_at(asff, "Workflow.Status").unwrap_or("NEW")
}

/// The refusal of an update or decision about a finding that is not there (CONTRACTS 1.7).
fn not_found() -> Rejection {
    Rejection { id: String::new(), code: "FindingNotFound".to_owned(), message: "Finding Not Found".to_owned() }
}

/// Whether two documents differ at most in the timestamps that producers move on every scan.
fn same_content(a: &Object, b: &Object) -> bool {
    let is_time = |name: &str| SEEN_TEXTS.iter().any(|column| column.name() == name);
    let count = |o: &Object| o.keys().filter(|name| !is_time(name)).count();
    count(a) == count(b) && a.iter().all(|(name, value)| is_time(name) || b.get(name) == Some(value))
}

/// A member that is there and not null.
fn present<'a>(object: &'a Object, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

/// Sets a member, or removes it.
fn put(object: &mut Object, name: &str, value: Option<Value>) {
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
}

/// The producer's own value of a shared member.
fn provider<'a>(asff: &'a Object, name: &str) -> Option<&'a Value> {
    present(asff.get("FindingProviderFields")?.as_object()?, name)
}

/// What the top level shows of a shared member when the producer's value goes there. Severity keeps what `top`
/// says beyond it, so that a sent Product or a Normalized that agrees with the Label is not lost.
fn shown(name: &str, from_provider: &Value, top: Option<&Value>) -> Value {
    match from_provider {
        Value::Object(block) if name == "Severity" => {
            Value::Object(severity::lay_over(top.and_then(Value::as_object), block))
        }
        other => other.clone(),
    }
}

/// Whether the finding's acceptance has an end and that has come.
fn acceptance_ran_out(finding: &Finding, at: super::Instant) -> bool {
    finding.standing.acceptance.as_ref().and_then(|a| a.expires_at).is_some_and(|end| end <= at)
}
