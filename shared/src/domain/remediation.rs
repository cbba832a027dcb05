//! How to mend what a finding is about.

use super::Instant;

/// How to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remediation {
    /// In a few sentences.
    pub summary: String,
    /// Why it matters, where that is said.
    pub rationale: Option<String>,
    /// A page about it.
    pub url: Option<String>,
    /// What to do, in order.
    pub steps: Vec<Step>,
    /// Who says so.
    pub told: Told,
    /// Who worded summary and rationale, if a model did. The steps are never a model's.
    pub generated: Option<Generated>,
}

/// That a model worded something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The model's id.
    pub model: String,
    /// When it did.
    pub at: Instant,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What to do.
    pub action: String,
    /// The command that does it, for a shell; `None` where there is none, or where what it would be made of is not known or not safe.
    pub command: Option<String>,
}

/// Who says how to mend something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// A rule of ours.
    Rule,
    /// The producer of the finding.
    Producer,
}
