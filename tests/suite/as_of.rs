//! `as_of` on the reads of a dialect that has no such parameter of its own (DESIGN §3: any instant, one code path).

use crate::house::{ARN, House, finding};
use lambda_http::http::Method;
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";

async fn post(house: &House, path: &str, body: &Value) -> crate::house::Answer {
    house.ask(&house.acme.token, Method::POST, path, body).await
}

#[tokio::test]
async fn security_hubs_reads_take_it_in_their_query() {
    let house = House::new().await;
    let sent = |day: u32, compliance: &str| finding("a", ACCOUNT, compliance, &format!("2023-11-{day:02}T00:00:00Z"));
    house.import(&house.acme.token, &[sent(2, "FAILED")]).await;
    let first = house.clock.now();
    house.clock.set(first.plus(60_000));
    house
        .import(&house.acme.token, &[sent(3, "PASSED"), finding("b", ACCOUNT, "FAILED", "2023-11-03T00:00:00Z")])
        .await;
    house.clock.set(first.plus(120_000));
    let statuses = |body: &Value| -> Vec<String> {
        let findings = body["Findings"].as_array().unwrap();
        findings.iter().map(|f| f["Compliance"]["Status"].as_str().unwrap().to_owned()).collect()
    };
    let records = |body: &Value| body["Records"].as_array().unwrap().len();
    let history = json!({"FindingIdentifier": {"Id": "a", "ProductArn": ARN}});
    for (query, expected, length) in [
        (String::new(), vec!["PASSED", "FAILED"], 2),
        (format!("?as_of={}", first.plus(1_000)), vec!["FAILED"], 1),
        (format!("?as_of={}~1", first.plus(1_000)), vec!["FAILED"], 1),
        ("?as_of=2020-01-01".to_owned(), vec![], 0),
    ] {
        let list = post(&house, &format!("/findings{query}"), &json!({})).await;
        assert_eq!(
            (list.status, statuses(&list.body)),
            (200, expected.iter().map(ToString::to_string).collect()),
            "{query}"
        );
        let told = post(&house, &format!("/findingHistory/get{query}"), &history).await;
        assert_eq!((told.status, records(&told.body)), (200, length), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_state_is_refused_by_name() {
    let house = House::new().await;
    house.import(&house.acme.token, &[finding("a", ACCOUNT, "FAILED", "2023-11-02T00:00:00Z")]).await;
    let future = house.clock.now().plus(301_000);
    let history = json!({"FindingIdentifier": {"Id": "a", "ProductArn": ARN}});
    for query in ["as_of=now".to_owned(), format!("as_of={future}"), "as_of=2023-11-02~".to_owned()] {
        for (path, body) in [("/findings", json!({})), ("/findingHistory/get", history.clone())] {
            let answer = post(&house, &format!("{path}?{query}"), &body).await;
            assert_eq!((answer.status, &answer.body["Code"]), (400, &json!("InvalidInputException")), "{path} {query}");
            assert!(answer.body["Message"].as_str().unwrap().starts_with("as_of: "), "{}", answer.body);
        }
    }
    let beyond = post(&house, &format!("/findings?as_of={}~99", house.clock.now()), &json!({})).await;
    assert!(beyond.body["Message"].as_str().unwrap().starts_with("as_of: "), "{}", beyond.body);
}
