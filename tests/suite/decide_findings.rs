//! `POST /api/v1/tenants/{tenantID}/findings/decisions`: one decision about many findings.

use crate::house::{ARN, Answer, House, finding, key};
use crate::infracast::{FINDINGS, commits, get, list, named, set, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_local::faults::Fault;
use posture_shared::domain::Scope;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const ACCOUNT: &str = "123456789012";

pub async fn decide(house: &House, headers: &[(&str, &str)], body: &Value) -> Answer {
    house.ask_with(&house.acme.token, headers, Method::POST, &format!("{FINDINGS}/decisions"), body).await
}

#[tokio::test]
async fn a_filter_selects_what_the_list_selects() {
    let house = shop().await;
    let body = json!({"decision": "accept", "justification": "All of it.", "review_date": "2023-11-30",
        "approved_by": "ciso", "filter": {"severity": ["HIGH", "LOW"]}});
    let answer = decide(&house, &[], &body).await;
    let counts = json!({"total": 3, "changed": 3, "unchanged": 0, "left": 0, "unknown": 0, "not_done": 0});
    assert_eq!((answer.status, &answer.body["counts"]), (200, &counts), "{}", answer.body);
    let accepted = list(&house, "status=accepted").await;
    assert_eq!(named(&accepted), set(&["key", "ssh", "logs", "accepted", "false"]));
    let reopened = json!({"decision": "reopen", "filter": {"status": "accepted", "search": "sg-0abc123"}});
    assert_eq!(decide(&house, &[], &reopened).await.body["counts"]["changed"], json!(1));
    for (decision, status) in [("resolve", "resolved"), ("false_positive", "accepted"), ("review", "open")] {
        let uid = uid_of(&house, "ssh").await;
        let body = json!({"decision": decision, "justification": "Seen.", "ids": [uid]});
        assert_eq!(decide(&house, &[], &body).await.body["results"][0]["outcome"], "changed", "{decision}");
        assert_eq!(get(&house, &format!("/findings/{uid}")).await.body["status"], status, "{decision}");
    }
}

/// Ids in every form; what passes or is gone is left, and said to be.
#[tokio::test]
async fn ids_in_every_form_and_what_is_left() {
    let house = shop().await;
    let (ssh, fixed, gone) = (uid_of(&house, "ssh").await, uid_of(&house, "fixed").await, uid_of(&house, "gone").await);
    let whole = list(&house, "search=sg-0abc123").await["items"][0]["id"].clone();
    let ids = json!([ssh, whole, "s3-public-logs", fixed, gone]);
    let answer = decide(&house, &[], &json!({"decision": "resolve", "ids": ids})).await;
    let counts = json!({"total": 4, "changed": 2, "unchanged": 0, "left": 2, "unknown": 0, "not_done": 0});
    assert_eq!((answer.status, &answer.body["counts"]), (200, &counts), "{}", answer.body);
    let reason = |uid: &str| {
        let rows = answer.body["results"].as_array().unwrap();
        rows.iter().find(|row| row["uid"] == json!(uid)).unwrap()["reason"].clone()
    };
    assert_eq!((reason(&fixed), reason(&gone)), (json!("the finding passes"), json!("the finding is gone")));
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_written() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let seq = commits(&house).await;
    let good = json!({"decision": "resolve", "ids": [uid]});
    let with = |members: Value| {
        let mut body = good.clone();
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let filter = |filter: Value| json!({"decision": "resolve", "filter": filter});
    for (body, member) in [
        (with(json!({"decision": "ignore"})), "decision"),
        (with(json!({"decision": null})), "decision"),
        (with(json!({"decision": "accept"})), "justification"),
        (with(json!({"justification": "x".repeat(2001)})), "justification"),
        (with(json!({"review_date": "2099-01-01"})), "review_date"),
        (with(json!({"approved_by": "me"})), "approved_by"),
        (with(json!({"decision": "accept", "justification": "x", "review_date": "2023-11-13"})), "review_date"),
        (with(json!({"filter": {}})), "filter"),
        (with(json!({"ids": null})), "filter"),
        (with(json!({"ids": []})), "ids"),
        (with(json!({"ids": [7]})), "ids[0]"),
        (with(json!({"ids": vec!["x"; 1001]})), "ids"),
        (with(json!({"who": "me"})), "who"),
        (filter(json!({"severity": "WORST"})), "filter.severity"),
        (filter(json!({"severity": 7})), "filter.severity"),
        (filter(json!({"search": ["a", "b"]})), "filter.search"),
        (filter(json!({"per_page": "7"})), "filter.per_page"),
        // Whoever has nothing to say does not mean everything.
        (filter(json!({})), "filter"),
        (filter(json!({"severity": null})), "filter"),
        (filter(json!({"severity": []})), "filter.severity"),
        (filter(json!({"severity": ","})), "filter.severity"),
        (filter(json!({"severity": ["HIGH", ""]})), "filter.severity"),
        (filter(json!({"resource_type": ["aws.s3.bucket", "aws.iam.user"]})), "filter.resource_type"),
        (filter(json!([])), "filter"),
    ] {
        let answer = decide(&house, &[], &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{member}: ")), "{body}: {message}");
    }
    for unknown in ["nothing", "0015c4a9-82b9-8a40-9bf4-55130c000001", "s3-good-logs"] {
        let answer = decide(&house, &[], &with(json!({"ids": [uid, unknown]}))).await;
        assert_eq!(answer.error(), (404, "NOT_FOUND"), "{unknown}: {}", answer.body);
    }
    let tagged = decide(&house, &[("if-match", "\"x\"")], &filter(json!({"status": "open"}))).await;
    assert_eq!(tagged.error(), (400, "BAD_REQUEST"), "it names one state");
    let reads = key(house.writer(), "acme", wish("reads", &[Scope::FindingsRead])).await;
    let path = format!("{FINDINGS}/decisions");
    assert_eq!(house.ask(&reads.token, Method::POST, &path, &good).await.status, 403);
    // A key of other accounts finds none of them.
    let mut other = wish("other", &[Scope::FindingsWrite]);
    other.accounts = Some(["999999999999".to_owned()].into());
    let other = key(house.writer(), "acme", other).await;
    assert_eq!(house.ask(&other.token, Method::POST, &path, &good).await.status, 404);
    let none = house.ask(&other.token, Method::POST, &path, &filter(json!({"status": "open"}))).await;
    assert_eq!((none.status, &none.body["counts"]["total"]), (200, &json!(0)));
    assert_eq!(commits(&house).await, seq);
}

/// What somebody decides between the selection and the commit is not overwritten by a decision about what it no longer is.
#[tokio::test]
async fn the_filter_is_asked_again_in_the_commit() {
    let house = House::new().await;
    let all: Vec<Value> =
        (0..5).map(|n| finding(&format!("f{n}"), ACCOUNT, "FAILED", "2023-11-02T00:00:00Z")).collect();
    house.import(&house.acme.token, &all).await;
    let uid = uid_named(&house, "f3").await;
    let other = Arc::new(house.beside(house.clock.now()));
    let body = json!({"decision": "resolve", "ids": [uid]});
    let done = Arc::new(AtomicBool::new(false));
    let hook = {
        let (other, done) = (Arc::clone(&other), Arc::clone(&done));
        move |_: u64, operation: &str| {
            let is_first = operation == "TransactWriteItems" && !done.swap(true, Ordering::SeqCst);
            let (other, body) = (Arc::clone(&other), body.clone());
            let work = async move {
                if is_first {
                    assert_eq!(decide(&other, &[], &body).await.body["counts"]["changed"], json!(1));
                }
            };
            Box::pin(work) as Pin<Box<dyn Future<Output = ()> + Send>>
        }
    };
    house.faults.before_each(Some(Arc::new(hook)));
    let accept = json!({"decision": "accept", "justification": "Known.", "filter": {"status": "open"}});
    let answer = decide(&house, &[], &accept).await;
    house.faults.before_each(None);
    let counts = json!({"total": 5, "changed": 4, "unchanged": 0, "left": 1, "unknown": 0, "not_done": 0});
    assert_eq!((answer.status, &answer.body["counts"]), (200, &counts), "{}", answer.body);
    let left = answer.body["results"].as_array().unwrap().iter().find(|row| row["uid"] == json!(uid)).unwrap();
    assert!(left["reason"].as_str().unwrap().starts_with("no longer selected"), "{left}");
    assert_eq!(get(&house, &format!("/findings/{uid}")).await.body["status"], "resolved");
}

/// What exceeds one commit goes commit by commit. Stopped in the middle it says per id what is done, and the same request
/// with the same key completes it, without touching what somebody else has decided meanwhile.
#[tokio::test]
async fn what_stops_in_the_middle_is_completed_by_the_same_request() {
    let house = House::new().await;
    let all: Vec<Value> =
        (0..80).map(|n| finding(&format!("f{n}"), ACCOUNT, "FAILED", "2023-11-02T00:00:00Z")).collect();
    house.import(&house.acme.token, &all).await;
    let body = json!({"decision": "accept", "justification": "Known.", "review_date": "2023-12-01", "filter": {"status": "open"}});
    let headers = &[("idempotency-key", "one")][..];
    let warm = house.beside(house.clock.now());
    let other = json!({"decision": "resolve", "ids": [uid_named(&house, "f3").await]});
    // The requests of a run that meets no fault, to find the middle of it.
    let mut stopped = None;
    for number in 12..60 {
        house.faults.plan(Fault::CrashBefore(number));
        let answer = decide(&house, headers, &body).await;
        house.faults.plan(Fault::None);
        let done = answer.body["counts"]["changed"].as_u64().unwrap_or_default();
        if answer.status == 429 && done > 0 {
            stopped = Some(answer);
            break;
        }
        assert_ne!(answer.status, 200, "it was never stopped in the middle");
        house.clock.set(house.clock.now().plus(61_000));
    }
    let stopped = stopped.unwrap();
    assert_eq!(stopped.error(), (429, "RATE_LIMITED"));
    let count = |answer: &Answer, word: &str| answer.body["counts"][word].as_u64().unwrap();
    let [done, unknown, left] = ["changed", "unknown", "not_done"].map(|word| count(&stopped, word));
    assert!(done > 0 && unknown > 0 && done + unknown + left == 80, "{}", stopped.body["counts"]);
    let outcome = |answer: &Answer, uid: &str| {
        let rows = answer.body["results"].as_array().unwrap();
        rows.iter().find(|row| row["uid"] == json!(uid)).unwrap()["outcome"].clone()
    };
    let resolved = other["ids"][0].as_str().unwrap().to_owned();
    assert_eq!(outcome(&stopped, &resolved), "changed", "it was among the first");
    // Somebody else resolves one of them meanwhile.
    house.clock.set(house.clock.now().plus(61_000));
    assert_eq!(decide(&warm, &[], &other).await.body["counts"]["changed"], json!(1));
    let completed = decide(&house, headers, &body).await;
    assert_eq!(completed.status, 200, "{}", completed.body);
    assert_eq!((count(&completed, "not_done"), count(&completed, "unknown")), (0, 0));
    let accepted = list(&house, "status=accepted&per_page=100").await["total"].as_u64().unwrap();
    assert_eq!(accepted, 79, "{}", completed.body["counts"]);
    assert_eq!(get(&house, &format!("/findings/{resolved}")).await.body["status"], "resolved");
    let seq = commits(&house).await;
    let replayed = decide(&house, headers, &body).await;
    assert_eq!((&replayed.body, commits(&house).await), (&completed.body, seq));
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
}

async fn uid_named(house: &House, id: &str) -> String {
    let name = format!("/findings/g-{id}");
    let row = get(house, &name).await;
    assert_eq!(row.body["producer"], json!({"product_arn": ARN, "id": id}), "{}", row.body);
    row.body["uid"].as_str().unwrap().to_owned()
}
