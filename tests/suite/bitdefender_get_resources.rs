//! `GET /v1/cspm/resources` (CONTRACTS 4.4).

use crate::bitdefender::{BASE, all, assert_page_parameters_are_checked, fetch, finding, walk};
use posture_tests::World;
use serde_json::{Value, json};

#[tokio::test]
async fn every_resource_of_a_finding_is_listed_once() {
    let world = World::new().await;
    let two = json!([
        {"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs", "Region": "eu-west-1"},
        {"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/ann smith"},
    ]);
    let account = json!([{"Type": "AwsAccount", "Id": "AWS::::Account:123456789012"}]);
    let bare = json!([{"Type": "AwsAccount", "Id": "123456789012"}]);
    let gone = [("/Resources", json!([{"Type": "Other", "Id": "gone"}])), ("/RecordState", json!("ARCHIVED"))];
    world
        .import(
            &world.ours,
            &[
                finding("a", &[("/Resources", two.clone())]),
                finding("b", &[("/Resources", two)]),
                finding("c", &[("/Resources", account)]),
                finding("d", &[("/Resources", bare)]),
                finding("e", &gone),
            ],
        )
        .await;
    let page = fetch(&world, "/v1/cspm/resources").await;
    let user = json!({
        "id": "arn:aws:iam::123456789012:user/ann smith", "type": "resource",
        "attributes": {"resource_name": "ann smith", "resource_region": "global", "resource_type": "IAM User"},
        "links": {"self": format!("{BASE}/v1/cspm/resources/arn%3Aaws%3Aiam%3A%3A123456789012%3Auser%2Fann%20smith")},
    });
    assert_eq!(page["data"][0], user);
    assert_eq!(all(&page, "/id")[1..], ["arn:aws:s3:::logs"]);
    assert_eq!(all(&page, "/attributes/resource_type")[1..], ["S3 Bucket"]);
    let named = fetch(&world, "/v1/cspm/resources?id=arn:aws:s3:::logs,gone,123456789012").await;
    assert_eq!(all(&named, "/id"), ["arn:aws:s3:::logs"]);
}

#[tokio::test]
async fn pages_and_parameters() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, "/v1/cspm/resources").await;
    let of = |n: u32| finding(&format!("f-{n}"), &[("/Resources/0/Id", json!(format!("arn:aws:s3:::b-{n}")))]);
    world.import(&world.ours, &(0..7).map(of).collect::<Vec<Value>>()).await;
    let writing = async |page: usize| world.import(&world.ours, &[of(10 + u32::try_from(page).unwrap())]).await;
    assert_eq!(walk(&world, "/v1/cspm/resources?page_limit=3", writing).await.len(), 7);
}
