//! The routes of keys: `GET` and `POST /api/v1/tenants/{tenantID}/keys`, `DELETE …/keys/{name}` (DESIGN §5 and §7).

use crate::house::{House, START, admin, key, tenant};
use lambda_http::http::Method;
use posture_shared::auth::{Credentials, Wish};
use posture_shared::domain::Scope;
use serde_json::{Value, json};

const KEYS: &str = "/api/v1/tenants/acme/keys";

fn wish(name: &str, scopes: &[Scope]) -> Wish {
    Wish { name: name.to_owned(), scopes: scopes.iter().copied().collect(), ..admin() }
}

/// Every secret of a key.
fn secrets(key: &Value) -> Vec<String> {
    let names = ["token", "aws_secret_access_key", "datadog_api_key", "datadog_application_key"];
    names.map(|name| key[name].as_str().unwrap().to_owned()).into()
}

async fn names(house: &House, key: &Credentials, of: &str) -> Vec<String> {
    let answer = house.ask(&key.token, Method::GET, &format!("/api/v1/tenants/{of}/keys"), &Value::Null).await;
    assert_eq!(answer.status, 200);
    answer.body["keys"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

/// A key's whole life: made, used, listed without secrets, revoked, refused.
#[tokio::test]
async fn a_key_lives_as_its_administrator_says() {
    let house = House::new().await;
    let admin = house.acme.token.clone();
    let body = json!({"name": "ci", "scopes": ["findings:read", "findings:import"], "accounts": ["123456789012"],
        "expires": "2023-11-20", "rate_per_minute": 1000});
    let made = house.ask(&admin, Method::POST, KEYS, &body).await;
    assert_eq!(made.status, 201);
    assert_eq!((&made.body["tenant"], &made.body["key"]["name"]), (&json!("acme"), &json!("ci")));
    let token = made.body["key"]["token"].as_str().unwrap().to_owned();
    assert_eq!(house.ask(&token, Method::POST, "/findings", &json!({})).await.status, 200);
    assert_eq!(house.ask(&token, Method::GET, KEYS, &Value::Null).await.error(), (403, "FORBIDDEN"));

    let list = house.ask(&admin, Method::GET, KEYS, &Value::Null).await;
    let shown = json!({"tenant": "acme", "name": "ci", "scopes": ["findings:read", "findings:import"],
        "accounts": ["123456789012"], "created_at": list.body["keys"][1]["created_at"],
        "expires_at": "2023-11-21T00:00:00.000Z", "revoked_at": null, "rate_per_minute": 1000});
    assert_eq!(list.body["keys"][1], shown);
    let text = list.body.to_string();
    for secret in secrets(&made.body["key"]) {
        assert!(!text.contains(&secret));
    }
    for hidden in ["token_hash", "salt"] {
        assert!(!text.contains(hidden), "{hidden}");
    }

    let path = format!("{KEYS}/ci");
    let revoked = house.ask(&admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(revoked.status, 200);
    assert!(revoked.body["revoked_at"].is_string());
    assert_eq!(house.ask(&token, Method::POST, "/findings", &json!({})).await.status, 401);
    house.clock.set(START.plus(3_600_000));
    let again = house.ask(&admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!((again.status, &again.body), (200, &revoked.body), "revoking again changes nothing");
    assert_eq!(house.ask(&admin, Method::POST, KEYS, &body).await.error(), (409, "CONFLICT"));
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin", "ci"]);
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_named() {
    let house = House::new().await;
    let good = json!({"name": "n", "scopes": ["admin"]});
    for (member, value) in [
        ("name", json!("a b")),
        ("name", json!("x".repeat(65))),
        ("name", Value::Null),
        ("scopes", json!([])),
        ("scopes", json!(["findings:everything"])),
        ("accounts", json!([])),
        ("accounts", json!(["12345678901"])),
        ("expires", json!("2023-11-13")),
        ("expires", json!(7)),
        ("rate_per_minute", json!(0)),
        ("rate_per_minute", json!(-1)),
        ("tenant", json!("beta")),
    ] {
        let mut body = good.clone();
        body[member] = value;
        let answer = house.ask(&house.acme.token, Method::POST, KEYS, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{body}");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{member}: ")), "{body}: {message}");
    }
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin"]);
}

/// DESIGN §5: other tenants' things are indistinguishable from absent ones; the routes need the scope admin.
#[tokio::test]
async fn no_key_reaches_another_tenants_keys() {
    let house = House::new().await;
    key(house.writer(), "beta", wish("secret", &[Scope::FindingsRead])).await;
    let every = [Scope::FindingsRead, Scope::FindingsWrite, Scope::FindingsImport, Scope::AuditRun];
    let worker = key(house.writer(), "acme", wish("worker", &every)).await;
    let body = json!({"name": "n", "scopes": ["admin"]});
    for (method, rest) in [(Method::GET, ""), (Method::POST, ""), (Method::DELETE, "/secret")] {
        let at = |of: &str| format!("/api/v1/tenants/{of}/keys{rest}");
        let body = if method == Method::POST { body.clone() } else { Value::Null };
        let theirs = house.ask(&house.acme.token, method.clone(), &at("beta"), &body).await;
        let nobodys = house.ask(&house.acme.token, method.clone(), &at("gamma"), &body).await;
        assert_eq!(theirs.error(), (404, "NOT_FOUND"), "{method}");
        assert_eq!((nobodys.status, nobodys.body), (404, theirs.body), "{method}");
        assert_eq!(house.ask(&worker.token, method.clone(), &at("acme"), &body).await.error(), (403, "FORBIDDEN"));
        assert_eq!(house.ask("nonsense", method.clone(), &at("acme"), &body).await.error(), (401, "UNAUTHORIZED"));
    }
    let long = "x".repeat(3000);
    for name in ["secret", "nobody", "a%2Fb", "%20", long.as_str()] {
        let answer = house.ask(&house.acme.token, Method::DELETE, &format!("{KEYS}/{name}"), &Value::Null).await;
        assert_eq!(answer.error(), (404, "NOT_FOUND"), "{name}");
    }
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin", "worker"]);
    assert_eq!(names(&house, &house.beta, "beta").await, ["admin", "secret"]);
    let record = house.writer().key_get(&tenant("beta"), "secret").await.unwrap().unwrap();
    assert_eq!(record.revoked_at, None);
}

/// A key for some accounts gives no more than it has.
#[tokio::test]
async fn an_administrator_of_some_accounts_makes_keys_for_those_only() {
    let house = House::new().await;
    let own = ["111111111111", "222222222222"];
    let accounts = Some(own.iter().map(|id| (*id).to_owned()).collect());
    let some = key(house.writer(), "acme", Wish { accounts, ..wish("some", &[Scope::Admin]) }).await;
    for (accounts, status) in [
        (json!(["111111111111"]), 201),
        (json!(own), 201),
        (json!(["111111111111", "333333333333"]), 403),
        (Value::Null, 403),
    ] {
        let name = accounts.as_array().map_or("any".to_owned(), |list| format!("for-{}", list.len()));
        let body = json!({"name": name, "scopes": ["admin"], "accounts": accounts});
        assert_eq!(house.ask(&some.token, Method::POST, KEYS, &body).await.status, status, "{body}");
    }
}
