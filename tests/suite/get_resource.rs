//! `GET /api/v1/tenants/{tenantID}/resources/{id}`: by every name, now and then.

use crate::house::{Answer, House};
use crate::import_resources::{RESOURCES, put, resource};
use lambda_http::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

async fn get(house: &House, id: &str, query: &str) -> Answer {
    let path = format!("{RESOURCES}/{}{query}", utf8_percent_encode(id, NON_ALPHANUMERIC));
    house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await
}

fn user(id: &str, name: &str, account: &str, second: u32) -> Value {
    let mut user = resource("AWS::IAM::User", id, second, &json!({"path": "/", "userName": name}));
    user["awsRegion"] = json!("global");
    user["accountId"] = json!(account);
    user["resourceName"] = json!(name);
    user["arn"] = json!(format!("arn:aws:iam::{account}:user/{name}"));
    user
}

#[tokio::test]
async fn every_name_finds_it() {
    let house = House::new().await;
    let mut bucket = resource("AWS::S3::Bucket", "logs", 1, &json!({}));
    bucket["arn"] = json!("arn:aws:s3:::logs");
    bucket["supplementaryConfiguration"] = json!({"BucketPolicy": "{\"policyText\":\"{\\\"Statement\\\":[]}\"}"});
    bucket["relationships"] = json!([{"resourceType": "AWS::KMS::Key", "resourceId": "k", "name": "Uses"}]);
    put(&house, &json!([bucket, user("AIDA1", "svc", "123456789012", 1), user("AIDA2", "other", "123456789012", 1)]))
        .await;
    for (id, resource_id) in [
        ("aws:eu-west-1:aws.s3.bucket:logs", "logs"),
        ("arn:aws:s3:::logs", "logs"),
        ("123456789012/eu-west-1/AWS::S3::Bucket/logs", "logs"),
        ("aws:global:aws.iam.user:svc", "AIDA1"),
        ("arn:aws:iam::123456789012:user/svc", "AIDA1"),
    ] {
        let answer = get(&house, id, "").await;
        assert_eq!((answer.status, &answer.body["resource_id"]), (200, &json!(resource_id)), "{id}: {}", answer.body);
        // What an answer calls it is understood.
        for name in ["id", "key"] {
            let again = get(&house, answer.body[name].as_str().unwrap(), "").await;
            assert_eq!(again.body, answer.body, "{id}, {name}");
        }
    }
    let body = get(&house, "arn:aws:s3:::logs", "").await.body;
    assert_eq!(body["supplementary_configuration"], json!({"BucketPolicy": {"policyText": {"Statement": []}}}));
    let link = json!({"type": "AWS::KMS::Key", "resource_id": "k", "name": null, "relationship": "Uses"});
    assert_eq!(body["relationships"], json!([link]));
    assert_eq!(body["version"].as_str().unwrap().len(), 64);
    for id in
        ["x", "arn:aws:s3:::other", "aws:eu-west-1:aws.s3.bucket:AIDA1", "aws:global:aws.s3.bucket:logs", "1/2/A::B/c"]
    {
        assert_eq!(get(&house, id, "").await.status, 404, "{id}");
    }
    let theirs = house.ask(
        &house.beta.token,
        Method::GET,
        "/api/v1/tenants/beta/resources/arn%3Aaws%3As3%3A%3A%3Alogs",
        &Value::Null,
    );
    assert_eq!(theirs.await.status, 404);
}

#[tokio::test]
async fn several_of_one_name_are_a_conflict() {
    let house = House::new().await;
    put(&house, &json!([user("AIDA1", "svc", "123456789012", 1), user("AIDA2", "svc", "210987654321", 1)])).await;
    let answer = get(&house, "aws:global:aws.iam.user:svc", "").await;
    assert_eq!(answer.status, 409);
    let message = answer.body["error"]["message"].as_str().unwrap();
    for key in ["123456789012/global/AWS::IAM::User/AIDA1", "210987654321/global/AWS::IAM::User/AIDA2"] {
        assert!(message.contains(key), "{message}");
        assert_eq!(get(&house, key, "").await.status, 200);
    }
}

#[tokio::test]
async fn the_past_is_kept() {
    let house = House::new().await;
    let bucket = |second, state: u32| resource("AWS::S3::Bucket", "logs", second, &json!({"state": state}));
    put(&house, &json!([bucket(10, 1), bucket(20, 2)])).await;
    let mut gone = bucket(30, 0);
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    put(&house, &json!([gone])).await;
    let id = "aws:eu-west-1:aws.s3.bucket:logs";
    assert_eq!(get(&house, id, "").await.status, 404);
    for (second, state) in [(9, None), (10, Some(1)), (19, Some(1)), (20, Some(2)), (29, Some(2)), (30, None)] {
        let answer = get(&house, id, &format!("?as_of=2023-11-14T22:00:{second:02}Z")).await;
        assert_eq!(answer.body["configuration"]["state"].as_u64(), state, "second {second}");
        assert_eq!(answer.status, if state.is_some() { 200 } else { 404 }, "second {second}");
    }
}
