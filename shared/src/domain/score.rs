//! How much a fail matters here: a score of 0 to 100 that ranks findings, with the facts that made it.
//!
//! The score is ten times the environmental score of a CCSS vector (NIST IR 7502). Severity stays the rule's own; the
//! score may leave its band where the environment says so. Chosen where the contract is silent:
//!
//! - A finding brings its vector as ProductFields `posture/ccss`. Without one, or with one that cannot be read, its
//!   present severity gives a vector whose score lies in the severity's band: 0 informational, 21 low, 50 medium,
//!   75 high, 94 critical.
//! - Tags of resources give the environment (`Environment`, `env`, `stage`) and what the data needs
//!   (`DataClassification`, `Confidentiality`, `Integrity`, `Availability`). A key may have a prefix that ends in `:`
//!   or `/`; case, spaces, `-` and `_` do not matter. Of several resources the gravest counts.
//! - A resource that the finding's own details show open to the internet is a more valuable target (PTV).
//! - What the vector itself defines is never overridden, and what nothing sets is not defined.

mod ccss;
#[cfg(test)]
mod tests;

use super::finding::Vocabulary;
use super::json::{self, Object};
use super::{Finding, Severity};
pub use ccss::{Metric, Vector};
use serde_json::Value;

/// The member of ProductFields that holds a finding's vector.
pub const VECTOR_FIELD: &str = "posture/ccss";

/// A score and what made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// 0 to 100.
    pub score: u8,
    /// The vector that was scored, environment included.
    pub vector: String,
    /// What set the metrics, in words: the base metrics first, then one reason a metric.
    pub reasons: Vec<String>,
}

/// A metric that a fact of the finding sets.
struct Fact {
    metric: Metric,
    value: &'static str,
    reason: String,
}

/// The risk of a finding, whatever its verdict: how bad it is if it fails.
pub fn risk(finding: &Finding) -> Risk {
    let (mut vector, reason) = base(finding);
    let mut reasons = vec![reason];
    for fact in facts(&finding.asff) {
        if !vector.defines(fact.metric) {
            vector.set(fact.metric, fact.value);
            reasons.push(format!("{}:{} because {}", fact.metric.name(), fact.value, fact.reason));
        }
    }
    Risk { score: vector.environmental(), vector: vector.to_string(), reasons }
}

/// The vector that the finding brings, or its severity's, and why.
fn base(finding: &Finding) -> (Vector, String) {
    let fields = finding.asff.get("ProductFields").and_then(Value::as_object);
    let sent = fields.and_then(|fields| fields.get(VECTOR_FIELD)).and_then(Value::as_str);
    if let Some(vector) = sent.and_then(Vector::parse) {
        return (vector, format!("the vector is the finding's own, from ProductFields {VECTOR_FIELD}"));
    }
    let severity = finding.standing.severity;
    let why = if sent.is_some() { "its own vector cannot be read" } else { "it brings no vector" };
    (of_severity(severity), format!("the base metrics are those of severity {}, because {why}", severity.word()))
}

/// The vector of a severity: its score lies in the severity's band.
fn of_severity(severity: Severity) -> Vector {
    let [av, ac, au, c, i, a] = match severity {
        Severity::Informational => ["L", "H", "M", "N", "N", "N"],
        Severity::Low => ["L", "L", "N", "P", "N", "N"],
        Severity::Medium => ["N", "L", "N", "P", "N", "N"],
        Severity::High => ["N", "L", "N", "P", "P", "P"],
        Severity::Critical => ["N", "L", "N", "C", "C", "N"],
    };
    Vector::of_base([av, ac, au, c, i, a])
}

/// Which tags set which metrics, by the letters of their keys.
const TAGS: &[(&[&str], &[Metric], &[Words])] = &[
    (&["environment", "env", "stage"], &[Metric::Cdp], ENVIRONMENTS),
    (
        &["dataclassification", "dataclass", "classification", "datasensitivity", "sensitivity"],
        &[Metric::Cr, Metric::Ir],
        CLASSES,
    ),
    (&["confidentiality"], &[Metric::Cr], LEVELS),
    (&["integrity"], &[Metric::Ir], LEVELS),
    (&["availability"], &[Metric::Ar], LEVELS),
];

/// Words of tags, and the value that they stand for.
type Words = (&'static [&'static str], &'static str);

const ENVIRONMENTS: &[Words] = &[
    (&["production", "prod", "prd", "live"], "H"),
    (&["preproduction", "preprod", "staging", "stage", "stg", "uat"], "LM"),
    (&["development", "dev", "test", "testing", "qa", "sandbox"], "L"),
];

const CLASSES: &[Words] = &[
    (&["restricted", "highlyconfidential", "confidential", "secret", "sensitive", "pii", "phi", "pci", "high"], "H"),
    (&["internal", "private", "medium"], "M"),
    (&["public", "open", "low"], "L"),
];

const LEVELS: &[Words] = &[(&["high", "critical"], "H"), (&["medium", "moderate"], "M"), (&["low"], "L")];

/// Every fact of a finding that sets a metric, each metric once.
fn facts(asff: &Object) -> Vec<Fact> {
    let mut facts: Vec<Fact> = Vec::new();
    let resources = json::all_at(asff, "Resources");
    for resource in resources.into_iter().filter_map(Value::as_object) {
        for fact in of_tags(resource).into_iter().chain(of_exposure(resource)) {
            match facts.iter_mut().find(|known| known.metric == fact.metric) {
                Some(known) if known.metric.weight_of(known.value) >= known.metric.weight_of(fact.value) => {}
                Some(known) => *known = fact,
                None => facts.push(fact),
            }
        }
    }
    facts.sort_by_key(|fact| fact.metric);
    facts
}

fn of_tags(resource: &Object) -> Vec<Fact> {
    let mut facts = Vec::new();
    let tags = resource.get("Tags").and_then(Value::as_object);
    for (key, value) in tags.into_iter().flatten() {
        let Some(value) = value.as_str() else { continue };
        let name = letters(key.rsplit([':', '/']).next().unwrap_or(key));
        let said = letters(value);
        for (_, metrics, words) in TAGS.iter().filter(|(names, _, _)| names.contains(&name.as_str())) {
            let meant = words.iter().find(|(words, _)| words.contains(&said.as_str()));
            let Some((_, meant)) = meant else { continue };
            let reason = format!("a resource has the tag {key} = {value}");
            facts.extend(metrics.iter().map(|metric| Fact { metric: *metric, value: meant, reason: reason.clone() }));
        }
    }
    facts
}

/// Details that say "open to the internet", by their last name.
fn of_exposure(resource: &Object) -> Option<Fact> {
    let details = resource.get("Details")?.as_object()?;
    details.iter().find_map(|(kind, detail)| {
        let detail = detail.as_object()?;
        let is = |name: &str, wanted: &Value| detail.get(name) == Some(wanted);
        let shown = [
            ("PubliclyAccessible", Value::Bool(true)),
            ("PubliclyAccessible", Value::from("true")),
            ("Scheme", Value::from("internet-facing")),
        ];
        let found = shown.iter().find(|(name, wanted)| is(name, wanted)).map(|(name, _)| *name);
        let has_address = || {
            let of = |name: &&str| detail.get(*name).and_then(Value::as_str).is_some_and(|address| !address.is_empty());
            ["PublicIp", "PublicIpAddress", "PublicIpv4Address"].into_iter().find(of)
        };
        let name = found.or_else(has_address)?;
        let reason = format!("{kind}.{name} shows a resource open to the internet");
        Some(Fact { metric: Metric::Ptv, value: "H", reason })
    })
}

/// The lower-case letters and digits of a text.
fn letters(text: &str) -> String {
    text.chars().take(64).filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
