//! `POST /api/v1/tenants/{tenantID}/snapshots`: whose part of a snapshot a key may bring (DESIGN §5).

use crate::house::{ARN, House, START, finding, key};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

const SNAPSHOTS: &str = "/api/v1/tenants/acme/snapshots";
const ACCOUNT: &str = "123456789012";

/// What customers set in the hub: an own severity among it.
fn customers() -> Value {
    json!({
        "Note": {"Text": "fine", "UpdatedBy": "the-boss", "UpdatedAt": "2023-11-02T00:00:00Z"},
        "Workflow": {"Status": "SUPPRESSED"}, "VerificationState": "FALSE_POSITIVE",
        "UserDefinedFields": {"team": "web"}, "Severity": {"Label": "LOW", "Normalized": 1},
        "FindingProviderFields": {
            "Severity": {"Label": "HIGH"}, "Types": ["Software and Configuration Checks"]
        },
    })
}

/// A hub's finding as of a day, with what customers set.
fn shown(id: &str, day: u32, members: &Value) -> Value {
    let mut one = finding(id, ACCOUNT, "FAILED", &format!("2023-11-0{day}T00:00:00Z"));
    one["Title"] = json!(format!("day {day}"));
    for (name, value) in members.as_object().unwrap() {
        one[name] = value.clone();
    }
    one
}

async fn send(house: &House, token: &str, minute: u32, finding: &Value) -> Value {
    let event = json!({"time": format!("2023-11-09T00:0{minute}:00Z"), "detail": {"findings": [finding]}});
    let answer = house.ask(token, Method::POST, SNAPSHOTS, &event).await;
    assert_eq!((answer.status, &answer.body["rejected"]), (200, &json!(0)), "{}", answer.body);
    answer.body
}

async fn stored(house: &House, id: &str) -> Value {
    let filters = json!({"Filters": {"Id": [{"Value": id, "Comparison": "EQUALS"}]}});
    house.ask(&house.acme.token, Method::POST, "/findings", &filters).await.body["Findings"][0].clone()
}

/// CONTRACTS 1.7: an import changes no Note, UserDefinedFields, VerificationState, Workflow, nor what customers set of
/// Severity; so the scope for imports is not good for them in a snapshot either, and the answer says so.
#[tokio::test]
async fn a_key_for_imports_brings_the_producers_part_alone() {
    let house = House::new().await;
    let importer = key(house.writer(), "acme", wish("importer", &[Scope::FindingsImport])).await;
    let answer = send(&house, &importer.token, 1, &shown("new", 2, &customers())).await;
    assert_eq!((&answer["created"], &answer["customers_parts_left_out"]), (&json!(1), &json!(1)));
    let new = stored(&house, "new").await;
    assert_eq!((&new["Title"], &new["Severity"]["Label"]), (&json!("day 2"), &json!("HIGH")));
    assert_eq!(new["Workflow"], json!({"Status": "NEW"}));
    for name in ["Note", "VerificationState", "UserDefinedFields"] {
        assert_eq!(new[name], Value::Null, "{name}");
    }
    // What customers set before stays.
    let answer = send(&house, &house.acme.token, 1, &shown("old", 2, &customers())).await;
    assert_eq!((&answer["created"], &answer["customers_parts_left_out"]), (&json!(1), &json!(0)));
    let others = json!({"Workflow": {"Status": "NEW"}, "Severity": {"Label": "CRITICAL"}, "Note": null});
    let answer = send(&house, &importer.token, 2, &shown("old", 3, &others)).await;
    assert_eq!((&answer["changed"], &answer["customers_parts_left_out"]), (&json!(1), &json!(1)));
    let old = stored(&house, "old").await;
    assert_eq!(old["Title"], "day 3");
    for name in ["Note", "Workflow", "VerificationState", "UserDefinedFields", "Severity"] {
        assert_eq!(old[name], customers()[name], "{name}");
    }
    // The rest is the same once more: nothing is left to do, and nothing was left behind.
    let answer = send(&house, &importer.token, 2, &shown("old", 3, &others)).await;
    assert_eq!((&answer["unchanged"], &answer["customers_parts_left_out"]), (&json!(1), &json!(1)));
}

/// With both scopes the snapshot is applied whole, also after an importer brought its producer's part. Who sent it is
/// who changed it; the author of the Note stays as it was sent.
#[tokio::test]
async fn a_key_for_both_is_named_as_who_changed_the_customers_part() {
    let house = House::new().await;
    let scopes = [Scope::FindingsImport, Scope::FindingsWrite];
    let importer = key(house.writer(), "acme", wish("importer", &scopes[..1])).await;
    let both = key(house.writer(), "acme", wish("both", &scopes)).await;
    send(&house, &importer.token, 1, &shown("f", 2, &customers())).await;
    let answer = send(&house, &both.token, 1, &shown("f", 2, &customers())).await;
    assert_eq!((&answer["changed"], &answer["customers_parts_left_out"]), (&json!(1), &json!(0)));
    let found = stored(&house, "f").await;
    for (name, value) in customers().as_object().unwrap().iter().filter(|(name, _)| *name != "FindingProviderFields") {
        assert_eq!(&found[name], value, "{name}");
    }
    let asked = json!({"FindingIdentifier": {"Id": "f", "ProductArn": ARN}});
    let answer = house.ask(&house.acme.token, Method::POST, "/findingHistory/get", &asked).await;
    let who: Vec<&Value> = answer.body["Records"].as_array().unwrap().iter().map(|r| &r["UpdateSource"]).collect();
    let by_key = json!({"Type": "BATCH_UPDATE_FINDINGS", "Identity": "arn:posture-ledger:key:acme:both"});
    assert_eq!(who, [&by_key, &json!({"Type": "BATCH_IMPORT_FINDINGS", "Identity": ARN})]);
}

/// DESIGN §3, Observed: what comes without an envelope was read when it came, also when it says nothing new; an event of
/// a time before that is late.
#[tokio::test]
async fn what_was_read_again_is_newer_than_an_event_from_before() {
    let house = House::new().await;
    let new = shown("f", 2, &json!({"Workflow": {"Status": "NEW"}}));
    for minutes in [0, 10] {
        house.clock.set(START.plus(minutes * 60_000));
        let answer = house.ask(&house.acme.token, Method::POST, SNAPSHOTS, &json!({"Findings": [new]})).await;
        assert_eq!(answer.body[if minutes == 0 { "created" } else { "unchanged" }], 1, "{}", answer.body);
    }
    let moved = shown("f", 2, &json!({"Workflow": {"Status": "NOTIFIED"}}));
    for (minutes, status) in [(5, "NEW"), (15, "NOTIFIED")] {
        let time = START.plus(minutes * 60_000).to_string();
        let event = json!({"time": time, "detail": {"findings": [moved]}});
        let answer = house.ask(&house.acme.token, Method::POST, SNAPSHOTS, &event).await;
        assert_eq!(answer.body["rejected"], 0, "{}", answer.body);
        assert_eq!(stored(&house, "f").await["Workflow"]["Status"], status, "an event after {minutes} minutes");
    }
}
