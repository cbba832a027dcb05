//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/accept` (infracast-findings, Accept Risk).

use crate::house::{House, key};
use crate::infracast::{FINDINGS, SHOP, commits, get, list, named, post, said, set, shop, uid_of};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The document's own body, with a date that lies ahead.
fn document() -> Value {
    json!({
        "justification": "Legacy jump server scheduled for decommission. Compensating control: isolated legacy VLAN.",
        "review_date": "2023-11-30",
        "approved_by": "ciso@company.com"
    })
}

/// The answer is the finding, which carries its acceptance, and the very next request of any dialect shows it.
#[tokio::test]
async fn an_acceptance_is_there_at_once_in_every_dialect() {
    let house = shop().await;
    let before = get(&house, "/compliance/summary").await.body;
    let answer = post(&house, "/CIS-AWS-5.2-sg-0abc123/accept", &document()).await;
    assert_eq!((answer.status, &answer.body["status"]), (200, &json!("accepted")), "{}", answer.body);
    let acceptance = &answer.body["acceptance"];
    for (name, value) in document().as_object().unwrap() {
        assert_eq!(&acceptance[name], value, "{name}");
    }
    assert_eq!(acceptance["expires_at"], "2023-12-01T00:00:00Z");
    assert_eq!(acceptance["accepted_by"], "arn:posture-ledger:key:acme:admin");
    assert!(acceptance["accepted_at"].as_str().unwrap().starts_with("2023-11-14T22:15:0"), "{acceptance}");
    assert_eq!(said(&house, "ssh", None).await, ["accepted", "risk_accepted", "true", "SUPPRESSED"]);
    assert_eq!(named(&list(&house, "status=accepted").await), set(&["ssh", "accepted", "false"]));
    let row = &list(&house, "status=accepted&search=sg-0abc123").await["items"][0];
    assert_eq!(&row["acceptance"], acceptance, "rows carry it");
    // Accepted findings are excluded from scores.
    let after = get(&house, "/compliance/summary").await.body;
    let findings = |body: &Value| body["total_findings"].as_u64().unwrap();
    assert_eq!(findings(&after), findings(&before) - 1);
    // By every form of id, and the whole history stays.
    let uid = uid_of(&house, "ssh").await;
    let mut second = document();
    second["justification"] = json!("Another one.");
    let replaced = post(&house, &format!("/{uid}/accept"), &second).await;
    assert_eq!(replaced.body["acceptance"]["justification"], "Another one.");
    let log = get(&house, "/audit-log").await.body;
    let of_it = log["items"].as_array().unwrap().iter().filter(|row| row["uid"] == json!(uid));
    let reasons: Vec<&Value> = of_it.map(|row| &row["acceptance"]["justification"]).collect();
    assert_eq!(reasons, [&json!("Another one."), &document()["justification"]]);
    // The same again is no change.
    let seq = commits(&house).await;
    assert_eq!(post(&house, &format!("/{uid}/accept"), &second).await.body["acceptance"], replaced.body["acceptance"]);
    assert_eq!(commits(&house).await, seq);
}

/// Wrong states, dates and texts get the dialect's own 4xx, and nothing is written.
#[tokio::test]
async fn what_cannot_be_accepted_is_refused_and_nothing_is_written() {
    let house = shop().await;
    let seq = commits(&house).await;
    let with = |name: &str, value: Value| {
        let mut body = document();
        body[name] = value;
        body
    };
    let mut without = document();
    without.as_object_mut().unwrap().remove("justification");
    for (body, member) in [
        (without, "justification"),
        (json!({}), "justification"),
        (with("justification", json!(" ")), "justification"),
        (with("justification", json!(7)), "justification"),
        (with("justification", json!("x".repeat(2001))), "justification"),
        (with("approved_by", json!("x".repeat(257))), "approved_by"),
        (with("approved_by", json!(["me"])), "approved_by"),
        (with("review_date", json!("2023-11-13")), "review_date"),
        (with("review_date", json!("2023-02-30")), "review_date"),
        (with("review_date", json!("2023-11-30T00:00:00Z")), "review_date"),
        (with("review_date", json!("tomorrow")), "review_date"),
        (with("review_date", json!(1_701_302_400)), "review_date"),
        (with("reviewdate", json!("2023-11-30")), "reviewdate"),
        (json!([]), "body"),
    ] {
        let answer = post(&house, "/CIS-AWS-5.2-sg-0abc123/accept", &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{member}: ")), "{body}: {message}");
    }
    for (id, error) in [
        ("s3-fixed-logs", (409, "CONFLICT")),
        ("s3-gone-logs", (409, "CONFLICT")),
        ("s3-good-logs", (404, "NOT_FOUND")),
        ("nothing", (404, "NOT_FOUND")),
        ("0015c4a9-82b9-8a40-9bf4-55130c000001", (404, "NOT_FOUND")),
    ] {
        for verb in ["accept", "resolve"] {
            let body = if verb == "accept" { document() } else { json!({}) };
            let answer = post(&house, &format!("/{id}/{verb}"), &body).await;
            assert_eq!(answer.error(), error, "{id}/{verb}: {}", answer.body);
        }
    }
    let reads = key(house.writer(), "acme", wish("reads", &[Scope::FindingsRead])).await;
    let path = format!("{FINDINGS}/CIS-AWS-5.2-sg-0abc123/accept");
    assert_eq!(house.ask(&reads.token, Method::POST, &path, &document()).await.status, 403);
    assert_eq!(house.ask(&house.beta.token, Method::POST, &path, &document()).await.status, 404);
    assert_eq!(commits(&house).await, seq);
    // Today is no date of the past: it ends tomorrow.
    let today = post(&house, "/CIS-AWS-5.2-sg-0abc123/accept", &with("review_date", json!("2023-11-14"))).await;
    assert_eq!((today.status, &today.body["acceptance"]["expires_at"]), (200, &json!("2023-11-15T00:00:00Z")));
}

/// RFC 9110: who decides on what it has read is told when that is no longer so.
#[tokio::test]
async fn a_state_that_is_no_more_is_a_412() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let tag = get(&house, &format!("/findings/{uid}")).await.header("etag").unwrap().to_owned();
    let check = house.ask(&house.acme.token, Method::GET, &format!("/v1/cspm/checks/{uid}"), &Value::Null).await;
    assert_eq!(check.header("etag"), Some(tag.as_str()), "a state has one name in every dialect");
    let accept = async |tag: &str, body: Value| {
        let path = format!("{FINDINGS}/{uid}/accept");
        house.ask_with(&house.acme.token, &[("if-match", tag)], Method::POST, &path, &body).await
    };
    let seq = commits(&house).await;
    assert_eq!(accept("\"another\"", document()).await.error(), (412, "PRECONDITION_FAILED"));
    assert_eq!(accept(&format!("W/{tag}"), document()).await.error(), (412, "PRECONDITION_FAILED"));
    assert_eq!(accept("another", document()).await.error(), (400, "BAD_REQUEST"));
    assert_eq!(commits(&house).await, seq);
    let done = accept(&tag, document()).await;
    assert_eq!(done.status, 200);
    let newer = done.header("etag").unwrap();
    assert_ne!(newer, tag);
    assert_eq!(accept(&tag, document()).await.status, 412, "it was accepted meanwhile");
    assert_eq!(accept(&format!("\"x\", {newer}"), document()).await.status, 200);
    assert_eq!(accept("*", document()).await.status, 200);
    // To be seen again is no change; to be over is one, though nobody has recorded it.
    let mut again = SHOP[1].asff("FAILED", "2023-11-09T00:00:00Z");
    again["LastObservedAt"] = json!("2023-11-09T00:00:00Z");
    house.import(&house.acme.token, &[again]).await;
    assert_eq!(get(&house, &format!("/findings/{uid}")).await.header("etag"), Some(newer));
    house.clock.set(posture_shared::domain::Instant(1_701_388_800_000));
    assert_eq!(accept(newer, document()).await.error(), (400, "BAD_REQUEST"), "the date is over");
    let mut later = document();
    later["review_date"] = json!("2023-12-31");
    assert_eq!(accept(newer, later).await.status, 412, "and so is the acceptance");
}

/// Of two who decide at once both are heard, one after the other, and whoever names a state only in it.
#[tokio::test]
async fn two_at_once_are_one_after_the_other() {
    let house = shop().await;
    let other = house.beside(house.clock.now());
    let uid = uid_of(&house, "ssh").await;
    let tag = get(&house, &format!("/findings/{uid}")).await.header("etag").unwrap().to_owned();
    let decide = async |house: &House, why: &str, headers: &[(&str, &str)]| {
        let body = json!({"justification": why});
        let path = format!("{FINDINGS}/{uid}/accept");
        house.ask_with(&house.acme.token, headers, Method::POST, &path, &body).await.status
    };
    let seq = commits(&house).await;
    let both = tokio::join!(decide(&house, "a", &[]), decide(&other, "b", &[]));
    assert_eq!((both, commits(&house).await), ((200, 200), seq + 2));
    let tag = &[("if-match", tag.as_str())][..];
    assert_eq!(tokio::join!(decide(&house, "c", tag), decide(&other, "d", tag)), (412, 412));
    let now = get(&house, &format!("/findings/{uid}")).await.header("etag").unwrap().to_owned();
    let tag = &[("if-match", now.as_str())][..];
    let mut one = <[u16; 2]>::from(tokio::join!(decide(&house, "e", tag), decide(&other, "f", tag)));
    one.sort_unstable();
    assert_eq!(one, [200, 412]);
}

/// DESIGN §4: at most 16 write units. Its 3 rounds are not reached: the finding is looked up, decided about on the newest
/// state, and read again for the answer.
#[tokio::test]
async fn an_acceptance_is_cheap_to_write() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for why in ["cold", "warm"] {
        house.meter.take();
        let answer =
            post(&house, &format!("/{uid}/accept"), &json!({"justification": why, "review_date": "2023-11-30"})).await;
        assert_eq!(answer.status, 200);
        let counts = house.meter.take();
        assert!(counts.write_units <= 16.0, "{why}: {counts:?}");
        assert!(counts.rounds <= 9, "{why}: {counts:?}");
    }
}

/// DESIGN §4: three rounds and 16 write units, its caller's key included, and the very next read shows what the answer did.
#[tokio::test]
async fn what_nobody_contends_for_takes_three_rounds() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for (what, body) in [("accept", document()), ("resolve", json!({})), ("resolve", json!({})), ("accept", document())]
    {
        house.meter.take();
        let answer = post(&house, &format!("/{uid}/{what}"), &body).await;
        let counts = house.meter.take();
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(counts.rounds <= 3 && counts.write_units <= 16.0, "{what}: {counts:?}");
        let next = get(&house, &format!("/findings/{uid}")).await;
        assert_eq!(next.header("etag"), answer.header("etag"));
        let state = |body: &Value| body["as_of"].as_str().unwrap().split_once('~').unwrap().1.to_owned();
        assert_eq!(state(&next.body), state(&answer.body));
        let timeless = |mut body: Value| {
            body["as_of"].take();
            body
        };
        assert_eq!(timeless(next.body), timeless(answer.body), "{what}");
    }
}

/// Whoever commits between the look and the decision is seen: the decision is made about what there is then.
#[tokio::test]
async fn what_somebody_else_does_meanwhile_is_seen() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let other = Arc::new(house.beside(house.clock.now()));
    for meanwhile in ["itself", "another", "fixed"] {
        let done = Arc::new(AtomicBool::new(false));
        let hook = {
            let (other, uid) = (Arc::clone(&other), uid.clone());
            move |_: u64, operation: &str| {
                let is_first = operation == "TransactWriteItems" && !done.swap(true, Ordering::SeqCst);
                let (other, uid) = (Arc::clone(&other), uid.clone());
                let work = async move {
                    match meanwhile {
                        _ if !is_first => {}
                        "itself" => assert_eq!(post(&other, &format!("/{uid}/resolve"), &json!({})).await.status, 200),
                        "another" => {
                            let body = json!({"justification": "Another one."});
                            assert_eq!(post(&other, "/s3-public-logs/accept", &body).await.status, 200);
                        }
                        _ => {
                            let ssh = SHOP.iter().find(|made| made.id == "ssh").unwrap();
                            other.import(&other.acme.token, &[ssh.asff("PASSED", "2023-11-03T00:00:00Z")]).await;
                        }
                    }
                };
                Box::pin(work) as Pin<Box<dyn Future<Output = ()> + Send>>
            }
        };
        house.faults.before_each(Some(Arc::new(hook)));
        let mut body = document();
        body["justification"] = json!(meanwhile);
        let answer = post(&house, &format!("/{uid}/accept"), &body).await;
        house.faults.before_each(None);
        if meanwhile == "fixed" {
            assert_eq!(answer.error(), (409, "CONFLICT"), "{}", answer.body);
        } else {
            assert_eq!(answer.body["acceptance"]["justification"], meanwhile, "{}", answer.body);
            assert_eq!(get(&house, &format!("/findings/{uid}")).await.header("etag"), answer.header("etag"));
        }
    }
    assert_eq!(get(&house, "/findings/s3-public-logs").await.body["status"], "accepted");
}
