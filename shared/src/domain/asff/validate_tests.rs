//! Validation, one case a rule of CONTRACTS 1.8.

use super::super::samples::{failed, object, with};
use super::*;
use serde_json::json;

fn refusal(change: Value, door: Door) -> Option<(String, String)> {
    finding(&Value::Object(with(&failed(), change)), door).err().map(|r| (r.code, r.message))
}

#[test]
fn a_valid_finding_comes_back_as_sent() {
    let sent = with(&failed(), json!({ "Sample": true, "Unknown": { "a": [1, 2.50, null] }, "Confidence": 99 }));
    for door in [Door::Import, Door::Snapshot] {
        assert_eq!(finding(&Value::Object(sent.clone()), door), Ok(sent.clone()));
    }
    let odd: Value = serde_json::from_str(r#"{"n": 1.0000000000000000000000000000000000000001}"#).unwrap_or_default();
    let kept = finding(&Value::Object(with(&sent, odd.clone())), Door::Import).map(|o| o.get("n").cloned());
    assert_eq!(kept, Ok(odd.get("n").cloned()), "numbers keep their digits");
}

#[test]
fn nulls_count_as_not_sent() {
    let mut sent = failed();
    sent.insert("Note".to_owned(), Value::Null);
    assert_eq!(finding(&Value::Object(sent.clone()), Door::Import), Ok(failed()));
    sent.insert("Title".to_owned(), Value::Null);
    let message = finding(&Value::Object(sent), Door::Import).err().map(|r| r.message);
    assert_eq!(message.as_deref(), Some("Title: is required"));
}

#[test]
fn every_required_member_is_named_when_it_is_missing() {
    for name in [
        "SchemaVersion",
        "Id",
        "ProductArn",
        "GeneratorId",
        "AwsAccountId",
        "CreatedAt",
        "UpdatedAt",
        "Title",
        "Description",
        "Resources",
        "Severity",
    ] {
        let (code, message) = refusal(json!({ name: null }), Door::Import).unwrap_or_default();
        assert_eq!(code, "InvalidInput", "{name}");
        assert!(message.starts_with(&format!("{name}: is required")), "{name}: {message}");
        let needed_by_both = matches!(name, "Id" | "ProductArn" | "AwsAccountId" | "UpdatedAt");
        assert_eq!(refusal(json!({ name: null }), Door::Snapshot).is_some(), needed_by_both, "{name}");
    }
}

#[test]
fn limits_and_vocabularies_are_enforced_on_imports_and_name_the_path() {
    let many = |n: usize, item: Value| Value::Array(vec![item; n]);
    let pairs = |n: usize| Value::Object((0..n).map(|i| (format!("k{i}"), json!("v"))).collect());
    let resource = json!({ "Type": "Other", "Id": "r" });
    let related = json!({ "ProductArn": "p", "Id": "i" });
    let long = |n: usize| json!("é".repeat(n));
    for (good, bad, path) in [
        (json!({ "Id": long(512) }), json!({ "Id": long(513) }), "Id"),
        (json!({ "GeneratorId": long(512) }), json!({ "GeneratorId": long(513) }), "GeneratorId"),
        (json!({ "Title": long(256) }), json!({ "Title": long(257) }), "Title"),
        (json!({ "Description": long(1024) }), json!({ "Description": long(1025) }), "Description"),
        (json!({}), json!({ "Description": "  " }), "Description"),
        (json!({ "Region": long(16) }), json!({ "Region": long(17) }), "Region"),
        (json!({}), json!({ "SchemaVersion": "2019-01-01" }), "SchemaVersion"),
        (json!({}), json!({ "AwsAccountId": "12345678901" }), "AwsAccountId"),
        (json!({}), json!({ "AwsAccountId": "12345678901a" }), "AwsAccountId"),
        (json!({}), json!({ "ProductArn": "arn:aws:securityhub:eu-west-1::prowler" }), "ProductArn"),
        (json!({ "Types": many(50, json!("t")) }), json!({ "Types": many(51, json!("t")) }), "Types"),
        (json!({}), json!({ "Types": ["t", 1] }), "Types[1]"),
        (json!({ "Resources": many(32, resource.clone()) }), json!({ "Resources": many(33, resource) }), "Resources"),
        (json!({}), json!({ "Resources": [] }), "Resources"),
        (json!({}), json!({ "Resources": [{ "Type": "Other" }] }), "Resources[0].Id"),
        (json!({}), json!({ "Resources": ["r"] }), "Resources[0]"),
        (
            json!({ "RelatedFindings": many(10, related.clone()) }),
            json!({ "RelatedFindings": many(11, related) }),
            "RelatedFindings",
        ),
        (json!({ "ProductFields": pairs(50) }), json!({ "ProductFields": pairs(51) }), "ProductFields"),
        (
            json!({ "ProductFields": { "k": long(2048) } }),
            json!({ "ProductFields": { "k": long(2049) } }),
            "ProductFields.k",
        ),
        (json!({ "UserDefinedFields": pairs(50) }), json!({ "UserDefinedFields": pairs(51) }), "UserDefinedFields"),
        (
            json!({ "UserDefinedFields": { "k": long(1024) } }),
            json!({ "UserDefinedFields": { "k": long(1025) } }),
            "UserDefinedFields.k",
        ),
        (
            json!({ "UserDefinedFields": { "k".repeat(128): "v" } }),
            json!({ "UserDefinedFields": { "k".repeat(129): "v" } }),
            "UserDefinedFields",
        ),
        (
            json!({ "Compliance": { "Status": "PASSED", "RelatedRequirements": many(32, json!("r")) } }),
            json!({ "Compliance": { "Status": "PASSED", "RelatedRequirements": many(33, json!("r")) } }),
            "Compliance.RelatedRequirements",
        ),
        (
            json!({ "Note": { "Text": long(512), "UpdatedBy": "u" } }),
            json!({ "Note": { "Text": long(513), "UpdatedBy": "u" } }),
            "Note.Text",
        ),
        (json!({}), json!({ "Note": { "Text": "t" } }), "Note.UpdatedBy"),
        (
            json!({ "Remediation": { "Recommendation": { "Text": long(512) } } }),
            json!({ "Remediation": { "Recommendation": { "Text": long(513) } } }),
            "Remediation.Recommendation.Text",
        ),
        (
            json!({ "Severity": { "Label": "LOW", "Original": long(64) } }),
            json!({ "Severity": { "Label": "LOW", "Original": long(65) } }),
            "Severity.Original",
        ),
        (json!({ "RecordState": "ARCHIVED" }), json!({ "RecordState": "GONE" }), "RecordState"),
        (
            json!({ "Workflow": { "Status": "NOTIFIED" } }),
            json!({ "Workflow": { "Status": "DONE" } }),
            "Workflow.Status",
        ),
        (
            json!({ "VerificationState": "BENIGN_POSITIVE" }),
            json!({ "VerificationState": "MAYBE" }),
            "VerificationState",
        ),
        (
            json!({ "Compliance": { "Status": "NOT_AVAILABLE" } }),
            json!({ "Compliance": { "Status": "INFOED" } }),
            "Compliance.Status",
        ),
        (
            json!({ "Severity": { "Label": "CRITICAL" } }),
            json!({ "Severity": { "Label": "SEVERE" } }),
            "Severity.Label",
        ),
        (
            json!({ "Severity": { "Normalized": 0 } }),
            json!({ "Severity": { "Normalized": 101 } }),
            "Severity.Normalized",
        ),
        (
            json!({ "Severity": { "Normalized": 100 } }),
            json!({ "Severity": { "Normalized": 1.5 } }),
            "Severity.Normalized",
        ),
        (json!({}), json!({ "Severity": { "Product": 5 } }), "Severity"),
        (
            json!({ "Severity": null, "FindingProviderFields": { "Severity": { "Label": "LOW" } } }),
            json!({ "FindingProviderFields": { "Severity": { "Label": "S" } } }),
            "FindingProviderFields.Severity.Label",
        ),
        (json!({ "Confidence": 100 }), json!({ "Confidence": -1 }), "Confidence"),
        (json!({ "Criticality": 0 }), json!({ "Criticality": "high" }), "Criticality"),
        (
            json!({ "UpdatedAt": "2024-01-04T15:25:10.123456789+01:00" }),
            json!({ "UpdatedAt": "yesterday" }),
            "UpdatedAt",
        ),
        (
            json!({ "LastObservedAt": "2024-01-04T15:25:10-0100" }),
            json!({ "LastObservedAt": "2024-01-04" }),
            "LastObservedAt",
        ),
    ] {
        assert_eq!(refusal(good.clone(), Door::Import), None, "{good}");
        let (code, message) = refusal(bad.clone(), Door::Import).unwrap_or_default();
        assert_eq!(code, "InvalidInput", "{path}");
        assert!(message.starts_with(&format!("{path}: ")), "{path}: {message}");
    }
}

#[test]
fn vocabularies_are_listed_in_the_message() {
    let message = refusal(json!({ "Compliance": { "Status": "INFOED" } }), Door::Import).unwrap_or_default().1;
    assert_eq!(
        message,
        "Compliance.Status: \"INFOED\" is not allowed; send one of PASSED, WARNING, FAILED, NOT_AVAILABLE"
    );
}

#[test]
fn an_import_over_240_kb_is_refused_and_a_snapshot_is_not() {
    let big = json!({ "Details": "x".repeat(240 * 1024) });
    let refused = refusal(big.clone(), Door::Import);
    assert_eq!(refused, Some(("FindingSizeExceeded".to_owned(), "Finding size exceeded 240 KB".to_owned())));
    assert_eq!(refusal(big, Door::Snapshot), None);
}

#[test]
fn what_the_hub_adds_does_not_count_towards_product_fields() {
    let mut fields: Object = (0..50).map(|i| (format!("k{i}"), json!("v"))).collect();
    for name in ["FindingId", "ProductName", "CompanyName"] {
        fields.insert(format!("aws/securityhub/{name}"), json!("v"));
    }
    assert_eq!(refusal(json!({ "ProductFields": fields }), Door::Import), None);
}

#[test]
fn a_snapshot_passes_whatever_its_lengths_and_words_but_not_another_type() {
    for change in [
        json!({ "Title": "x".repeat(2000), "Description": "" }),
        json!({ "Compliance": { "Status": "LATER" }, "RecordState": "NEWISH" }),
        json!({ "Resources": null, "Severity": null, "GeneratorId": null }),
        json!({ "ProductArn": "arn:something:else", "CreatedAt": "whenever" }),
        json!({ "Note": { "Text": "no author" } }),
    ] {
        assert_eq!(refusal(change.clone(), Door::Snapshot), None, "{change}");
    }
    for (change, path) in [
        (json!({ "Severity": "HIGH" }), "Severity"),
        (json!({ "Compliance": [] }), "Compliance"),
        (json!({ "Workflow": "NEW" }), "Workflow"),
        (json!({ "FindingProviderFields": 1 }), "FindingProviderFields"),
        (json!({ "Resources": {} }), "Resources"),
        (json!({ "UpdatedAt": "never" }), "UpdatedAt"),
    ] {
        let message = refusal(change, Door::Snapshot).unwrap_or_default().1;
        assert!(message.starts_with(&format!("{path}: ")), "{message}");
    }
}

/// The five texts are kept in the log whenever they move, many in one entry.
#[test]
fn timestamps_are_bounded_at_both_doors() {
    let of = |length: usize| format!("2024-01-01T00:00:00.{}Z", "0".repeat(length - 21));
    for name in ["CreatedAt", "UpdatedAt", "FirstObservedAt", "LastObservedAt", "ProcessedAt"] {
        // UpdatedAt has to be readable at every door, and no readable one is as long.
        let readable = refusal(json!({ name: of(128) }), Door::Snapshot).is_none();
        assert_eq!(readable, name != "UpdatedAt", "{name}");
        for door in [Door::Import, Door::Snapshot] {
            let (code, message) = refusal(json!({ name: of(129) }), door).unwrap_or_default();
            assert_eq!((code.as_str(), message), ("InvalidInput", format!("{name}: must have at most 128 characters")));
        }
    }
}

#[test]
fn the_refusal_carries_the_id_as_far_as_there_is_one() {
    for (value, id) in [(json!([]), ""), (json!({ "Id": 5 }), ""), (json!({ "Id": "x" }), "x"), (json!(null), "")] {
        let refused = finding(&value, Door::Import).err().map(|r| r.id);
        assert_eq!(refused.as_deref(), Some(id), "{value}");
    }
    assert!(finding(&Value::Object(object(json!({}))), Door::Snapshot).is_err());
}

/// Such a member would come first in the stored text, and the JSON reader would take the object for a number.
#[test]
fn names_that_cannot_be_read_back_are_refused_at_any_depth() {
    let name = "$serde_json::private::Number";
    for change in [
        json!({ name: "1" }),
        json!({ "ProductFields": { "a": "b", name: "eu-west-1" } }),
        json!({ "Resources": [{ "Type": "AwsS3Bucket", "Id": "b", "Details": { "Other": { "a": "b", name: "x" } } }] }),
    ] {
        for door in [Door::Import, Door::Snapshot] {
            let (code, message) = refusal(change.clone(), door).unwrap_or_default();
            assert_eq!(code, "InvalidInput", "{change}");
            assert!(message.contains("reserved"), "{change}: {message}");
        }
    }
    let change = object(json!({ "UserDefinedFields": { "a": "b", name: "x" } }));
    assert!(super::super::Update::parse(&change).is_err());
}
