//! Acceptances and their end (DESIGN §2).

#![expect(clippy::panic, reason = "a test fails by panicking")]

use super::super::import::import;
use super::super::samples::{customer, failed, instant, producer, with};
use super::*;
use serde_json::Value;

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
        by: customer().identity,
        at: instant(1),
    }
}

fn accepting(expires: Option<i64>) -> Ruling {
    Ruling {
        remarks: Some("compensated".to_owned()),
        approved_by: Some("ciso".to_owned()),
        review_date: Some("2024-01-06".to_owned()),
        expires_at: expires.map(instant),
        ..Ruling::of(Status::RiskAccepted)
    }
}

fn ruled(current: Option<&Finding>, ruling: &Ruling, at: Instant) -> Decision {
    decide(current, ruling, &Terms::default(), &customer(), at)
}

fn written(decision: Decision) -> Finding {
    match decision {
        Decision::Write(write) => write.finding,
        other => panic!("{other:?}"),
    }
}

fn accepted(expires: Option<i64>) -> Finding {
    match ruled(Some(&known(json!({}))), &accepting(expires), instant(1)) {
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
    assert_eq!(ruled(Some(&finding), &accepting(Some(5)), instant(3)), Decision::Unchanged);
    let replaced = written(ruled(Some(&finding), &accepting(Some(6)), instant(3)));
    assert_eq!(replaced.standing.acceptance, Some(Acceptance { at: instant(3), ..acceptance(Some(6)) }));
}

#[test]
fn only_a_known_fail_can_be_decided_about() {
    for (finding, code) in [
        (None, "FindingNotFound"),
        (Some(known(json!({ "Compliance": { "Status": "PASSED" } }))), NOT_FAILING),
        (Some(known(json!({ "Compliance": { "Status": "WARNING" } }))), NOT_FAILING),
        (Some(known(json!({ "RecordState": "ARCHIVED" }))), NOT_FAILING),
    ] {
        for ruling in [accepting(None), Ruling::of(Status::Remediated)] {
            match ruled(finding.as_ref(), &ruling, instant(1)) {
                Decision::Rejected(rejection) => assert_eq!(rejection.code, code),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// DESIGN §2, the table: what each status is to Security Hub's clients, from whichever it comes.
#[test]
fn every_status_follows_every_other() {
    let all = [
        (Status::Open, "NEW", false),
        (Status::NeedsReview, "NOTIFIED", false),
        (Status::Remediated, "RESOLVED", false),
        (Status::RiskAccepted, "SUPPRESSED", false),
        (Status::FalsePositive, "SUPPRESSED", true),
    ];
    for (from, ..) in all {
        for (to, workflow, is_false) in all {
            let first = ruled(Some(&known(json!({}))), &Ruling::of(from), instant(1));
            let first = if from == Status::Open { known(json!({})) } else { written(first) };
            let second = ruled(Some(&first), &Ruling::of(to), instant(2));
            if from == to {
                assert_eq!(second, Decision::Unchanged, "{to:?} again");
                continue;
            }
            let Finding { asff, standing } = written(second);
            assert_eq!(standing.status, Some(to), "{from:?} to {to:?}");
            assert_eq!(asff.get("Workflow"), Some(&json!({ "Status": workflow })), "{from:?} to {to:?}");
            let said = text_at(&asff, "VerificationState") == Some(FALSE_POSITIVE);
            assert_eq!(said, is_false, "{from:?} to {to:?}");
            assert_eq!(standing.acceptance.is_some(), to == Status::RiskAccepted, "{from:?} to {to:?}");
            let decided = standing.decided.unwrap_or_else(|| panic!("{from:?} to {to:?}"));
            assert_eq!((decided.by, decided.at), (customer().identity, instant(2)));
        }
    }
}

#[test]
fn a_severity_is_the_customers_from_then_on() {
    let rated = Ruling { severity: Some(crate::domain::Severity::Low), ..Ruling::default() };
    let Decision::Write(write) = ruled(Some(&known(json!({}))), &rated, instant(1)) else { panic!("it is new") };
    assert_eq!(write.hash, HashAfter::Clear, "the producer's next import must look");
    assert_eq!(write.finding.standing.severity, crate::domain::Severity::Low);
    assert_eq!(write.finding.standing.status, Some(Status::Open));
    assert_eq!(ruled(Some(&write.finding), &rated, instant(2)), Decision::Unchanged);
}

/// Who rates a finding takes nothing from why its status is what it is, and the other way round.
#[test]
fn status_and_severity_are_decided_apart() {
    let why = |status, text: &str| Ruling { remarks: Some(text.to_owned()), ..Ruling::of(status) };
    let wrong = written(ruled(Some(&known(json!({}))), &why(Status::FalsePositive, "not ours"), instant(1)));
    let low = Ruling {
        severity: Some(crate::domain::Severity::Low),
        severity_remarks: Some("lab".to_owned()),
        ..Ruling::default()
    };
    let rated = written(ruled(Some(&wrong), &low, instant(2)));
    let open = written(ruled(Some(&rated), &Ruling::of(Status::Open), instant(3)));
    let remarks = |finding: &Finding| finding.standing.decided.clone().and_then(|decided| decided.remarks);
    assert_eq!((remarks(&rated), remarks(&open)), (Some("not ours".to_owned()), None));
    let rated = open.standing.rated.clone().unwrap_or_else(|| panic!("who rated it is forgotten"));
    assert_eq!((rated.at, rated.severity_remarks), (instant(2), Some("lab".to_owned())));
    assert_eq!(ruled(Some(&open), &low, instant(4)), Decision::Unchanged);
}

/// A run that began before somebody said that a finding is fixed does not open it again; but the next one must look, also
/// where this one had something new to say.
#[test]
fn a_run_under_way_leaves_the_next_one_to_look() {
    let own = known(json!({ "ProductArn": PRODUCT_ARN, "UpdatedAt": instant(0).to_string() }));
    let fixed = written(ruled(Some(&own), &Ruling::of(Status::Remediated), instant(5)));
    let judged = |at: i64, title: &str| {
        let members = json!({ "ProductArn": PRODUCT_ARN, "UpdatedAt": instant(at).to_string(), "Title": title });
        let sent = with(&failed(), members);
        let decision = import(Some(&fixed), Some(&Seen::of(&fixed.asff, None)), &sent, &producer(), instant(9));
        judged_again(&fixed, &sent, decision, &producer(), instant(9))
    };
    let Decision::Write(write) = judged(4, "Says something else") else { panic!("it has something new to say") };
    assert_eq!((write.hash, write.finding.standing.status), (HashAfter::Clear, Some(Status::Remediated)));
    let Decision::Write(write) = judged(6, "Says something else") else { panic!("it fails still") };
    assert_eq!((write.hash, write.finding.standing.status), (HashAfter::Set, Some(Status::Open)));
}

#[test]
fn what_is_said_to_be_fixed_stays_so_whatever_is_said_again() {
    let fixed = written(ruled(Some(&accepted(None)), &Ruling::of(Status::Remediated), instant(2)));
    let again = Ruling { remarks: Some("still".to_owned()), ..Ruling::of(Status::Remediated) };
    assert_eq!(ruled(Some(&fixed), &again, instant(3)), Decision::Unchanged);
}

/// What is meant for muted findings leaves the others as they are; what ran out is muted no more.
#[test]
fn a_ruling_may_mean_some_statuses_only() {
    let unmute = Ruling { only: &[Status::RiskAccepted, Status::FalsePositive], ..Ruling::of(Status::Open) };
    let open = written(ruled(Some(&accepted(Some(5))), &unmute, instant(4)));
    assert_eq!((open.standing.status, open.standing.acceptance.clone()), (Some(Status::Open), None));
    assert_eq!(ruled(Some(&accepted(Some(5))), &unmute, instant(5)), Decision::Unchanged, "it needs review by then");
    let fixed = written(ruled(Some(&open), &Ruling::of(Status::Remediated), instant(6)));
    assert_eq!(ruled(Some(&fixed), &unmute, instant(7)), Decision::Unchanged);
}

/// RFC 9110, 13.1.1; the state that counts is the one that everybody is shown.
#[test]
fn terms_are_kept() {
    let finding = accepted(Some(5));
    let code = |terms: &Terms, at| match decide(Some(&finding), &Ruling::of(Status::Open), terms, &customer(), at) {
        Decision::Rejected(rejection) => rejection.code,
        Decision::Write(_) => "written".to_owned(),
        other => format!("{other:?}"),
    };
    let tagged = |at| Terms { tags: Some(vec![finding.clone().evaluated(at).tag()]), ..Terms::default() };
    assert_eq!(code(&tagged(instant(2)), instant(4)), "written");
    assert_eq!(code(&tagged(instant(2)), instant(5)), STALE, "it has run out since");
    assert_eq!(code(&tagged(instant(6)), instant(7)), "written");
    let sent = |id: &str, since: Option<i64>| {
        let attempt = Attempt { id: id.to_owned(), since: since.map(instant) };
        Terms { attempt: Some(attempt), ..Terms::default() }
    };
    assert_eq!(code(&sent("a", None), instant(4)), "written");
    assert_eq!(code(&sent("a", Some(0)), instant(4)), DECIDED_SINCE, "at instant 1");
    assert_eq!(code(&sent("a", Some(1)), instant(4)), "written");
    let done = decide(Some(&finding), &Ruling::of(Status::Open), &sent("a", None), &customer(), instant(3));
    let done = written(done);
    let again = decide(Some(&done), &Ruling::of(Status::Open), &sent("a", Some(2)), &customer(), instant(4));
    assert_eq!(again, Decision::Unchanged, "its own");
}

/// What selected a finding is asked again of what everybody is shown when its turn comes.
#[test]
fn what_is_not_selected_any_more_is_left() {
    use crate::domain::query::{Clause, Filter, Test};
    use crate::domain::{Column, Vocabulary};
    let with_status = |status: Status| {
        let clause = Clause::on(Column::Status, Test::one_of([status.word()]));
        Terms { among: Some(std::sync::Arc::new(Filter::of([clause]))), ..Terms::default() }
    };
    let code = |terms: &Terms, at| match decide(
        Some(&accepted(Some(5))),
        &Ruling::of(Status::Remediated),
        terms,
        &customer(),
        at,
    ) {
        Decision::Rejected(rejection) => rejection.code,
        Decision::Write(_) => "written".to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(code(&with_status(Status::Open), instant(4)), NOT_SELECTED);
    assert_eq!(code(&with_status(Status::RiskAccepted), instant(4)), "written");
    assert_eq!(code(&with_status(Status::RiskAccepted), instant(6)), NOT_SELECTED, "it has run out since");
    assert_eq!(code(&with_status(Status::NeedsReview), instant(6)), "written");
}

/// A tag tells states apart that an answer shows, and not whether a job has recorded an end.
#[test]
fn a_tag_names_what_is_shown() {
    let finding = accepted(Some(5));
    let before = finding.clone().evaluated(instant(4)).tag();
    let after = finding.clone().evaluated(instant(6)).tag();
    assert_ne!(before, after);
    let recorded = written(expire(Some(&finding), instant(5), instant(7)));
    assert_eq!(recorded.clone().evaluated(instant(8)).tag(), after);
    let mut seen = finding.clone();
    seen.asff.insert("UpdatedAt".to_owned(), json!("2024-03-01T00:00:00Z"));
    assert_eq!(seen.evaluated(instant(4)).tag(), before);
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
