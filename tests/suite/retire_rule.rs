//! `DELETE /api/v1/tenants/{tenantID}/rules/{key}`: a retired rule judges no more, and the next run marks its findings as gone.

use crate::house::{House, START};
use crate::run_audits::audit;
use crate::set_rule::{HOUR, RULES, added, buckets, field, finding};
use lambda_http::http::Method;
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};

#[tokio::test]
async fn findings_of_a_retired_rule_end() {
    let house = House::new().await;
    added(&house, &rule()).await;
    buckets(&house, &["logs"]).await;
    audit(&house).await;
    house.clock.set(START.plus(HOUR));
    let delete =
        async |key: &str| house.ask(&house.acme.token, Method::DELETE, &format!("{RULES}/{key}"), &Value::Null).await;
    let retired = delete(RULE).await;
    assert_eq!(retired.status, 200, "{}", retired.body);
    assert_eq!(retired.body["retired"]["by"], json!("arn:posture-ledger:key:acme:admin"));
    assert_eq!(delete(RULE).await.body, retired.body, "once more changes nothing");
    let run = audit(&house).await;
    assert_eq!(run.counts.closed, 1, "its findings and no other");
    let (_, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&hub["RecordState"], &hub["Compliance"]["Status"]), (&json!("ARCHIVED"), &json!("FAILED")));
    assert_eq!(field(&hub, "posture/gone_because"), &json!("the rule was retired"));
    // It comes back as it was, and so do its findings.
    house.clock.set(START.plus(2 * HOUR));
    let back = added(&house, &rule()).await;
    assert_eq!((&back["version"], &back["retired"]), (&json!(1), &Value::Null));
    audit(&house).await;
    let (_, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&hub["RecordState"], field(&hub, "posture/gone_because")), (&json!("ACTIVE"), &Value::Null));
    for key in ["acme.nobodys", "iam.rotate-access-key-90-days"] {
        assert_eq!(delete(key).await.error(), (404, "NOT_FOUND"), "{key}");
    }
}
