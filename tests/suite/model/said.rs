//! What every dialect says of a finding's standing, by the table of DESIGN §2.

use super::door::Dialect;
use super::naive::State;
use posture_shared::domain::{Presence, Severity, Status, Verdict};
use serde_json::{Value, json};

/// What a row says of a finding; nothing when a dialect's lists do not have it.
pub fn said(dialect: Dialect, state: &State) -> Option<Value> {
    let own = &state.finding.standing;
    let is_there = own.presence == Presence::Active && own.result != Verdict::Unknown;
    let is_fail = own.result == Verdict::Fail;
    let status = own.status.filter(|_| is_fail);
    match dialect {
        Dialect::Bitdefender => is_there.then(|| {
            let status = status.map(|status| match status {
                Status::Open => "open",
                Status::NeedsReview => "needs_review",
                Status::Remediated => "remediated",
                Status::RiskAccepted => "risk_accepted",
                Status::FalsePositive => "false_positive",
            });
            json!([if is_fail { "fail" } else { "pass" }, severity(own.severity, "informational"), status])
        }),
        Dialect::Beta | Dialect::Ga => is_there.then(|| {
            let muted = matches!(status, Some(Status::RiskAccepted | Status::FalsePositive));
            let since = own.evaluation_changed_at.0;
            json!([if is_fail { "fail" } else { "pass" }, severity(own.severity, "info"), muted, since])
        }),
        Dialect::Infracast => infracast(state).map(|word| json!([severity(own.severity, "info").to_uppercase(), word])),
        Dialect::SecurityHub => Some(Value::Object(state.finding.asff.clone())),
    }
}

/// The same of a row that came.
pub fn told(dialect: Dialect, row: &Value) -> Value {
    let flat = &row["attributes"];
    match dialect {
        Dialect::Bitdefender => json!([flat["result"], flat["severity"], flat["status"]]),
        Dialect::Beta => json!([row["evaluation"], row["status"], row["muted"], row["evaluation_changed_at"]]),
        Dialect::Ga => {
            json!([flat["evaluation"], flat["status"], flat["mute"]["muted"], flat["evaluation_changed_at"]])
        }
        Dialect::Infracast => json!([row["severity"], row["status"]]),
        Dialect::SecurityHub => row.clone(),
    }
}

/// Infracast's status; what never failed is no finding there.
pub fn infracast(state: &State) -> Option<&'static str> {
    let own = &state.finding.standing;
    match (own.presence, own.result, own.status) {
        _ if !own.ever_failed => None,
        (Presence::Active, Verdict::Fail, Some(Status::Open | Status::NeedsReview)) => Some("open"),
        (Presence::Active, Verdict::Fail, Some(Status::RiskAccepted | Status::FalsePositive)) => Some("accepted"),
        _ => Some("resolved"),
    }
}

fn severity(severity: Severity, lowest: &'static str) -> &'static str {
    match severity {
        Severity::Informational => lowest,
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}
