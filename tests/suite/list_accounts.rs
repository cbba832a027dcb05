//! `GET /api/v1/tenants/{tenantID}/accounts`: the accounts of findings and those that were named (DESIGN §7).

use crate::house::{House, admin, finding, key};
use lambda_http::http::Method;
use posture_shared::auth::Wish;
use serde_json::{Value, json};

pub const ACCOUNTS: &str = "/api/v1/tenants/acme/accounts";
const UPDATED: &str = "2023-11-02T00:00:00Z";

pub async fn list(house: &House, token: &str, of: &str) -> Value {
    let mut answer = house.ask(token, Method::GET, &format!("/api/v1/tenants/{of}/accounts"), &Value::Null).await;
    assert_eq!(answer.status, 200);
    answer.body["accounts"].take()
}

pub fn unnamed(id: &str) -> Value {
    json!({"id": id, "name": null, "group": "default", "enabled": true, "archived": false})
}

#[tokio::test]
async fn accounts_are_those_of_findings_and_those_that_were_named() {
    let house = House::new().await;
    let token = &house.acme.token;
    assert_eq!(list(&house, token, "acme").await, json!([]));
    house.import(token, &[finding("a", "222222222222", "FAILED", UPDATED)]).await;
    let body = json!({"name": "Production", "group": "EU", "enabled": false, "archived": true});
    let mut named = body.clone();
    named["id"] = json!("111111111111");
    let set = house.ask(token, Method::PUT, &format!("{ACCOUNTS}/111111111111"), &body).await;
    assert_eq!((set.status, &set.body), (200, &named));
    assert_eq!(list(&house, token, "acme").await, json!([named, unnamed("222222222222")]));
    // What a PUT leaves out has its default again.
    house.ask(token, Method::PUT, &format!("{ACCOUNTS}/111111111111"), &json!({})).await;
    let renamed =
        json!({"id": "222222222222", "name": "Tests", "group": "default", "enabled": true, "archived": false});
    house.ask(token, Method::PUT, &format!("{ACCOUNTS}/222222222222"), &json!({"name": "Tests"})).await;
    assert_eq!(list(&house, token, "acme").await, json!([unnamed("111111111111"), renamed]));
    assert_eq!(list(&house, &house.beta.token, "beta").await, json!([]));
}

/// DESIGN §5: another tenant is as one that does not exist; a key for some accounts sees and names those.
#[tokio::test]
async fn a_key_reaches_its_own_tenants_and_accounts_only() {
    let house = House::new().await;
    house.import(&house.beta.token, &[finding("b", "333333333333", "FAILED", UPDATED)]).await;
    for of in ["beta", "gamma"] {
        let path = format!("/api/v1/tenants/{of}/accounts");
        let listed = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
        let set = house.ask(&house.acme.token, Method::PUT, &format!("{path}/333333333333"), &json!({})).await;
        assert_eq!((listed.error(), set.error()), ((404, "NOT_FOUND"), (404, "NOT_FOUND")), "{of}");
        assert_eq!(listed.body, set.body, "{of}");
    }
    for id in ["111111111111", "222222222222"] {
        let answer = house.ask(&house.acme.token, Method::PUT, &format!("{ACCOUNTS}/{id}"), &json!({})).await;
        assert_eq!(answer.status, 200);
    }
    let accounts = Some(["111111111111".to_owned()].into());
    let some = key(house.writer(), "acme", Wish { name: "some".to_owned(), accounts, ..admin() }).await;
    assert_eq!(list(&house, &some.token, "acme").await, json!([unnamed("111111111111")]));
    let other = house.ask(&some.token, Method::PUT, &format!("{ACCOUNTS}/222222222222"), &json!({})).await;
    assert_eq!(other.error(), (403, "FORBIDDEN"));
    assert_eq!(list(&house, &house.beta.token, "beta").await, json!([unnamed("333333333333")]));
}
