//! `PATCH /api/v2/posture_management/findings` (CONTRACTS 3.1, mute, as earlier official clients send it).

use crate::house::{Answer, House, key};
use crate::infracast::{commits, said, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

const PATH: &str = "/api/v2/posture_management/findings";
pub const MUTED: [&str; 4] = ["accepted", "risk_accepted", "true", "SUPPRESSED"];
pub const OPEN: [&str; 4] = ["open", "open", "false", "NEW"];

fn body(mute: &Value, ids: &[&str]) -> Value {
    let findings: Vec<Value> = ids.iter().map(|id| json!({"finding_id": id})).collect();
    json!({"data": {
        "type": "finding", "id": "dbe5f567-192b-4404-b908-29b70e1c9f76", "attributes": {"mute": mute},
        "meta": {"findings": findings}
    }})
}

async fn send(house: &House, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::PATCH, PATH, body).await
}

/// What the detail of the official client's shape says of a mute.
pub async fn mute_of(house: &House, uid: &str) -> Value {
    let path = format!("/datadog/api/v2/posture_management/findings/{uid}");
    house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await.body["data"]["attributes"]["mute"].clone()
}

/// Every reason to mute is shown again as it was given, and everything that the model has of a mute beside it.
#[tokio::test]
async fn a_mute_is_shown_as_it_was_given() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let end = house.clock.now().plus(86_400_123);
    for (reason, expires, shown) in [
        ("ACCEPTED_RISK", Some(end.0), MUTED),
        ("PENDING_FIX", None, MUTED),
        ("OTHER", Some(end.0), MUTED),
        ("FALSE_POSITIVE", None, ["accepted", "false_positive", "true", "SUPPRESSED"]),
        ("FALSE_POSITIVE", Some(end.0), MUTED),
    ] {
        let mut mute = json!({"muted": true, "reason": reason, "description": "To be resolved later"});
        if let Some(end) = expires {
            mute["expiration_date"] = json!(end);
        }
        let answer = send(&house, &body(&mute, &[&uid])).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("content-type"), Some("application/vnd.api+json"));
        let data = json!({"id": "dbe5f567-192b-4404-b908-29b70e1c9f76", "type": "finding"});
        assert_eq!(answer.body["data"], data);
        assert_eq!(answer.body["meta"]["findings"][0]["outcome"], "changed", "{reason}");
        assert_eq!(said(&house, "ssh", None).await, shown, "{reason}");
        let now = mute_of(&house, &uid).await;
        for (name, value) in mute.as_object().unwrap() {
            assert_eq!(&now[name], value, "{reason} {name}: {now}");
        }
        assert!(now["uuid"].is_string() && now["start_date"].is_i64(), "{now}");
        assert_eq!(now.get("expiration_date").is_some(), expires.is_some(), "{now}");
        let seq = commits(&house).await;
        let again = send(&house, &body(&mute, &[&uid])).await;
        assert_eq!(again.body["meta"]["findings"][0]["outcome"], "unchanged");
        assert_eq!(commits(&house).await, seq, "{reason}");
    }
    let unmute = json!({"muted": false, "reason": "NO_LONGER_ACCEPTED_RISK"});
    assert_eq!(send(&house, &body(&unmute, &[&uid])).await.status, 200);
    assert_eq!(said(&house, "ssh", None).await, OPEN);
    assert_eq!(mute_of(&house, &uid).await, json!({"muted": false}));
    // 9999999999999 is no end.
    let forever = json!({"muted": true, "reason": "OTHER", "expiration_date": 9_999_999_999_999_i64});
    assert_eq!(send(&house, &body(&forever, &[&uid])).await.status, 200);
    assert!(mute_of(&house, &uid).await.get("expiration_date").is_none());
}

/// To unmute what is not muted changes nothing; what passes is left, and said to be.
#[tokio::test]
async fn what_is_not_meant_is_left() {
    let house = shop().await;
    let (resolved, passes) = (uid_of(&house, "remediated").await, uid_of(&house, "fixed").await);
    let seq = commits(&house).await;
    let unmute = json!({"muted": false, "reason": "HUMAN_ERROR"});
    let answer = send(&house, &body(&unmute, &[&resolved, &passes])).await;
    let outcomes: Vec<&Value> =
        answer.body["meta"]["findings"].as_array().unwrap().iter().map(|row| &row["outcome"]).collect();
    assert_eq!((answer.status, outcomes), (200, vec![&json!("unchanged"), &json!("left")]), "{}", answer.body);
    assert_eq!(commits(&house).await, seq);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_written() {
    let house = shop().await;
    let (uid, gone) = (uid_of(&house, "ssh").await, uid_of(&house, "gone").await);
    let seq = commits(&house).await;
    let good = json!({"muted": true, "reason": "OTHER"});
    let with = |name: &str, value: Value| {
        let mut mute = good.clone();
        mute[name] = value;
        body(&mute, &[&uid])
    };
    let at = |pointer: &str, value: Value| {
        let mut body = body(&good, &[&uid]);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let many = body(&good, &vec![uid.as_str(); 101]);
    for (body, member) in [
        (with("reason", json!("RISK_ACCEPTED")), "data.attributes.mute.reason"),
        (with("reason", json!("HUMAN_ERROR")), "data.attributes.mute.reason"),
        (with("reason", json!(null)), "data.attributes.mute.reason"),
        (with("muted", json!("true")), "data.attributes.mute.muted"),
        (with("muted", json!(null)), "data.attributes.mute.muted"),
        (with("muted", json!(false)), ""),
        (with("description", json!("x".repeat(281))), "data.attributes.mute.description"),
        (with("expiration_date", json!(house.clock.now().0 - 1)), "data.attributes.mute.expiration_date"),
        (with("expiration_date", json!(-1)), "data.attributes.mute.expiration_date"),
        (with("expiration_date", json!(1.5)), "data.attributes.mute.expiration_date"),
        (with("expiration_date", json!("2099-01-01")), "data.attributes.mute.expiration_date"),
        (at("/data/type", json!("mute")), "data.type"),
        (at("/data/meta", json!({})), "data.meta.findings"),
        (at("/data/meta/findings", json!([])), "data.meta.findings"),
        (at("/data/meta/findings", json!([{}])), "data.meta.findings[0].finding_id"),
        (at("/data/attributes", json!(null)), "data.attributes"),
        (at("/data", json!(7)), "data"),
        (many, "data.meta.findings"),
    ] {
        let answer = send(&house, &body).await;
        if member.is_empty() {
            assert_eq!(answer.status, 200, "OTHER is a reason to unmute, too");
            continue;
        }
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["source"]["parameter"], member, "{body}: {}", answer.body);
    }
    let ended = body(&json!({"muted": false, "reason": "OTHER", "expiration_date": 9}), &[&uid]);
    assert_eq!(send(&house, &ended).await.status, 400);
    for unknown in ["0015c4a9-82b9-8a40-9bf4-55130c000001", "AQAAAYZzBl-4bu4ufQAAA", &gone] {
        let answer = send(&house, &body(&good, &[&uid, unknown])).await;
        assert_eq!(answer.status, 404, "{unknown}: {}", answer.body);
    }
    let reads = key(house.writer(), "acme", wish("reads", &[Scope::FindingsRead])).await;
    assert_eq!(house.ask(&reads.token, Method::PATCH, PATH, &body(&good, &[&uid])).await.status, 403);
    assert_eq!(commits(&house).await, seq);
}
