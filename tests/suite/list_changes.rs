//! `GET /api/v1/tenants/{tenantID}/changes`: every change of a tenant, flips included, with who made it.

use crate::house::{House, finding};
use crate::infracast::{get, post, shop, uid_of};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All pages from the first one on, at `limit` rows each.
async fn walk(house: &House, query: &str, start: &str, limit: usize) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), start.to_owned());
    loop {
        let page = get(house, &format!("/changes?limit={limit}{query}{after}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        let items = page.body["items"].as_array().unwrap();
        assert!(items.len() <= limit);
        rows.extend(items.iter().cloned());
        match page.body["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return rows,
        }
    }
}

fn text<'a>(row: &'a Value, pointer: &str) -> &'a str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or("null")
}

/// A finding that passes and fails again within a second nets to nothing and has two rows.
#[tokio::test]
async fn flips_are_told() {
    let house = House::new().await;
    for (compliance, at) in [("FAILED", 1), ("PASSED", 2), ("FAILED", 3)] {
        let updated_at = format!("2023-11-01T00:00:0{at}Z");
        house.import(&house.acme.token, &[finding("flip", "123456789012", compliance, &updated_at)]).await;
    }
    let rows = walk(&house, "", "", 100).await;
    let told: Vec<[&str; 4]> = rows
        .iter()
        .map(|row| [text(row, "/kind"), text(row, "/before/result"), text(row, "/after/result"), text(row, "/source")])
        .collect();
    assert_eq!(
        told,
        [
            ["created", "null", "fail", "import"],
            ["changed", "fail", "pass", "import"],
            ["changed", "pass", "fail", "import"]
        ]
    );
    assert!(rows[1]["fields"].as_array().unwrap().contains(&json!("Compliance.Status")), "{}", rows[1]);
}

/// Pages of any length tell the same, each row once, and every position is a place to go on from.
#[tokio::test]
async fn pages_repeat_and_miss_nothing() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    post(&house, &format!("/{uid}/accept"), &json!({"justification": "Known.", "review_date": "2023-11-30"})).await;
    let all = walk(&house, "", "", 500).await;
    assert_eq!(all.len(), 17);
    for limit in [1, 2, 3, 7] {
        assert_eq!(walk(&house, "", "", limit).await, all, "{limit}");
    }
    for (place, row) in all.iter().enumerate() {
        let after = format!("&after={}", text(row, "/position"));
        assert_eq!(walk(&house, "", &after, 5).await, all[place + 1..], "{after}");
    }
    let last = all.last().unwrap();
    assert_eq!(
        [text(last, "/source"), text(last, "/actor"), text(last, "/uid")],
        ["decision", "arn:posture-ledger:key:acme:admin", &uid]
    );
    assert_eq!([text(last, "/before/status"), text(last, "/after/status")], ["open", "risk_accepted"]);
    let positions: BTreeSet<&str> = all.iter().map(|row| text(row, "/position")).collect();
    assert_eq!(positions.len(), all.len());
}

/// An interval has what lies in it, both ends included.
#[tokio::test]
async fn intervals_hold() {
    let house = shop().await;
    let all = walk(&house, "", "", 500).await;
    let (from, to) = (text(&all[3], "/at").to_owned(), text(&all[6], "/at").to_owned());
    assert_eq!(walk(&house, &format!("&from={from}&to={to}"), "", 2).await, all[3..=6]);
    assert_eq!(walk(&house, &format!("&from={from}"), "", 500).await, all[3..]);
    assert_eq!(walk(&house, "&to=2001-01-01", "", 500).await, [Value::Null; 0]);
    let empty = get(&house, "/changes?from=2031-01-01").await;
    assert_eq!((empty.status, &empty.body["items"], &empty.body["next"]), (200, &json!([]), &Value::Null));
}

/// What an interval without changes ends with is a place, too: whoever asks every day goes on from it.
#[tokio::test]
async fn every_position_that_is_named_is_one() {
    let house = shop().await;
    let all = walk(&house, "", "", 500).await;
    for query in ["from=2031-01-01", "to=2001-01-01", "from=2023-11-14T22:14:05Z&to=2023-11-14T22:14:05Z"] {
        let page = get(&house, &format!("/changes?{query}")).await.body;
        assert_eq!((&page["items"], &page["next"]), (&json!([]), &Value::Null), "{query}");
        let after = format!("&after={}", text(&page, "/position"));
        let expected = if query.starts_with("from=2031") {
            &[][..]
        } else if query.starts_with("to=") {
            &all[..]
        } else {
            &all[5..]
        };
        assert_eq!(walk(&house, "", &after, 500).await, expected, "{query}");
    }
    let list = get(&house, "/findings").await.body;
    let after = format!("&after={}", text(&list, "/as_of"));
    assert_eq!(walk(&house, "", &after, 500).await, [Value::Null; 0]);
}

/// A file has everything, also where the clock that wrote was ahead of the one that reads, and nothing of a wrong place.
#[tokio::test]
async fn files_do_not_depend_on_the_clock() {
    let house = shop().await;
    let all = walk(&house, "", "", 500).await;
    let behind = house.beside(house.clock.now().plus(-400 * 86_400_000));
    let file = get(&behind, "/changes?format=ndjson").await;
    let rows: Vec<Value> =
        file.body.as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, all);
    let refused = get(&house, "/changes?format=csv&after=1-1").await;
    assert_eq!(refused.error(), (400, "BAD_REQUEST"));
}

/// A place of no log, or of another tenant's, is refused.
#[tokio::test]
async fn foreign_places_are_refused() {
    let house = shop().await;
    let path = "/api/v1/tenants/beta/changes";
    let position = text(&walk(&house, "", "", 1).await[0], "/position").to_owned();
    for after in ["1-1".to_owned(), "x".to_owned(), position] {
        let answer = house
            .ask(&house.beta.token, lambda_http::http::Method::GET, &format!("{path}?after={after}"), &Value::Null)
            .await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{after}");
        assert!(text(&answer.body, "/error/message").starts_with("after"), "{}", answer.body);
    }
}
