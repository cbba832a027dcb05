//! Hub snapshots: two steps, order, and decisions made here.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use super::super::import::import;
use super::super::samples::{PRODUCT, customer, day, failed, instant, object, producer, with};
use super::super::{Update, decide, update};
use super::*;
use crate::domain::{Presence, Ruling, Terms};
use serde_json::json;

/// A finding as a hub shows it.
fn hub_state(change: Value) -> Object {
    let base = json!({
        "Severity": { "Label": "HIGH", "Normalized": 70 },
        "FindingProviderFields": { "Severity": { "Label": "HIGH" }, "Types": ["IAM"] },
        "Workflow": { "Status": "NEW" },
        "ProductName": "Prowler",
        "CompanyName": "Prowler",
    });
    with(&with(&failed(), base), change)
}

/// Applies both steps as the ledger does; gives what each wrote.
fn apply(current: &mut Option<Finding>, sent: &Object, time: Option<&str>, at: i64) -> Vec<Write> {
    let mut writes = Vec::new();
    let snapshot = Snapshot::read(sent, time, instant(at));
    for step in [Snapshot::import, Snapshot::update] {
        match (step(&snapshot, current.as_ref(), None, instant(at)), current.as_mut()) {
            (Decision::Write(write), _) => {
                *current = Some(write.finding.clone());
                writes.push(*write);
            }
            (Decision::Observed, Some(finding)) => lay_over(finding, &Seen::of(sent, time)),
            _ => {}
        }
    }
    writes
}

fn set(current: &mut Option<Finding>, members: Value, at: i64) {
    let change = Update::parse(&object(members)).unwrap_or_default();
    if let Decision::Write(write) = update(current.as_ref(), &change, &customer(), instant(at)) {
        *current = Some(write.finding);
    }
}

fn workflow_here(current: &Option<Finding>) -> &str {
    current.as_ref().map_or("", |f| workflow(&f.asff))
}

fn shows(workflow: &str) -> Object {
    hub_state(json!({ "Workflow": { "Status": workflow } }))
}

#[test]
fn a_new_finding_is_one_write_and_complete() {
    let sent = hub_state(json!({
        "Note": { "Text": "n", "UpdatedBy": "u", "UpdatedAt": day(1) },
        "Severity": { "Label": "LOW", "Normalized": 1 },
        "Workflow": { "Status": "SUPPRESSED" },
        "VerificationState": "FALSE_POSITIVE",
    }));
    let mut current = None;
    let writes = apply(&mut current, &sent, Some("2024-01-02T00:00:00Z"), 2);
    assert_eq!(writes.len(), 1);
    for write in &writes {
        assert_eq!(write.actor, Actor { source: Source::Import, identity: PRODUCT.to_owned() });
        assert_eq!(write.hash, HashAfter::Set);
        for (name, value) in &sent {
            assert_eq!(write.finding.asff.get(name), Some(value), "{name}");
        }
        let own = &write.finding.standing;
        assert_eq!(own.customer_set, ["Severity".to_owned()].into());
        assert_eq!((own.status, own.presence), (Some(Status::FalsePositive), Presence::Active));
        assert_eq!(own.original_severity, crate::domain::Severity::High, "the producer's");
    }
    assert_eq!(apply(&mut current, &sent, Some("2024-01-02T00:00:00Z"), 3), [], "twice");
}

#[test]
fn what_only_customers_set_is_recorded_as_an_update() {
    let mut current = None;
    apply(&mut current, &hub_state(json!({})), Some(&day(1)), 1);
    let next = hub_state(json!({
        "UpdatedAt": day(2), "Title": "renamed", "Workflow": { "Status": "NOTIFIED" },
        "Note": { "Text": "n", "UpdatedBy": "alice", "UpdatedAt": day(2) },
    }));
    let before = current.clone();
    let writes = apply(&mut current, &next, Some(&day(2)), 2);
    let paths = |old: Option<&Object>, new: &Object| -> Vec<String> {
        Finding::history_between(old, new).into_iter().map(|c| c.path).collect()
    };
    let [first, second] = writes.as_slice() else { panic!("{writes:?}") };
    assert_eq!(paths(before.as_ref().map(|f| &f.asff), &first.finding.asff), ["Title"]);
    assert_eq!((first.actor.source, first.hash), (Source::Import, HashAfter::Clear));
    let updated = paths(Some(&first.finding.asff), &second.finding.asff);
    assert_eq!(updated, ["Note.Text", "Note.UpdatedAt", "Note.UpdatedBy", "Workflow.Status"]);
    assert_eq!(second.actor, Actor { source: Source::Update, identity: "alice".to_owned() });
    assert_eq!(second.hash, HashAfter::Set);
    // Equal UpdatedAt, other content, later envelope: a change, and the update alone.
    let suppressed = with(&next, json!({ "Workflow": { "Status": "SUPPRESSED" } }));
    let writes = apply(&mut current, &suppressed, Some(&day(3)), 3);
    let [only] = writes.as_slice() else { panic!("{writes:?}") };
    let hub = "arn:aws:securityhub:eu-west-1:123456789012:hub/default";
    assert_eq!(only.actor, Actor { source: Source::Update, identity: hub.to_owned() });
    // Late: the earlier envelope changes nothing.
    assert_eq!(apply(&mut current, &next, Some(&day(2)), 4), []);
    assert_eq!(workflow_here(&current), "SUPPRESSED");
}

#[test]
fn the_same_content_later_is_observed() {
    let mut current = None;
    apply(&mut current, &hub_state(json!({})), Some(&day(1)), 1);
    for (change, time) in [(json!({}), day(2)), (json!({ "UpdatedAt": day(3), "LastObservedAt": day(3) }), day(3))] {
        let sent = hub_state(change);
        let snapshot = Snapshot::read(&sent, Some(&time), instant(4));
        assert_eq!(snapshot.import(current.as_ref(), None, instant(4)), Decision::Observed);
        assert_eq!(snapshot.update(current.as_ref(), None, instant(4)), Decision::Unchanged);
    }
    let read = Snapshot::read(&hub_state(json!({})), None, instant(5));
    let read = read.import(current.as_ref(), None, instant(5));
    assert_eq!(read, Decision::Unchanged, "a GetFindings result with nothing new");
}

#[test]
fn a_decision_made_here_stays_until_the_hubs_value_moves() {
    let mut current = None;
    apply(&mut current, &shows("NEW"), Some(&day(1)), 1);
    set(&mut current, json!({ "Workflow": { "Status": "RESOLVED" }, "Severity": { "Label": "LOW" } }), 1);
    apply(&mut current, &hub_state(json!({ "UpdatedAt": day(2), "Title": "t" })), Some(&day(2)), 2);
    assert_eq!(workflow_here(&current), "RESOLVED");
    let severity = current.as_ref().and_then(|f| json::text_at(&f.asff, "Severity.Label")).map(str::to_owned);
    assert_eq!(severity.as_deref(), Some("LOW"));
    let note = json!({ "UpdatedAt": day(2), "Title": "t", "Note": { "Text": "n", "UpdatedBy": "u" } });
    apply(&mut current, &hub_state(note.clone()), Some(&day(3)), 3);
    assert_eq!(workflow_here(&current), "RESOLVED", "another member moved");
    let moved = with(&hub_state(note), json!({ "Workflow": { "Status": "NOTIFIED" } }));
    apply(&mut current, &moved, Some(&day(4)), 4);
    assert_eq!(workflow_here(&current), "NOTIFIED");
}

#[test]
fn whether_the_hub_moved_does_not_depend_on_the_order_of_arrival() {
    let (moved, back) = (shows("NOTIFIED"), shows("NEW"));
    for order in [[2, 3], [3, 2]] {
        let mut current = None;
        apply(&mut current, &shows("NEW"), Some(&day(1)), 1);
        set(&mut current, json!({ "Workflow": { "Status": "RESOLVED" } }), 1);
        for n in order {
            apply(&mut current, if n == 2 { &moved } else { &back }, Some(&day(n)), n + 2);
        }
        assert_eq!(workflow_here(&current), "NEW", "{order:?}");
    }
    // A late snapshot from before the decision says nothing about it.
    let mut current = None;
    apply(&mut current, &shows("NEW"), Some(&day(5)), 5);
    set(&mut current, json!({ "Workflow": { "Status": "RESOLVED" } }), 6);
    let before = current.clone();
    apply(&mut current, &moved, Some(&day(4)), 7);
    assert_eq!(current.map(|f| f.asff), before.map(|f| f.asff));
}

#[test]
fn a_finding_that_was_imported_here_meets_its_first_snapshot() {
    let imported = |change: Value| match import(None, None, &failed(), &producer(), instant(0)) {
        Decision::Write(write) => {
            let mut current = Some(write.finding);
            set(&mut current, change, 1);
            current
        }
        other => panic!("{other:?}"),
    };
    for (here, hub, expected) in
        [("RESOLVED", "NEW", "RESOLVED"), ("RESOLVED", "NOTIFIED", "NOTIFIED"), ("NEW", "SUPPRESSED", "SUPPRESSED")]
    {
        let mut current = imported(json!({ "Workflow": { "Status": here } }));
        apply(&mut current, &with(&shows(hub), json!({ "UpdatedAt": day(2) })), Some(&day(2)), 2);
        assert_eq!(workflow_here(&current), expected, "{here} {hub}");
    }
}

#[test]
fn an_acceptance_made_here_outlives_snapshots_that_do_not_speak_of_it() {
    let mut current = None;
    apply(&mut current, &shows("NEW"), Some(&day(1)), 1);
    let ruling = Ruling { expires_at: Some(instant(90)), ..Ruling::of(Status::RiskAccepted) };
    let decision = decide(current.as_ref(), &ruling, &Terms::default(), &customer(), instant(1));
    if let Decision::Write(write) = decision {
        current = Some(write.finding);
    }
    let accepted = |current: &Option<Finding>| current.as_ref().is_some_and(|f| f.standing.acceptance.is_some());
    apply(&mut current, &hub_state(json!({ "UpdatedAt": day(2), "Title": "t" })), Some(&day(2)), 2);
    assert!(accepted(&current));
    apply(&mut current, &with(&shows("SUPPRESSED"), json!({ "UpdatedAt": day(3) })), Some(&day(3)), 3);
    assert!(accepted(&current), "the hub says the same");
    apply(&mut current, &with(&shows("NEW"), json!({ "UpdatedAt": day(4) })), Some(&day(4)), 4);
    assert!(!accepted(&current));
    assert_eq!(current.and_then(|f| f.standing.status), Some(Status::Open));
}

#[test]
fn a_late_snapshot_teaches_the_past() {
    let compliance = |status: &str, on: i64, label: &str| {
        hub_state(json!({
            "UpdatedAt": day(on), "Compliance": { "Status": status },
            "Severity": { "Label": label }, "FindingProviderFields": { "Severity": { "Label": label } },
        }))
    };
    let mut current = None;
    apply(&mut current, &compliance("WARNING", 5, "LOW"), Some(&day(5)), 5);
    assert_eq!(current.as_ref().map(|f| f.standing.result), Some(Verdict::Unknown));
    let writes = apply(&mut current, &compliance("FAILED", 3, "CRITICAL"), Some(&day(3)), 6);
    assert_eq!(writes.iter().map(|w| w.hash).collect::<Vec<_>>(), [HashAfter::Keep]);
    let Some(finding) = &current else { panic!("known") };
    let own = &finding.standing;
    assert_eq!((own.result, own.ever_failed), (Verdict::Fail, true));
    assert!(own.unknown_since.is_some());
    assert_eq!(own.severity, crate::domain::Severity::Critical);
    assert_eq!(own.original_severity, crate::domain::Severity::Critical);
    assert_eq!(json::text_at(&finding.asff, "Compliance.Status"), Some("WARNING"));
}

#[test]
fn a_crash_between_the_steps_is_healed_by_the_same_snapshot() {
    let mut current = None;
    apply(&mut current, &shows("NEW"), Some(&day(1)), 1);
    let next = with(&shows("NOTIFIED"), json!({ "UpdatedAt": day(2), "Title": "t" }));
    let mut whole = current.clone();
    apply(&mut whole, &next, Some(&day(2)), 2);
    let snapshot = Snapshot::read(&next, Some(&day(2)), instant(2));
    if let Decision::Write(write) = snapshot.import(current.as_ref(), None, instant(2)) {
        current = Some(write.finding);
    }
    assert_eq!(workflow_here(&current), "NEW");
    assert_eq!(apply(&mut current, &next, Some(&day(2)), 2).len(), 1, "the second step alone");
    assert_eq!(current, whole);
}
