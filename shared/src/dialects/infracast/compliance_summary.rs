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
