//! `GET /api/v1/tenants/{tenantID}/rules`: the catalogue's rules and the tenant's own, by key.

use crate::house::House;
use crate::set_rule::{RULES, added};
use lambda_http::http::Method;
use posture_shared::audit::built_in;
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};

#[tokio::test]
async fn own_rules_stand_among_the_catalogues() {
    let house = House::new().await;
    let list = async || house.ask(&house.acme.token, Method::GET, RULES, &Value::Null).await.body["rules"].clone();
    let keys = |rules: &Value| {
        let keys = rules.as_array().unwrap().iter().map(|rule| rule["key"].as_str().unwrap().to_owned());
        keys.collect::<Vec<String>>()
    };
    let shipped: Vec<String> = built_in().unwrap().iter().map(|rule| rule.metadata.key.clone()).collect();
    assert_eq!(keys(&list().await), shipped);
    added(&house, &rule()).await;
    let rules = list().await;
    let mut all = shipped.clone();
    all.push(RULE.to_owned());
    all.sort();
    assert_eq!(keys(&rules), all);
    let own = rules.as_array().unwrap().iter().find(|rule| rule["key"] == json!(RULE)).unwrap();
    let prefix = json!({
        "name": "prefix", "type": "text", "items": null, "default": "acme-", "value": "acme-",
        "description": "What names begin with", "min": null, "max": null, "one_of": [],
    });
    assert_eq!((&own["origin"], &own["params"]), (&json!("tenant"), &json!([prefix])));
    assert_eq!(own["files"], Value::Null, "texts are in the rule by itself");
}
