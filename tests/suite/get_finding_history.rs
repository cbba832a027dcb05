//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/history`: everything that ever happened to a finding.

use crate::house::{Answer, House, finding};
use crate::infracast::{FINDINGS, SHOP, get, post, shop, uid_of};
use lambda_http::http::Method;
use serde_json::{Value, json};

async fn history(house: &House, id: &str, query: &str) -> Answer {
    get(house, &format!("/findings/{id}/history?{query}")).await
}

fn text<'a>(row: &'a Value, pointer: &str) -> &'a str {
    row.pointer(pointer).and_then(Value::as_str).unwrap_or("null")
}

/// The new value of a field in a row.
fn new<'a>(row: &'a Value, field: &str) -> &'a Value {
    let change = row["changes"].as_array().unwrap().iter().find(|change| change["field"] == field);
    change.map_or(&Value::Null, |change| &change["new"])
}

/// The uid of the finding of a rule, be it shown in lists or not.
async fn uid_by_rule(house: &House, rule: &str) -> String {
    let changes = get(house, "/changes").await.body;
    let row = changes["items"].as_array().unwrap().iter().find(|row| row["rule_id"] == rule);
    row.unwrap()["uid"].as_str().unwrap().to_owned()
}

/// ASFF's fields and our own, who and why: two acceptances, each with its own words, and the resolution after them.
#[tokio::test]
async fn all_that_happened_is_there() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    for (n, why) in ["Known.", "Known better."].into_iter().enumerate() {
        house.clock.set(house.clock.now().plus(1000));
        let body = json!({"justification": why, "review_date": format!("2023-11-2{n}")});
        assert_eq!(post(&house, &format!("/{uid}/accept"), &body).await.status, 200);
    }
    house.import(&house.acme.token, &[SHOP[1].asff("PASSED", "2023-11-09T00:00:00Z")]).await;
    let answer = history(&house, &uid, "").await;
    assert_eq!((answer.status, &answer.body["next"]), (200, &Value::Null), "{}", answer.body);
    let rows = answer.body["items"].as_array().unwrap();
    let told: Vec<[&str; 4]> = rows
        .iter()
        .map(|row| [text(row, "/kind"), text(row, "/source"), text(row, "/after/result"), text(row, "/after/status")])
        .collect();
    assert_eq!(
        told,
        [
            ["changed", "import", "pass", "null"],
            ["changed", "decision", "fail", "risk_accepted"],
            ["changed", "decision", "fail", "risk_accepted"],
            ["created", "import", "fail", "open"],
        ]
    );
    assert_eq!(
        (new(&rows[1], "acceptance.justification"), new(&rows[2], "acceptance.justification")),
        (&json!("Known better."), &json!("Known."))
    );
    assert_eq!(new(&rows[0], "Compliance.Status"), "PASSED");
    assert_eq!((&rows[3]["before"], &rows[3]["changes"]), (&Value::Null, &json!([])));
    for (newer, older) in rows.iter().zip(&rows[1..]) {
        assert_eq!(newer["before"], older["after"]);
    }
    assert!(!answer.body.to_string().contains("UpdatedAt"), "what moves with every scan is no change");
}

/// Pages of any length tell the same; intervals hold.
#[tokio::test]
async fn pages_and_intervals() {
    let house = House::new().await;
    for n in 0..25 {
        let mut sent = finding("long", "123456789012", "FAILED", &format!("2023-11-01T00:00:{n:02}Z"));
        sent["Title"] = json!(format!("Title {n}"));
        house.import(&house.acme.token, &[sent]).await;
        house.clock.set(house.clock.now().plus(1000));
    }
    let uid = uid_by_rule(&house, "g").await;
    let all = history(&house, &uid, "").await.body["items"].as_array().unwrap().clone();
    assert_eq!(all.len(), 25);
    for limit in [1, 7, 25] {
        let (mut rows, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = history(&house, &uid, &format!("limit={limit}{cursor}")).await.body;
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(rows, all, "{limit}");
    }
    let (from, to) = (text(&all[9], "/at"), text(&all[4], "/at"));
    assert_eq!(history(&house, &uid, &format!("from={from}&to={to}")).await.body["items"], json!(all[4..=9]));
    assert_eq!(history(&house, &uid, "to=2001-01-01").await.body["items"], json!([]));
}

/// Lambda's answers end at 6 MB, in which every quote of a body is escaped: pages end before that, and nothing is left out.
#[tokio::test]
async fn large_versions_make_small_pages() {
    let house = House::new().await;
    for n in 0..12 {
        let mut sent = finding("large", "123456789012", "FAILED", &format!("2023-11-01T00:00:{n:02}Z"));
        sent["Resources"][0]["Details"] = json!({"Other": {"x": format!("\"{n}").repeat(60_000)}});
        house.import(&house.acme.token, &[sent]).await;
        house.clock.set(house.clock.now().plus(1000));
    }
    let uid = uid_by_rule(&house, "g").await;
    let (mut rows, mut pages, mut cursor) = (0, 0, String::new());
    loop {
        let page = history(&house, &uid, &cursor).await.body;
        assert!(serde_json::to_string(&page.to_string()).unwrap().len() < 6_000_000);
        (rows, pages) = (rows + page["items"].as_array().unwrap().len(), pages + 1);
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("cursor={next}");
    }
    assert!(rows == 12 && pages > 1, "{rows} rows on {pages} pages");
}

/// A finding is known by its uid and by its full id, also one that never failed; one of nobody, or of another tenant, is not there.
#[tokio::test]
async fn findings_are_known_by_their_ids() {
    let house = shop().await;
    let uid = uid_of(&house, "ssh").await;
    let whole = get(&house, &format!("/findings/{uid}")).await.body;
    let id = whole["id"].as_str().unwrap().replace('/', "%2F");
    assert_eq!(history(&house, &id, "").await.body, history(&house, &uid, "").await.body);
    let good = uid_by_rule(&house, "s3-good").await;
    assert_eq!(history(&house, &good, "").await.status, 200);
    for id in ["00000000-0000-8000-8000-000000000000", "no-such"] {
        assert_eq!(history(&house, id, "").await.error(), (404, "NOT_FOUND"), "{id}");
    }
    let theirs = FINDINGS.replace("acme", "beta");
    let foreign = house.ask(&house.beta.token, Method::GET, &format!("{theirs}/{uid}/history"), &Value::Null).await;
    assert_eq!(foreign.error(), (404, "NOT_FOUND"));
}
