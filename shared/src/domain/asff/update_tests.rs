//! BatchUpdateFindings, case by case from CONTRACTS 1.7.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use super::super::import::import;
use super::super::samples::{customer, day, failed, instant, object, producer, with};
use super::super::{decide, validate};
use super::*;
use crate::domain::{Ruling, Severity, Terms};
use serde_json::json;

fn written(decision: Decision) -> Option<Write> {
    match decision {
        Decision::Write(write) => Some(*write),
        _ => None,
    }
}

fn known(change: Value) -> Finding {
    let decision = import(None, None, &with(&failed(), change), &producer(), instant(0));
    written(decision)
        .map_or_else(|| Finding { asff: failed(), standing: next_standing(None, &failed(), instant(0)) }, |w| w.finding)
}

fn change(members: Value) -> Update {
    Update::parse(&object(members)).unwrap_or_default()
}

fn after(finding: &Finding, members: Value) -> Finding {
    written(update(Some(finding), &change(members), &customer(), instant(9)))
        .map_or_else(|| finding.clone(), |w| w.finding)
}

#[test]
fn every_member_of_the_request_is_set_and_updated_at_stays() {
    let members = json!({
        "Confidence": 10, "Criticality": 20, "Types": ["t"], "VerificationState": "TRUE_POSITIVE",
        "RelatedFindings": [{ "ProductArn": "p", "Id": "i" }], "UserDefinedFields": { "k": "v" },
        "Workflow": { "Status": "NOTIFIED" }, "Note": { "Text": "t", "UpdatedBy": "u" },
        "Severity": { "Label": "LOW", "Product": 2.5 },
    });
    let finding = known(json!({}));
    let write = written(update(Some(&finding), &change(members.clone()), &customer(), instant(9)));
    let Some(write) = write else { panic!("a change is a write") };
    let asff = &write.finding.asff;
    for name in ["Confidence", "Criticality", "Types", "VerificationState", "RelatedFindings", "UserDefinedFields"] {
        assert_eq!(asff.get(name), members.get(name), "{name}");
    }
    assert_eq!(asff.get("Workflow"), Some(&json!({ "Status": "NOTIFIED" })));
    assert_eq!(asff.get("Note"), Some(&json!({ "Text": "t", "UpdatedBy": "u", "UpdatedAt": day(9) })));
    assert_eq!(asff.get("Severity"), Some(&json!({ "Label": "LOW", "Normalized": 1, "Product": 2.5 })));
    assert_eq!(asff.get("UpdatedAt"), finding.asff.get("UpdatedAt"));
    assert_eq!(asff.get("FindingProviderFields"), finding.asff.get("FindingProviderFields"));
    assert_eq!(write.finding.standing.customer_set, SHARED.map(str::to_owned).into());
    assert_eq!((write.hash, &write.actor), (HashAfter::Clear, &customer()));
    assert_eq!(write.finding.standing.severity, Severity::Low);
    assert_eq!(write.finding.standing.original_severity, Severity::High);
}

#[test]
fn what_is_there_already_is_no_change() {
    let finding = known(json!({}));
    for members in [
        json!({}),
        json!({ "Workflow": { "Status": "NEW" } }),
        json!({ "Note": null, "FindingIdentifiers": [], "Other": 1 }),
    ] {
        assert_eq!(
            update(Some(&finding), &change(members.clone()), &customer(), instant(9)),
            Decision::Unchanged,
            "{members}"
        );
    }
    let members = json!({
        "Note": { "Text": "t", "UpdatedBy": "u" }, "Severity": { "Normalized": 45 }, "Types": [], "VerificationState": "UNKNOWN",
    });
    let once = after(&finding, members.clone());
    assert_eq!(update(Some(&once), &change(members), &customer(), instant(10)), Decision::Unchanged);
    let other =
        update(Some(&once), &change(json!({ "Note": { "Text": "t", "UpdatedBy": "v" } })), &customer(), instant(10));
    assert!(matches!(other, Decision::Write(_)), "another author is another note");
}

#[test]
fn only_producers_members_clear_the_hash() {
    let finding = known(json!({}));
    for (members, hash) in [
        (json!({ "Workflow": { "Status": "RESOLVED" } }), HashAfter::Keep),
        (json!({ "Note": { "Text": "t", "UpdatedBy": "u" } }), HashAfter::Keep),
        (json!({ "UserDefinedFields": { "a": "b" }, "VerificationState": "UNKNOWN" }), HashAfter::Keep),
        (json!({ "Severity": { "Label": "HIGH" } }), HashAfter::Clear),
        (json!({ "Criticality": 3 }), HashAfter::Clear),
    ] {
        let write = written(update(Some(&finding), &change(members.clone()), &customer(), instant(9)));
        assert_eq!(write.map(|w| w.hash), Some(hash), "{members}");
    }
}

#[test]
fn an_absent_finding_and_one_that_grows_too_big_are_refused() {
    let decision = update(None, &change(json!({ "Confidence": 1 })), &customer(), instant(9));
    let Decision::Rejected(rejection) = decision else { panic!("refused") };
    assert_eq!((rejection.code.as_str(), rejection.message.as_str()), ("FindingNotFound", "Finding Not Found"));
    let big = known(json!({ "Details": "x".repeat(244_000) }));
    let fields: Object = (0..50).map(|i| (format!("k{i}"), json!("v".repeat(1000)))).collect();
    let decision = update(Some(&big), &change(json!({ "UserDefinedFields": fields })), &customer(), instant(9));
    let Decision::Rejected(rejection) = decision else { panic!("refused") };
    assert_eq!(rejection.code, "FindingSizeExceeded");
    assert_eq!(rejection.id, "bucket-public-1");
}

#[test]
fn bad_members_are_named() {
    for (members, field) in [
        (json!({ "Confidence": 101 }), "Confidence"),
        (json!({ "Note": { "Text": "t" } }), "Note.UpdatedBy"),
        (json!({ "Note": { "Text": "x".repeat(513), "UpdatedBy": "u" } }), "Note.Text"),
        (json!({ "Severity": {} }), "Severity"),
        (json!({ "Severity": { "Label": "X" } }), "Severity.Label"),
        (json!({ "Workflow": {} }), "Workflow.Status"),
        (json!({ "Workflow": { "Status": "DONE" } }), "Workflow.Status"),
        (json!({ "VerificationState": "X" }), "VerificationState"),
        (json!({ "Types": "t" }), "Types"),
        (json!({ "RelatedFindings": [{ "Id": "i" }] }), "RelatedFindings[0].ProductArn"),
        (json!({ "UserDefinedFields": { "k": 1 } }), "UserDefinedFields.k"),
    ] {
        match Update::parse(&object(members)) {
            Err(Error::Invalid { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{field}: {other:?}"),
        }
    }
}

#[test]
fn workflow_and_verification_state_decide_as_the_table_of_design_2_says() {
    let ruling = Ruling { expires_at: Some(instant(5)), ..Ruling::of(Status::RiskAccepted) };
    let open = known(json!({}));
    let accepted = decide(Some(&open), &ruling, &Terms::default(), &customer(), instant(1));
    let accepted = written(accepted).map_or(open.clone(), |w| w.finding);
    let suppressed = json!({ "Workflow": { "Status": "SUPPRESSED" } });
    let both = json!({ "Workflow": { "Status": "SUPPRESSED" }, "VerificationState": "FALSE_POSITIVE" });
    for (from, members, status, has_end) in [
        (&open, suppressed.clone(), Status::RiskAccepted, false),
        (&open, both.clone(), Status::FalsePositive, false),
        (&open, json!({ "VerificationState": "FALSE_POSITIVE" }), Status::Open, false),
        (&open, json!({ "Workflow": { "Status": "NOTIFIED" } }), Status::Open, false),
        (&accepted, json!({ "VerificationState": "FALSE_POSITIVE" }), Status::RiskAccepted, true),
        (&accepted, both, Status::FalsePositive, false),
        (&accepted, json!({ "Workflow": { "Status": "RESOLVED" } }), Status::Remediated, false),
        (&accepted, json!({ "Workflow": { "Status": "NEW" } }), Status::Open, false),
        // The update is at day 9 and the acceptance ended on day 5: accepted again, and now without an end.
        (&accepted, suppressed.clone(), Status::RiskAccepted, false),
        (&accepted, json!({ "Confidence": 5 }), Status::RiskAccepted, true),
    ] {
        let standing = after(from, members.clone()).standing;
        assert_eq!((standing.status, standing.acceptance.is_some()), (Some(status), has_end), "{members}");
    }
    let early = update(Some(&accepted), &change(suppressed), &customer(), instant(4));
    assert_eq!(early, Decision::Unchanged, "still accepted: nothing to set");
    let notified = change(json!({ "Workflow": { "Status": "NOTIFIED" } }));
    assert_eq!(
        update(Some(&accepted), &notified, &customer(), instant(9)),
        Decision::Unchanged,
        "it shows NOTIFIED already"
    );
}

#[test]
fn a_finding_read_back_is_valid() {
    let finding =
        after(&known(json!({})), json!({ "Note": { "Text": "t", "UpdatedBy": "u" }, "Severity": { "Normalized": 3 } }));
    assert_eq!(validate(&Value::Object(finding.asff.clone()), super::super::Door::Import), Ok(finding.asff));
}
