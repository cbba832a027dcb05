//! Small findings in a producer's words, written for this project.

use posture_shared::domain::FindingKey;
use serde_json::{Value, json};

/// The producers.
pub const PRODUCTS: [&str; 2] = [
    "arn:aws:securityhub:eu-west-1::product/prowler/prowler",
    "arn:aws:securityhub:eu-west-1::product/aws/securityhub",
];

/// Midnight of the nth day of 2024, as a timestamp.
pub fn day(n: u32) -> String {
    posture_shared::domain::Instant(1_704_067_200_000 + i64::from(n) * 86_400_000).to_string()
}

/// The identity of a producer's nth finding.
pub fn key(product: usize, n: u32) -> FindingKey {
    let product_arn = PRODUCTS.get(product).copied().unwrap_or_default().to_owned();
    FindingKey { product_arn, id: format!("{}-{n:04}", if product == 0 { "prowler" } else { "control" }) }
}

/// A fail as its producer sends it, with one resource.
pub fn finding(key: &FindingKey, updated: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": key.id,
        "ProductArn": key.product_arn,
        "GeneratorId": "s3_bucket_public_access",
        "AwsAccountId": "123456789012",
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": day(0),
        "UpdatedAt": updated,
        "Severity": { "Label": "HIGH" },
        "Title": "A bucket is open to the public",
        "Description": format!("Everybody can read what {} names.", key.id),
        "Resources": [{ "Type": "AwsS3Bucket", "Id": format!("arn:aws:s3:::{}", key.id), "Region": "eu-west-1" }],
        "Compliance": { "Status": "FAILED" },
        "RecordState": "ACTIVE",
    })
}
