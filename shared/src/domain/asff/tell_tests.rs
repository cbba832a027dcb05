//! What the hub is told, and that its echo changes nothing.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use super::super::samples::{customer, failed, object, with};
use super::super::snapshot::{Snapshot, lay_over};
use super::super::{Update, decide, expire, update};
use super::*;
use crate::domain::{Ruling, Seen, Terms};

/// So many milliseconds into a year.
fn ms(n: i64) -> Instant {
    Instant(1_704_067_200_000 + n)
}

fn hub_state(change: Value) -> Object {
    let base = json!({
        "Severity": {"Label": "HIGH", "Normalized": 70},
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["IAM"]},
        "Workflow": {"Status": "NEW"},
        "ProductName": "Prowler",
        "CompanyName": "Prowler",
    });
    with(&with(&failed(), base), change)
}

/// Takes a snapshot as the ledger does; how many states it wrote, and how often it only noted instants.
fn apply(current: &mut Option<Finding>, sent: &Object, time: i64) -> (usize, usize) {
    let (mut written, mut observed) = (0, 0);
    let text = ms(time).to_string();
    let snapshot = Snapshot::read(sent, Some(&text), ms(time));
    for step in [Snapshot::import, Snapshot::update] {
        match (step(&snapshot, current.as_ref(), None, ms(time + 100)), current.as_mut()) {
            (Decision::Write(write), _) => {
                *current = Some(write.finding);
                written += 1;
            }
            (Decision::Observed, Some(finding)) => {
                lay_over(finding, &Seen::of(sent, Some(&text)));
                observed += 1;
            }
            _ => {}
        }
    }
    (written, observed)
}

/// A finding of the hub, known here.
fn known() -> Option<Finding> {
    let mut current = None;
    assert_eq!(apply(&mut current, &hub_state(json!({})), 0), (1, 0));
    current
}

fn ruled(current: &mut Option<Finding>, ruling: &Ruling, at: i64) {
    match decide(current.as_ref(), ruling, &Terms::default(), &customer(), ms(at)) {
        Decision::Write(write) => *current = Some(write.finding),
        other => panic!("{other:?}"),
    }
}

fn accept(current: &mut Option<Finding>, at: i64) {
    let remarks = Some("a public website".to_owned());
    let expires_at = Some(ms(at + 86_400_000));
    ruled(current, &Ruling { remarks, expires_at, ..Ruling::of(Status::RiskAccepted) }, at);
}

fn to_tell(current: &Option<Finding>, at: i64) -> Value {
    let finding = current.clone().map(|finding| finding.evaluated(ms(at)));
    finding.as_ref().and_then(untold).map_or(Value::Null, Value::Object)
}

/// Tells what is to be told; what the hub shows from then on.
fn tell(current: &mut Option<Finding>, shown: &Object, at: i64) -> Object {
    let Value::Object(sent) = to_tell(current, at) else { panic!("there is nothing to tell") };
    match told(current.as_ref(), &sent, ms(at)) {
        Decision::Write(write) => {
            assert_eq!((write.actor.source, write.hash), (Source::Told, HashAfter::Clear));
            *current = Some(write.finding);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(to_tell(current, at), Value::Null, "what was told is told");
    let mut after = shown.clone();
    for (name, mut value) in sent {
        if name == "Note" {
            value["UpdatedAt"] = json!("2024-05-05T05:05:05Z");
        }
        after.insert(name, value);
    }
    after
}

fn workflow_here(current: &Option<Finding>) -> &str {
    current.as_ref().map_or("", |finding| workflow(&finding.asff))
}

const SENT: i64 = 3_600_000;

#[test]
fn a_decision_is_told_once_and_its_echo_writes_nothing() {
    let mut current = known();
    assert_eq!(to_tell(&current, 1), Value::Null);
    accept(&mut current, 1_000);
    let note = json!({"Text": "a public website", "UpdatedBy": customer().identity});
    assert_eq!(to_tell(&current, 2_000), json!({"Workflow": {"Status": "SUPPRESSED"}, "Note": note}));
    let shown = tell(&mut current, &hub_state(json!({})), SENT);
    let before = current.clone();
    // Its event, a reading an hour later, and a late event from before.
    assert_eq!(apply(&mut current, &shown, SENT + 1_000), (0, 0));
    assert_eq!(apply(&mut current, &hub_state(json!({})), SENT - 1_000), (0, 0));
    assert_eq!(apply(&mut current, &hub_state(json!({})), SENT + 9_000), (0, 0), "a hub's index follows its findings");
    assert_eq!(current, before);
    // When an event was sent much later is noted as of any other, and nothing else.
    assert_eq!(apply(&mut current, &shown, SENT + 3_600_000), (0, 1));
    assert_eq!(to_tell(&current, SENT + 3_700_000), Value::Null);
    let standing = current.as_ref().map(|finding| &finding.standing);
    assert_eq!(
        standing.and_then(|own| own.acceptance.as_ref()).map(|a| a.justification.as_str()),
        Some("a public website")
    );
}

#[test]
fn what_the_hub_decides_later_wins() {
    let mut current = known();
    accept(&mut current, 1_000);
    tell(&mut current, &hub_state(json!({})), SENT);
    // Back to what it was before, an hour later.
    assert_eq!(apply(&mut current, &hub_state(json!({})), SENT + 3_600_000).0, 1);
    assert_eq!(workflow_here(&current), "NEW");
    assert_eq!(to_tell(&current, SENT + 3_700_000), Value::Null, "a decision of the hub is no news to it");
}

#[test]
fn what_is_decided_again_is_told_again() {
    let mut current = known();
    accept(&mut current, 1_000);
    let shown = tell(&mut current, &hub_state(json!({})), SENT);
    ruled(&mut current, &Ruling::of(Status::Open), SENT + 60_000);
    // The echo of the first telling comes only now.
    assert_eq!(apply(&mut current, &shown, SENT + 500), (0, 0));
    assert_eq!(workflow_here(&current), "NEW");
    assert_eq!(to_tell(&current, SENT + 70_000), json!({"Workflow": {"Status": "NEW"}}));
    let shown = tell(&mut current, &shown, SENT + 70_000);
    assert_eq!(apply(&mut current, &shown, SENT + 71_000), (0, 0));
}

#[test]
fn an_acceptance_that_ran_out_is_told_as_new() {
    let mut current = known();
    accept(&mut current, 1_000);
    let shown = tell(&mut current, &hub_state(json!({})), SENT);
    let end = 1_000 + 86_400_000;
    let text = "The acceptance of this finding ran out; it needs review.";
    let expected = json!({"Workflow": {"Status": "NEW"}, "Note": {"Text": text, "UpdatedBy": "posture-ledger"}});
    assert_eq!(to_tell(&current, end), expected, "also while nobody has recorded it");
    match expire(current.as_ref(), ms(end), ms(end + 1)) {
        Decision::Write(write) => current = Some(write.finding),
        other => panic!("{other:?}"),
    }
    assert_eq!(to_tell(&current, end + 1), expected);
    let shown = tell(&mut current, &shown, end + 2);
    assert_eq!(apply(&mut current, &shown, end + 3_000), (0, 0));
    assert_eq!(workflow_here(&current), "NOTIFIED");
    // Somebody who wants another look says so.
    let mut current = known();
    ruled(&mut current, &Ruling::of(Status::NeedsReview), 1_000);
    assert_eq!(to_tell(&current, 2_000), json!({"Workflow": {"Status": "NOTIFIED"}}));
}

#[test]
fn whatever_an_update_sets_is_told_and_echoes() {
    let mut current = known();
    let members = json!({
        "Confidence": 12,
        "Criticality": 99,
        "Note": {"Text": "mine", "UpdatedBy": "me"},
        "RelatedFindings": [{"ProductArn": "arn:p", "Id": "x"}],
        "Severity": {"Label": "LOW"},
        "Types": ["TTPs"],
        "UserDefinedFields": {"team": "cake"},
        "VerificationState": "TRUE_POSITIVE",
        "Workflow": {"Status": "NOTIFIED"},
    });
    let change = Update::parse(&object(members.clone())).unwrap_or_default();
    match update(current.as_ref(), &change, &customer(), ms(1_000)) {
        Decision::Write(write) => current = Some(write.finding),
        other => panic!("{other:?}"),
    }
    let mut expected = members;
    expected["Severity"] = json!({"Label": "LOW", "Normalized": 1});
    assert_eq!(to_tell(&current, 2_000), expected);
    let shown = tell(&mut current, &hub_state(json!({})), SENT);
    assert_eq!(apply(&mut current, &shown, SENT + 1_000), (0, 0));
    assert_eq!(apply(&mut current, &shown, SENT + 86_400_000), (0, 1));
    // What the hub moves of one of them is taken, and the others stay.
    let moved = with(&shown, json!({"UserDefinedFields": {"team": "pie"}}));
    assert!(apply(&mut current, &moved, SENT + 90_000_000).0 > 0);
    let asff = current.as_ref().map(|finding| finding.asff.clone()).unwrap_or_default();
    assert_eq!((&asff["UserDefinedFields"], &asff["Note"]["Text"]), (&json!({"team": "pie"}), &json!("mine")));
    assert_eq!(to_tell(&current, SENT + 91_000_000), Value::Null);
}

/// What a producer has in common with what was decided is no override in the hub.
#[test]
fn a_severity_like_the_producers_echoes() {
    let mut current = known();
    ruled(&mut current, &Ruling { severity: Some(crate::domain::Severity::High), ..Ruling::default() }, 1_000);
    let shown = tell(&mut current, &hub_state(json!({})), SENT);
    assert_eq!(apply(&mut current, &shown, SENT + 1_000), (0, 0));
    assert!(current.is_some_and(|finding| finding.standing.customer_set.contains("Severity")));
}

#[test]
fn a_note_of_somebody_in_the_hub_is_theirs() {
    let mut current = None;
    let theirs = json!({"Note": {"Text": "ask Ann", "UpdatedBy": "ann", "UpdatedAt": "2024-01-01T00:00:00Z"}});
    apply(&mut current, &hub_state(theirs), 0);
    accept(&mut current, 1_000);
    assert_eq!(to_tell(&current, 2_000), json!({"Workflow": {"Status": "SUPPRESSED"}}));
}

#[test]
fn what_did_not_come_from_a_hub_is_told_to_none() {
    use super::super::samples::producer;
    let mut current = match super::super::import(None, None, &failed(), &producer(), ms(0)) {
        Decision::Write(write) => Some(write.finding),
        other => panic!("{other:?}"),
    };
    accept(&mut current, 1_000);
    assert_eq!(to_tell(&current, 2_000), Value::Null);
    assert_eq!(told(current.as_ref(), &object(json!({"Confidence": 1})), ms(3_000)), Decision::Unchanged);
}

/// The hub's event may be here before it is recorded that it was told.
#[test]
fn an_echo_that_is_faster_is_all_that_is_written() {
    let mut current = known();
    accept(&mut current, 1_000);
    let Value::Object(sent) = to_tell(&current, 2_000) else { panic!("there is nothing to tell") };
    let shown = with(&hub_state(json!({})), Value::Object(sent.clone()));
    assert_eq!(apply(&mut current, &shown, 3_000).0, 1);
    assert_eq!(told(current.as_ref(), &sent, ms(4_000)), Decision::Unchanged);
    assert_eq!(to_tell(&current, 5_000), Value::Null);
}

/// Whatever the order in which its snapshots arrive, and however often: what the hub had before it was told is the past, what it was
/// told is what is known, and what it decided afterwards holds.
#[test]
fn snapshots_around_a_telling_may_come_in_any_order() {
    let base = hub_state(json!({}));
    let later = with(&base, json!({"Workflow": {"Status": "NOTIFIED"}, "VerificationState": "TRUE_POSITIVE"}));
    for (with_later, ends) in [(false, "SUPPRESSED"), (true, "NOTIFIED")] {
        for order in 0..64 {
            let mut current = known();
            accept(&mut current, 1_000);
            let shown = tell(&mut current, &base, SENT);
            let mut all = vec![(&base, SENT - 2_000), (&shown, SENT + 1_000), (&base, SENT + 4_000)];
            if with_later {
                all.push((&later, SENT + 60_000));
            }
            // The order of that number, and everything twice.
            let (mut left, mut rest, mut ordered) = (all.clone(), order, Vec::new());
            while !left.is_empty() {
                let next = left.remove(rest % left.len());
                rest /= all.len();
                ordered.extend([next, next]);
            }
            for (sent, time) in ordered {
                apply(&mut current, sent, time);
            }
            assert_eq!(workflow_here(&current), ends, "{order}");
            let accepted = current.as_ref().is_some_and(|finding| finding.standing.acceptance.is_some());
            assert_eq!((accepted, to_tell(&current, SENT + 90_000)), (!with_later, Value::Null), "{order}");
        }
    }
}
