//! Datadog posture management: findings, in the shape of the documented beta and in that of today's official client.
//!
//! The document is datadog-posture-management-findings; the other shape, called GA here, is that of
//! `datadog-api-client` (CONTRACTS 3.1). Which of them answers is decided by, strongest first (CONTRACTS 3.4):
//!
//! 1. the path: under `/datadog/api/v2/posture_management` it is GA;
//! 2. parameters that one side alone has, `limit`, `cursor`, `filter[tag]` and the like; with such of
//!    both sides it is GA, which refuses the others by name, since a filter that is passed over is worse than an error;
//! 3. a User-Agent `datadog-api-client-*/`: GA, and answers there say `Vary: User-Agent`;
//! 4. the beta.
//!
//! Every good answer says which it was in `x-dialect-version: beta` or `ga`.
//!
//! Where the document contradicts itself, both spellings work: `page[cursor]` and `cursor`, `filter[tags]` and
//! `filter[tag]`, operators before and behind the equal sign, `discovery_timestamp`, `resource_discovery_timestamp` and
//! `resource_discovery_date`. Chosen where document and contract are silent:
//!
//! - `id` is the finding's uid, as every dialect spells it; a detail is found by it with hyphens and without.
//! - `rule.id` is the ASFF GeneratorId; `filter[rule_id]` takes our uid of the rule, too.
//! - Rows come by severity, critical first, then by uid.
//! - Repeated parameters of the beta must all hold; of those that are no filters, the second is an error.
//! - A text that begins with `-` is negated, `*` stands for anything; `\-` is a hyphen at the beginning. Words of
//!   enumerations may be written so, too, as long as some word is meant. Case matters.
//! - `filter[resource_type]` takes several types with commas between them, and a name in any spelling; wildcards are
//!   compared with four spellings of each type.
//! - `filter[@resource_id]` takes the resource's id, its name as answers show it, or our uid of it.
//! - Findings whose rule never gave a verdict, and those that are gone, are not there.
//! - With a cursor, `snapshot_timestamp` and `as_of` are read and not used: the cursor stands on its own state.
//! - `snapshot_timestamp` of an answer names the instant to the millisecond, without the commit that `as_of` can name.

pub mod error;
mod filters;
mod finding;
pub mod get_finding;
pub mod limits;
pub mod list_findings;
mod message;
mod mute;
pub mod mute_findings;
pub mod openapi;
mod parameters;
mod shape;
mod tags;
mod uuid;

#[cfg(test)]
mod never_panics;
#[cfg(test)]
mod samples;

pub use finding::Listed;
pub use shape::{Asked, Shape};
