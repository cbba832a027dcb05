//! `GET /v1/cspm/rules` and `/v1/cspm/rules/{id}`: what findings are judged by (CONTRACTS 4.4).
//!
//! Text and controls are those of the first finding that was judged by the newest version. ASFF says nothing of what a
//! failed rule implies: `implication` is null.

use super::cursor::Endpoint;
use super::limits::DEFAULT_ROWS;
use super::listing::BY_UID;
use super::resource::{controls, rule_of};
use crate::domain::{Finding, json};
use serde_json::{Value, json};

/// The list.
pub static RULES: Endpoint = Endpoint { path: "/v1/cspm/rules", parameters: BY_UID, default_rows: DEFAULT_ROWS };

/// A rule.
pub fn rule(id: &str, version: i64, finding: &Finding, base: &str) -> Value {
    let text = |path: &str| json::text_at(&finding.asff, path);
    let references: Vec<&str> = text("Remediation.Recommendation.Url").into_iter().collect();
    json!({
        "id": id,
        "type": "rule",
        "attributes": {
            "name": rule_of(&finding.asff),
            "version": version,
            "title": text("Title"),
            "original_severity": super::check::word(finding.standing.original_severity),
            "description": text("Description"),
            "implication": null,
            "recommendation": text("Remediation.Recommendation.Text"),
            "references": references,
        },
        "relationships": {"controls": controls(&finding.asff)},
        "links": {"self": format!("{base}{}/{id}", RULES.path)},
    })
}
