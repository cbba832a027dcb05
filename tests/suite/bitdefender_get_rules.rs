//! `GET /v1/cspm/rules` (CONTRACTS 4.4).

use crate::bitdefender::{BASE, all, assert_page_parameters_are_checked, fetch, finding, walk};
use posture_tests::World;
use serde_json::{Value, json};

#[tokio::test]
async fn a_rule_is_shown_in_its_newest_version() {
    let world = World::new().await;
    let gone = [("/GeneratorId", json!("gone")), ("/RecordState", json!("ARCHIVED"))];
    world.import(&world.ours, &[finding("a", &[]), finding("b", &gone)]).await;
    let newer = [("/Title", json!("Reworded")), ("/UpdatedAt", json!("2024-01-02T08:00:00Z"))];
    world.import(&world.ours, &[finding("c", &newer)]).await;
    let rules = fetch(&world, "/v1/cspm/rules").await;
    let mut names = all(&rules, "/attributes/name");
    names.sort_unstable();
    assert_eq!(names, ["gone", "open-port"], "a rule whose findings are gone is still one that changes name");
    let checks = fetch(&world, "/v1/cspm/checks").await;
    let id = checks["data"][0].pointer("/relationships/rule/data/id").unwrap();
    let rule = rules["data"].as_array().unwrap().iter().find(|rule| rule["id"] == *id).unwrap();
    let meta = json!({"compliance_type": "system_compliance", "compliance_id": "pci-dss-3.2.1", "section_id": "1"});
    let expected = json!({
        "id": id, "type": "rule",
        "attributes": {
            "name": "open-port", "version": 2, "title": "Reworded", "original_severity": "high",
            "description": "Anybody can reach it.", "implication": null, "recommendation": "Close it.",
            "references": ["https://example.com/close"],
        },
        "relationships": {"controls": {"data": [{"id": "1.3.2", "type": "control", "meta": meta}]}},
        "links": {"self": format!("{BASE}/v1/cspm/rules/{}", id.as_str().unwrap())},
    });
    assert_eq!(rule, &expected);
    let one = fetch(&world, &format!("/v1/cspm/rules/{}", id.as_str().unwrap())).await;
    assert_eq!(one, json!({"data": expected}));
    let named = fetch(&world, &format!("/v1/cspm/rules?id={}", id.as_str().unwrap())).await;
    assert_eq!((&named["data"], &named["meta"]["total"]), (&json!([expected]), &json!(1)));
}

#[tokio::test]
async fn pages_and_parameters() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, "/v1/cspm/rules").await;
    let of = |n: u32| finding(&format!("f-{n}"), &[("/GeneratorId", json!(format!("rule-{n}")))]);
    world.import(&world.ours, &(0..7).map(of).collect::<Vec<Value>>()).await;
    let writing = async |page: usize| world.import(&world.ours, &[of(10 + u32::try_from(page).unwrap())]).await;
    assert_eq!(walk(&world, "/v1/cspm/rules?page_limit=3", writing).await.len(), 7);
    assert_eq!(walk(&world, "/cspm/rules", async |_| {}).await.len(), 10);
}
