//! `GET /v1/setting/scans/{id}`: what is not there.

use crate::bitdefender::{all, ask, finding};
use posture_tests::World;

#[tokio::test]
async fn another_tenants_account_is_not_there() {
    let world = World::new().await;
    world.import(&world.theirs, &[finding("f", &[])]).await;
    let scans = ask(&world, &world.theirs, "/v1/setting/scans").await.json();
    let absent = ask(&world, &world.ours, "/v1/setting/scans/00000000-0000-8000-8000-000000000000").await.timeless();
    assert_eq!(absent.status, 404);
    for id in [all(&scans, "/id")[0], "123456789012", "x"] {
        assert_eq!(ask(&world, &world.ours, &format!("/v1/setting/scans/{id}")).await.timeless(), absent, "{id}");
    }
}
