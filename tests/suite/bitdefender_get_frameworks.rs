//! `GET /v1/cspm/system_compliance` (CONTRACTS 4.4).

use crate::bitdefender::{BASE, all, assert_page_parameters_are_checked, fetch, finding, walk};
use posture_tests::World;
use serde_json::{Value, json};

fn requiring(id: &str, rule: &str, requirements: &[&str]) -> Value {
    finding(
        id,
        &[
            ("/GeneratorId", json!(rule)),
            ("/Compliance/RelatedRequirements", json!(requirements)),
            ("/Compliance/AssociatedStandards", Value::Null),
        ],
    )
}

#[tokio::test]
async fn a_framework_has_its_controls_and_rules() {
    let world = World::new().await;
    let findings = [
        requiring("a", "r1", &["NIST-800-53-Revision-5 cm_8_2 cm_7", "CIS-1.5 1.20"]),
        requiring("b", "r2", &["NIST-800-53-Revision-5 cm_7", "CIS-3.0 1.20"]),
    ];
    world.import(&world.ours, &findings).await;
    let page = fetch(&world, "/v1/cspm/system_compliance").await;
    assert_eq!(all(&page, "/id"), ["cis-aws-1.5", "cis-aws-3.0", "nist-sp-800-53-r5"]);
    let rules = fetch(&world, "/v1/cspm/rules").await;
    let uid = |name: &str| {
        let rules = rules["data"].as_array().unwrap();
        rules.iter().find(|rule| rule["attributes"]["name"] == json!(name)).unwrap()["id"].clone()
    };
    let rule = |name: &str| json!({"id": uid(name), "name": name, "version": 1});
    let control = |id: &str, rules: Value| json!({"id": id, "description": null, "section_id": "CM", "section_title": null, "rules": rules});
    let mut both = [uid("r1"), uid("r2")];
    both.sort_by_key(Value::to_string);
    let related: Vec<Value> = both.iter().map(|id| json!({"id": id, "type": "rule"})).collect();
    let expected = json!({
        "id": "nist-sp-800-53-r5", "type": "system_compliance",
        "attributes": {
            "title": "NIST SP 800-53 r5",
            "controls": [control("CM-7", json!([rule("r1"), rule("r2")])), control("CM-8(2)", json!([rule("r1")]))],
        },
        "relationships": {"rules": {"data": related}},
        "links": {"self": format!("{BASE}/v1/cspm/system_compliance/nist-sp-800-53-r5")},
    });
    assert_eq!(page["data"][2], expected);
    // The ids are those of checks, and filter them.
    for (id, total) in [("nist-sp-800-53-r5", 2), ("cis-aws-1.5", 1), ("cis-aws", 2)] {
        let checks = fetch(&world, &format!("/v1/cspm/checks?system_compliance={id}")).await;
        assert_eq!(checks["meta"]["total"], json!(total), "{id}");
    }
    for (id, found) in [("cis-aws", 2), ("cis-aws-3.0,nist-800-53", 2), ("gdpr", 0)] {
        let named = fetch(&world, &format!("/v1/cspm/system_compliance?id={id}")).await;
        assert_eq!(named["meta"]["total"], json!(found), "{id}");
    }
}

#[tokio::test]
async fn pages_and_parameters() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, "/v1/cspm/system_compliance").await;
    let requirements: Vec<String> = (0..7).map(|n| format!("CIS-{n}.5 1.20")).collect();
    let requirements: Vec<&str> = requirements.iter().map(String::as_str).collect();
    world.import(&world.ours, &[requiring("f", "r", &requirements)]).await;
    let writing = async |page: usize| {
        let more = format!("CIS-{page}.7 1.20");
        world.import(&world.ours, &[requiring(&format!("f-{page}"), "r", &[&more])]).await;
    };
    assert_eq!(walk(&world, "/v1/cspm/system_compliance?page_limit=3", writing).await.len(), 7);
}
