//! `PUT /api/v1/tenants/{tenantID}/accounts/{id}`: what may be said of an account (DESIGN §7).

use crate::house::House;
use crate::list_accounts::{ACCOUNTS, list};
use lambda_http::http::Method;
use serde_json::json;

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let house = House::new().await;
    for (body, member) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "x".repeat(129)}), "name"),
        (json!({"group": 7}), "group"),
        (json!({"enabled": "no"}), "enabled"),
        (json!({"disabled": true}), "disabled"),
        (json!([]), "body"),
    ] {
        let answer = house.ask(&house.acme.token, Method::PUT, &format!("{ACCOUNTS}/111111111111"), &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}");
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with(&format!("{member}: ")), "{body}");
    }
    for id in ["11111111111", "1111111111111", "11111111111x", "%20"] {
        let answer = house.ask(&house.acme.token, Method::PUT, &format!("{ACCOUNTS}/{id}"), &json!({})).await;
        assert_eq!(answer.error(), (404, "NOT_FOUND"), "{id}");
    }
    assert_eq!(list(&house, &house.acme.token, "acme").await, json!([]));
}
