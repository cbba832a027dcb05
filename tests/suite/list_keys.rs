//! `GET /api/v1/tenants/{tenantID}/keys`: keys without their secrets, and no other tenant's (DESIGN §5 and §7).

use crate::house::{House, admin, key, tenant};
use lambda_http::http::Method;
use posture_shared::auth::{Credentials, Wish};
use posture_shared::domain::Scope;
use serde_json::{Value, json};

pub const KEYS: &str = "/api/v1/tenants/acme/keys";

pub fn wish(name: &str, scopes: &[Scope]) -> Wish {
    Wish { name: name.to_owned(), scopes: scopes.iter().copied().collect(), ..admin() }
}

/// The names that a list shows.
pub async fn names(house: &House, key: &Credentials, of: &str) -> Vec<String> {
    let answer = house.ask(&key.token, Method::GET, &format!("/api/v1/tenants/{of}/keys"), &Value::Null).await;
    assert_eq!(answer.status, 200);
    answer.body["keys"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

/// Every secret of a key.
fn secrets(key: &Value) -> Vec<String> {
    let names = ["token", "aws_secret_access_key", "datadog_api_key", "datadog_application_key"];
    names.map(|name| key[name].as_str().unwrap().to_owned()).into()
}

/// Everything that was said of a key, and nothing that proves it.
#[tokio::test]
async fn a_list_shows_no_secrets() {
    let house = House::new().await;
    let body = json!({"name": "ci", "scopes": ["findings:read", "findings:import"], "accounts": ["123456789012"],
        "expires": "2023-11-20", "rate_per_minute": 1000});
    let made = house.ask(&house.acme.token, Method::POST, KEYS, &body).await;
    let list = house.ask(&house.acme.token, Method::GET, KEYS, &Value::Null).await;
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
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin", "worker"]);
    assert_eq!(names(&house, &house.beta, "beta").await, ["admin", "secret"]);
    let record = house.writer().key_get(&tenant("beta"), "secret").await.unwrap().unwrap();
    assert_eq!(record.revoked_at, None);
}
