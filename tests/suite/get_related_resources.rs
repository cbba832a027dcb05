//! `GET /api/v1/tenants/{tenantID}/resources/{id}/related`: both directions, and the findings.

use crate::house::{House, finding};
use crate::import_resources::{ACCOUNT, RESOURCES, put, resource};
use lambda_http::http::Method;
use serde_json::{Value, json};

const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-0123456789abcdef0";

async fn related(house: &House, id: &str) -> Value {
    let path = format!("{RESOURCES}/{}/related", id.replace(':', "%3A").replace('/', "%2F"));
    let answer = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn about(id: &str, resource: &str, status: &str) -> Value {
    let mut one = finding(id, ACCOUNT, status, "2023-11-02T00:00:00Z");
    one["Resources"] = json!([{"Type": "AwsEc2SecurityGroup", "Id": resource}]);
    one
}

#[tokio::test]
async fn neighbours_come_with_their_findings() {
    let house = House::new().await;
    let mut group =
        resource("AWS::EC2::SecurityGroup", "sg-0123456789abcdef0", 1, &json!({"vpcId": "vpc-0123456789abcdef0"}));
    group["arn"] = json!(GROUP);
    group["relationships"] = json!([
        {"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-0123456789abcdef0", "name": "Is contained in Vpc"},
        {"resourceType": "AWS::EC2::NetworkInterface", "resourceId": "eni-1", "name": "Is associated with NetworkInterface"},
    ]);
    let instance = resource(
        "AWS::EC2::Instance",
        "i-0123456789abcdef0",
        1,
        &json!({"securityGroups": [{"groupId": "sg-0123456789abcdef0"}]}),
    );
    let vpc = resource("AWS::EC2::VPC", "vpc-0123456789abcdef0", 1, &json!({}));
    let mut trail = resource("AWS::CloudTrail::Trail", "trail", 1, &json!({"s3BucketName": "logs"}));
    trail["awsRegion"] = json!("us-east-1");
    let bucket = resource("AWS::S3::Bucket", "logs", 1, &json!({}));
    put(&house, &json!([group, instance, vpc, trail, bucket])).await;
    let findings = [
        about("open", GROUP, "FAILED"),
        about("passed", GROUP, "PASSED"),
        about("instance", "i-0123456789abcdef0", "FAILED"),
        about("elsewhere", "i-0", "FAILED"),
    ];
    house.import(&house.acme.token, &findings).await;

    let answer = related(&house, GROUP).await;
    assert_eq!((&answer["resource"]["arn"], &answer["complete"]), (&json!(GROUP), &json!(true)));
    assert_eq!((&answer["findings"]["open"], &answer["findings"]["first"][0]["id"]), (&json!(1), &json!("open")));
    let rows: Vec<(&str, &str, &str, u64)> = answer["related"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let relation = &row["relations"][0];
            assert_eq!(row["resource"].is_null(), row["resource_id"] == "eni-1", "{row}");
            (
                row["resource_id"].as_str().unwrap(),
                relation["direction"].as_str().unwrap(),
                relation["name"].as_str().unwrap(),
                row["findings"]["open"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("i-0123456789abcdef0", "in", "references", 1),
            ("vpc-0123456789abcdef0", "out", "Is contained in Vpc", 0),
            ("eni-1", "out", "Is associated with NetworkInterface", 0),
        ]
    );
    // Trails name their buckets, wherever those are.
    let answer = related(&house, "aws:eu-west-1:aws.s3.bucket:logs").await;
    let row = &answer["related"][0];
    assert_eq!((&row["resource_id"], &row["relations"][0]["direction"]), (&json!("trail"), &json!("in")));
    assert_eq!(answer["related"].as_array().unwrap().len(), 1);
    let absent = format!("{RESOURCES}/aws%3Aeu-west-1%3Aaws.s3.bucket%3Ax/related");
    assert_eq!(house.ask(&house.acme.token, Method::GET, &absent, &Value::Null).await.status, 404);
}
