//! Small findings for this module's tests, written for this project.

use crate::domain::json::Object;
use crate::domain::{Actor, Instant, Source};
use serde_json::{Value, json};

/// A producer's ProductArn.
pub const PRODUCT: &str = "arn:aws:securityhub:eu-west-1::product/prowler/prowler";

/// A valid finding as a producer sends it.
pub fn failed() -> Object {
    object(json!({
        "SchemaVersion": "2018-10-08",
        "Id": "bucket-public-1",
        "ProductArn": PRODUCT,
        "GeneratorId": "bucket-public",
        "AwsAccountId": "123456789012",
        "Types": ["IAM"],
        "CreatedAt": "2024-01-01T00:00:00Z",
        "UpdatedAt": "2024-01-01T00:00:00Z",
        "Severity": { "Label": "HIGH" },
        "Title": "A bucket is public",
        "Description": "Anybody can read it.",
        "Resources": [{ "Type": "AwsS3Bucket", "Id": "arn:aws:s3:::b", "Region": "eu-west-1" }],
        "Compliance": { "Status": "FAILED" },
        "RecordState": "ACTIVE",
    }))
}

/// The object that a value is.
pub fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// `base` with members replaced; those that are null are removed.
pub fn with(base: &Object, members: Value) -> Object {
    let mut out = base.clone();
    for (name, value) in object(members) {
        if value.is_null() {
            out.remove(&name);
        } else {
            out.insert(name, value);
        }
    }
    out
}

/// A producer.
pub fn producer() -> Actor {
    Actor { source: Source::Import, identity: PRODUCT.to_owned() }
}

/// A customer.
pub fn customer() -> Actor {
    Actor { source: Source::Update, identity: "arn:posture-ledger:key:t:k".to_owned() }
}

/// The nth day of 2024, as a timestamp.
pub fn day(n: i64) -> String {
    instant(n).to_string()
}

/// The nth day of 2024, as an instant.
pub fn instant(n: i64) -> Instant {
    Instant(1_704_067_200_000 + n * 86_400_000)
}
