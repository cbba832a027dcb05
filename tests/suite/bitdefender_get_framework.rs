//! `GET /v1/cspm/system_compliance/{id}`: in any spelling, the newest version when none is named.

use crate::bitdefender::{ask, fetch, finding};
use posture_tests::World;
use serde_json::json;

#[tokio::test]
async fn a_framework_is_found_in_any_spelling() {
    let world = World::new().await;
    let requirements = json!(["CIS-1.5 1.20", "CIS-1.10 1.20", "NIST-800-53-Revision-5 cm_7"]);
    world.import(&world.ours, &[finding("a", &[("/Compliance/RelatedRequirements", requirements)])]).await;
    for (spelling, id) in [
        ("cis-aws-1.5", "cis-aws-1.5"),
        ("cis-aws", "cis-aws-1.10"),
        ("nist-sp-800-53-r5", "nist-sp-800-53-r5"),
        ("nist-800-53", "nist-sp-800-53-r5"),
        ("NIST-800-53-Revision-5", "nist-sp-800-53-r5"),
    ] {
        let found = fetch(&world, &format!("/v1/cspm/system_compliance/{spelling}")).await;
        assert_eq!(found["data"]["id"], json!(id), "{spelling}");
    }
    let absent = ask(&world, &world.ours, "/v1/cspm/system_compliance/gdpr").await.timeless();
    assert_eq!(absent.status, 404);
    for id in ["cis-aws-9.9", "%20", "%2F"] {
        assert_eq!(
            ask(&world, &world.ours, &format!("/v1/cspm/system_compliance/{id}")).await.timeless(),
            absent,
            "{id}"
        );
    }
}
