//! `GET /api/v1/tenants/{tenantID}/compliance/summary`: scores and counts (infracast-findings, Findings Summary by
//! Framework; CONTRACTS §5, compliance score).
//!
//! The document's numbers cannot be derived from one another, so the formula is ours, see
//! [`crate::domain::compliance`]. `by_severity` has all five severities, INFO too, and adds up to `total_findings`, which
//! is the total of the list without filters. Without data a score is null. `framework` limits all of it to one
//! framework.

use super::super::Reply;
use super::filters;
use super::parameters::Parameters;
use super::vocabulary::SEVERITIES;
use crate::domain::compliance::Summary;
use crate::domain::json::Object;
use crate::domain::{AsOf, Error, MappingQuery};
use serde_json::json;

/// A request for a summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComplianceSummary {
    /// Which mappings count.
    pub asked: MappingQuery,
    /// The state that is asked for, if not the newest.
    pub as_of: Option<AsOf>,
}

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(query: &[(String, String)]) -> Result<ComplianceSummary, Error> {
    let parameters = Parameters(query);
    Ok(ComplianceSummary {
        asked: MappingQuery::new(filters::framework(parameters)?, None),
        as_of: parameters.as_of()?,
    })
}

/// The summary.
pub fn render(summary: &Summary, as_of: AsOf) -> Reply {
    let count = |severity| summary.by_severity.get(&severity).copied().unwrap_or_default();
    let by_severity: Object =
        SEVERITIES.iter().map(|(severity, word)| ((*word).to_owned(), json!(count(*severity)))).collect();
    let frameworks = summary.frameworks.iter();
    let by_framework: Object = frameworks
        .map(|(key, framework)| (key.clone(), json!({"score": framework.score(), "findings": framework.findings})))
        .collect();
    let body = json!({
        "overall_score": summary.overall(),
        "total_findings": summary.total(),
        "by_severity": by_severity,
        "by_framework": by_framework,
        "as_of": as_of.to_string(),
    });
    Reply::json(200, &body)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::{parse, render};
    use crate::domain::compliance::{Alike, Summary};
    use crate::domain::framework::Control;
    use crate::domain::{AsOf, Instant, MappingQuery, Newest, Severity, Status, Verdict};
    use serde_json::{Value, json};

    /// infracast-findings, Findings Summary by Framework: the members and their types; CONTRACTS §5: INFO included.
    #[test]
    fn a_summary_has_the_documents_members() {
        let controls = |framework: &str, version: &str, id: &str| {
            let (framework, version) = (framework.to_owned(), Some(version.to_owned()));
            [Control { framework, version, control: id.to_owned() }]
        };
        let (new, old) = (controls("cis-aws", "3.0", "1.1"), controls("cis-aws", "1.5", "1.1"));
        let group = |controls: &[Control], result, status| {
            let controls = controls.to_vec();
            Alike { controls, result, status, severity: Severity::High, count: 2 }
        };
        let groups = [
            group(&new, Verdict::Pass, None),
            group(&old, Verdict::Fail, Some(Status::NeedsReview)),
            group(&[], Verdict::Fail, Some(Status::Open)),
        ];
        let newest = Newest::among(new.iter().chain(&old).cloned());
        let summary = Summary::of(groups, &newest, &MappingQuery::default());
        let as_of = AsOf { at: Instant(1_707_991_200_000), seq: Some(9) };
        let body: Value = serde_json::from_slice(&render(&summary, as_of).body).unwrap();
        let expected = json!({
            "overall_score": 50,
            "total_findings": 4,
            "by_severity": {"CRITICAL": 0, "HIGH": 4, "MEDIUM": 0, "LOW": 0, "INFO": 0},
            "by_framework": {"cis-aws": {"score": 100, "findings": 0}, "cis-aws@1.5": {"score": 0, "findings": 2}},
            "as_of": "2024-02-15T10:00:00.000Z~9"
        });
        assert_eq!(body, expected);
        let nothing: Value = serde_json::from_slice(&render(&Summary::default(), as_of).body).unwrap();
        assert_eq!((&nothing["overall_score"], &nothing["by_framework"]), (&Value::Null, &json!({})));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let ask = |name: &str, value: &str| parse(&[(name.to_owned(), value.to_owned())]);
        assert_eq!(ask("framework", "").unwrap().asked, MappingQuery::default());
        assert_eq!(ask("framework", "cis-aws@3.0").unwrap().asked.framework.unwrap().version.unwrap(), "3.0");
        for (name, value) in [("framework", "//"), ("as_of", "now")] {
            assert!(ask(name, value).unwrap_err().to_string().starts_with(&format!("{name}: ")));
        }
    }
}
