//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/resolve` (infracast-findings, Endpoints).

use crate::house::House;
use crate::import_resources::put;
use crate::infracast::{SHOP, commits, get, post, said, shop};
use crate::run_audits::{audit, group, ssh};
use serde_json::{Value, json};

const RESOLVED: [&str; 4] = ["resolved", "remediated", "false", "RESOLVED"];
const OPEN: [&str; 4] = ["open", "open", "false", "NEW"];

/// Any fail is resolved; again is 200 and no change; a pass and what is gone are 409 (infracast_accept_finding).
#[tokio::test]
async fn a_fail_is_said_to_be_fixed_once() {
    let house = shop().await;
    for (name, id) in [("CIS-AWS-5.2-sg-0abc123", "ssh"), ("s3-mfa-logs", "accepted"), ("s3-false-logs", "false")] {
        let answer = post(&house, &format!("/{name}/resolve"), &Value::Null).await;
        assert_eq!((answer.status, &answer.body["status"]), (200, &json!("resolved")), "{}", answer.body);
        assert!(answer.body.get("acceptance").is_none(), "{}", answer.body);
        assert_eq!(said(&house, id, None).await, RESOLVED, "{id}");
        let seq = commits(&house).await;
        for body in [json!({}), json!({"justification": "It is."})] {
            let again = post(&house, &format!("/{name}/resolve"), &body).await;
            assert_eq!((again.status, commits(&house).await), (200, seq), "{id}");
        }
    }
    for body in
        [json!({"justification": "x".repeat(2001)}), json!({"justification": 7}), json!({"why": "x"}), json!([])]
    {
        assert_eq!(post(&house, "/s3-logging-logs/resolve", &body).await.error(), (400, "BAD_REQUEST"), "{body}");
    }
}

/// CONTRACTS 1.7, auto Workflow: what others import stays resolved while it goes on failing, and is open again after it
/// has passed; an acceptance stays over a pass.
#[tokio::test]
async fn imports_follow_security_hubs_rule() {
    let house = shop().await;
    let sent = |status: &str, day: u32| SHOP[1].asff(status, &format!("2023-11-{day:02}T00:00:00Z"));
    post(&house, "/CIS-AWS-5.2-sg-0abc123/resolve", &json!({})).await;
    let mut another = sent("FAILED", 9);
    another["Title"] = json!("Title of ssh");
    another["Description"] = json!("It still does.");
    house.import(&house.acme.token, &[another]).await;
    assert_eq!(said(&house, "ssh", None).await, RESOLVED);
    house.import(&house.acme.token, &[sent("PASSED", 10)]).await;
    house.import(&house.acme.token, &[sent("FAILED", 11)]).await;
    assert_eq!(said(&house, "ssh", None).await, OPEN);
    post(&house, "/CIS-AWS-5.2-sg-0abc123/accept", &json!({"justification": "Known."})).await;
    house.import(&house.acme.token, &[sent("PASSED", 12)]).await;
    house.import(&house.acme.token, &[sent("FAILED", 13)]).await;
    assert_eq!(said(&house, "ssh", None).await, ["accepted", "risk_accepted", "true", "SUPPRESSED"]);
}

/// A resolve by hand is undone when the next audit of our own still fails, whoever said it in which dialect; a run that
/// had begun before says nothing about it.
#[tokio::test]
async fn an_audit_that_still_fails_undoes_it() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    let id = ssh("eu-west-1", "sg-1");
    let status = async || get(&house, &format!("/findings/{id}")).await.body["status"].clone();
    let hub = json!({"Workflow": {"Status": "RESOLVED"}, "FindingIdentifiers": [{
        "Id": id, "ProductArn": "arn:aws:securityhub:global::product/posture-ledger/audit"}]});
    for minute in [1, 3] {
        house.clock.set(house.clock.now().plus(minute * 60_000));
        if minute == 1 {
            assert_eq!(post(&house, &format!("/{id}/resolve"), &json!({})).await.body["status"], "resolved");
        } else {
            let path = "/findings/batchupdate";
            let answer = house.ask(&house.acme.token, lambda_http::http::Method::PATCH, path, &hub).await;
            assert_eq!(answer.body["UnprocessedFindings"], json!([]));
        }
        assert_eq!(status().await, "resolved");
        house.clock.set(house.clock.now().plus(60_000));
        audit(&house).await;
        assert_eq!(status().await, "open", "the run began after it");
        let seq = commits(&house).await;
        house.clock.set(house.clock.now().plus(60_000));
        audit(&house).await;
        assert!(commits(&house).await <= seq + 1, "and the next one has nothing to write but that it looked");
    }
    // An acceptance it does not undo.
    post(&house, &format!("/{id}/accept"), &json!({"justification": "Known."})).await;
    house.clock.set(house.clock.now().plus(60_000));
    audit(&house).await;
    assert_eq!(status().await, "accepted");
    // What was mended stays resolved, because it passes.
    post(&house, &format!("/{id}/resolve"), &json!({})).await;
    house.clock.set(house.clock.now().plus(60_000));
    put(&house, &json!([group("eu-west-1", "sg-1", 50, "10.0.0.0/8")])).await;
    audit(&house).await;
    assert_eq!(status().await, "resolved");
}

/// DESIGN §4, for a finding that is named as Infracast's document does: three rounds, its caller's key included.
#[tokio::test]
async fn what_an_audit_of_ours_has_filed_takes_three_rounds_by_its_id() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    let name = ssh("eu-west-1", "sg-1");
    for (what, body) in [("accept", json!({"justification": "Known."})), ("resolve", json!({}))] {
        house.meter.take();
        let answer = post(&house, &format!("/{name}/{what}"), &body).await;
        let counts = house.meter.take();
        assert_eq!((answer.status, &answer.body["id"]), (200, &json!(name)), "{}", answer.body);
        assert!(counts.rounds <= 3 && counts.write_units <= 16.0, "{what}: {counts:?}");
        assert_eq!(get(&house, &format!("/findings/{name}")).await.header("etag"), answer.header("etag"));
    }
}
