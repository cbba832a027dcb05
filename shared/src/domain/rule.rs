//! Rules: what a finding judges by, and the digest that tells its versions apart.
//!
//! A version of a rule is GeneratorId, title, remediation and controls (DESIGN §3, Rules of imported findings); a
//! description belongs to the finding.

use super::framework::{Control, controls_of};
use super::{Finding, Severity, json};
use crate::secrets::sha256_hex;
use serde_json::json;

/// Hexadecimal digits of a digest.
const DIGEST_DIGITS: usize = 16;

/// A rule as one finding tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// ASFF GeneratorId.
    pub id: String,
    /// ASFF Title.
    pub title: String,
    /// Remediation.Recommendation.Text; empty when there is none.
    pub remediation: String,
    /// Remediation.Recommendation.Url; empty when there is none.
    pub remediation_url: String,
    /// The controls that it checks.
    pub controls: Vec<Control>,
    /// What the finding's producer said first.
    pub severity: Severity,
    /// What tells versions apart: 16 hexadecimal digits of the SHA-256 of the canonical JSON of all but the severity.
    pub digest: String,
}

impl Rule {
    /// The rule that a finding judges by.
    pub fn of(finding: &Finding) -> Self {
        let text = |path: &str| json::text_at(&finding.asff, path).unwrap_or_default().to_owned();
        let (id, title) = (text("GeneratorId"), text("Title"));
        let remediation = text("Remediation.Recommendation.Text");
        let remediation_url = text("Remediation.Recommendation.Url");
        let controls = controls_of(&finding.asff);
        let texts: Vec<String> = controls.iter().map(Control::to_text).collect();
        let content = json!([id, title, remediation, remediation_url, texts]);
        let mut digest = sha256_hex(json::canonical(&content).as_bytes());
        digest.truncate(DIGEST_DIGITS);
        Self { id, title, remediation, remediation_url, controls, severity: finding.standing.original_severity, digest }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::Rule;
    use crate::domain::asff::next_standing;
    use crate::domain::{Finding, Instant};
    use serde_json::{Value, json};

    fn rule(change: impl FnOnce(&mut Value)) -> Rule {
        let mut asff = json!({
            "GeneratorId": "g", "Title": "t", "Description": "d", "Severity": {"Label": "LOW"},
            "Remediation": {"Recommendation": {"Text": "do", "Url": "https://x"}},
            "Compliance": {"Status": "FAILED", "RelatedRequirements": ["CIS-1.5 1.20"]},
        });
        change(&mut asff);
        let asff = asff.as_object().unwrap().clone();
        let standing = next_standing(None, &asff, Instant(0));
        Rule::of(&Finding { asff, standing })
    }

    /// "A rule version is (GeneratorId, title, remediation, controls), content-addressed" (DESIGN §3).
    #[test]
    fn a_version_is_what_the_rule_says_and_not_what_a_finding_says() {
        let known = rule(|_| {});
        assert_eq!((known.digest.len(), known.controls.len()), (16, 1));
        let same: [fn(&mut Value); 4] = [
            |asff| asff["Description"] = "another".into(),
            |asff| asff["Severity"]["Label"] = "HIGH".into(),
            |asff| asff["Compliance"]["Status"] = "PASSED".into(),
            |asff| asff["Compliance"]["RelatedRequirements"] = json!(["CIS AWS Foundations Benchmark v1.5.0/1.20"]),
        ];
        for change in same {
            assert_eq!(rule(change).digest, known.digest);
        }
        let others: [fn(&mut Value); 5] = [
            |asff| asff["GeneratorId"] = "h".into(),
            |asff| asff["Title"] = "u".into(),
            |asff| asff["Remediation"]["Recommendation"]["Text"] = "undo".into(),
            |asff| asff["Remediation"] = Value::Null,
            |asff| asff["Compliance"]["RelatedRequirements"] = json!(["CIS-1.5 1.2"]),
        ];
        for change in others {
            assert_ne!(rule(change).digest, known.digest);
        }
    }
}
