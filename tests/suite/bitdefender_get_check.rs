//! `GET /v1/cspm/checks/{id}`: what is there, what is not, and what was.

use crate::bitdefender::{all, ask, fetch, finding, refused};
use posture_tests::World;
use serde_json::json;

#[tokio::test]
async fn whatever_is_no_check_is_not_found() {
    let world = World::new().await;
    let gone = finding("gone", &[("/RecordState", json!("ARCHIVED"))]);
    let unknown = finding("unknown", &[("/Compliance/Status", json!("NOT_AVAILABLE"))]);
    world.import(&world.ours, &[finding("here", &[]), gone, unknown]).await;
    world.import(&world.theirs, &[finding("theirs", &[])]).await;
    let theirs = ask(&world, &world.theirs, "/v1/cspm/checks").await.json();
    let theirs = all(&theirs, "/id")[0].to_owned();
    let nobodys = "00000000-0000-8000-8000-000000000000";
    let absent = ask(&world, &world.ours, &format!("/v1/cspm/checks/{nobodys}")).await.timeless();
    assert_eq!(absent.status, 404);
    // A container that has not yet read the tenant's key, and one that has.
    for _ in 0..2 {
        for id in [theirs.as_str(), nobodys, "x", "%00", "here"] {
            let answer = ask(&world, &world.ours, &format!("/v1/cspm/checks/{id}")).await.timeless();
            assert_eq!(answer, absent, "{id}");
        }
    }
    let numbers = ["00000001", "00000002"];
    let checks = fetch(&world, "/v1/cspm/checks").await;
    let here = all(&checks, "/id")[0];
    for number in numbers {
        let forged = here.replacen("00000000", number, 1);
        assert_eq!(ask(&world, &world.ours, &format!("/v1/cspm/checks/{forged}")).await.timeless(), absent);
    }
    assert_eq!(fetch(&world, &format!("/cspm/checks/{}", here.to_uppercase())).await["data"]["id"], json!(here));
}

#[tokio::test]
async fn a_check_is_as_it_was_while_it_was_there() {
    let world = World::new().await;
    world.import(&world.ours, &[finding("f", &[])]).await;
    let before = world.clock.now();
    world.clock.set(before.plus(60_000));
    let archived = [("/RecordState", json!("ARCHIVED")), ("/UpdatedAt", json!("2024-01-02T08:00:00Z"))];
    let as_of = format!("?as_of={}", before.to_string().replace(':', "%3A"));
    let then = fetch(&world, &format!("/v1/cspm/checks{as_of}")).await;
    let id = all(&then, "/id")[0];
    world.import(&world.ours, &[finding("f", &archived)]).await;
    assert_eq!(refused(&world, &format!("/v1/cspm/checks/{id}")).await.0, 404);
    let was = fetch(&world, &format!("/v1/cspm/checks/{id}{as_of}")).await;
    assert_eq!(was["data"]["attributes"], then["data"][0]["attributes"]);
    let version = "/data/relationships/rule/data/meta/version";
    let newer = [("/Title", json!("Reworded")), ("/UpdatedAt", json!("2024-01-03T08:00:00Z"))];
    world.clock.set(before.plus(120_000));
    world.import(&world.ours, &[finding("g", &newer), finding("f", &[newer[1].clone()])]).await;
    let now = fetch(&world, &format!("/v1/cspm/checks/{id}")).await;
    assert_eq!(now.pointer(version), Some(&json!(2)), "the newest version of its rule");
    let was = fetch(&world, &format!("/v1/cspm/checks/{id}{as_of}")).await;
    assert_eq!(was.pointer(version), Some(&json!(1)), "the newest one then");
    for (query, parameter) in [("as_of=2124-01-01", "as_of"), ("as_of=x", "as_of"), ("page_limit=5", "page_limit")] {
        let asked = format!("/v1/cspm/checks/{id}?{query}");
        assert_eq!(refused(&world, &asked).await, (400, parameter.to_owned()), "{query}");
    }
}
