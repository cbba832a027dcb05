//! BatchImportFindings, one case a rule of CONTRACTS 1.7.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use super::super::samples::{PRODUCT, customer, day, failed, instant, object, producer, with};
use super::super::{Door, Update, producer_hash, update};
use super::*;
use crate::domain::{Severity, Status};
use serde_json::json;

fn write_of(decision: Decision) -> Write {
    match decision {
        Decision::Write(write) => *write,
        other => panic!("{other:?}"),
    }
}

fn first(change: Value) -> Finding {
    write_of(import(None, None, &with(&failed(), change), &producer(), instant(0))).finding
}

fn decide(current: &Finding, change: Value, on: i64) -> Decision {
    let sent = with(&with(&failed(), json!({ "UpdatedAt": day(on) })), change);
    import(Some(current), None, &sent, &producer(), instant(on))
}

fn then(current: &Finding, change: Value, on: i64) -> Finding {
    write_of(decide(current, change, on)).finding
}

fn updated(current: &Finding, members: Value) -> Finding {
    let change = Update::parse(&object(members)).unwrap_or_default();
    write_of(update(Some(current), &change, &customer(), instant(1))).finding
}

#[test]
fn a_new_finding_keeps_every_member_sent_and_gets_what_the_hub_adds() {
    let sent = with(&failed(), json!({ "Unknown": { "x": [null, 1.50] }, "ProductFields": { "mine": "1" } }));
    let write = write_of(import(None, None, &sent, &producer(), instant(0)));
    let asff = &write.finding.asff;
    for (name, value) in &sent {
        if !matches!(name.as_str(), "Severity" | "ProductFields") {
            assert_eq!(asff.get(name), Some(value), "{name}");
        }
    }
    let expected = json!({
        "Severity": { "Label": "HIGH", "Normalized": 70 },
        "FindingProviderFields": { "Severity": { "Label": "HIGH" }, "Types": ["IAM"] },
        "Workflow": { "Status": "NEW" },
        "RecordState": "ACTIVE",
        "Region": "eu-west-1",
        "ProductName": "Prowler",
        "CompanyName": "Prowler",
        "ProductFields": {
            "mine": "1",
            "aws/securityhub/FindingId": format!("{PRODUCT}/bucket-public-1"),
            "aws/securityhub/ProductName": "Prowler",
            "aws/securityhub/CompanyName": "Prowler",
        },
    });
    for (name, value) in object(expected) {
        assert_eq!(asff.get(&name), Some(&value), "{name}");
    }
    assert_eq!(asff.get("WorkflowState"), None);
    assert_eq!((write.hash, write.actor), (HashAfter::Set, producer()));
}

#[test]
fn a_value_that_was_sent_wins_over_a_filled_one() {
    let sent = json!({
        "Region": "global", "ProductName": "Mine", "RecordState": "ARCHIVED", "Workflow": { "Status": "SUPPRESSED" },
        "ProductFields": { "aws/securityhub/CompanyName": "Us", "aws/securityhub/FindingId": "f" },
        "Note": { "Text": "t", "UpdatedBy": "u" }, "VerificationState": "FALSE_POSITIVE", "WorkflowState": "ASSIGNED",
    });
    let finding = first(sent.clone());
    for (name, value) in object(sent).iter().filter(|(name, _)| *name != "ProductFields") {
        assert_eq!(finding.asff.get(name), Some(value), "{name}");
    }
    let fields = json!({
        "aws/securityhub/CompanyName": "Us", "aws/securityhub/FindingId": "f", "aws/securityhub/ProductName": "Mine",
    });
    assert_eq!(finding.asff.get("ProductFields"), Some(&fields));
    assert_eq!(finding.asff.get("CompanyName"), Some(&json!("Us")));
    assert_eq!(finding.standing.status, Some(Status::FalsePositive));
}

#[test]
fn shared_members_follow_the_table_of_contracts_1_7() {
    let fpf = |types: Value| json!({ "FindingProviderFields": { "Types": types, "Severity": { "Label": "LOW" } } });
    let types = |finding: &Finding| {
        let text = |v: Option<&Value>| v.map(ToString::to_string).unwrap_or_default();
        let provider = json::at(&finding.asff, "FindingProviderFields.Types");
        (text(finding.asff.get("Types")), text(provider))
    };
    let pair = |a: &str, b: &str| (format!("[\"{a}\"]"), format!("[\"{b}\"]"));
    let only_fpf = |t: &str| {
        with(&object(fpf(json!([t]))), json!({})).into_iter().chain([("Types".to_owned(), Value::Null)]).collect()
    };
    // A new finding.
    assert_eq!(types(&first(Value::Object(only_fpf("f")))), pair("f", "f"), "FindingProviderFields only");
    assert_eq!(types(&first(json!({ "Types": ["t"] }))), pair("t", "t"), "top level only");
    let both = first(fpf(json!(["f"])));
    assert_eq!(types(&both), pair("f", "f"), "both: the producer's value fills both");
    // An existing one, untouched by customers.
    assert_eq!(types(&then(&both, Value::Object(only_fpf("g")), 2)), pair("g", "g"));
    assert_eq!(types(&then(&both, json!({ "Types": ["t"] }), 2)), pair("t", "t"));
    assert_eq!(types(&then(&both, fpf(json!(["g"])), 2)), pair("g", "g"));
    // An existing one whose types a customer has set.
    let set = updated(&both, json!({ "Types": ["mine"] }));
    assert_eq!(types(&set), pair("mine", "f"), "an update cannot touch FindingProviderFields");
    assert_eq!(types(&then(&set, Value::Object(only_fpf("g")), 2)), pair("mine", "g"));
    assert_eq!(types(&then(&set, json!({ "Types": ["t"] }), 2)), pair("mine", "t"));
    assert_eq!(types(&then(&set, fpf(json!(["g"])), 2)), pair("mine", "g"));
    // The same for each of the five.
    for (name, sent, mine) in [
        ("Confidence", json!(1), json!(9)),
        ("Criticality", json!(1), json!(9)),
        ("RelatedFindings", json!([{ "ProductArn": "p", "Id": "a" }]), json!([{ "ProductArn": "p", "Id": "b" }])),
        ("Severity", json!({ "Label": "LOW" }), json!({ "Label": "CRITICAL", "Normalized": 90 })),
    ] {
        let set = updated(&first(json!({})), json!({ name: mine }));
        let next = then(&set, json!({ name: sent, "Title": "new" }), 2);
        let kept = json::at(&next.asff, name).cloned();
        assert_eq!(kept.as_ref().map(|v| v == &mine || name == "Severity"), Some(true), "{name}");
        assert_eq!(json::at(&next.asff, &format!("FindingProviderFields.{name}")), Some(&sent), "{name}");
    }
}

#[test]
fn a_severity_that_agrees_with_the_producers_keeps_what_was_sent_with_it() {
    let finding = first(json!({
        "Severity": { "Label": "MEDIUM", "Normalized": 50, "Product": 5.1 },
        "FindingProviderFields": { "Severity": { "Label": "MEDIUM", "Original": "m" } },
    }));
    let expected = json!({ "Label": "MEDIUM", "Normalized": 50, "Product": 5.1, "Original": "m" });
    assert_eq!(finding.asff.get("Severity"), Some(&expected));
    let finding = first(json!({
        "Severity": { "Label": "MEDIUM", "Normalized": 50 },
        "FindingProviderFields": { "Severity": { "Label": "CRITICAL" } },
    }));
    assert_eq!(finding.asff.get("Severity"), Some(&json!({ "Label": "CRITICAL", "Normalized": 90 })));
    assert_eq!(finding.standing.original_severity, Severity::Critical);
}

#[test]
fn only_a_later_updated_at_counts() {
    let finding = first(json!({ "UpdatedAt": day(5) }));
    for (on, change, expected) in [
        (4, json!({ "Title": "x" }), "unchanged"),
        (5, json!({ "Title": "x" }), "unchanged"),
        (6, json!({}), "observed"),
        (6, json!({ "CreatedAt": day(6), "FirstObservedAt": day(6), "LastObservedAt": day(6) }), "observed"),
        (6, json!({ "Title": "x" }), "write"),
    ] {
        let got = match decide(&finding, change.clone(), on) {
            Decision::Unchanged => "unchanged",
            Decision::Observed => "observed",
            Decision::Write(_) => "write",
            Decision::Rejected(_) => "rejected",
        };
        assert_eq!(got, expected, "{on} {change}");
    }
    let seen = Seen { texts: [None, Some(day(8)), None, None, None], envelope: None };
    let sent = with(&failed(), json!({ "UpdatedAt": day(7), "Title": "x" }));
    assert_eq!(import(Some(&finding), Some(&seen), &sent, &producer(), instant(9)), Decision::Unchanged);
}

#[test]
fn what_customers_own_is_ignored_on_an_existing_finding() {
    let owned = json!({
        "Note": { "Text": "theirs", "UpdatedBy": "x" }, "UserDefinedFields": { "a": "b" },
        "VerificationState": "TRUE_POSITIVE", "Workflow": { "Status": "RESOLVED" },
    });
    let plain = first(json!({}));
    assert_eq!(decide(&plain, owned.clone(), 2), Decision::Observed);
    let set =
        updated(&plain, json!({ "Note": { "Text": "ours", "UpdatedBy": "u" }, "Workflow": { "Status": "NOTIFIED" } }));
    let next =
        then(&set, with(&object(owned), json!({})).into_iter().chain([("Title".to_owned(), json!("x"))]).collect(), 2);
    for name in CUSTOMER_OWNED {
        assert_eq!(next.asff.get(name), set.asff.get(name), "{name}");
    }
}

#[test]
fn a_member_that_is_no_longer_sent_is_gone_and_filled_ones_are_filled_again() {
    let finding = first(
        json!({ "SourceUrl": "https://x", "Confidence": 5, "ProductFields": { "k": "v" }, "Region": "eu-west-3" }),
    );
    let next = then(&finding, json!({}), 2);
    assert_eq!(next.asff.get("SourceUrl"), None);
    assert_eq!(next.asff.get("Confidence"), None);
    assert_eq!(json::at(&next.asff, "FindingProviderFields.Confidence"), None);
    assert_eq!(next.asff.get("Region"), Some(&json!("eu-west-1")));
    assert_eq!(next.asff.get("ProductName"), Some(&json!("Prowler")));
    assert_eq!(json::at(&next.asff, "ProductFields").and_then(Value::as_object).map(Object::len), Some(3));
}

#[test]
fn workflow_is_reset_as_contracts_1_7_says() {
    let status = |s: &str| json!({ "Compliance": { "Status": s } });
    let archived = json!({ "RecordState": "ARCHIVED" });
    for (before, set, after, expected) in [
        (archived.clone(), "NOTIFIED", json!({}), "NEW"),
        (archived.clone(), "RESOLVED", json!({}), "NEW"),
        (archived.clone(), "SUPPRESSED", json!({}), "SUPPRESSED"),
        (status("PASSED"), "RESOLVED", status("FAILED"), "NEW"),
        (status("PASSED"), "NOTIFIED", status("WARNING"), "NEW"),
        (status("PASSED"), "NOTIFIED", status("NOT_AVAILABLE"), "NEW"),
        (status("PASSED"), "SUPPRESSED", status("FAILED"), "SUPPRESSED"),
        (status("FAILED"), "RESOLVED", status("PASSED"), "RESOLVED"),
        (status("FAILED"), "RESOLVED", archived, "RESOLVED"),
        (status("WARNING"), "NOTIFIED", status("FAILED"), "NOTIFIED"),
    ] {
        let finding = updated(&first(before.clone()), json!({ "Workflow": { "Status": set } }));
        let next = then(&finding, after.clone(), 2);
        assert_eq!(workflow(&next.asff), expected, "{before} {set} {after}");
    }
}

#[test]
fn the_hubs_own_controls_resolve_when_they_pass() {
    let arn = json!({ "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/securityhub" });
    let control = |status: &str| with(&object(arn.clone()), json!({ "Compliance": { "Status": status } }));
    let failing = first(Value::Object(control("FAILED")));
    let passing = then(&failing, Value::Object(control("PASSED")), 2);
    assert_eq!(workflow(&passing.asff), "RESOLVED");
    let again = then(&passing, Value::Object(control("FAILED")), 3);
    assert_eq!((workflow(&again.asff), again.standing.status), ("NEW", Some(Status::Open)));
    assert_eq!(workflow(&first(Value::Object(control("PASSED"))).asff), "RESOLVED");
}

/// CONTRACTS 6: prowler reads a finding back, archives it and imports it whole; the next scan sends it bare again.
#[test]
fn prowlers_archive_pass_changes_the_record_state_and_nothing_else() {
    let finding = updated(
        &first(json!({})),
        json!({ "Severity": { "Label": "LOW" }, "Note": { "Text": "t", "UpdatedBy": "u" } }),
    );
    let read_back = with(&finding.asff, json!({ "RecordState": "ARCHIVED", "UpdatedAt": day(3) }));
    let write = write_of(import(Some(&finding), None, &read_back, &producer(), instant(3)));
    let changes = Finding::history_between(Some(&finding.asff), &write.finding.asff);
    assert_eq!(changes.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["RecordState"]);
    let touched = with(&write.finding.asff, json!({ "UpdatedAt": day(4) }));
    assert_eq!(import(Some(&write.finding), None, &touched, &producer(), instant(4)), Decision::Observed);
    assert_eq!(producer_hash(&touched, Door::Import), producer_hash(&read_back, Door::Import));
    let back = then(&write.finding, json!({}), 5);
    let changes = Finding::history_between(Some(&finding.asff), &back.asff);
    assert_eq!(changes, [], "back to what it was");
    assert_eq!(decide(&back, json!({}), 6), Decision::Observed);
}

/// What makes HashAfter::Keep right: with an equal hash there is nothing to do whatever customers did meanwhile.
#[test]
fn an_import_with_an_equal_hash_is_at_most_observed_after_an_update_that_keeps_it() {
    for arn in [PRODUCT, "arn:aws:securityhub:eu-west-1::product/aws/securityhub"] {
        for status in ["PASSED", "FAILED", "WARNING"] {
            let sent = json!({ "ProductArn": arn, "Compliance": { "Status": status } });
            for set in ["NOTIFIED", "RESOLVED", "SUPPRESSED"] {
                let start = first(sent.clone());
                if workflow(&start.asff) != set {
                    let finding = updated(&start, json!({ "Workflow": { "Status": set } }));
                    assert_eq!(decide(&finding, sent.clone(), 2), Decision::Observed, "{sent} {set}");
                }
            }
        }
    }
}
