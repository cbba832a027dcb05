//! `DELETE /api/v1/tenants/{tenantID}/keys/{name}`: a key is refused from now on (DESIGN §5 and §7).

use crate::house::{House, START, admin, key};
use crate::list_keys::{KEYS, names, wish};
use lambda_http::http::Method;
use posture_shared::auth::Wish;
use posture_shared::domain::Scope;
use serde_json::{Value, json};

#[tokio::test]
async fn a_revoked_key_is_refused_and_keeps_its_name() {
    let house = House::new().await;
    let admin = &house.acme.token;
    let ci = key(house.writer(), "acme", wish("ci", &[Scope::FindingsRead])).await;
    assert_eq!(house.ask(&ci.token, Method::POST, "/findings", &json!({})).await.status, 200);
    let path = format!("{KEYS}/ci");
    let revoked = house.ask(admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!(revoked.status, 200);
    assert!(revoked.body["revoked_at"].is_string());
    assert_eq!(house.ask(&ci.token, Method::POST, "/findings", &json!({})).await.status, 401);
    house.clock.set(START.plus(3_600_000));
    let again = house.ask(admin, Method::DELETE, &path, &Value::Null).await;
    assert_eq!((again.status, &again.body), (200, &revoked.body), "revoking again changes nothing");
    let body = json!({"name": "ci", "scopes": ["findings:read"]});
    assert_eq!(house.ask(admin, Method::POST, KEYS, &body).await.error(), (409, "CONFLICT"));
    assert_eq!(names(&house, &house.acme, "acme").await, ["admin", "ci"]);
}

/// Other tenants' keys, and what is no key's name, are one and the same: not there.
#[tokio::test]
async fn what_is_no_key_here_is_not_found() {
    let house = House::new().await;
    key(house.writer(), "beta", wish("secret", &[Scope::FindingsRead])).await;
    let long = "x".repeat(3000);
    for name in ["secret", "nobody", "a%2Fb", "%20", long.as_str()] {
        let answer = house.ask(&house.acme.token, Method::DELETE, &format!("{KEYS}/{name}"), &Value::Null).await;
        assert_eq!(answer.error(), (404, "NOT_FOUND"), "{name}");
    }
}

/// An administrator of some accounts revokes the keys that it could have made, its own among them, and no others.
#[tokio::test]
async fn an_administrator_of_some_accounts_revokes_keys_for_those_only() {
    let house = House::new().await;
    let wish = |name: &str, accounts: &[&str]| Wish {
        name: name.to_owned(),
        accounts: (!accounts.is_empty()).then(|| accounts.iter().map(|id| (*id).to_owned()).collect()),
        ..admin()
    };
    let (one, other) = ("111111111111", "222222222222");
    let some = key(house.writer(), "acme", wish("some", &[one])).await;
    for (name, accounts, status) in [
        ("any", &[][..], 403),
        ("other", &[other][..], 403),
        ("both", &[one, other][..], 403),
        ("same", &[one][..], 200),
    ] {
        let made = key(house.writer(), "acme", wish(name, accounts)).await;
        let path = format!("{KEYS}/{name}");
        assert_eq!(house.ask(&some.token, Method::DELETE, &path, &Value::Null).await.status, status, "{name}");
        let alive = house.ask(&made.token, Method::POST, "/findings", &json!({})).await.status == 200;
        assert_eq!(alive, status == 403, "{name}");
    }
    assert_eq!(house.ask(&some.token, Method::DELETE, &format!("{KEYS}/some"), &Value::Null).await.status, 200);
}
