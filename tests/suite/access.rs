//! Who is let in: every route with every scope, and every way in which a key or a signature can be bad.

use crate::denial::{Refusal, assert_clean, assert_refused};
use posture_functions::Route;
use posture_functions::routes::keyed;
use posture_shared::auth::Credentials;
use posture_shared::clock::Clock;
use posture_shared::dialects::Dialect;
use posture_shared::domain::{Instant, Scope};
use posture_tests::world::{START, signed, signed_at, signer};
use posture_tests::{Ask, Gateway, World, samples};
use std::collections::BTreeMap;

/// One route: the case's name, and what is sent.
type Case = (String, Ask);

/// A finding, so that there is something to be found.
async fn world() -> World {
    let world = World::new().await;
    world.import(&world.ours, &[samples::finding("f-1", 1)]).await;
    world
}

/// The table of DESIGN §5, derived: who may call a route is who holds its scope, or admin.
#[tokio::test]
async fn a_route_opens_for_its_scope_and_for_admin_alone() {
    let world = world().await;
    for route in keyed() {
        let scope = route.scope.unwrap_or_else(|| panic!("{} needs no scope: say here why", route.function));
        let ask = samples::ask(route, &world.ours);
        for (held, key) in world.ours.keys() {
            let may = *held == scope || *held == Scope::Admin;
            for (form, ask) in forms(&ask, key) {
                for gateway in Gateway::ALL {
                    let case = format!("{} {} {form} {gateway:?}", route.function, held.name());
                    let ask = if form == "sigv4" { signed(gateway, key, &ask) } else { ask.clone() };
                    let answer = world.send(gateway, &ask).await;
                    if may {
                        assert!(answer.is_let_in(), "{case}: {} {}", answer.status, answer.body);
                    } else {
                        assert_refused(route.dialect, Refusal::Scope, &answer, &case);
                    }
                    assert_clean(&world, &answer, &case);
                }
            }
        }
    }
}

/// The scopes as they are today: a change of one is a decision, not an accident.
#[test]
fn the_scopes_are_these() {
    let scopes: BTreeMap<&str, Scope> = keyed().map(|route| (route.function, route.scope.unwrap())).collect();
    let expected = BTreeMap::from([
        ("bitdefender-get-check", Scope::FindingsRead),
        ("bitdefender-get-checks", Scope::FindingsRead),
        ("bitdefender-get-finding-changes", Scope::FindingsRead),
        ("bitdefender-get-framework", Scope::FindingsRead),
        ("bitdefender-get-frameworks", Scope::FindingsRead),
        ("bitdefender-get-resource", Scope::FindingsRead),
        ("bitdefender-get-resources", Scope::FindingsRead),
        ("bitdefender-get-rule", Scope::FindingsRead),
        ("bitdefender-get-rules", Scope::FindingsRead),
        ("bitdefender-get-scan", Scope::FindingsRead),
        ("bitdefender-get-scans", Scope::FindingsRead),
        ("create-key", Scope::Admin),
        ("datadog-get-finding", Scope::FindingsRead),
        ("datadog-list-findings", Scope::FindingsRead),
        ("get-finding-history", Scope::FindingsRead),
        ("get-related-resources", Scope::FindingsRead),
        ("infracast-stream-findings", Scope::FindingsRead),
        ("list-changes", Scope::FindingsRead),
        ("get-rule", Scope::FindingsRead),
        ("list-rules", Scope::FindingsRead),
        ("retire-rule", Scope::Admin),
        ("set-rule", Scope::Admin),
        ("set-rule-params", Scope::Admin),
        ("get-resource", Scope::FindingsRead),
        ("import-resources", Scope::FindingsImport),
        ("import-snapshots", Scope::FindingsImport),
        ("infracast-get-compliance-summary", Scope::FindingsRead),
        ("infracast-get-finding", Scope::FindingsRead),
        ("infracast-get-remediation", Scope::FindingsRead),
        ("infracast-get-terraform-patch", Scope::FindingsRead),
        ("set-terraform", Scope::FindingsImport),
        ("infracast-list-findings", Scope::FindingsRead),
        ("infracast-list-scored-findings", Scope::FindingsRead),
        ("list-accounts", Scope::Admin),
        ("get-job", Scope::FindingsRead),
        ("infracast-run-audit", Scope::AuditRun),
        ("list-jobs", Scope::Admin),
        ("list-keys", Scope::Admin),
        ("list-resources", Scope::FindingsRead),
        ("revoke-key", Scope::Admin),
        ("bitdefender-update-checks", Scope::FindingsWrite),
        ("datadog-mute-findings", Scope::FindingsWrite),
        ("datadog-mute-security-findings", Scope::FindingsWrite),
        ("decide-findings", Scope::FindingsWrite),
        ("infracast-accept-finding", Scope::FindingsWrite),
        ("infracast-resolve-finding", Scope::FindingsWrite),
        ("list-decisions", Scope::FindingsRead),
        ("securityhub-batch-import-findings", Scope::FindingsImport),
        ("securityhub-batch-update-findings", Scope::FindingsWrite),
        ("securityhub-describe-hub", Scope::FindingsRead),
        ("securityhub-get-finding-history", Scope::FindingsRead),
        ("securityhub-get-findings", Scope::FindingsRead),
        ("securityhub-list-enabled-products", Scope::FindingsRead),
        ("set-account", Scope::Admin),
    ]);
    assert_eq!(scopes, expected, "a new route is listed in tests/suite/access.rs with the scope that it needs");
}

/// Every way to present a key (DESIGN §5). The signature is added later, since each gateway has its own host.
fn forms(ask: &Ask, key: &Credentials) -> Vec<(&'static str, Ask)> {
    let Credentials { token, datadog_api_key, datadog_application_key, .. } = key;
    let datadog = ask.clone().with("dd-api-key", datadog_api_key).with("dd-application-key", datadog_application_key);
    vec![
        ("bearer", ask.clone().bearing(token)),
        ("x-api-key", ask.clone().with("x-api-key", token)),
        ("datadog", datadog),
        ("sigv4", ask.clone()),
    ]
}

/// DESIGN §5: nothing is answered without a good key.
#[tokio::test]
async fn no_route_answers_without_a_good_key() {
    let world = world().await;
    let now = world.clock.now();
    let revoked = world.key(&world.ours, "revoked", |record| record.revoked_at = Some(START)).await;
    let expired = world.key(&world.ours, "expired", |record| record.expires_at = Some(now)).await;
    let forged = Credentials {
        aws_secret_access_key: world.theirs.admin().aws_secret_access_key.clone(),
        datadog_application_key: world.theirs.admin().datadog_application_key.clone(),
        ..world.ours.admin().clone()
    };
    // A key of the right form, under a name that has no record.
    let unknown = world.key(&world.ours, "gone", |record| record.name = "elsewhere".to_owned()).await;
    for route in keyed() {
        let ask = samples::ask(route, &world.ours);
        for gateway in Gateway::ALL {
            let mut cases = keyless(&ask, world.ours.admin());
            for (name, key) in [("revoked", &revoked), ("expired", &expired), ("unknown", &unknown)] {
                cases.extend(forms(&ask, key).into_iter().map(|(form, ask)| {
                    let ask = if form == "sigv4" { signed(gateway, key, &ask) } else { ask };
                    (format!("{name} {form}"), ask)
                }));
            }
            cases.push(("another tenant's secret".to_owned(), signed(gateway, &forged, &ask)));
            cases.extend(forms(&ask, &forged).into_iter().filter(|(form, _)| *form == "datadog").map(owned));
            for (name, ask) in cases {
                let case = format!("{} {gateway:?} {name}", route.function);
                let answer = world.send(gateway, &ask).await;
                assert_refused(route.dialect, Refusal::Key, &answer, &case);
                assert_clean(&world, &answer, &case);
            }
        }
    }
}

fn owned((name, ask): (&str, Ask)) -> Case {
    (name.to_owned(), ask)
}

/// Requests without a key, or with something that no key looks like.
fn keyless(ask: &Ask, key: &Credentials) -> Vec<Case> {
    let token = &key.token;
    let cut = token.get(..token.len() - 1).unwrap();
    let id = &key.aws_access_key_id;
    let zeros = "0".repeat(64);
    let made_up = format!(
        "AWS4-HMAC-SHA256 Credential={id}/20240229/eu-west-1/securityhub/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature={zeros}"
    );
    let dated = ask.clone().with("x-amz-date", "20240229T235801Z").with("host", "h");
    let header = |name: &str, value: &str| (format!("{name}: {value}"), ask.clone().with(name, value));
    vec![
        ("nothing".to_owned(), ask.clone()),
        header("authorization", ""),
        header("authorization", "Bearer"),
        header("authorization", "Bearer x"),
        header("authorization", &format!("Bearer {cut}")),
        header("authorization", &format!("Bearer {token}A")),
        header("authorization", &format!("Bearer {}", token.to_uppercase())),
        header("authorization", &format!("Basic {token}")),
        header("authorization", token),
        header("authorization", "AWS4-HMAC-SHA256 Credential=x"),
        header("authorization", "Bearer plk_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        header("authorization", &"A".repeat(100_000)),
        header("x-api-key", id),
        header("x-api-key", "ключ"),
        header("dd-api-key", &key.datadog_api_key),
        header("dd-application-key", &key.datadog_application_key),
        header("cookie", token),
        ("token in the query".to_owned(), with_query(ask, &format!("x-api-key={token}"))),
        ("an unsigned signature".to_owned(), dated.with("authorization", &made_up)),
        (
            "swapped datadog keys".to_owned(),
            ask.clone()
                .with("dd-api-key", &key.datadog_application_key)
                .with("dd-application-key", &key.datadog_api_key),
        ),
    ]
}

fn with_query(ask: &Ask, more: &str) -> Ask {
    let joint = if ask.query.is_empty() { "" } else { "&" };
    Ask { query: format!("{}{joint}{more}", ask.query), ..ask.clone() }
}

/// DESIGN §5: a key is good before its end and not at it, to the millisecond.
#[tokio::test]
async fn a_key_ends_at_its_millisecond() {
    let world = world().await;
    let end = Instant(START.0 + 1_000_000);
    let key = world.key(&world.ours, "short", |record| record.expires_at = Some(end)).await;
    for route in keyed() {
        let ask = samples::ask(route, &world.ours);
        // The clock runs on between being set and being read.
        for (shown, good) in [(end.plus(-60_000), true), (end, false), (end.plus(86_400_000), false)] {
            world.clock.set(shown);
            for gateway in Gateway::ALL {
                for ask in [ask.clone().bearing(&key.token), signed(gateway, &key, &ask)] {
                    let answer = world.send(gateway, &ask).await;
                    assert_eq!(answer.is_let_in(), good, "{} {shown} {gateway:?}: {}", route.function, answer.body);
                    if !good {
                        assert_refused(route.dialect, Refusal::Key, &answer, route.function);
                    }
                }
            }
        }
    }
}

/// Revocation holds from the next request on, in a container that has answered the key before.
#[tokio::test]
async fn revocation_is_immediate() {
    let world = world().await;
    let key = world.key(&world.ours, "leaver", |_| {}).await;
    for route in keyed() {
        let ask = samples::ask(route, &world.ours).bearing(&key.token);
        assert!(world.send(Gateway::Rest, &ask).await.is_let_in(), "{}", route.function);
    }
    let mut record = world.app.writer.key_get(&world.ours.id, "leaver").await.unwrap().unwrap();
    record.revoked_at = Some(world.clock.now());
    world.app.writer.key_replace(&record).await.unwrap();
    for route in keyed() {
        let ask = samples::ask(route, &world.ours).bearing(&key.token);
        let answer = world.send(Gateway::Rest, &ask).await;
        assert_refused(route.dialect, Refusal::Key, &answer, route.function);
    }
}

/// Five minutes of skew, by the machine's clock and not by the deployment's.
#[tokio::test]
async fn a_signature_lasts_five_minutes() {
    let world = world().await;
    let key = world.ours.admin();
    for route in keyed() {
        let ask = samples::ask(route, &world.ours);
        for gateway in Gateway::ALL {
            for (seconds, good) in [(-290, true), (290, true), (-310, false), (310, false), (-86_400, false)] {
                let ask = signed_at(gateway, key, &ask, Clock::machine().plus(seconds * 1000));
                let answer = world.send(gateway, &ask).await;
                assert_eq!(answer.is_let_in(), good, "{} {seconds} {gateway:?}: {}", route.function, answer.body);
                if !good {
                    assert_refused(route.dialect, Refusal::Key, &answer, route.function);
                    // Bitdefender's refusal has one text for whatever is wrong.
                    let is_told = answer.body.contains("5 minutes") || route.dialect == Dialect::Bitdefender;
                    assert!(is_told, "{}", answer.body);
                }
            }
        }
    }
}

/// A signature covers method, host, stage, path, query, body and time, and its scope.
#[tokio::test]
async fn nothing_signed_can_be_changed() {
    let world = world().await;
    let key = world.ours.admin();
    for route in keyed() {
        let plain = samples::ask(route, &world.ours);
        for gateway in Gateway::ALL {
            let good = signed(gateway, key, &plain);
            let wire_path = gateway.wire_path(&good.path);
            assert!(world.send(gateway, &good).await.is_let_in(), "{} {gateway:?}", route.function);
            for (name, ask) in changed(gateway, &good) {
                let case = format!("{} {gateway:?}: another {name}", route.function);
                let answer = world.answer(route, &gateway.event(&ask, &wire_path)).await;
                assert_refused(route.dialect, Refusal::Key, &answer, &case);
            }
            for path in other_wire_paths(gateway, &good.path) {
                let answer = world.answer(route, &event_at(gateway, &good, &path)).await;
                assert!([401, 403, 404].contains(&answer.status), "{} at {path}: {}", route.function, answer.body);
            }
            for (name, signer) in other_scopes(key) {
                let mut ask = plain.clone().with("host", gateway.host());
                signer.sign(&mut ask, &wire_path);
                let answer = world.send(gateway, &ask).await;
                assert_refused(route.dialect, Refusal::Key, &answer, &format!("{} signed for {name}", route.function));
            }
        }
    }
}

/// The request with one thing changed after it was signed.
fn changed(gateway: Gateway, good: &Ask) -> Vec<(&'static str, Ask)> {
    let set = |name: &str, value: &str| {
        let mut ask = good.clone();
        ask.headers.retain(|(known, _)| known != name);
        ask.with(name, value)
    };
    let body = |bytes: &[u8]| Ask { body: bytes.to_vec(), ..good.clone() };
    let spaced: Vec<u8> = [&good.body[..], b" "].concat();
    let authorization = &good.headers.iter().find(|(name, _)| name == "authorization").unwrap().1;
    let flipped: String = authorization.strip_suffix(|_: char| true).unwrap().to_owned()
        + if authorization.ends_with('0') { "1" } else { "0" };
    let other_host = match gateway {
        Gateway::Rest => "another.execute-api.eu-west-1.amazonaws.com",
        Gateway::HttpApi | Gateway::FunctionUrl => "another.example.com",
    };
    let mut cases = vec![
        ("host", set("host", other_host)),
        ("time", set("x-amz-date", &signed_time(Clock::machine().plus(-60_000)))),
        ("query", with_query(good, "a=b")),
        ("query without value", with_query(good, "a")),
        ("body", body(&spaced)),
        ("body, emptied or filled", body(if good.body.is_empty() { b"{}" } else { b"" })),
        ("signature", set("authorization", &flipped)),
        ("region", set("authorization", &authorization.replace("/eu-west-1/", "/eu-west-2/"))),
        ("service", set("authorization", &authorization.replace("/securityhub/", "/guardduty/"))),
        ("signed headers", set("authorization", &authorization.replace("host;", ""))),
        ("declared hash", good.clone().with("x-amz-content-sha256", "UNSIGNED-PAYLOAD")),
    ];
    if gateway != Gateway::Rest {
        // A REST API's event says each header twice, and the conversion keeps the last value only.
        cases.push(("second signature", good.clone().with("authorization", authorization)));
    }
    cases
}

fn signed_time(at: Instant) -> String {
    at.to_string().get(..19).unwrap().replace(['-', ':'], "") + "Z"
}

/// Paths that end as the route's, which the client did not sign.
fn other_wire_paths(gateway: Gateway, path: &str) -> Vec<String> {
    match gateway {
        Gateway::Rest => vec![format!("/dev{path}"), format!("/prod/prod{path}"), path.to_owned()],
        // Behind the stage's name the path is read without it too, since a custom domain adds a name unasked.
        Gateway::HttpApi => vec![format!("/dev{path}"), format!("/dev/prod{path}"), path.to_owned()],
        Gateway::FunctionUrl => vec![format!("/prod{path}"), format!("{path}/"), path.to_uppercase()],
    }
}

/// The event of a request that came to another path of the same gateway.
fn event_at(gateway: Gateway, ask: &Ask, wire_path: &str) -> String {
    gateway.event(ask, wire_path)
}

fn other_scopes(key: &Credentials) -> Vec<(&'static str, posture_tests::sign::Signer)> {
    let good = signer(key, Clock::machine());
    let mut service = good.clone();
    service.service = "execute-api".to_owned();
    let mut region = good.clone();
    region.region = String::new();
    let mut secret = good.clone();
    secret.secret.push('A');
    let mut id = good;
    id.id = "AKIAIOSFODNN7EXAMPLE".to_owned();
    vec![("another service", service), ("no region", region), ("another secret", secret), ("another id", id)]
}

/// DESIGN §5: a good key opens nothing at another method or path; a function URL passes on whatever it is called with.
#[tokio::test]
async fn a_function_answers_its_own_method_and_path_only() {
    let world = world().await;
    let key = world.ours.admin();
    for route in keyed() {
        for (method, path) in other_addresses(route, &samples::ask(route, &world.ours)) {
            let ask = Ask { method, path, ..samples::ask(route, &world.ours) };
            for ask in [ask.clone().bearing(&key.token), signed(Gateway::FunctionUrl, key, &ask)] {
                let event = Gateway::FunctionUrl.event(&ask, &ask.path);
                let answer = world.answer(route, &event).await;
                assert_eq!(answer.status, 404, "{} at {} {}: {}", route.function, ask.method, ask.path, answer.body);
                assert_clean(&world, &answer, route.function);
            }
        }
    }
}

fn other_addresses(route: &Route, ask: &Ask) -> Vec<(String, String)> {
    let own = route.method.to_string();
    let other = if own == "GET" { "POST" } else { "GET" };
    vec![
        (other.to_owned(), ask.path.clone()),
        (if own == "DELETE" { "PUT" } else { "DELETE" }.to_owned(), ask.path.clone()),
        (own.clone(), "/".to_owned()),
        (own.clone(), format!("{}/more", ask.path)),
        (own, ask.path.replace('s', "S")),
    ]
}

/// CONTRACTS 7: what is not served gets its dialect's 404, with a key and without.
#[tokio::test]
async fn what_is_no_route_is_said_so_and_no_more() {
    let world = world().await;
    let token = &world.ours.admin().token;
    for (method, path, code) in [
        ("PATCH", "/findings", "UnknownOperationException"),
        ("POST", "/findingsv2", "UnknownOperationException"),
        ("GET", "/health", "UnknownOperationException"),
        ("POST", "/api/v1/auth/token", "NOT_FOUND"),
        ("GET", "/api/v1/tenants/acme/snapshots", "NOT_FOUND"),
        ("GET", "/api/v1/tenants/umbrella/snapshots", "NOT_FOUND"),
    ] {
        let ask = Ask::new(&method.parse().unwrap(), path, "");
        let [with, without] =
            [world.send(Gateway::Rest, &ask.clone().bearing(token)).await, world.send(Gateway::Rest, &ask).await];
        assert_eq!(with.clone().timeless(), without.clone().timeless(), "{method} {path}");
        assert_eq!(with.status, 404, "{method} {path}");
        assert!(with.body.contains(code), "{method} {path}: {}", with.body);
        assert_clean(&world, &with, path);
    }
}
