//! `GET /api/v1/tenants/{tenantID}/audit-log`: who decided what, when and why.

use crate::decide_findings::decide;
use crate::house::{House, finding, key};
use crate::infracast::{FINDINGS, get, post, shop, uid_of, workflow};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

/// All pages, at `limit` rows each.
async fn walk(house: &House, query: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), String::new());
    loop {
        let page = get(house, &format!("/audit-log?limit={limit}{query}{next}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        rows.extend(items.iter().cloned());
        match page.body["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return rows,
        }
    }
}

/// Decisions of every dialect are in it with who, when and what, the newest first; imports are not.
#[tokio::test]
async fn every_dialects_decisions_are_there() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let ann = key(house.writer(), "acme", wish("ann", &[Scope::FindingsWrite])).await;
    let path = format!("{FINDINGS}/{uid}/accept");
    let body = json!({"justification": "Known.", "review_date": "2023-11-30", "approved_by": "ciso"});
    assert_eq!(house.ask(&ann.token, Method::POST, &path, &body).await.status, 200);
    workflow(&house, "ssh", &json!({"Workflow": {"Status": "NEW"}})).await;
    post(&house, &format!("/{uid}/resolve"), &json!({"justification": "Closed."})).await;
    let rows = walk(&house, "", 100).await;
    let told: Vec<[&str; 5]> = rows
        .iter()
        .map(|row| {
            let text = |pointer: &str| row.pointer(pointer).and_then(Value::as_str).unwrap_or("null");
            [text("/action"), text("/source"), text("/before/status"), text("/after/status"), text("/actor")]
        })
        .collect();
    let admin = "arn:posture-ledger:key:acme:admin";
    assert_eq!(
        told,
        [
            ["resolved", "decision", "open", "remediated", admin],
            ["reopened", "update", "risk_accepted", "open", admin],
            ["accepted", "decision", "open", "risk_accepted", "arn:posture-ledger:key:acme:ann"],
            ["resolved", "update", "open", "remediated", admin],
            ["false_positive", "update", "open", "false_positive", admin],
            ["accepted", "decision", "open", "risk_accepted", "arn:posture-ledger:key:acme:t"],
        ]
    );
    assert_eq!((&rows[0]["justification"], &rows[0]["uid"]), (&json!("Closed."), &json!(uid)));
    let acceptance = json!({"justification": "Known.", "approved_by": "ciso", "review_date": "2023-11-30",
        "expires_at": "2023-12-01T00:00:00.000Z"});
    assert_eq!(rows[2]["acceptance"], acceptance);
    assert_eq!(rows[2]["rule_id"], "CIS-AWS-5.2");
    assert!(rows[1]["acceptance"].is_null() && rows[1]["justification"].is_null(), "{}", rows[1]);
    // An interval, both ends included.
    let (first, last) = (rows[2]["at"].as_str().unwrap(), rows[1]["at"].as_str().unwrap());
    assert_eq!(walk(&house, &format!("&from={first}&to={last}"), 100).await, rows[1..=2]);
    assert_eq!(walk(&house, "&from=2023-11-20", 100).await, Vec::<Value>::new());
}

/// Pages of any size tell the same, each row once, also where one commit has several and while others are made.
#[tokio::test]
async fn pages_of_any_size_tell_the_same() {
    let house = House::new().await;
    for n in 0..5 {
        let id = |m: u32| format!("f{n}-{m}");
        let some: Vec<Value> =
            (0..7).map(|m| finding(&id(m), "123456789012", "FAILED", "2023-11-02T00:00:00Z")).collect();
        house.import(&house.acme.token, &some).await;
        let body = json!({"decision": "accept", "justification": format!("{n}"), "filter": {"status": "open"}});
        assert_eq!(decide(&house, &[], &body).await.body["counts"]["changed"], json!(7));
    }
    let rows = walk(&house, "", 500).await;
    assert_eq!(rows.len(), 35);
    let at = |row: &Value| row["at"].as_str().unwrap().to_owned();
    assert!(rows.windows(2).all(|pair| at(&pair[0]) >= at(&pair[1])));
    for limit in [1, 2, 6, 7, 8, 34, 35] {
        assert_eq!(walk(&house, "", limit).await, rows, "{limit}");
    }
    let first = get(&house, "/audit-log?limit=10").await.body;
    decide(&house, &[], &json!({"decision": "reopen", "filter": {"status": "accepted"}})).await;
    let rest = get(&house, &format!("/audit-log?cursor={}", first["next"].as_str().unwrap())).await.body;
    assert_eq!(rest["items"], json!(rows[10..]));
}

/// Where the log holds little else than imports, pages may be short and lead on to the end.
#[tokio::test]
async fn a_decision_far_back_is_found() {
    let house = House::new().await;
    let sent =
        |day: usize| finding("a", "123456789012", "FAILED", &format!("2023-10-01T00:{:02}:{:02}Z", day / 60, day % 60));
    house.import(&house.acme.token, &[sent(0)]).await;
    post(&house, "/g-a/resolve", &json!({})).await;
    for day in 1..450 {
        house.import(&house.acme.token, &[sent(day)]).await;
    }
    let rows = walk(&house, "", 5).await;
    assert_eq!((rows.len(), &rows[0]["action"]), (1, &json!("resolved")));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let house = shop().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("from=then", "from"),
        ("to=2023-13-01", "to"),
        ("cursor=x", "cursor"),
        ("actor=me", "actor"),
    ] {
        let answer = get(&house, &format!("/audit-log?{query}")).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{query}");
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with(field), "{query}: {}", answer.body);
    }
    let writes = key(house.writer(), "acme", wish("writes", &[Scope::FindingsWrite])).await;
    let path = "/api/v1/tenants/acme/audit-log";
    assert_eq!(house.ask(&writes.token, Method::GET, path, &Value::Null).await.status, 403);
    assert_eq!(house.ask(&house.beta.token, Method::GET, path, &Value::Null).await.status, 404);
    let own = house.ask(&house.beta.token, Method::GET, "/api/v1/tenants/beta/audit-log", &Value::Null).await;
    assert_eq!(own.body, json!({"items": [], "next": null}));
}
