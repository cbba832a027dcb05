//! Rules of the audit as a tenant has them: its own with their versions, the parameters that it has set, and how both are shown.

use super::framework::Control;
use super::json::Object;
use super::{Instant, Severity};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Rules of its own that a tenant may have at a time.
pub const MOST_RULES: usize = 100;
/// Rules of its own that a tenant may ever have had.
pub const MOST_EVER: usize = 1_000;
/// Versions of one rule.
pub const MOST_VERSIONS: usize = 500;
/// The longest key, in bytes.
pub const LONGEST_KEY: usize = 128;
/// Bytes of the parameters of one rule, as JSON.
pub const MOST_PARAMS: usize = 16 * 1024;

/// The files of a rule by name: `rule.yaml`, `rule.rego` and `cases.yaml`.
pub type Files = BTreeMap<String, String>;

/// A rule of a tenant's own: which versions it has had. Their texts are kept by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRule {
    /// The key, which no rule of the catalogue has.
    pub key: String,
    /// The Infracast id, which is that of every version.
    pub rule_id: String,
    /// Every version, the first one first: a version's number is its place, counted from 1.
    pub versions: Vec<RuleVersion>,
    /// When it was retired, and by whom; `None` while runs judge by it.
    pub retired: Option<Deed>,
    /// How often it was recorded. Whoever records it again must have seen the last one.
    pub revision: u64,
}

/// A version of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleVersion {
    /// Hexadecimal SHA-256 of its files.
    pub digest: String,
    /// Who added it, and when.
    pub added: Deed,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Instant,
    /// The key that it was done with, as findings' histories name it.
    pub by: String,
}

impl OwnRule {
    /// The number of the newest version.
    pub fn version(&self) -> u32 {
        u32::try_from(self.versions.len()).unwrap_or(u32::MAX)
    }

    /// The newest version.
    pub fn newest(&self) -> Option<&RuleVersion> {
        self.versions.last()
    }
}

/// The values that a tenant has set for parameters of a rule, its own or the catalogue's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleParams {
    /// The rule's key.
    pub key: String,
    /// The values by name.
    pub values: Object,
    /// Who set them, and when.
    pub set: Deed,
}

/// A parameter of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// `integer`, `number`, `boolean`, `text`, `list` or `map`.
    pub kind: &'static str,
    /// Of a list or map: the type of its items, where they have one.
    pub items: Option<&'static str>,
    /// What it is where a tenant has set nothing.
    pub default: Value,
    /// What it means.
    pub description: Option<String>,
    /// The least number.
    pub min: Option<f64>,
    /// The greatest number.
    pub max: Option<f64>,
    /// The only values, if they are counted.
    pub one_of: Vec<Value>,
}

/// A rule as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRow {
    /// The key.
    pub key: String,
    /// The Infracast id.
    pub rule_id: String,
    /// The version by which runs judge; of an own rule the number of its newest one.
    pub version: u32,
    /// The rule's own record; `None` for one of the catalogue.
    pub own: Option<OwnRule>,
    /// What is wrong with resources that fail.
    pub title: String,
    /// How bad a failure is.
    pub severity: Severity,
    /// The AWS type of what it judges.
    pub resource_type: String,
    /// Its parameters, by name.
    pub params: BTreeMap<String, Param>,
    /// The values that the tenant has set and that the rule takes.
    pub values: Object,
    /// Who set them, and when.
    pub set: Option<Deed>,
}

/// A rule as it is shown alone.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSheet {
    /// What lists show.
    pub row: RuleRow,
    /// What it asks.
    pub description: String,
    /// Why that matters.
    pub rationale: String,
    /// The base metrics of its CCSS vector.
    pub ccss: String,
    /// What it checks.
    pub controls: Vec<Control>,
    /// How to mend it.
    pub remediation: String,
    /// The files of this version.
    pub files: Files,
}
