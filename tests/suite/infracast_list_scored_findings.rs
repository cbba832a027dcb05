//! `GET /api/v1/tenants/{tenantID}/findings/scored` (CONTRACTS §5, risk score).

use crate::checkout::read;
use crate::house::House;
use crate::infracast::{SHOP, get, list, shop};
use serde_json::{Value, json};

async fn scored(house: &House, query: &str) -> Vec<Value> {
    let answer = get(house, &format!("/findings/scored?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body["items"].as_array().unwrap().clone()
}

/// The same findings as the list's, the greatest risk first, each with what made its score.
#[tokio::test]
async fn the_greatest_risk_comes_first() {
    let house = shop().await;
    let mut tagged = SHOP.iter().find(|made| made.id == "logs").unwrap().asff("FAILED", "2023-11-02T00:00:00Z");
    tagged["Id"] = json!("tagged");
    tagged["Resources"][0]["Tags"] = json!({"Environment": "production", "Confidentiality": "high"});
    house.import(&house.acme.token, &[tagged]).await;
    let rows = scored(&house, "").await;
    assert_eq!(rows.len(), 6);
    let scores: Vec<u64> = rows.iter().map(|row| row["risk_score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|a, b| a >= b) && scores.iter().all(|score| *score <= 100), "{scores:?}");
    let twin = rows.iter().find(|row| row["risk_vector"].as_str().unwrap().contains("CDP:H")).unwrap();
    let bare = rows.iter().find(|row| row["rule_id"] == "s3-logging" && row["uid"] != twin["uid"]).unwrap();
    assert!(twin["risk_score"].as_u64() > bare["risk_score"].as_u64(), "{twin} {bare}");
    assert!(twin["risk_reasons"].to_string().contains("Environment = production"), "{twin}");
    // Beside the risk, rows are the list's, and so are filters, pages and orders.
    let plain = list(&house, "sort=-risk_score").await;
    for (row, plain) in rows.iter().zip(plain["items"].as_array().unwrap()) {
        let mut row = row.clone();
        row.as_object_mut().unwrap().retain(|name, _| !["risk_vector", "risk_reasons"].contains(&name.as_str()));
        assert_eq!(&row, plain);
    }
    assert_eq!(scored(&house, "severity=HIGH&per_page=1&page=2").await.len(), 1);
    assert_eq!(scored(&house, "sort=risk_score").await[0]["risk_score"], *scores.last().unwrap());
    let wrong = get(&house, "/findings/scored?per_page=501").await;
    assert_eq!(wrong.error(), (400, "BAD_REQUEST"));
}

/// README, Scores: its example of a finding has the risk that stands there.
#[tokio::test]
async fn the_readmes_risk_is_computed() {
    let readme = read("README.md");
    let section = readme.split("\n### Risk\n").nth(1).unwrap().split("\n#").next().unwrap();
    let blocks: Vec<Value> = section
        .split("```json\n")
        .skip(1)
        .map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap())
        .collect();
    let [members, expected] = blocks.as_slice() else { panic!("README.md, Risk: two blocks of JSON") };
    let house = House::new().await;
    let mut finding = SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z");
    for (name, value) in members.as_object().unwrap() {
        finding[name] = value.clone();
    }
    house.import(&house.acme.token, &[finding]).await;
    let row = scored(&house, "").await[0].clone();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&row[name], value, "edit README.md, Risk: {name}");
    }
    assert_eq!(expected.as_object().unwrap().len(), 3);
}
