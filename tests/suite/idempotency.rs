//! `Idempotency-Key` on decisions: once, however often it is sent.

use crate::house::{Answer, House, key};
use crate::infracast::{FINDINGS, commits, post, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_local::faults::Fault;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

async fn accept(house: &House, token: &str, name: &str, why: &str) -> Answer {
    let uid = uid_of(house, "ssh").await;
    let path = format!("{FINDINGS}/{uid}/accept");
    let body = json!({"justification": why});
    house.ask_with(token, &[("idempotency-key", name)], Method::POST, &path, &body).await
}

/// Sent again it gets the first answer and writes nothing, also when somebody else has decided since.
#[tokio::test]
async fn the_same_request_has_the_same_answer() {
    let house = shop().await;
    let token = house.acme.token.clone();
    let first = accept(&house, &token, "k", "Known.").await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (200, None));
    post(&house, "/CIS-AWS-5.2-sg-0abc123/resolve", &json!({})).await;
    let seq = commits(&house).await;
    let again = accept(&house, &token, "k", "Known.").await;
    assert_eq!((again.status, &again.body), (200, &first.body));
    assert_eq!(again.header("etag"), first.header("etag"));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(accept(&house, &token, "k", "Another.").await.error(), (400, "BAD_REQUEST"));
    for name in ["", " ", &"x".repeat(256)] {
        assert_eq!(accept(&house, &token, name, "Known.").await.error(), (400, "BAD_REQUEST"), "{name}");
    }
    assert_eq!(commits(&house).await, seq);
    // Another key's names are its own, and after a day a name is free.
    let bob = key(house.writer(), "acme", wish("bob", &[Scope::FindingsWrite, Scope::FindingsRead])).await;
    let theirs = accept(&house, &bob.token, "k", "Mine.").await;
    assert_eq!(theirs.body["acceptance"]["accepted_by"], "arn:posture-ledger:key:acme:bob");
    house.clock.set(house.clock.now().plus(86_400_001));
    let later = accept(&house, &token, "k", "Another.").await;
    assert_eq!((later.status, later.header("idempotency-replayed")), (200, None));
}

/// What was refused leaves its key free, so that it can be put right.
#[tokio::test]
async fn what_was_refused_can_be_put_right() {
    let house = shop().await;
    let token = house.acme.token.clone();
    assert_eq!(accept(&house, &token, "k", &"x".repeat(2001)).await.status, 400);
    assert_eq!(accept(&house, &token, "k", "Known.").await.status, 200);
}

/// Every dialect's decisions take it, and reads pass it over.
#[tokio::test]
async fn every_dialect_takes_it() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let mute = json!({"data": {"type": "finding", "id": "x", "meta": {"findings": [{"finding_id": uid}]},
        "attributes": {"mute": {"muted": true, "reason": "OTHER"}}}});
    let hub =
        json!({"Workflow": {"Status": "NEW"}, "FindingIdentifiers": [{"Id": "ssh", "ProductArn": crate::house::ARN}]});
    for (method, path, body) in [
        (Method::POST, "/v1/cspm/vm/update", json!({"status": "remediated", "ids": [uid]})),
        (Method::PATCH, "/api/v2/posture_management/findings", mute),
        (Method::PATCH, "/findings/batchupdate", hub),
    ] {
        let send = async || {
            let headers = &[("idempotency-key", path)];
            house.ask_with(&house.acme.token, headers, method.clone(), path, &body).await
        };
        let first = send().await;
        let seq = commits(&house).await;
        let again = send().await;
        assert_eq!((again.status, &again.body), (first.status, &first.body), "{path}");
        assert_eq!(again.header("content-type"), first.header("content-type"), "{path}");
        assert_eq!((again.header("idempotency-replayed"), commits(&house).await), (Some("true"), seq), "{path}");
    }
    let read =
        house.ask_with(&house.acme.token, &[("idempotency-key", "k")], Method::GET, FINDINGS, &Value::Null).await;
    assert_eq!((read.status, read.header("idempotency-replayed")), (200, None));
}

/// Of two at once one is carried out; a process that dies at any request is followed by the same request, and what
/// happened then happened once.
#[tokio::test]
async fn whoever_dies_is_followed() {
    let house = shop().await;
    let other = house.beside(house.clock.now());
    let token = house.acme.token.clone();
    let uid = uid_of(&house, "ssh").await;
    let path = format!("{FINDINGS}/{uid}/accept");
    let send = async |house: &House, name: &str| {
        let body = json!({"justification": name});
        house.ask_with(&token, &[("idempotency-key", name)], Method::POST, &path, &body).await
    };
    let seq = commits(&house).await;
    let (one, two) = tokio::join!(send(&house, "k"), send(&other, "k"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 409] || statuses == [200, 200], "{statuses:?}");
    assert_eq!(commits(&house).await, seq + 1);
    for number in 1.. {
        let name = format!("death {number}");
        let seq = commits(&house).await;
        let dying = house.beside(house.clock.now());
        dying.faults.plan(Fault::CrashBefore(number));
        let answer = send(&dying, &name).await;
        if dying.faults.seen() < number {
            assert_eq!(answer.status, 200);
            assert!(number > 8, "it takes more requests than that");
            break;
        }
        house.clock.set(house.clock.now().plus(61_000));
        let followed = send(&house, &name).await;
        assert_eq!(followed.body["acceptance"]["justification"], json!(name), "{number}: {}", followed.body);
        assert_eq!(commits(&house).await, seq + 1, "{number}");
    }
}
