//! What a rule says of a resource.

use serde_json::Value;

/// What a rule says of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It is not, for these reasons; at least one, in a fixed order.
    Fail(Vec<Violation>),
    /// The rule does not concern it.
    NotApplicable,
    /// The rule could not tell: something that it needs is missing, or it broke off. Never a pass.
    Unknown(String),
}

impl Verdict {
    /// The name: `pass`, `fail`, `not_applicable` or `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail(_) => "fail",
            Self::NotApplicable => "not_applicable",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// One reason why a resource fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The member of the resource that is to blame, as a dotted path with places: `configuration.ipPermissions[0]`.
    pub path: String,
    /// One sentence for people.
    pub message: String,
    /// What was found there; what commands and patches are made from. An object, or null.
    pub evidence: Value,
}
