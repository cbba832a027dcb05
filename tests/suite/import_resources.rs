//! `PUT /api/v1/tenants/{tenantID}/resources`: what becomes of resources that clients send.

use crate::house::{House, key};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_shared::auth::Wish;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

pub const RESOURCES: &str = "/api/v1/tenants/acme/resources";
pub const ACCOUNT: &str = "123456789012";

/// A resource captured at a second of a minute before the house's clock starts.
pub fn resource(kind: &str, id: &str, second: u32, configuration: &Value) -> Value {
    json!({
        "resourceType": kind, "resourceId": id, "accountId": ACCOUNT, "awsRegion": "eu-west-1",
        "configurationItemCaptureTime": format!("2023-11-14T22:00:{second:02}Z"), "configuration": configuration,
    })
}

pub async fn put(house: &House, body: &Value) -> Value {
    let answer = house.ask(&house.acme.token, Method::PUT, RESOURCES, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// The ids of a tenant's resources, over all pages of two.
pub async fn listed(house: &House, query: &str) -> Vec<String> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("{RESOURCES}?limit=2&{query}{cursor}");
        let answer = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let rows = answer.body["resources"].as_array().unwrap();
        ids.extend(rows.iter().map(|row| row["resource_id"].as_str().unwrap().to_owned()));
        match answer.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

fn counts(answer: &Value) -> Vec<u64> {
    let names = ["received", "created", "changed", "unchanged", "deleted", "earlier", "rejected", "covered"];
    names.iter().map(|name| answer[name].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_numbers_tell_what_became_of_each() {
    let house = House::new().await;
    let instance =
        |id: &str, second, size: &str| resource("AWS::EC2::Instance", id, second, &json!({"instanceType": size}));
    let mut broken = instance("i-9", 1, "s");
    broken["tags"] = json!(7);
    let first = json!({"resources": [instance("i-1", 1, "s"), instance("i-2", 1, "s"), broken]});
    let answer = put(&house, &first).await;
    assert_eq!(counts(&answer), [3, 2, 0, 0, 0, 0, 1, 0]);
    assert_eq!((&answer["errors"][0]["index"], &answer["errors"][0]["field"]), (&json!(2), &json!("tags")));
    let mut gone = instance("i-2", 5, "s");
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    let second = json!([instance("i-1", 3, "m"), gone, instance("i-3", 2, "s"), instance("i-3", 4, "s")]);
    assert_eq!(counts(&put(&house, &second).await), [4, 1, 1, 1, 1, 0, 0, 0]);
    let late = json!({"configurationItems": [instance("i-1", 2, "l"), instance("i-1", 3, "m")]});
    assert_eq!(counts(&put(&house, &late).await), [2, 0, 0, 1, 0, 1, 0, 0]);
    assert_eq!(listed(&house, "").await, ["i-1", "i-3"]);
}

#[tokio::test]
async fn what_is_covered_counts_only_if_all_was_taken() {
    let house = House::new().await;
    let covered =
        json!([{"account_id": ACCOUNT, "region": "eu-west-1", "types": ["AWS::EC2::Instance", "AWS::S3::Bucket"]}]);
    let good = resource("AWS::EC2::Instance", "i-1", 1, &json!({}));
    let answer =
        put(&house, &json!({"resources": [good, {"resourceType": "AWS::S3::Bucket"}], "covered": covered})).await;
    assert_eq!(counts(&answer), [2, 1, 0, 0, 0, 0, 1, 0]);
    let tenant = posture_shared::domain::TenantId::parse("acme").unwrap();
    let known = house.writer().inventory_scopes(&tenant).await.unwrap();
    assert!(known.len() == 1 && known[0].covered.is_empty(), "{known:?}");
    let answer = put(&house, &json!({"resources": [good], "covered": covered})).await;
    assert_eq!(counts(&answer), [1, 0, 0, 1, 0, 0, 0, 2]);
    let known = house.writer().inventory_scopes(&tenant).await.unwrap();
    assert_eq!(known[0].covered.keys().collect::<Vec<_>>(), ["AWS::EC2::Instance", "AWS::S3::Bucket"]);
}

#[tokio::test]
async fn what_is_no_inventory_is_refused() {
    let house = House::new().await;
    for (body, named) in [
        (json!({"covered": 7}), "covered: "),
        (json!({"covered": [{"region": "r", "types": []}]}), "covered[0].account_id: "),
    ] {
        let answer = house.ask(&house.acme.token, Method::PUT, RESOURCES, &body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with(named), "{}", answer.body);
    }
    let answer = house.ask(&house.acme.token, Method::PUT, RESOURCES, &Value::Null).await;
    assert_eq!(answer.status, 400);
    // Anything else is an item that is none.
    assert_eq!(counts(&put(&house, &json!([7, "x", {}])).await), [3, 0, 0, 0, 0, 0, 3, 0]);
}

/// DESIGN §5: keys may be good for some accounts only; tenants do not see each other.
#[tokio::test]
async fn keys_bring_resources_of_their_accounts_alone() {
    let house = House::new().await;
    let accounts = Some([ACCOUNT.to_owned()].into());
    let limited = Wish { accounts, ..wish("limited", &[Scope::FindingsImport]) };
    let limited = key(house.writer(), "acme", limited).await;
    let mut other = resource("AWS::EC2::Instance", "i-2", 1, &json!({}));
    other["accountId"] = json!("210987654321");
    let body = json!([resource("AWS::EC2::Instance", "i-1", 1, &json!({})), other]);
    let answer = house.ask(&limited.token, Method::PUT, RESOURCES, &body).await;
    assert_eq!(counts(&answer.body), [2, 1, 0, 0, 0, 0, 1, 0]);
    let covered = json!({"covered": [{"account_id": "210987654321", "region": "global", "types": []}]});
    assert_eq!(house.ask(&limited.token, Method::PUT, RESOURCES, &covered).await.status, 403);
    assert_eq!(house.ask(&limited.token, Method::GET, RESOURCES, &Value::Null).await.status, 403);
    let theirs = "/api/v1/tenants/beta/resources";
    let answer = house.ask(&house.beta.token, Method::GET, theirs, &Value::Null).await;
    assert_eq!(answer.body["resources"], json!([]));
    assert_eq!(listed(&house, "").await, ["i-1"]);
}
