//! `GET /api/v1/tenants/{tenantID}/jobs/{id}`: how an audit run stands.

use crate::house::House;
use crate::import_resources::put;
use crate::infracast_run_audit::run;
use crate::run_audits::group;
use lambda_http::http::Method;
use posture_functions::run_audits;
use serde_json::{Value, json};

#[tokio::test]
async fn a_run_is_shown_as_it_stands() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    let id = run(&house, &json!({})).await.body["job_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/tenants/acme/jobs/{id}");
    let waiting = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
    assert_eq!(
        (waiting.status, &waiting.body["status"], &waiting.body["state"]),
        (200, &json!("running"), &json!("waiting"))
    );
    house.app.wake(&run_audits::TRIGGER, json!({}), "r").await.unwrap();
    let done = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await.body;
    assert_eq!((&done["status"], &done["error"], &done["lease_until"]), (&json!("done"), &Value::Null, &Value::Null));
    assert_eq!(done["counts"]["resources"], json!(1));
    assert_eq!(done["covered"]["scopes"], json!([{"account_id": "123456789012", "region": "eu-west-1"}]));
    let listed = house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/jobs", &Value::Null).await;
    assert_eq!(listed.body["jobs"], json!([done]));
    // Nobody else's, and none that is not there.
    for (token, path) in [
        (&house.beta.token, format!("/api/v1/tenants/beta/jobs/{id}")),
        (&house.acme.token, "/api/v1/tenants/acme/jobs/audit-job-all-1".to_owned()),
        (&house.acme.token, "/api/v1/tenants/acme/jobs/record-expiries".to_owned()),
    ] {
        assert_eq!(house.ask(token, Method::GET, &path, &Value::Null).await.status, 404, "{path}");
    }
}
