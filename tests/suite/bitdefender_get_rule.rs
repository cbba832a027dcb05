//! `GET /v1/cspm/rules/{id}`: what is not there, and what was.

use crate::bitdefender::{all, ask, fetch, finding, refused};
use posture_tests::World;

#[tokio::test]
async fn another_tenants_rule_is_not_there() {
    let world = World::new().await;
    world.import(&world.theirs, &[finding("f", &[])]).await;
    let rules = ask(&world, &world.theirs, "/v1/cspm/rules").await.json();
    let theirs = all(&rules, "/id")[0];
    let absent = ask(&world, &world.ours, "/v1/cspm/rules/00000000-0000-8000-8000-000000000000").await.timeless();
    assert_eq!(absent.status, 404);
    for id in [theirs, "x", "open-port", "%20"] {
        assert_eq!(ask(&world, &world.ours, &format!("/v1/cspm/rules/{id}")).await.timeless(), absent, "{id}");
    }
    // The same name is another rule here.
    world.import(&world.ours, &[finding("f", &[])]).await;
    let ours = fetch(&world, "/v1/cspm/rules").await;
    assert_ne!(all(&ours, "/id")[0], theirs);
    let id = all(&ours, "/id")[0];
    assert_eq!(refused(&world, &format!("/v1/cspm/rules/{id}?as_of=2024-01-01")).await.0, 404, "before it was seen");
}
