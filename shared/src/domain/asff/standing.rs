//! Our own fields of a finding, derived from its ASFF document and from what they were before (DESIGN §2).
//!
//! Chosen where the contract is silent:
//!
//! - An acceptance stays while Workflow.Status stays SUPPRESSED, also while the finding passes: when it fails again
//!   before the acceptance's end, the acceptance and its end hold, and a limited acceptance never turns into one
//!   without limit. [`super::import()`] ends it with the pass when its end has come meanwhile.
//! - A severity that a customer sets counts at once, also while the verdict could not be renewed.

use super::{severity, workflow};
use crate::domain::json::{self, Object};
use crate::domain::{Instant, Presence, Standing, Status, Verdict};
use std::collections::BTreeSet;

/// What a document's Compliance says: `None` for "could not check".
pub fn verdict(asff: &Object) -> Option<Verdict> {
    match json::text_at(asff, "Compliance.Status") {
        Some("PASSED") => Some(Verdict::Pass),
        Some("FAILED") | None => Some(Verdict::Fail),
        Some(_) => None,
    }
}

/// The status of a fail that its Workflow and VerificationState tell by themselves.
pub fn plain_status(asff: &Object) -> Status {
    match workflow(asff) {
        "SUPPRESSED" if json::text_at(asff, "VerificationState") == Some("FALSE_POSITIVE") => Status::FalsePositive,
        "SUPPRESSED" => Status::RiskAccepted,
        "RESOLVED" => Status::Remediated,
        _ => Status::Open,
    }
}

/// The status of a fail, given what it was before: a Workflow that stays NOTIFIED keeps needs_review, and one that
/// stays SUPPRESSED keeps what it stood for, so that VerificationState alone changes no status.
fn status(previous: Option<&Standing>, asff: &Object) -> Status {
    let before = previous.and_then(|p| p.status);
    match (workflow(asff), before) {
        ("NOTIFIED", Some(Status::NeedsReview)) => Status::NeedsReview,
        ("SUPPRESSED", Some(kept @ (Status::RiskAccepted | Status::FalsePositive))) => kept,
        ("SUPPRESSED", _) if previous.is_some_and(|p| p.acceptance.is_some()) => Status::RiskAccepted,
        _ => plain_status(asff),
    }
}

/// The standing that belongs to `asff` from `at` on.
pub fn next_standing(previous: Option<&Standing>, asff: &Object, at: Instant) -> Standing {
    let said = verdict(asff);
    let before = previous.map_or(Verdict::Unknown, |p| p.result);
    let result = said.unwrap_or(before);
    let customer_set = previous.map(|p| p.customer_set.clone()).unwrap_or_default();
    let status = (result == Verdict::Fail).then(|| status(previous, asff));
    let acceptance = previous
        .and_then(|p| p.acceptance.clone())
        .filter(|_| workflow(asff) == "SUPPRESSED" && status != Some(Status::FalsePositive));
    let unknown_since = match said {
        Some(_) => None,
        None => Some(previous.and_then(|p| p.unknown_since).unwrap_or(at)),
    };
    Standing {
        result,
        unknown_since,
        severity: next_severity(previous, said, asff, &customer_set),
        original_severity: previous.map_or_else(|| severity::produced(asff), |p| p.original_severity),
        status,
        presence: presence(asff),
        acceptance,
        first_seen: previous.map_or(at, |p| p.first_seen),
        changed_at: previous.map_or(at, |p| p.changed_at),
        evaluation_changed_at: previous.filter(|p| p.result == result).map_or(at, |p| p.evaluation_changed_at),
        ever_failed: previous.is_some_and(|p| p.ever_failed) || result == Verdict::Fail,
        rule_version: previous.map_or(0, |p| p.rule_version),
        customer_set,
        hub: previous.and_then(|p| p.hub.clone()),
        decided: previous.and_then(|p| p.decided.clone()),
    }
}

fn next_severity(
    previous: Option<&Standing>,
    said: Option<Verdict>,
    asff: &Object,
    customer_set: &BTreeSet<String>,
) -> crate::domain::Severity {
    match previous {
        Some(p) if said.is_none() && p.result != Verdict::Unknown && !customer_set.contains("Severity") => p.severity,
        _ => severity::shown(asff),
    }
}

fn presence(asff: &Object) -> Presence {
    match json::text_at(asff, "RecordState") {
        Some("ARCHIVED") => Presence::Gone,
        _ => Presence::Active,
    }
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
