//! Answers over several pages: how large they may be, and on which state of the ledger they stand (DESIGN §3).

use crate::house::{ARN, Answer, House, finding};
use lambda_http::http::Method;
use serde_json::{Value, json};

/// What Lambda lets a function answer: 6 MB, with the body as a text in it.
const LAMBDA_BYTES: usize = 6 * 1024 * 1024;

/// Findings that are twice as large in JSON, and four times in the answer to a gateway.
fn quoting(id: &str, day: usize, quotes: usize) -> Value {
    let mut one = finding(id, "123456789012", "FAILED", &format!("2023-10-{day:02}T00:00:00Z"));
    one["Process"] = json!({"Name": format!("{day}{}", "\"".repeat(quotes))});
    one
}

fn on_the_wire(answer: &Answer) -> usize {
    json!({"statusCode": 200, "headers": answer.headers, "body": answer.body.to_string()}).to_string().len()
}

/// Walks an operation's pages, each of which a gateway could pass on; the rows of all.
async fn walk(house: &House, path: &str, mut asked: Value, rows: &str) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let answer = house.ask(&house.acme.token, Method::POST, path, &asked).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let size = on_the_wire(&answer);
        assert!(size <= LAMBDA_BYTES, "{path}: {size} bytes");
        all.extend(answer.body[rows].as_array().unwrap().iter().cloned());
        asked["NextToken"] = answer.body["NextToken"].clone();
        if asked["NextToken"].is_null() {
            return all;
        }
    }
}

/// DESIGN §3, sizes: Lambda answers are at most 6 MB, and a page that would be larger ends early with a token.
#[tokio::test]
async fn pages_fit_into_what_a_gateway_passes_on() {
    let house = House::new().await;
    for hundred in 0..3 {
        let some: Vec<Value> = (0..25).map(|n| quoting(&format!("{}", hundred * 25 + n), 1, 30_000)).collect();
        house.import(&house.acme.token, &some).await;
    }
    let found = walk(&house, "/findings", json!({}), "Findings").await;
    assert_eq!(found.len(), 75);
    for day in 2..32 {
        house.import(&house.acme.token, &[quoting("0", day, 60_000)]).await;
    }
    let asked = json!({"FindingIdentifier": {"Id": "0", "ProductArn": ARN}});
    assert_eq!(walk(&house, "/findingHistory/get", asked, "Records").await.len(), 31);
}

/// DESIGN §3, cursors: they carry a part of the chain hash, and after a restore one of what is no more is refused, by
/// whichever commit that is missing or another one.
#[tokio::test]
async fn a_token_of_a_log_that_was_replaced_is_refused() {
    let (before, asked) = (House::new().await, json!({"MaxResults": 1}));
    for day in 1..=2 {
        before.import(&before.acme.token, &["a", "b"].map(|id| quoting(id, day, day))).await;
    }
    let first = before.ask(&before.acme.token, Method::POST, "/findings", &asked).await;
    let next = json!({"MaxResults": 1, "NextToken": first.body["NextToken"]});
    assert_eq!(before.ask(&before.acme.token, Method::POST, "/findings", &next).await.status, 200);
    for commits in 0..=3 {
        let after = House::new().await;
        for day in 1..=commits {
            after.import(&after.acme.token, &["a", "b"].map(|id| quoting(id, day, day + 7))).await;
        }
        // Cold, and with a view of the present state in the cache.
        for _ in 0..2 {
            let answer = after.ask(&after.acme.token, Method::POST, "/findings", &next).await;
            assert_eq!((answer.status, &answer.body["Code"]), (400, &json!("InvalidInputException")), "{commits}");
            assert!(answer.body["Message"].as_str().unwrap().starts_with("NextToken: "), "{}", answer.body);
            assert_eq!(after.ask(&after.acme.token, Method::POST, "/findings", &asked).await.status, 200);
        }
    }
}
