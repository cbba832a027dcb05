//! Infracast's findings API (documents/infracast-findings, CONTRACTS §5).
//!
//! Chosen where the document contradicts itself or is silent:
//!
//! - Lists have the form `{items,total,page,per_page,total_pages}` of the findings page, with `as_of` beside it: the
//!   state that was answered. It is a query parameter of every read; sent back, pages 2 to n are of the state of page 1.
//!   Without any finding there are 0 pages; a page beyond the last has no items.
//! - A finding's id is `<rule_id>-<resource_id>~<uid>`, because rule and resource alone may name several. The document's
//!   own two forms, with the whole resource id and with its name only, are understood too.
//! - `framework` and `control_id` of a row are what was asked for; without such a question they are the first of
//!   `framework_mappings`: cis-aws, nist-800-53, pci-dss, soc2 in this order, then by name, newer versions and lower
//!   controls first.
//! - A framework without a version means the newest that findings map to, `cis-aws@1.5` that one. Mappings that name no
//!   version belong to the newest.
//! - `-severity` puts CRITICAL first, `severity` INFO. Findings of one severity come newest first, then by uid.
//! - `created_at` and `first_seen` are both when the finding was first seen here. Times are cut to seconds.
//! - Unknown parameters are ignored, empty ones count as absent, lists add up when they are sent twice; anything else
//!   that is wrong, `per_page` over its maximum too, is a 400 that names the parameter. Enumerations may be in any case,
//!   and `status` may be a list.
//! - `search` looks into the ids of all resources, and into names as they stand in `resource_id`.
//! - Rows of lists are at most 4 KB: texts are cut, with `…` at the end, and mappings left out. The finding by itself
//!   has everything.

pub mod accept_finding;
pub mod compliance_summary;
pub mod error;
pub mod export;
mod filters;
pub mod get_finding;
pub mod limits;
pub mod list_findings;
#[cfg(test)]
mod never_panics;
pub mod openapi;
mod parameters;
pub mod remediation;
pub mod resolve_finding;
pub mod row;
pub mod run_audit;
#[cfg(test)]
mod samples;
pub mod stream;
pub mod terraform_patch;
mod vocabulary;

pub use row::Listed;
