//! Our own routes under `/api/v1/tenants/{tenantID}`, which copy nobody's wire shapes but Infracast's error envelope.

pub mod accounts;
pub mod audit_log;
pub mod changes;
pub mod decision_openapi;
pub mod decisions;
pub mod docs;
pub mod error;
pub mod feed_openapi;
pub mod history;
pub mod jobs;
pub mod keys;
pub mod openapi;
mod parameters;
mod recorded;
pub mod resource_openapi;
pub mod resources;
pub mod rule_openapi;
pub mod rules;
pub mod snapshots;
pub mod terraform;

use crate::domain::Error;
use crate::domain::json::Object;

/// Refuses members that a request does not have: one that is misspelt should not be taken for one left out.
fn check_members(body: &Object, known: &[&str]) -> Result<(), Error> {
    match body.keys().find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let why = format!("is no member of this request; there are {}", known.join(", "));
            Err(Error::invalid(super::members::shown(name), why))
        }
    }
}
