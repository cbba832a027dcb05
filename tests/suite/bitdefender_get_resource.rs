//! `GET /v1/cspm/resources/{id}`: by its ARN, percent-encoded in the path.

use crate::bitdefender::{ask, fetch, finding, path_of};
use posture_tests::World;
use serde_json::json;

#[tokio::test]
async fn a_resource_is_found_by_its_own_link() {
    let world = World::new().await;
    let account = [("/Resources", json!([{"Type": "AwsAccount", "Id": "123456789012"}]))];
    world.import(&world.ours, &[finding("a", &[]), finding("b", &account)]).await;
    world.import(&world.theirs, &[finding("c", &[("/Resources/0/Id", json!("theirs"))])]).await;
    let listed = fetch(&world, "/v1/cspm/resources").await;
    let own = path_of(&listed["data"][0]["links"]["self"]);
    assert_eq!(fetch(&world, &own).await, json!({"data": listed["data"][0]}));
    let absent = ask(&world, &world.ours, "/v1/cspm/resources/nobodys").await.timeless();
    assert_eq!(absent.status, 404);
    for id in ["theirs", "123456789012", "%00", "arn%3Aaws%3Aec2"] {
        assert_eq!(ask(&world, &world.ours, &format!("/v1/cspm/resources/{id}")).await.timeless(), absent, "{id}");
    }
}
