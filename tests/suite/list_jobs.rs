//! `GET /api/v1/tenants/{tenantID}/jobs`: how a tenant's jobs stand (DESIGN §6 and §7).

use crate::house::{House, START, tenant};
use lambda_http::http::Method;
use posture_shared::domain::{Error, Job, JobKind, job};
use serde_json::{Value, json};

async fn state(house: &House) -> (Value, Value) {
    let answer = house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/jobs", &Value::Null).await;
    assert_eq!(answer.status, 200);
    let job = &answer.body["jobs"][0];
    (job["state"].clone(), job["error"].clone())
}

/// Never `running` for ever: a worker that is not heard of any more is none.
#[tokio::test]
async fn a_job_is_shown_as_it_stands() {
    let house = House::new().await;
    let (acme, kind) = (tenant("acme"), JobKind::RecordExpiries);
    assert_eq!(state(&house).await, (Value::Null, Value::Null), "there is none yet");
    let running = Job::new(kind).taken(START).unwrap();
    let running = house.writer().job_put(&acme, running).await.unwrap().unwrap();
    assert_eq!(state(&house).await, (json!("running"), Value::Null));
    house.clock.set(START.plus(job::LEASE_MS));
    assert_eq!(state(&house).await, (json!("waiting"), Value::Null));
    let failed = running.left(Err(&Error::internal("the table is gone")), house.clock.now());
    assert!(house.writer().job_put(&acme, failed.clone()).await.unwrap().is_some());
    assert_eq!(state(&house).await, (json!("failed"), json!("internal error, see the log")));
    // Whoever has not seen the last revision changes nothing.
    assert!(house.writer().job_put(&acme, Job { revision: 1, ..failed }).await.unwrap().is_none());
    let theirs = house.ask(&house.beta.token, Method::GET, "/api/v1/tenants/beta/jobs", &Value::Null).await;
    assert_eq!((theirs.status, theirs.body), (200, json!({"jobs": []})));
}
