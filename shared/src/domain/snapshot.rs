//! Snapshots: findings as Security Hub itself had them.

use serde_json::Value;

/// A finding as Security Hub had it.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The ASFF document.
    pub finding: Value,
    /// The time of the event that carried it, if one did.
    pub time: Option<String>,
}
