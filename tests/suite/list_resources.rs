//! `GET /api/v1/tenants/{tenantID}/resources`: filters, and pages that hold each row once.

use crate::house::House;
use crate::import_resources::{RESOURCES, listed, put, resource};
use lambda_http::http::Method;
use serde_json::{Value, json};

async fn filled() -> House {
    let house = House::new().await;
    let mut items = Vec::new();
    for (kind, id) in [("AWS::EC2::Instance", "i-1"), ("AWS::EC2::Instance", "i-2"), ("AWS::S3::Bucket", "logs")] {
        items.push(resource(kind, id, 1, &json!({})));
    }
    let mut named = resource("AWS::S3::Bucket", "data", 1, &json!({}));
    named["resourceName"] = json!("Fancy");
    named["tags"] = json!({"Team": "Shop"});
    let mut elsewhere = resource("AWS::S3::Bucket", "far", 1, &json!({}));
    elsewhere["awsRegion"] = json!("us-east-1");
    let mut other = resource("AWS::EC2::Instance", "i-3", 1, &json!({}));
    other["accountId"] = json!("210987654321");
    items.extend([named, elsewhere, other]);
    put(&house, &json!(items)).await;
    house
}

#[tokio::test]
async fn rows_come_by_account_region_type_and_id() {
    let house = filled().await;
    assert_eq!(listed(&house, "").await, ["i-1", "i-2", "data", "logs", "far", "i-3"]);
    for (query, wanted) in [
        ("type=AWS::S3::Bucket", vec!["data", "logs", "far"]),
        ("type=aws_s3_bucket", vec!["data", "logs", "far"]),
        ("type=AwsS3Bucket,aws.ec2.instance&region=eu-west-1", vec!["i-1", "i-2", "data", "logs", "i-3"]),
        ("type=AWS::SNS::Topic", vec![]),
        ("account_id=210987654321", vec!["i-3"]),
        ("region=us-east-1", vec!["far"]),
        ("search=SHOP", vec!["data"]),
        ("search=fancy", vec!["data"]),
        ("search=i-", vec!["i-1", "i-2", "i-3"]),
        ("as_of=2023-11-14T22:00:00Z", vec![]),
        ("as_of=2023-11-14T22:00:01Z&type=aws.s3.bucket", vec!["data", "logs", "far"]),
    ] {
        assert_eq!(listed(&house, query).await, wanted, "{query}");
    }
    for path in ["", "/logs", "/logs/related"] {
        let future = format!("/api/v1/tenants/acme/resources{path}?as_of=2999-01-01T00:00:00Z");
        let answer = house.ask(&house.acme.token, Method::GET, &future, &Value::Null).await;
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with("as_of: "), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_walk_meets_each_row_once_while_others_come_and_go() {
    let house = filled().await;
    let first = house.ask(&house.acme.token, Method::GET, &format!("{RESOURCES}?limit=3"), &Value::Null).await;
    let ids = |body: &Value| {
        let rows = body["resources"].as_array().unwrap().iter();
        rows.map(|row| row["resource_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&first.body), ["i-1", "i-2", "data"]);
    let mut gone = resource("AWS::S3::Bucket", "data", 2, &json!({}));
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    put(&house, &json!([gone, resource("AWS::EC2::Instance", "i-0", 2, &json!({}))])).await;
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let rest = format!("{RESOURCES}?limit=200&cursor={cursor}");
    let rest = house.ask(&house.acme.token, Method::GET, &rest, &Value::Null).await;
    assert_eq!(ids(&rest.body), ["logs", "far", "i-3"]);
    assert_eq!(rest.body["next_cursor"], Value::Null);
    // A cursor is good for its own question and its own tenant.
    let theirs = format!("/api/v1/tenants/beta/resources?cursor={cursor}");
    assert_eq!(house.ask(&house.beta.token, Method::GET, &theirs, &Value::Null).await.status, 400);
    for query in [format!("cursor={cursor}&region=global"), "cursor=x".to_owned(), "limit=0".to_owned()] {
        let answer = house.ask(&house.acme.token, Method::GET, &format!("{RESOURCES}?{query}"), &Value::Null).await;
        assert_eq!(answer.status, 400, "{query}");
    }
}
