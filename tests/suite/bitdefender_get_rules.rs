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

/// A check and its rule name the same version, also where the rule's text has gone back to what it was.
#[tokio::test]
async fn a_text_that_comes_back_is_the_version_that_it_was() {
    let world = World::new().await;
    let said = |id: &str, title: &str, day: u32| {
        finding(id, &[("/Title", json!(title)), ("/UpdatedAt", json!(format!("2024-01-{day:02}T08:00:00Z")))])
    };
    let mut instants = Vec::new();
    for (sent, expected) in [
        (vec![said("a", "Once", 2), said("b", "Once", 2)], 1),
        (vec![said("a", "Reworded", 3), said("b", "Reworded", 3)], 2),
        (vec![said("a", "Once", 4)], 2),
        (vec![said("b", "Once", 5)], 1),
        (vec![said("b", "Said anew", 6)], 3),
    ] {
        world.import(&world.ours, &sent).await;
        instants.push((world.clock.now(), expected));
        world.clock.set(world.clock.now().plus(60_000));
    }
    for (at, expected) in instants {
        let as_of = format!("as_of={}", at.to_string().replace(':', "%3A"));
        let rules = fetch(&world, &format!("/v1/cspm/rules?{as_of}")).await;
        assert_eq!(rules["data"][0]["attributes"]["version"], json!(expected), "the rule at {at}");
        let titles = ["Once", "Reworded", "Said anew"];
        assert_eq!(rules["data"][0]["attributes"]["title"], json!(titles[expected - 1]), "its text at {at}");
        let version = "/relationships/rule/data/meta/version";
        let checks = fetch(&world, &format!("/v1/cspm/checks?{as_of}")).await;
        for check in checks["data"].as_array().unwrap() {
            assert_eq!(check.pointer(version), Some(&json!(expected)), "a row at {at}");
            let path = format!("/v1/cspm/checks/{}?{as_of}", check["id"].as_str().unwrap());
            let one = fetch(&world, &path).await;
            assert_eq!(one["data"].pointer(version), Some(&json!(expected)), "one check at {at}");
        }
    }
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
