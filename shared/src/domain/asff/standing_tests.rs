//! Standing, case by case from DESIGN §2.

use super::super::samples::{failed, instant, with};
use super::*;
use crate::domain::Severity;
use crate::domain::{Acceptance, Finding};
use serde_json::{Value, json};

/// Walks through successive documents, from nothing.
fn walk(changes: &[Value]) -> Standing {
    let mut asff = failed();
    let mut standing = None;
    for (n, change) in (0..).zip(changes) {
        asff = with(&asff, change.clone());
        standing = Some(next_standing(standing.as_ref(), &asff, instant(n)));
    }
    standing.unwrap_or_else(|| next_standing(None, &asff, instant(0)))
}

fn compliance(status: &str) -> Value {
    json!({ "Compliance": { "Status": status } })
}

fn state(workflow: &str, verification: &str) -> Value {
    json!({ "Workflow": { "Status": workflow }, "VerificationState": verification })
}

#[test]
fn the_verdict_is_the_last_known_one() {
    for (steps, result, unknown_since, changed, ever) in [
        (vec![compliance("FAILED")], Verdict::Fail, None, 0, true),
        (vec![compliance("PASSED")], Verdict::Pass, None, 0, false),
        (vec![json!({ "Compliance": null })], Verdict::Fail, None, 0, true),
        (vec![json!({ "Compliance": {} })], Verdict::Fail, None, 0, true),
        (vec![compliance("WARNING")], Verdict::Unknown, Some(0), 0, false),
        (vec![compliance("NOT_AVAILABLE"), compliance("WARNING")], Verdict::Unknown, Some(0), 0, false),
        (vec![compliance("WARNING"), compliance("FAILED")], Verdict::Fail, None, 1, true),
        (vec![compliance("FAILED"), compliance("WARNING")], Verdict::Fail, Some(1), 0, true),
        (vec![compliance("FAILED"), compliance("WARNING"), compliance("FAILED")], Verdict::Fail, None, 0, true),
        (vec![compliance("FAILED"), compliance("PASSED")], Verdict::Pass, None, 1, true),
        (vec![compliance("PASSED"), compliance("NOT_AVAILABLE")], Verdict::Pass, Some(1), 0, false),
    ] {
        let standing = walk(&steps);
        assert_eq!(standing.result, result, "{steps:?}");
        assert_eq!(standing.unknown_since, unknown_since.map(instant), "{steps:?}");
        assert_eq!(standing.evaluation_changed_at, instant(changed), "{steps:?}");
        assert_eq!(standing.ever_failed, ever, "{steps:?}");
        assert_eq!(standing.status.is_some(), result == Verdict::Fail, "{steps:?}");
        assert_eq!(standing.first_seen, instant(0));
    }
}

#[test]
fn could_not_check_keeps_severity_and_the_first_severity_is_never_forgotten() {
    let milder = json!({ "Severity": { "Label": "LOW" }, "Compliance": { "Status": "WARNING" } });
    let standing = walk(&[compliance("FAILED"), milder.clone()]);
    assert_eq!((standing.severity, standing.original_severity), (Severity::High, Severity::High));
    let standing = walk(&[compliance("FAILED"), milder.clone(), compliance("FAILED")]);
    assert_eq!((standing.severity, standing.original_severity), (Severity::Low, Severity::High));
    let standing = walk(&[compliance("NOT_AVAILABLE"), milder]);
    assert_eq!((standing.severity, standing.original_severity), (Severity::Low, Severity::High));
}

#[test]
fn workflow_tells_the_status_of_a_fail() {
    for (workflow, verification, status) in [
        ("NEW", "UNKNOWN", Status::Open),
        ("NEW", "FALSE_POSITIVE", Status::Open),
        ("NOTIFIED", "UNKNOWN", Status::Open),
        ("RESOLVED", "UNKNOWN", Status::Remediated),
        ("SUPPRESSED", "TRUE_POSITIVE", Status::RiskAccepted),
        ("SUPPRESSED", "FALSE_POSITIVE", Status::FalsePositive),
    ] {
        assert_eq!(walk(&[state(workflow, verification)]).status, Some(status), "{workflow} {verification}");
        let passing = walk(&[state(workflow, verification), compliance("PASSED")]);
        assert_eq!(passing.status, None, "a pass has no status");
    }
}

#[test]
fn verification_state_alone_changes_no_status() {
    for (before, after, status) in [
        (state("SUPPRESSED", "UNKNOWN"), json!({ "VerificationState": "FALSE_POSITIVE" }), Status::RiskAccepted),
        (state("SUPPRESSED", "FALSE_POSITIVE"), json!({ "VerificationState": "UNKNOWN" }), Status::FalsePositive),
        (state("NEW", "UNKNOWN"), json!({ "VerificationState": "FALSE_POSITIVE" }), Status::Open),
    ] {
        assert_eq!(walk(&[before, after]).status, Some(status));
    }
}

#[test]
fn suppressed_stays_what_it_is_over_a_pass_and_over_absence() {
    let suppressed = state("SUPPRESSED", "UNKNOWN");
    let back = walk(&[suppressed.clone(), compliance("PASSED"), compliance("FAILED")]);
    assert_eq!(back.status, Some(Status::RiskAccepted));
    let gone = walk(&[suppressed, json!({ "RecordState": "ARCHIVED" })]);
    assert_eq!((gone.presence, gone.status), (Presence::Gone, Some(Status::RiskAccepted)));
}

#[test]
fn an_acceptance_lasts_as_long_as_suppressed_and_needs_review_as_long_as_notified() {
    let acceptance = Acceptance {
        justification: "j".to_owned(),
        approved_by: None,
        review_date: None,
        expires_at: Some(instant(50)),
        by: "b".to_owned(),
        at: instant(0),
    };
    let asff = with(&failed(), state("SUPPRESSED", "UNKNOWN"));
    let mut accepted = next_standing(None, &asff, instant(0));
    accepted.acceptance = Some(acceptance);
    let passing = next_standing(Some(&accepted), &with(&asff, compliance("PASSED")), instant(1));
    let failing = next_standing(Some(&passing), &asff, instant(2));
    assert_eq!(failing.acceptance, accepted.acceptance, "its end holds when the finding fails again");
    assert_eq!(failing.status, Some(Status::RiskAccepted));
    let reopened = next_standing(Some(&accepted), &with(&asff, state("NEW", "UNKNOWN")), instant(1));
    assert_eq!((reopened.status, reopened.acceptance), (Some(Status::Open), None));

    let expired = Finding { asff, standing: accepted }.evaluated(instant(50));
    let next = next_standing(Some(&expired.standing), &expired.asff, instant(51));
    assert_eq!((next.status, next.acceptance), (Some(Status::NeedsReview), None));
}
