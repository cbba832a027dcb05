//! `POST /api/v1/tenants/{tenantID}/findings/run` (infracast-findings, Run the Audit Engine).

use crate::house::{Answer, House, START, key};
use crate::import_resources::put;
use crate::list_keys::wish;
use crate::run_audits::group;
use lambda_http::http::Method;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

pub async fn run(house: &House, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::POST, "/api/v1/tenants/acme/findings/run", body).await
}

#[tokio::test]
async fn the_documents_request_gets_the_documents_answer() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    let answer = run(&house, &json!({})).await;
    assert_eq!(answer.status, 202);
    let members: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["frameworks", "job_id", "started_at", "status"]);
    assert_eq!(answer.body["frameworks"].as_array().unwrap().len(), 4, "nist-800-53, cis-aws, pci-dss, soc2");
    assert_eq!(answer.body["status"], json!("running"));
    assert!(answer.body["started_at"].as_str() >= Some(START.to_string().as_str()), "{}", answer.body);
    // The same extent, while it has not ended.
    house.clock.set(START.plus(1_000));
    assert_eq!(run(&house, &json!({})).await.body["job_id"], answer.body["job_id"]);
    let one = run(&house, &json!({"framework": "nist-sp-800-53-r5"})).await;
    assert_eq!((one.status, &one.body["frameworks"]), (202, &json!(["nist-800-53"])));
    assert_ne!(one.body["job_id"], answer.body["job_id"]);
}

#[tokio::test]
async fn bad_requests_name_the_member() {
    let house = House::new().await;
    for (body, field) in [
        (json!({"framework": 7}), "framework"),
        (json!({"framework": "no-such-framework"}), "framework"),
        (json!({"frameworks": ["cis-aws"]}), "frameworks"),
        (json!([]), ""),
    ] {
        let answer = run(&house, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(field), "{body}: {message}");
    }
    let reads = key(house.writer(), "acme", wish("reads", &[Scope::FindingsRead])).await;
    let denied = house.ask(&reads.token, Method::POST, "/api/v1/tenants/acme/findings/run", &json!({})).await;
    assert_eq!(denied.status, 403);
}
