//! `POST /api/v1/tenants/{tenantID}/keys`: a key is made, and its secrets are shown this once (DESIGN §5 and §7).

use crate::house::{House, admin, key};
use crate::list_keys::{KEYS, names};
use lambda_http::http::Method;
use posture_shared::auth::Wish;
use serde_json::{Value, json};

/// What is made is good at once, for what it was made for.
#[tokio::test]
async fn a_key_is_good_for_what_it_was_made_for() {
    let house = House::new().await;
    let body = json!({"name": "ci", "scopes": ["findings:read", "findings:import"]});
    let made = house.ask(&house.acme.token, Method::POST, KEYS, &body).await;
    assert_eq!(made.status, 201);
    assert_eq!((&made.body["tenant"], &made.body["key"]["name"]), (&json!("acme"), &json!("ci")));
    let token = made.body["key"]["token"].as_str().unwrap();
    assert_eq!(house.ask(token, Method::POST, "/findings", &json!({})).await.status, 200);
    assert_eq!(house.ask(token, Method::GET, KEYS, &Value::Null).await.error(), (403, "FORBIDDEN"));
    assert_eq!(house.ask(&house.acme.token, Method::POST, KEYS, &body).await.error(), (409, "CONFLICT"));
    // The other tenant may use the name.
    let theirs = KEYS.replace("acme", "beta");
    assert_eq!(house.ask(&house.beta.token, Method::POST, &theirs, &body).await.status, 201);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let house = House::new().await;
    let good = json!({"name": "n", "scopes": ["admin"]});
    for (member, value) in [
        ("name", json!("a b")),
        ("name", json!("x".repeat(65))),
        ("name", Value::Null),
        ("scopes", json!([])),
        ("scopes", json!(["findings:everything"])),
        ("accounts", json!([])),
        ("accounts", json!(["12345678901"])),
        ("expires", json!("2023-11-13")),
        ("expires", json!(7)),
        ("rate_per_minute", json!(0)),
        ("rate_per_minute", json!(-1)),
        ("tenant", json!("beta")),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let answer = house.ask(&house.acme.token, Method::POST, KEYS, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{member}: ")), "{body}: {message}");
    }
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin"]);
}

/// A key for some accounts gives no more than it has.
#[tokio::test]
async fn an_administrator_of_some_accounts_makes_keys_for_those_only() {
    let house = House::new().await;
    let own = ["111111111111", "222222222222"];
    let accounts = Some(own.iter().map(|id| (*id).to_owned()).collect());
    let some = key(house.writer(), "acme", Wish { accounts, name: "some".to_owned(), ..admin() }).await;
    for (accounts, status) in [
        (json!(["111111111111"]), 201),
        (json!(own), 201),
        (json!(["111111111111", "333333333333"]), 403),
        (Value::Null, 403),
    ] {
        let name = accounts.as_array().map_or("any".to_owned(), |list| format!("for-{}", list.len()));
        let body = json!({"name": name, "scopes": ["admin"], "accounts": accounts});
        assert_eq!(house.ask(&some.token, Method::POST, KEYS, &body).await.status, status, "{body}");
    }
}
