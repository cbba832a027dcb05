//! `Idempotency-Key` on decisions: once, however often it is sent.

use crate::house::{Answer, House, key};
use crate::infracast::{FINDINGS, commits, post, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_local::faults::Fault;
use posture_shared::domain::Scope;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

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

/// Who dies after the decision was made, and before that was recorded, is followed by the same request, which finds what
/// somebody else has decided since. However often it is sent, it overwrites nothing.
#[tokio::test]
async fn what_others_have_decided_since_stays() {
    let house = shop().await;
    let token = house.acme.token.clone();
    let uid = uid_of(&house, "ssh").await;
    let mut left = 0;
    for number in 1.. {
        post(&house, &format!("/{uid}/accept"), &json!({"justification": format!("before {number}")})).await;
        let name = format!("death {number}");
        let seq = commits(&house).await;
        let dying = house.beside(house.clock.now());
        dying.faults.plan(Fault::CrashBefore(number));
        let path = format!("{FINDINGS}/{uid}/accept");
        let body = json!({"justification": name});
        dying.ask_with(&token, &[("idempotency-key", &name)], Method::POST, &path, &body).await;
        if dying.faults.seen() < number {
            break;
        }
        let is_done = commits(&house).await > seq;
        house.clock.set(house.clock.now().plus(1));
        assert_eq!(post(&house, &format!("/{uid}/resolve"), &json!({})).await.status, 200);
        house.clock.set(house.clock.now().plus(61_000));
        let seq = commits(&house).await;
        for _ in 0..3 {
            let again = accept(&house, &token, &name, &name).await;
            if is_done {
                assert_eq!(commits(&house).await, seq, "{number}: {}", again.body);
            }
            house.clock.set(house.clock.now().plus(61_000));
        }
        left += u32::from(is_done);
    }
    assert!(left > 0, "no death came between the decision and its record");
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
    for (method, path, body) in [
        (Method::POST, "/v1/cspm/vm/update", json!({"status": "remediated", "ids": [uid]})),
        (Method::PATCH, "/api/v2/posture_management/findings", mute),
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

/// A record of which the table's acknowledgement is lost is sent again by the client of the table, which then finds its own. That
/// is no other request, and nobody has to wait for it to end.
#[tokio::test]
async fn an_acknowledgement_that_was_lost_blocks_nothing() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for number in 1.. {
        let name = format!("loss {number}");
        let seq = commits(&house).await;
        let losing = house.resending();
        losing.faults.plan(Fault::After(number));
        let path = format!("{FINDINGS}/{uid}/accept");
        let body = json!({"justification": name});
        let headers = &[("idempotency-key", name.as_str())];
        let answer = losing.ask_with(&house.acme.token, headers, Method::POST, &path, &body).await;
        assert_eq!((answer.status, commits(&house).await), (200, seq + 1), "{number}: {}", answer.body);
        if losing.faults.seen() < number {
            return;
        }
    }
}

/// A client that hangs up takes nothing along: what has begun is carried out, and the same request gets its answer.
#[tokio::test]
async fn whoever_hangs_up_blocks_nothing() {
    let house = Arc::new(shop().await);
    let token = house.acme.token.clone();
    let seq = commits(&house).await;
    let uid = uid_of(&house, "ssh").await;
    let path = format!("{FINDINGS}/{uid}/accept");
    let commit = Arc::new(Notify::new());
    let reached = Arc::clone(&commit);
    house.faults.before_each(Some(Arc::new(move |_, operation| {
        if operation == "TransactWriteItems" {
            reached.notify_one();
        }
        Box::pin(async { tokio::task::yield_now().await })
    })));
    let send = async |house: &House| {
        let body = json!({"justification": "Known."});
        house.ask_with(&token, &[("idempotency-key", "k")], Method::POST, &path, &body).await
    };
    tokio::select! {
        biased;
        () = commit.notified() => {}
        answer = send(&house) => panic!("it was answered: {}", answer.body),
    }
    house.faults.before_each(None);
    for _ in 0..100 {
        let again = send(&house).await;
        if again.status != 409 {
            assert_eq!((again.status, again.header("idempotency-replayed")), (200, Some("true")), "{}", again.body);
            assert_eq!(commits(&house).await, seq + 1);
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("its key was blocked");
}
