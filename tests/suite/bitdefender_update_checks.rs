//! `POST /v1/cspm/vm/update` (CONTRACTS 4.4).

use crate::house::{Answer, House, key};
use crate::infracast::{commits, get, said, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

const PATH: &str = "/v1/cspm/vm/update";

async fn update(house: &House, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::POST, PATH, body).await
}

/// The status and the member that an error names.
fn refused(answer: &Answer) -> (u16, &str) {
    let error = &answer.body["errors"][0];
    assert_eq!(error["status"], json!(answer.status.to_string()), "{}", answer.body);
    (answer.status, error["source"]["parameter"].as_str().unwrap_or_default())
}

async fn check(house: &House, id: &str) -> Value {
    let path = format!("/v1/cspm/checks/{}", uid_of(house, id).await);
    house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await.body["data"]["attributes"].clone()
}

/// Every status, with and without the leading /v1, is there at once in every dialect.
#[tokio::test]
async fn every_status_is_there_at_once() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for (path, status, shown) in [
        (PATH, "risk_accepted", ["accepted", "risk_accepted", "true", "SUPPRESSED"]),
        ("/cspm/vm/update", "false_positive", ["accepted", "false_positive", "true", "SUPPRESSED"]),
        (PATH, "needs_review", ["open", "needs_review", "false", "NOTIFIED"]),
        (PATH, "remediated", ["resolved", "remediated", "false", "RESOLVED"]),
        (PATH, "open", ["open", "open", "false", "NEW"]),
    ] {
        let body = json!({"status": status, "status_remarks": format!("because {status}"), "ids": [uid]});
        let answer = house.ask(&house.acme.token, Method::POST, path, &body).await;
        assert_eq!((answer.status, &answer.body["meta"]["changed"]), (200, &json!(1)), "{}", answer.body);
        let row = json!({"id": uid, "type": "check", "meta": {"outcome": "changed", "reason": null}});
        assert_eq!(answer.body["data"], json!([row]));
        assert_eq!(said(&house, "ssh", None).await, shown, "{status}");
        let newest = &get(&house, "/audit-log?limit=1").await.body["items"][0];
        assert_eq!((&newest["uid"], &newest["after"]["status"]), (&json!(uid), &json!(status)));
        assert_eq!(newest["justification"], json!(format!("because {status}")));
        let seq = commits(&house).await;
        let again = update(&house, &body).await;
        assert_eq!((&again.body["meta"]["unchanged"], commits(&house).await), (&json!(1), seq), "{status}");
    }
}

/// A severity is set alone or with a status, and the producer's next import does not take it back.
#[tokio::test]
async fn a_severity_stays() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let body = json!({"severity": "low", "severity_remarks": "Nobody is there.", "ids": [uid]});
    assert_eq!(update(&house, &body).await.status, 200);
    let sent = crate::infracast::SHOP[1].asff("FAILED", "2023-11-09T00:00:00Z");
    house.import(&house.acme.token, &[sent]).await;
    let check = check(&house, "ssh").await;
    assert_eq!((&check["severity"], &check["status"]), (&json!("low"), &json!("open")));
    let newest = &get(&house, "/audit-log").await.body["items"][0];
    assert_eq!((&newest["action"], &newest["before"]["severity"]), (&json!("rated"), &json!("high")), "{newest}");
    assert_eq!(newest["severity_justification"], "Nobody is there.");
}

/// What has gone since the client listed it keeps nobody from deciding about the others.
#[tokio::test]
async fn what_is_gone_is_left() {
    let house = shop().await;
    let (uid, gone) = (uid_of(&house, "ssh").await, uid_of(&house, "gone").await);
    let answer = update(&house, &json!({"status": "remediated", "ids": [gone, uid]})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let left = answer.body["data"].as_array().unwrap().iter().find(|row| row["id"] == json!(gone)).unwrap();
    assert_eq!(left["meta"], json!({"outcome": "left", "reason": "the finding is gone"}));
    assert_eq!(said(&house, "ssh", None).await[0], "resolved");
}

/// Only failing checks change; passing ones are left alone and said to be.
#[tokio::test]
async fn passing_checks_are_left() {
    let house = shop().await;
    let (fails, passes) = (uid_of(&house, "ssh").await, uid_of(&house, "fixed").await);
    let body = json!({"status": "risk_accepted", "ids": [passes, fails, fails]});
    let answer = update(&house, &body).await;
    let counts = json!({"total": 2, "changed": 1, "unchanged": 0, "left": 1, "unknown": 0, "not_done": 0});
    assert_eq!((answer.status, &answer.body["meta"]), (200, &counts), "{}", answer.body);
    let left = answer.body["data"].as_array().unwrap().iter().find(|row| row["id"] == json!(passes)).unwrap();
    assert_eq!(left["meta"], json!({"outcome": "left", "reason": "the finding passes"}));
    assert_eq!(check(&house, "fixed").await["status"], Value::Null);
}

/// CONTRACTS 4.4, each rule; whatever is wrong, nothing is written.
#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_written() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let seq = commits(&house).await;
    let ids = json!([uid]);
    for (body, member) in [
        (json!({"ids": ids}), "status"),
        (json!({"status": "accepted", "ids": ids}), "status"),
        (json!({"status": 7, "ids": ids}), "status"),
        (json!({"severity": "worst", "ids": ids}), "severity"),
        (json!({"status": "open", "severity_remarks": "x", "ids": ids}), "severity_remarks"),
        (json!({"severity": "low", "status_remarks": "x", "ids": ids}), "status_remarks"),
        (json!({"status": "open", "status_remarks": "x".repeat(2001), "ids": ids}), "status_remarks"),
        (json!({"status": "open", "expires_at": "2099-01-01", "ids": ids}), "expires_at"),
        (json!({"severity": "low", "expires_at": "2099-01-01", "ids": ids}), "expires_at"),
        (json!({"status": "risk_accepted", "expires_at": "2023-11-13", "ids": ids}), "expires_at"),
        (json!({"status": "risk_accepted", "expires_at": "01/02/2099", "ids": ids}), "expires_at"),
        (json!({"status": "risk_accepted", "expires": "2099-01-01", "ids": ids}), "expires"),
        (json!({"status": "open"}), "ids"),
        (json!({"status": "open", "ids": []}), "ids"),
        (json!({"status": "open", "ids": uid}), "ids"),
        (json!({"status": "open", "ids": vec![&uid; 101]}), "ids"),
        (json!({"status": "open", "ids": [uid, "x"]}), "ids[1]"),
        (json!({"status": "open", "ids": [7]}), "ids[0]"),
        (json!([]), "body"),
    ] {
        assert_eq!(refused(&update(&house, &body).await), (400, member), "{body}");
    }
    let unknown = "0015c4a9-82b9-8a40-9bf4-55130c000001";
    let answer = update(&house, &json!({"status": "remediated", "ids": [uid, unknown]})).await;
    assert_eq!(refused(&answer), (404, ""), "{}", answer.body);
    assert!(answer.body.to_string().contains(unknown), "{}", answer.body);
    let reads = key(house.writer(), "acme", wish("reads", &[Scope::FindingsRead])).await;
    let body = json!({"status": "risk_accepted", "ids": ids});
    let denied = house.ask(&reads.token, Method::POST, PATH, &body).await;
    assert_eq!((denied.status, denied.body), (403, json!({"message": "Forbidden"})));
    assert_eq!(house.ask(&house.beta.token, Method::POST, PATH, &body).await.status, 404, "another tenant's");
    assert_eq!(commits(&house).await, seq);
    assert_eq!(said(&house, "ssh", None).await[0], "open");
}
