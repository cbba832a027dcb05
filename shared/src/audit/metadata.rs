//! What `rule.yaml` says.

use super::params;
use crate::domain::audit_rule::Param;
use crate::domain::framework::Control;
use crate::domain::json::Object;
use crate::domain::{Severity, Vocabulary};
use crate::terraform::Terraform;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Whose a rule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The catalogue's: it was checked when the program was tested.
    Catalogue,
    /// A tenant's own.
    Tenant,
}

/// A rule that was loaded.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Whose it is.
    pub origin: Origin,
    /// What `rule.yaml` says.
    pub metadata: Metadata,
    /// The text of `rule.rego`.
    pub rego: String,
    /// The Rego package: `rules.` and the key with `_` in place of dots and hyphens.
    pub package: String,
    /// Whether it says by `applies` which resources it judges; else it judges all of its type. `true` judges, `false` and undefined
    /// do not, and a text says why the rule cannot tell.
    pub judges_some: bool,
    /// The controls that it checks, each in its framework's canonical spelling.
    pub controls: Vec<Control>,
    /// Hexadecimal SHA-256 of `rule.yaml` and `rule.rego`: what tells versions of a rule apart beyond their number.
    pub digest: String,
}

/// The members of `rule.yaml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The key, which is the name of the folder: `service.what-it-asks`, lower case, digits, dots and hyphens.
    pub key: String,
    /// Counted up with every change that can change a verdict.
    pub version: u32,
    /// The Infracast id: `<FRAMEWORK>-<control>`, with `-<SLUG>` where that is not unique. Never changed.
    pub rule_id: String,
    /// One line, saying what is wrong with a resource that fails.
    pub title: String,
    /// What the rule asks, in one to three sentences.
    pub description: String,
    /// Why it matters.
    pub rationale: String,
    /// How bad a failure is.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// The AWS type of the resources that it judges.
    pub resource_type: String,
    /// The base metrics of its CCSS vector: `AV:N/AC:L/Au:N/C:P/I:P/A:P`.
    pub ccss: String,
    /// Controls by framework and version: `cis-aws@3.0: ["5.2"]`.
    #[serde(default)]
    pub controls: BTreeMap<String, Vec<String>>,
    /// Why it maps to no control, where it maps to none.
    #[serde(default)]
    pub unmapped: Option<String>,
    /// Members of the item without which the rule cannot tell, as dotted paths: `configuration.ipPermissions`. One that
    /// is absent makes the verdict unknown; one that is null or empty is there.
    pub requires: Vec<String>,
    /// Other resources that it looks at, by the name under `input.related`.
    #[serde(default)]
    pub related: BTreeMap<String, Join>,
    /// Parameters with their defaults, which tenants can set.
    #[serde(default, deserialize_with = "params::read")]
    pub params: BTreeMap<String, Param>,
    /// How to mend it.
    pub remediation: Remediation,
    /// What to change in Terraform, where a patch is possible.
    #[serde(default)]
    pub terraform: Option<Terraform>,
}

/// The members of `rule.yaml` that lists show.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Brief {
    /// As [`Metadata::key`].
    pub key: String,
    /// As [`Metadata::version`].
    pub version: u32,
    /// As [`Metadata::rule_id`].
    pub rule_id: String,
    /// As [`Metadata::title`].
    pub title: String,
    /// As [`Metadata::severity`].
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// As [`Metadata::resource_type`].
    pub resource_type: String,
    /// As [`Metadata::params`].
    #[serde(default, deserialize_with = "params::read")]
    pub params: BTreeMap<String, Param>,
}

impl Metadata {
    /// What lists show of it.
    pub fn brief(&self) -> Brief {
        Brief {
            key: self.key.clone(),
            version: self.version,
            rule_id: self.rule_id.clone(),
            title: self.title.clone(),
            severity: self.severity,
            resource_type: self.resource_type.clone(),
            params: self.params.clone(),
        }
    }

    /// What its parameters are where nobody has set anything.
    pub fn defaults(&self) -> Object {
        self.params.iter().map(|(name, param)| (name.clone(), param.default.clone())).collect()
    }
}

/// Other resources that a rule looks at.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Their AWS type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where they are looked for.
    #[serde(default)]
    pub scope: JoinScope,
    /// The member of theirs, as a dotted path, that must equal one of this resource.
    #[serde(default, rename = "where")]
    pub theirs: Option<String>,
    /// The member of this resource that it must equal; of a list, one of its members.
    #[serde(default, rename = "equals")]
    pub ours: Option<String>,
}

/// Where joined resources are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JoinScope {
    /// In the resource's own account and region.
    #[default]
    Region,
    /// In every region of its account.
    Account,
    /// In every account of the tenant.
    Tenant,
}

/// How to mend what fails.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remediation {
    /// In one or two sentences.
    pub text: String,
    /// AWS's own page about it.
    #[serde(default)]
    pub url: Option<String>,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// A step of a remediation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What to do.
    pub action: String,
    /// The command that does it, with places to fill: `{{resource.resourceId}}`, `{{evidence.port}}`, `{{params.days}}`. A step
    /// whose command names evidence is there once per violation.
    #[serde(default)]
    pub command: Option<String>,
}

fn severity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Severity, D::Error> {
    let text = String::deserialize(deserializer)?;
    let words = || Severity::WORDS.iter().map(|(_, word)| *word).collect::<Vec<_>>().join(", ");
    let unknown = || serde::de::Error::custom(format!("severity has no value {text}; there are {}", words()));
    Severity::from_word(&text).ok_or_else(unknown)
}
