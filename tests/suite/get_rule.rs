//! `GET /api/v1/tenants/{tenantID}/rules/{key}`: one rule with its files, of an own one every version that there was.

use crate::house::House;
use crate::set_rule::{RULES, added, changed};
use lambda_http::http::Method;
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};

#[tokio::test]
async fn every_version_is_kept() {
    let house = House::new().await;
    let get =
        async |what: &str| house.ask(&house.acme.token, Method::GET, &format!("{RULES}/{what}"), &Value::Null).await;
    added(&house, &rule()).await;
    let next = changed("rule.yaml", "severity: low", "severity: high");
    added(&house, &next).await;
    for (what, version, severity, files) in [
        (RULE.to_owned(), 2, "high", &next["files"]),
        ("ACME-NAMES-1".to_owned(), 2, "high", &next["files"]),
        (format!("{RULE}?version=1"), 1, "low", &rule()["files"]),
    ] {
        let shown = get(&what).await;
        assert_eq!((shown.status, &shown.body["version"]), (200, &json!(version)), "{what}: {}", shown.body);
        assert_eq!((&shown.body["severity"], &shown.body["files"]), (&json!(severity), files), "{what}");
    }
    assert_eq!(get(&format!("{RULE}?version=3")).await.error(), (404, "NOT_FOUND"));
    assert_eq!(get(&format!("{RULE}?version=x")).await.error(), (400, "BAD_REQUEST"));
    assert_eq!(get("acme.nobodys").await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn the_catalogues_rules_show_their_files() {
    let house = House::new().await;
    let path = format!("{RULES}/iam.rotate-access-key-90-days");
    let shown = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
    assert_eq!((&shown.body["origin"], &shown.body["params"][0]["name"]), (&json!("catalogue"), &json!("days")));
    assert!(
        shown.body["files"]["rule.rego"].as_str().unwrap().starts_with("package rules.iam_rotate_access_key_90_days")
    );
}
