//! Acceptances and their end (DESIGN §2).

#![expect(clippy::panic, reason = "a test fails by panicking")]

use super::super::import::import;
use super::super::samples::{customer, failed, instant, producer, with};
use super::*;
use crate::domain::HashAfter;
use serde_json::{Value, json};

fn known(change: Value) -> Finding {
    match import(None, None, &with(&failed(), change), &producer(), instant(0)) {
        Decision::Write(write) => write.finding,
        other => panic!("{other:?}"),
    }
}

fn acceptance(expires: Option<i64>) -> Acceptance {
    Acceptance {
        justification: "compensated".to_owned(),
        approved_by: Some("ciso".to_owned()),
        review_date: Some("2024-01-06".to_owned()),
        expires_at: expires.map(instant),
        by: "key".to_owned(),
        at: instant(1),
    }
}

fn accepted(expires: Option<i64>) -> Finding {
    match accept(Some(&known(json!({}))), &acceptance(expires), &customer(), instant(1)) {
        Decision::Write(write) => {
            assert_eq!((write.hash, write.actor), (HashAfter::Keep, customer()));
            write.finding
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn accepting_a_fail_suppresses_it() {
    let finding = accepted(Some(5));
    assert_eq!(finding.standing.status, Some(Status::RiskAccepted));
    assert_eq!(finding.standing.acceptance, Some(acceptance(Some(5))));
    assert_eq!(finding.asff.get("Workflow"), Some(&json!({ "Status": "SUPPRESSED" })));
    let again = Acceptance { at: instant(3), ..acceptance(Some(5)) };
    assert_eq!(accept(Some(&finding), &again, &customer(), instant(3)), Decision::Unchanged);
    assert!(matches!(accept(Some(&finding), &acceptance(Some(6)), &customer(), instant(3)), Decision::Write(_)));
}

#[test]
fn only_a_known_fail_can_be_accepted() {
    for (finding, code) in [
        (None, "FindingNotFound"),
        (Some(known(json!({ "Compliance": { "Status": "PASSED" } }))), "InvalidInput"),
        (Some(known(json!({ "Compliance": { "Status": "WARNING" } }))), "InvalidInput"),
    ] {
        match accept(finding.as_ref(), &acceptance(None), &customer(), instant(1)) {
            Decision::Rejected(rejection) => assert_eq!(rejection.code, code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_end_is_recorded_as_it_was_evaluated() {
    let finding = accepted(Some(5));
    let Decision::Write(write) = expire(Some(&finding), instant(5), instant(7)) else { panic!("it ended") };
    let evaluated = finding.clone().evaluated(instant(7));
    assert_eq!(write.finding.asff, evaluated.asff);
    assert_eq!(write.finding.standing.status, evaluated.standing.status);
    assert_eq!(write.finding.standing.status, Some(Status::NeedsReview));
    assert_eq!(write.finding.standing.acceptance, None);
    assert_eq!(write.actor, Actor { source: Source::Expiry, identity: "posture-ledger".to_owned() });
    assert_eq!(expire(Some(&write.finding), instant(5), instant(8)), Decision::Unchanged, "once");
}

#[test]
fn an_end_that_is_not_that_acceptances_changes_nothing() {
    let finding = accepted(Some(5));
    for (expires, at) in [(4, 9), (5, 4), (6, 9)] {
        assert_eq!(expire(Some(&finding), instant(expires), instant(at)), Decision::Unchanged, "{expires} at {at}");
    }
    assert_eq!(expire(None, instant(5), instant(9)), Decision::Unchanged);
    assert_eq!(expire(Some(&accepted(None)), instant(5), instant(9)), Decision::Unchanged);
}

#[test]
fn a_limited_acceptance_holds_over_a_pass_and_never_turns_unlimited() {
    let import_status = |finding: &Finding, status: &str, day: i64| {
        let sent = with(
            &failed(),
            json!({ "Compliance": { "Status": status }, "UpdatedAt": super::super::samples::day(day) }),
        );
        match import(Some(finding), None, &sent, &producer(), instant(day)) {
            Decision::Write(write) => write.finding,
            other => panic!("{other:?}"),
        }
    };
    let passing = import_status(&accepted(Some(5)), "PASSED", 2);
    assert_eq!(passing.standing.status, None);
    let before_the_end = import_status(&passing, "FAILED", 4);
    assert_eq!(before_the_end.standing.status, Some(Status::RiskAccepted));
    assert!(matches!(expire(Some(&before_the_end), instant(5), instant(5)), Decision::Write(_)));
    let after_the_end = import_status(&passing, "FAILED", 6);
    assert_eq!(after_the_end.standing.status, Some(Status::Open));
    assert_eq!(after_the_end.standing.acceptance, None);
    let unsure = import_status(&import_status(&passing, "WARNING", 3), "FAILED", 6);
    assert_eq!((unsure.standing.status, unsure.standing.acceptance), (Some(Status::Open), None));
}
