//! The end of acceptances (DESIGN §2): from its instant on every dialect shows the finding open again, totals and scores
//! count it, and as-of answers know what was before, with no job running; the job changes none of it.

use crate::datadog_mute_findings::MUTED as ACCEPTED;
use crate::house::{House, tenant};
use crate::infracast::{get, list, post, said, shop, uid_of};
use lambda_http::http::Method;
use posture_shared::domain::Instant;
use posture_shared::operations::run_expiries;
use serde_json::{Value, json};

const REVIEW: [&str; 4] = ["open", "needs_review", "false", "NOTIFIED"];

fn at(text: &str) -> Instant {
    Instant::parse_aws(text).unwrap()
}

async fn score(house: &House, query: &str) -> (Value, Value) {
    let body = get(house, &format!("/compliance/summary?framework=pci-dss{query}")).await.body;
    (body["overall_score"].clone(), body["total_findings"].clone())
}

/// Accepts a finding in every dialect that knows an end, and looks at it before its end, at it and after the job.
#[tokio::test]
async fn an_acceptance_ends_by_itself_everywhere() {
    for (dialect, end) in [
        ("infracast", "2023-11-21T00:00:00.000Z"),
        ("bitdefender", "2023-11-21T00:00:00.000Z"),
        ("native", "2023-11-21T00:00:00.000Z"),
        ("datadog", "2023-11-20T12:34:56.789Z"),
        ("datadog, newer", "2023-11-20T12:34:56.789Z"),
    ] {
        let house = shop().await;
        let uid = uid_of(&house, "open").await;
        let open = (score(&house, "").await, list(&house, "").await["total"].clone());
        let end = at(end);
        let date = "2023-11-20";
        let (method, path, body) = match dialect {
            "infracast" => (
                Method::POST,
                format!("/api/v1/tenants/acme/findings/{uid}/accept"),
                json!({"justification": "Known.", "review_date": date}),
            ),
            "bitdefender" => (
                Method::POST,
                "/v1/cspm/vm/update".to_owned(),
                json!({"status": "risk_accepted", "expires_at": date, "ids": [uid]}),
            ),
            "native" => (
                Method::POST,
                "/api/v1/tenants/acme/findings/decisions".to_owned(),
                json!({"decision": "accept", "justification": "Known.", "review_date": date, "ids": [uid]}),
            ),
            "datadog" => (
                Method::PATCH,
                "/api/v2/posture_management/findings".to_owned(),
                json!({"data": {"type": "finding", "id": "x", "meta": {"findings": [{"finding_id": uid}]}, "attributes":
                    {"mute": {"muted": true, "reason": "ACCEPTED_RISK", "expiration_date": end.0}}}}),
            ),
            _ => (
                Method::PATCH,
                "/api/v2/security/findings/mute".to_owned(),
                json!({"data": {"type": "mute", "relationships": {"findings": {"data": [{"id": uid, "type": "findings"}]}},
                    "attributes": {"mute": {"is_muted": true, "reason": "RISK_ACCEPTED", "expire_at": end.0}}}}),
            ),
        };
        let answer = house.ask(&house.acme.token, method, &path, &body).await;
        assert!([200, 202].contains(&answer.status), "{dialect}: {}", answer.body);
        let accepted = (score(&house, "").await, list(&house, "").await["total"].clone());
        assert_ne!(accepted, open, "{dialect}");
        // The day before, and a second before.
        for earlier in [86_400_000, 5_000] {
            house.clock.set(end.plus(-earlier));
            assert_eq!(said(&house, "open", None).await, ACCEPTED, "{dialect}");
            assert_eq!((score(&house, "").await, list(&house, "").await["total"].clone()), accepted, "{dialect}");
        }
        house.clock.set(end.plus(1_000));
        for recorded in [false, true] {
            if recorded {
                assert_eq!(run_expiries(house.writer(), &tenant("acme")).await.unwrap().recorded, 1);
            }
            let why = format!("{dialect}, recorded: {recorded}");
            assert_eq!(said(&house, "open", None).await, REVIEW, "{why}");
            assert_eq!((score(&house, "").await, list(&house, "").await["total"].clone()), open, "{why}");
            let row = &get(&house, &format!("/findings/{uid}")).await.body;
            assert!(row.get("acceptance").is_none(), "{why}: {row}");
            // To the millisecond, as of then.
            assert_eq!(said(&house, "open", Some(end)).await, REVIEW, "{why}");
            assert_eq!(said(&house, "open", Some(end.plus(-1))).await, ACCEPTED, "{why}");
            let before = score(&house, &format!("&as_of={}", end.plus(-1))).await;
            assert_eq!(before, accepted.0, "{why}");
            // One net change, at that instant.
            let from = end.plus(-3_600_000);
            let path = format!("/v1/cspm/finding_changes?type=modified&from_date={from}");
            let changes = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await.body;
            let rows = changes["data"].as_array().unwrap();
            assert_eq!(rows.len(), 1, "{why}: {changes}");
            assert_eq!(rows[0]["attributes"]["change_status"], "needs_review", "{why}: {changes}");
        }
        let newest = &get(&house, "/audit-log").await.body["items"][0];
        assert_eq!((&newest["action"], &newest["source"]), (&json!("expired"), &json!("expiry")), "{newest}");
    }
}

/// What needs review can be accepted again, and a new acceptance in time has no trace of the old one's end.
#[tokio::test]
async fn an_acceptance_can_be_renewed() {
    let house = shop().await;
    let accept = async |date: &str| {
        let body = json!({"justification": "Known.", "review_date": date});
        post(&house, "/s3-public-logs/accept", &body).await.status
    };
    assert_eq!(accept("2023-11-20").await, 200);
    assert_eq!(accept("2023-11-25").await, 200);
    house.clock.set(at("2023-11-22T00:00:00Z"));
    assert_eq!(said(&house, "open", None).await, ACCEPTED, "the first end is no more");
    house.clock.set(at("2023-11-26T00:00:01Z"));
    assert_eq!(said(&house, "open", None).await, REVIEW);
    assert_eq!(accept("2023-11-25").await, 400, "that day is over");
    assert_eq!(accept("2023-11-26").await, 200);
    assert_eq!(run_expiries(house.writer(), &tenant("acme")).await.unwrap().recorded, 0);
    assert_eq!(said(&house, "open", None).await, ACCEPTED);
}
