//! Rate limits: counted in the table, per key and minute, beside what a request reads anyway (DESIGN §5).

use crate::house::{House, START, admin, finding, key, tenant};
use lambda_http::http::Method;
use posture_functions::Handler;
use posture_functions::access::{COUNTS, Grant};
use posture_functions::routes::keyed;
use posture_local::faults::Fault;
use posture_shared::auth::{Credentials, Wish};
use posture_shared::domain::TenantId;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const JOBS: &str = "/api/v1/tenants/acme/jobs";

async fn limited(house: &House, name: &str, rate: u32) -> Credentials {
    let wish = Wish { name: name.to_owned(), rate_per_minute: Some(rate), ..admin() };
    key(house.writer(), "acme", wish).await
}

/// Contract: 429 with X-RateLimit headers (CONTRACTS 3.3), in the dialect's own shape.
#[tokio::test]
async fn a_key_gets_its_rate_in_each_minute_and_no_other_key_pays() {
    let house = House::new().await;
    let slow = limited(&house, "slow", 2).await;
    house.clock.set(START.plus(15_000));
    for (remaining, status) in [("1", 200), ("0", 200), ("0", 429), ("0", 429)] {
        let answer = house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await;
        assert_eq!(answer.status, status, "{remaining} left");
        let headers = ["limit", "period", "remaining", "reset"].map(|name| format!("x-ratelimit-{name}"));
        let values = headers.map(|name| answer.header(&name).unwrap().to_owned());
        assert_eq!(values[..3], ["2", "60", remaining].map(str::to_owned), "{remaining} left");
        assert!(["45", "44"].contains(&values[3].as_str()), "resets in {}", values[3]);
        assert_eq!(answer.header("retry-after").is_some(), status == 429);
    }
    // The same rate holds on every route, and each refuses in its own shape.
    let hub = house.ask(&slow.token, Method::POST, "/findings", &json!({})).await;
    assert_eq!((hub.status, hub.header("x-amzn-errortype")), (429, Some("LimitExceededException")));
    let other = house.ask(&house.acme.token, Method::GET, JOBS, &Value::Null).await;
    assert_eq!((other.status, other.header("x-ratelimit-limit")), (200, None));
    house.clock.set(START.plus(60_000));
    assert_eq!(house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn containers_count_together() {
    let house = House::new().await;
    let slow = limited(&house, "slow", 3).await;
    let other = house.beside(START);
    let mut statuses = Vec::new();
    for n in 0..6 {
        let door = if n % 2 == 0 { &house } else { &other };
        statuses.push(door.ask(&slow.token, Method::GET, JOBS, &Value::Null).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429, 429]);
}

/// No round more: the counting goes beside the reading, and a key without a limit makes no request for it.
#[tokio::test]
async fn counting_adds_no_round() {
    let house = House::new().await;
    let slow = limited(&house, "slow", 2).await;
    house.import(&house.acme.token, &[finding("a", "111111111111", "FAILED", "2023-11-02T00:00:00Z")]).await;
    for (path, method) in [(JOBS, Method::GET), ("/findings", Method::POST), ("/accounts", Method::GET)] {
        let body = if method == Method::POST { json!({}) } else { Value::Null };
        for key in [&house.acme, &slow] {
            house.ask(&key.token, method.clone(), path, &body).await;
        }
        house.clock.set(house.clock.now().plus(60_000));
        house.meter.take();
        assert_eq!(house.ask(&house.acme.token, method.clone(), path, &body).await.status, 200);
        let without = house.meter.take();
        assert_eq!(house.ask(&slow.token, method.clone(), path, &body).await.status, 200);
        let with = house.meter.take();
        assert_eq!((without.of("UpdateItem"), with.of("UpdateItem")), (0, 1), "{path}");
        assert_eq!((with.rounds, with.total()), (without.rounds, without.total() + 1), "{path}");
    }
    // A rate that is used up is not asked for again.
    house.clock.set(START.plus(600_000));
    for _ in 0..3 {
        house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await;
    }
    house.meter.take();
    assert_eq!(house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await.status, 429);
    assert_eq!(house.meter.take().of("UpdateItem"), 0);
}

/// Whoever knows a key's name and not its secret uses up nothing of its rate.
#[tokio::test]
async fn only_proven_requests_count() {
    let house = House::new().await;
    let slow = limited(&house, "slow", 2).await;
    assert_eq!(house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await.status, 200);
    let (named, secret) = slow.token.rsplit_once('_').unwrap();
    let forged = format!("{named}_{}", "A".repeat(secret.len()));
    for _ in 0..5 {
        let answer = house.ask(&forged, Method::GET, JOBS, &Value::Null).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (401, None));
    }
    assert_eq!(house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await.status, 200);
}

/// A limit protects the service and is not what stops it.
#[tokio::test]
async fn a_table_that_does_not_count_stops_nobody() {
    let house = House::new().await;
    let slow = limited(&house, "slow", 1).await;
    let (last, updates) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (seen, counted) = (Arc::clone(&last), Arc::clone(&updates));
    house.faults.before_each(Some(Arc::new(move |number, operation| {
        if operation == "UpdateItem" {
            seen.store(number, Ordering::SeqCst);
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Box::pin(async {})
    })));
    // The first request makes the container know the key; the second is like the third, whose counting then fails.
    for fault in [false, false, true] {
        let number = last.swap(0, Ordering::SeqCst);
        house.clock.set(house.clock.now().plus(60_000));
        house.faults.plan(if fault { Fault::Before(number) } else { Fault::None });
        let answer = house.ask(&slow.token, Method::GET, JOBS, &Value::Null).await;
        assert_eq!((answer.status, answer.header("x-ratelimit-limit").is_some()), (200, !fault));
    }
    assert_eq!(updates.load(Ordering::SeqCst), 3);
}

/// What a route asks of the table is what `access` says its function may do; counters lie where it says they lie.
#[tokio::test]
async fn requests_stay_within_their_grants() {
    let house = House::new().await;
    let fast = limited(&house, "fast", 1_000).await;
    house.import(&house.acme.token, &[finding("a", "111111111111", "FAILED", "2023-11-02T00:00:00Z")]).await;
    for route in keyed() {
        let path = route.path.replace("{tenantID}", "acme").replace("{name}", "none").replace("{id}", "111111111111");
        let body = match route.function {
            "securityhub-get-finding-history" => {
                json!({"FindingIdentifier": {"Id": "a", "ProductArn": crate::house::ARN}})
            }
            "securityhub-batch-import-findings" | "import-snapshots" => {
                json!({"Findings": [finding("b", "111111111111", "FAILED", "2023-11-02T00:00:00Z")]})
            }
            "create-key" => json!({"name": "new", "scopes": ["admin"]}),
            "securityhub-batch-update-findings" => json!({"Workflow": {"Status": "NOTIFIED"},
                "FindingIdentifiers": [{"Id": "a", "ProductArn": crate::house::ARN}]}),
            _ => Value::Null,
        };
        for _ in 0..2 {
            house.meter.take();
            let answer = house.ask(&fast.token, route.method.clone(), &path, &body).await;
            assert_ne!(answer.status, 500, "{}: {}", route.function, answer.body);
            let counts = house.meter.take();
            let allowed: BTreeSet<&str> = route.grants().iter().map(|grant| grant.action).collect();
            for operation in counts.requests.keys() {
                let action = if operation == "TransactWriteItems" { "PutItem" } else { operation };
                assert!(allowed.contains(format!("dynamodb:{action}").as_str()), "{}: {operation}", route.function);
            }
        }
        let reads = !matches!(route.handler, Handler::Writes(_) | Handler::Decides(..));
        let unbounded = |grant: &&Grant| grant.partitions.is_none() && grant.action == "dynamodb:PutItem";
        assert_eq!(route.grants().iter().find(unbounded).is_none(), reads, "{}", route.function);
    }
    assert_eq!(COUNTS, [Grant { action: "dynamodb:UpdateItem", partitions: Some("*#rate#*") }]);
}

/// Counters of two tenants' keys of one name are two.
#[tokio::test]
async fn tenants_do_not_share_a_counter() {
    let house = House::new().await;
    let tenants: [TenantId; 2] = ["acme", "beta"].map(tenant);
    for (nth, of) in tenants.iter().cycle().take(6).enumerate() {
        let count = house.writer().request_count(of, "same", START).await.unwrap();
        assert_eq!(count, nth as u64 / 2 + 1, "{of}");
    }
}
