//! Bitdefender GravityZone's cloud security API, `/cspm` and `/setting` (CONTRACTS 4).
//!
//! Chosen where the contract is silent:
//!
//! - A parameter that a request does not have is refused by name, so that a misspelt filter is not taken for none. An
//!   empty value is none. Lists are separated by commas, and a repeated name adds to its list.
//! - What is no UUID where one is due is refused in a query and not found in a path.
//! - Paths work with and without `/v1`; links carry it.
//! - Ids of resources are those of ASFF (ARNs), as `resource_id` shows them; ids of frameworks are understood in any
//!   spelling, with or without a version.
//! - Errors have the form of JSON:API.

pub mod check;
pub mod cursor;
pub mod envelope;
pub mod error;
pub mod filters;
pub mod finding_changes;
pub mod get_check;
pub mod get_checks;
pub mod limits;
pub mod listing;
pub mod openapi;
pub mod parameters;
pub mod resource;
pub mod resources;
pub mod rules;
pub mod scans;
pub mod system_compliance;
pub mod update_checks;

pub use cursor::PageRequest;
pub use envelope::Place;
