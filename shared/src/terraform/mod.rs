//! Patches for a user's own Terraform: where a resource is written, and what to change there.
//!
//! A file is parsed once, by `hcl-edit`, for where everything stands; from then on it is a text in which spans are replaced, so that
//! whatever is not changed stays as it was written: comments, alignment, line endings. What a rule wants changed is data in its
//! `rule.yaml`, read here as [`Terraform`]. Nothing here judges: a plan says what the resource will be like, and the caller lets the
//! same rule judge that.

mod change;
mod diff;
mod edit;
mod fix;
mod ingress;
mod outline;
mod place;
mod plan;
mod state;
#[cfg(test)]
mod tests;
mod workspace;
mod write;

pub use fix::{Follow, Narrow, Patch, Remove, Setting, Terraform};
pub use plan::{Offence, Plan, Subject, as_written, foreseen, nothing, plan};
pub use state::read_state;
pub use workspace::{File, Workspace};

use std::fmt::{self, Display};

/// Why there is no patch, in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why(pub String);

impl Why {
    fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
