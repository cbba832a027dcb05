//! `PUT /api/v1/tenants/{tenantID}/rules/{key}/params`: parameters are checked, judge anew, and are told by the findings.

use crate::house::{House, START};
use crate::run_audits::audit;
use crate::set_rule::{HOUR, RULES, added, buckets, field, finding};
use lambda_http::http::Method;
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};

async fn set(house: &House, key: &str, params: &Value) -> crate::house::Answer {
    house.ask(&house.acme.token, Method::PUT, &format!("{RULES}/{key}/params"), &json!({"params": params})).await
}

#[tokio::test]
async fn a_parameter_judges_anew() {
    let house = House::new().await;
    added(&house, &rule()).await;
    buckets(&house, &["logs"]).await;
    audit(&house).await;
    let (_, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&hub["Compliance"]["Status"], field(&hub, "posture/params")), (&json!("FAILED"), &Value::Null));
    house.clock.set(START.plus(HOUR));
    let answer = set(&house, RULE, &json!({"prefix": "lo"})).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["params"][0]["value"], json!("lo"));
    assert_eq!(answer.body["params_set"]["by"], json!("arn:posture-ledger:key:acme:admin"));
    audit(&house).await;
    let (_, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!(hub["Compliance"]["Status"], json!("PASSED"));
    assert_eq!(field(&hub, "posture/params"), &json!("{\"prefix\":\"lo\"}"));
    assert_eq!(field(&hub, "posture/rule"), &json!("acme.bucket-named@1"), "the rule is the same");
    // Without it the default holds again.
    house.clock.set(START.plus(2 * HOUR));
    assert_eq!(set(&house, RULE, &json!({})).await.body["params"][0]["value"], json!("acme-"));
    audit(&house).await;
    let (_, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&hub["Compliance"]["Status"], field(&hub, "posture/params")), (&json!("FAILED"), &Value::Null));
}

/// The catalogue's rules have parameters too, and each tenant has its own values.
#[tokio::test]
async fn parameters_of_the_catalogue_are_a_tenants_own() {
    let house = House::new().await;
    let key = "iam.rotate-access-key-90-days";
    let answer = set(&house, key, &json!({"days": 60})).await;
    assert_eq!((answer.status, &answer.body["params"][0]["value"]), (200, &json!(60)), "{}", answer.body);
    let path = format!("/api/v1/tenants/beta/rules/{key}");
    let theirs = house.ask(&house.beta.token, Method::GET, &path, &Value::Null).await;
    assert_eq!((theirs.status, &theirs.body["params"][0]["value"]), (200, &json!(90)), "{}", theirs.body);
}

#[tokio::test]
async fn what_does_not_fit_is_named() {
    let house = House::new().await;
    let key = "iam.rotate-access-key-90-days";
    for (params, said) in [
        (json!({"days": "60"}), "params.days: must be a whole number"),
        (json!({"days": -1}), "params.days: must be a whole number of at least 0"),
        (json!({"hours": 7}), "params.hours: is no parameter of this rule; there are days"),
        (json!([]), "params: must be an object"),
    ] {
        let answer = set(&house, key, &params).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{params}");
        assert_eq!(answer.body["error"]["message"], json!(said), "{params}");
    }
    assert_eq!(set(&house, "acme.nobodys", &json!({})).await.error(), (404, "NOT_FOUND"));
    let shown = house.ask(&house.acme.token, Method::GET, &format!("{RULES}/{key}"), &Value::Null).await;
    assert_eq!(shown.body["params_set"], Value::Null);
}
