//! `GET /api/v1/tenants/{tenantID}/compliance/summary` (infracast-findings, Findings Summary by Framework; CONTRACTS
//! §5, compliance score).

use crate::checkout::read;
use crate::house::House;
use crate::infracast::{SHOP, get, list, shop};
use serde_json::{Value, json};

async fn summary(house: &House, query: &str) -> Value {
    let answer = get(house, &format!("/compliance/summary?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body
}

/// CONTRACTS §5: the decided formula, over the shop's findings by hand.
#[tokio::test]
async fn the_summary_follows_the_formula() {
    let house = shop().await;
    let body = summary(&house, "").await;
    // cis-aws 3.0: 5.2 and 2.1.4 fail, 2.1.1 is said to be fixed, 1.1 and 1.2 pass; 2.1.2 and 2.1.3 are accepted.
    let by_framework = json!({
        "cis-aws": {"score": 40, "findings": 2},
        "cis-aws@1.5": {"score": 0, "findings": 2},
        "nist-800-53": {"score": 0, "findings": 1},
        "pci-dss": {"score": 0, "findings": 2},
        "soc2": {"score": 0, "findings": 1}
    });
    assert_eq!(body["by_framework"], by_framework);
    assert_eq!(body["by_severity"], json!({"CRITICAL": 1, "HIGH": 2, "MEDIUM": 0, "LOW": 1, "INFO": 1}));
    assert_eq!((&body["total_findings"], &body["overall_score"]), (&json!(5), &json!(8)));
}

/// "total_findings = the default list's total"; each framework's findings are the list's of that framework.
#[tokio::test]
async fn the_summary_and_the_list_count_alike() {
    let house = shop().await;
    let body = summary(&house, "").await;
    let as_of = body["as_of"].as_str().unwrap();
    assert_eq!(list(&house, &format!("as_of={as_of}")).await["total"], body["total_findings"]);
    for (key, framework) in body["by_framework"].as_object().unwrap() {
        let listed = list(&house, &format!("framework={key}&as_of={as_of}")).await;
        assert_eq!(listed["total"], framework["findings"], "{key}");
        let only = summary(&house, &format!("framework={key}")).await;
        assert_eq!(only["by_framework"], json!({key: framework}), "{key}");
        assert_eq!((&only["total_findings"], &only["overall_score"]), (&framework["findings"], &framework["score"]));
    }
    for (word, count) in body["by_severity"].as_object().unwrap() {
        assert_eq!(&list(&house, &format!("severity={word}")).await["total"], count, "{word}");
    }
    let none = summary(&house, "framework=gdpr").await;
    assert_eq!((&none["overall_score"], &none["by_framework"]), (&Value::Null, &json!({})));
}

/// DESIGN §3: as of any instant; what comes later changes nothing of it.
#[tokio::test]
async fn a_summary_of_the_past_stays() {
    let house = shop().await;
    let before = summary(&house, "").await;
    house.clock.set(house.clock.now().plus(60_000));
    let fixed: Vec<Value> = SHOP.iter().take(4).map(|made| made.asff("PASSED", "2023-11-09T00:00:00Z")).collect();
    house.import(&house.acme.token, &fixed).await;
    assert_eq!(summary(&house, "").await["overall_score"], json!(96), "4 × 100 and 4 of 5");
    let as_of = before["as_of"].as_str().unwrap();
    assert_eq!(summary(&house, &format!("as_of={as_of}")).await, before);
    let empty = summary(&house, "as_of=2023-01-01").await;
    assert_eq!((&empty["overall_score"], &empty["total_findings"]), (&Value::Null, &json!(0)));
}

#[tokio::test]
async fn what_is_wrong_is_a_400_that_names_it() {
    let house = shop().await;
    for (query, field) in [("framework=--", "framework"), ("as_of=never", "as_of"), ("as_of=2999-01-01", "as_of")] {
        let answer = get(&house, &format!("/compliance/summary?{query}")).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{query}");
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with(&format!("{field}: ")), "{query}");
    }
}

/// README, Scores: its example has the scores that stand there. Each line of its table is a finding, by framework,
/// control and what it is.
#[tokio::test]
async fn the_readmes_scores_are_computed() {
    let readme = read("README.md");
    let section = readme.split("\n### Compliance\n").nth(1).unwrap().split("\n#").next().unwrap();
    let (house, mut rows) = (House::new().await, 0);
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let (requirement, standings) = (format!("{} {}", cells[1], cells[2]), cells[3]);
        for standing in standings.split(", ") {
            rows += 1;
            let id = format!("f-{rows}");
            let compliance = if standing == "pass" { "PASSED" } else { "FAILED" };
            let mut finding = SHOP[0].asff(compliance, "2023-11-02T00:00:00Z");
            (finding["Id"], finding["Compliance"]["RelatedRequirements"]) = (json!(id), json!([requirement]));
            house.import(&house.acme.token, &[finding]).await;
            let workflow = match standing {
                "pass" | "open" => continue,
                "accepted" => json!({"Workflow": {"Status": "SUPPRESSED"}}),
                "said to be fixed" => json!({"Workflow": {"Status": "RESOLVED"}}),
                other => panic!("edit README.md, Compliance: {other}"),
            };
            crate::infracast::workflow(&house, &id, &workflow).await;
        }
    }
    assert!(rows > 5, "README.md, Compliance: a table of controls");
    let expected: Value = section.split("```json\n").nth(1).unwrap().split("```").next().unwrap().parse().unwrap();
    let body = summary(&house, "").await;
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&body[name], value, "edit README.md, Compliance: {name}");
    }
    assert!(expected["by_framework"].as_object().unwrap().len() > 1);
}
