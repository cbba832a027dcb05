//! Trigger: AWS Config's events of changed resources, from a queue or bare.

use crate::checkout::read;
use crate::house::House;
use crate::import_resources::listed;
use posture_functions::{TRIGGERS, Wake};
use posture_shared::domain::inventory::{Coverage, ItemKey, Scope};
use posture_shared::domain::{Error, Instant, TenantId};
use serde_json::{Value, json};

fn tenant() -> TenantId {
    TenantId::parse("acme").unwrap()
}

async fn wake(house: &House, event: Value) -> Result<Value, Error> {
    let trigger = TRIGGERS.iter().find(|trigger| trigger.function == "record-resource").unwrap();
    (trigger.handler)(house.writer(), Wake { tenant: tenant(), event, sweep: None, hubs: None }).await
}

fn event(id: &str, second: u32, state: u32) -> Value {
    json!({
        "detail-type": "Config Configuration Item Change", "source": "aws.config",
        "detail": {
            "messageType": "ConfigurationItemChangeNotification",
            "configurationItem": {
                "awsAccountId": "123456789012", "awsRegion": "eu-west-1", "resourceType": "AWS::S3::Bucket",
                "resourceId": id, "configurationItemStatus": "OK", "configuration": {"state": state},
                "configurationItemCaptureTime": format!("2023-11-14T22:00:{second:02}Z"),
            },
        },
    })
}

fn batch(bodies: &[String]) -> Value {
    let record = |(place, body): (usize, &String)| json!({"messageId": format!("m-{place}"), "body": body});
    json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()})
}

#[tokio::test]
async fn changes_are_kept_in_whatever_order_they_come() {
    let house = House::new().await;
    // What was so again is a change when there was another one in between.
    let bodies = [event("b", 1, 1), event("b", 3, 1), event("b", 2, 2)].map(|event| event.to_string());
    for _ in 0..2 {
        assert_eq!(wake(&house, batch(&bodies)).await.unwrap(), json!({"batchItemFailures": []}));
    }
    let bare = event("c", 1, 1);
    assert_eq!(wake(&house, bare).await.unwrap(), Value::Null);
    assert_eq!(listed(&house, "").await, ["b", "c"]);
    let scope = ("123456789012".to_owned(), "eu-west-1".to_owned());
    let key = ItemKey { account: scope.0, region: scope.1, kind: "AWS::S3::Bucket".to_owned(), id: "b".to_owned() };
    let versions = house.writer().inventory_versions(&tenant(), &key, None, 10).await.unwrap();
    let states: Vec<&Value> = versions.iter().map(|version| &version.configuration["state"]).collect();
    assert_eq!(states, [&json!(1), &json!(2), &json!(1)]);
}

#[tokio::test]
async fn a_bad_message_fails_alone() {
    let house = House::new().await;
    let mut broken = event("broken", 1, 1);
    broken["detail"]["configurationItem"]["resourceId"] = json!(7);
    let bodies = [
        event("a", 1, 1).to_string(),
        "{".to_owned(),
        broken.to_string(),
        json!({"detail": {}}).to_string(),
        json!([event("list", 1, 1)]).to_string(),
        event("b", 1, 1).to_string(),
    ];
    let answer = wake(&house, batch(&bodies)).await.unwrap();
    let failed: Vec<&Value> =
        answer["batchItemFailures"].as_array().unwrap().iter().map(|failure| &failure["itemIdentifier"]).collect();
    assert_eq!(failed, ["m-1", "m-2", "m-3", "m-4"]);
    assert_eq!(listed(&house, "").await, ["a", "b"]);
    assert!(matches!(wake(&house, broken).await, Err(Error::Invalid { .. })));
}

/// The sample holds an item, and a notice of one that was too large: its type is not known completely any more.
#[tokio::test]
async fn what_was_too_large_is_not_covered() {
    let house = House::new().await.beside(Instant::parse_aws("2026-03-03T00:00:00Z").unwrap());
    let scope = Scope { account: "210987654321".to_owned(), region: "eu-west-1".to_owned() };
    let types = ["AWS::EC2::Instance", "AWS::EC2::SecurityGroup"].map(|kind| (kind.to_owned(), Instant(1)));
    let coverage = Coverage { scope, types: types.into() };
    house.writer().inventory_cover(&tenant(), &coverage).await.unwrap();
    let sample = serde_json::from_str(&read("events/record-resource.json")).unwrap();
    assert_eq!(wake(&house, sample).await.unwrap(), json!({"batchItemFailures": []}));
    let known = house.writer().inventory_scopes(&tenant()).await.unwrap();
    assert_eq!(known[0].covered.keys().collect::<Vec<_>>(), ["AWS::EC2::SecurityGroup"]);
    assert_eq!(listed(&house, "").await, ["sg-0a11c0ffee"]);
}
