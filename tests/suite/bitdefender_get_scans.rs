//! `GET /v1/setting/scans` (CONTRACTS 4.4).

use crate::bitdefender::{BASE, all, assert_page_parameters_are_checked, fetch, finding, walk};
use posture_shared::domain::Account;
use posture_tests::World;
use serde_json::{Value, json};

#[tokio::test]
async fn accounts_are_listed_whether_named_or_seen() {
    let world = World::new().await;
    let of = |id: &str, account: &str| finding(id, &[("/AwsAccountId", json!(account))]);
    let sandbox = finding("c", &[("/AwsAccountId", json!("222222222222")), ("/AwsAccountName", json!("Sandbox"))]);
    world.import(&world.ours, &[of("a", "111111111111"), of("b", "111111111111"), sandbox]).await;
    for (id, name, enabled) in [("111111111111", Some("Prod"), true), ("333333333333", None, false)] {
        let (name, group) = (name.map(str::to_owned), "EU".to_owned());
        let account = Account { id: id.to_owned(), name, group, enabled, archived: !enabled };
        world.app.writer.account_put(&world.ours.id, &account).await.unwrap();
    }
    let page = fetch(&world, "/v1/setting/scans").await;
    let mut shown: Vec<&Value> = page["data"].as_array().unwrap().iter().collect();
    shown.sort_by_key(|row| row["attributes"]["target"].to_string());
    // Checks say when they were first seen.
    let checks = fetch(&world, "/v1/cspm/checks").await;
    let seen = checks["data"][0]["attributes"]["created_at"].clone();
    let attributes = |name: &str, target: &str, enabled: bool, created: &Value| json!({"name": name, "target": target, "is_enabled": enabled, "is_archived": !enabled, "created_at": created});
    assert_eq!(shown[0]["attributes"], attributes("Prod", "111111111111", true, &seen));
    assert_eq!(shown[1]["attributes"], attributes("Sandbox", "222222222222", true, &seen));
    assert_eq!(shown[2]["attributes"], attributes("333333333333", "333333333333", false, &Value::Null));
    for (check, scan) in [(0, 0), (2, 1)] {
        let related = &checks["data"][check]["relationships"];
        assert_eq!(related["scan"]["data"]["id"], shown[scan]["id"]);
        assert_eq!(related["scan_group"], shown[scan]["relationships"]["scan_group"]);
    }
    let id = shown[0]["id"].as_str().unwrap();
    assert_eq!(shown[0]["links"], json!({"self": format!("{BASE}/v1/setting/scans/{id}")}));
    assert_eq!(fetch(&world, &format!("/setting/scans/{id}")).await, json!({"data": shown[0]}));
    assert_eq!(all(&fetch(&world, &format!("/v1/setting/scans?id={id}")).await, "/id"), [id]);
}

#[tokio::test]
async fn pages_and_parameters() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, "/v1/setting/scans").await;
    let of = |n: u64| finding(&format!("f-{n}"), &[("/AwsAccountId", json!(format!("{n:012}")))]);
    world.import(&world.ours, &(0..7).map(of).collect::<Vec<Value>>()).await;
    let writing = async |page: usize| world.import(&world.ours, &[of(10 + page as u64)]).await;
    assert_eq!(walk(&world, "/v1/setting/scans?page_limit=3", writing).await.len(), 7);
}
