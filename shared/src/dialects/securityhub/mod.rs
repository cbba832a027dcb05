//! AWS Security Hub, REST JSON, API version 2018-10-26 (CONTRACTS 1).
//!
//! Tokens are opaque here: a `parse` hands over `NextToken` as it came, with a fingerprint of everything else that
//! a later page must repeat, and a `render` takes the next one. Sealing and checking them is the ledger's business.

pub mod batch_import_findings;
pub mod batch_update_findings;
pub mod describe_hub;
pub mod error;
pub mod filters;
pub mod get_finding_history;
pub mod get_findings;
pub mod hub;
pub mod identifier;
pub mod limits;
pub mod list_enabled_products;
pub mod openapi;
pub mod page;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod never_panics;
