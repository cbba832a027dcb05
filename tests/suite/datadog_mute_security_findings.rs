//! `PATCH /api/v2/security/findings/mute` (CONTRACTS 3.1, mute, as newer official clients send it).

use crate::datadog_mute_findings::{MUTED, OPEN, mute_of};
use crate::house::{Answer, House};
use crate::infracast::{commits, said, shop, uid_of};
use lambda_http::http::Method;
use serde_json::{Value, json};

fn body(mute: &Value, ids: &[&str]) -> Value {
    let findings: Vec<Value> = ids.iter().map(|id| json!({"id": id, "type": "findings"})).collect();
    json!({"data": {
        "type": "mute", "attributes": {"mute": mute}, "relationships": {"findings": {"data": findings}}
    }})
}

async fn send(house: &House, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::PATCH, "/api/v2/security/findings/mute", body).await
}

/// Reasons that the older model of a finding does not know are shown in the nearest of its words.
#[tokio::test]
async fn every_reason_is_taken() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for (reason, shown) in [
        ("RISK_ACCEPTED", "ACCEPTED_RISK"),
        ("PENDING_FIX", "PENDING_FIX"),
        ("NO_FIX", "OTHER"),
        ("DUPLICATE", "OTHER"),
        ("OTHER", "OTHER"),
    ] {
        let end = house.clock.now().plus(3_600_000).0;
        let mute = json!({"is_muted": true, "reason": reason, "expire_at": end, "description": "Lab."});
        let answer = send(&house, &body(&mute, &[&uid])).await;
        assert_eq!((answer.status, &answer.body["data"]["type"]), (202, &json!("mute")), "{}", answer.body);
        assert!(answer.body["data"]["id"].as_str().is_some_and(|id| id.len() == 36), "{}", answer.body);
        let now = mute_of(&house, &uid).await;
        assert_eq!((&now["reason"], &now["expiration_date"]), (&json!(shown), &json!(end)), "{reason}");
        assert_eq!(said(&house, "ssh", None).await, MUTED);
    }
    for reason in ["NO_PENDING_FIX", "HUMAN_ERROR", "NO_LONGER_ACCEPTED_RISK", "OTHER"] {
        let answer = send(&house, &body(&json!({"is_muted": false, "reason": reason}), &[&uid])).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        assert_eq!(said(&house, "ssh", None).await, OPEN);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_written() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let seq = commits(&house).await;
    let past = house.clock.now().0 - 1;
    for (mute, member) in [
        (json!({"is_muted": true, "reason": "ACCEPTED_RISK"}), "data.attributes.mute.reason"),
        (json!({"muted": true, "reason": "OTHER"}), "data.attributes.mute.is_muted"),
        (json!({"is_muted": true, "reason": "OTHER", "expire_at": past}), "data.attributes.mute.expire_at"),
        (json!({"is_muted": false, "reason": "OTHER", "expire_at": 9}), "data.attributes.mute.expire_at"),
        (json!({"is_muted": true, "reason": "OTHER", "description": 7}), "data.attributes.mute.description"),
    ] {
        let answer = send(&house, &body(&mute, &[&uid])).await;
        assert_eq!(answer.status, 400, "{mute}: {}", answer.body);
        assert_eq!(answer.body["errors"][0]["source"]["parameter"], member, "{mute}: {}", answer.body);
    }
    let good = json!({"is_muted": true, "reason": "OTHER"});
    let mut wrong = body(&good, &[&uid]);
    wrong["data"]["relationships"]["findings"]["data"][0]["type"] = json!("issues");
    assert_eq!(send(&house, &wrong).await.status, 400);
    assert_eq!(send(&house, &body(&good, &[&uid, "0015c4a9-82b9-8a40-9bf4-55130c000001"])).await.status, 404);
    assert_eq!(commits(&house).await, seq);
}
