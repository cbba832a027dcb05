//! Handlers that read beside their caller's key, and handlers that panic: what goes out, and when.

use crate::denial::{Refusal, assert_refused};
use lambda_http::http::Method;
use posture_functions::{Handler, Route, TRIGGERS, Trigger};
use posture_shared::dialects::native::openapi::list_keys as describe;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Ahead;
use posture_tests::{Answer, Ask, Gateway, World, samples};
use serde_json::{Value, json};
use std::time::Duration;

const fn route(dialect: Dialect, handler: Handler) -> Route {
    let scope = Some(Scope::FindingsRead);
    Route {
        function: "test",
        method: Method::POST,
        path: "/test",
        also: &[],
        dialect,
        scope,
        ahead: Ahead::NOTHING,
        describe,
        handler,
    }
}

fn answered() -> Result<Reply, Error> {
    Ok(Reply::json(200, &json!({"secret": "of the handler"})))
}

/// Handlers that read ahead and are done before the key is read, after it, or never, in every way.
fn ahead() -> Vec<(&'static str, Handler)> {
    vec![
        ("answers at once", Handler::ReadsAhead(|_, _| Box::pin(async { answered() }))),
        (
            "answers late",
            Handler::ReadsAhead(|_, _| {
                Box::pin(async {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    answered()
                })
            }),
        ),
        ("fails", Handler::ReadsAhead(|_, _| Box::pin(async { Err(Error::invalid("member", "is wrong")) }))),
        ("breaks", Handler::ReadsAhead(|_, _| Box::pin(async { Err(Error::internal("row 7")) }))),
        ("finds nothing", Handler::ReadsAhead(|_, _| Box::pin(async { Err(Error::NotFound("none".to_owned())) }))),
        ("panics later", Handler::ReadsAhead(|_, _| Box::pin(async { panic!("planned") }))),
        ("panics at once", Handler::ReadsAhead(|_, _| panic!("planned"))),
        ("never ends", Handler::ReadsAhead(|_, _| Box::pin(std::future::pending()))),
    ]
}

async fn send(world: &World, route: &Route, token: Option<&str>) -> Answer {
    let ask = Ask::new(&route.method, route.path, "{}");
    let ask = token.into_iter().fold(ask, Ask::bearing);
    world.answer(route, &Gateway::FunctionUrl.event(&ask, route.path)).await
}

/// `Handler::ReadsAhead`: its answer goes out only if the key is good, and neither does its failure or its panic.
#[tokio::test]
async fn a_bad_key_is_denied_whatever_the_handler_did() {
    let world = World::new().await;
    let revoked = world.key(&world.ours, "revoked", |record| record.revoked_at = Some(record.created_at)).await;
    let scopeless = &world.ours.key(Scope::FindingsImport).token;
    for dialect in Dialect::ALL {
        for (name, handler) in ahead() {
            let route = route(dialect, handler);
            for token in [None, Some("nonsense"), Some(revoked.token.as_str())] {
                assert_refused(dialect, Refusal::Key, &send(&world, &route, token).await, name);
            }
            assert_refused(dialect, Refusal::Scope, &send(&world, &route, Some(scopeless)).await, name);
        }
    }
}

/// A handler that reads ahead knows neither scopes nor accounts, so that it cannot decide by them.
#[tokio::test]
async fn a_handler_that_reads_ahead_is_told_no_rights() {
    let world = World::new().await;
    let handler = Handler::ReadsAhead(|_, call| {
        Box::pin(async move {
            let told = (call.caller.scopes.len(), call.caller.accounts.map(|accounts| accounts.len()));
            Ok(Reply::json(200, &json!({"tenant": call.caller.tenant.as_str(), "told": told})))
        })
    });
    let answer = send(&world, &route(Dialect::Native, handler), Some(&world.ours.admin().token)).await;
    assert_eq!(answer.json(), json!({"tenant": "acme", "told": [0, 0]}));
}

/// No panic is reachable; should there be one all the same, it is a 500 in the dialect's shape, and the
/// next request is answered.
#[tokio::test]
async fn a_panic_is_a_500_in_the_dialects_shape() {
    let world = World::new().await;
    let key = Some(world.ours.admin().token.as_str());
    for dialect in Dialect::ALL {
        for handler in [
            Handler::ReadsAhead(|_, _| Box::pin(async { panic!("planned, with a secret-detail") })),
            Handler::ReadsAhead(|_, _| panic!("planned, with a secret-detail")),
            Handler::Reads(|_, _| Box::pin(async { panic!("planned, with a secret-detail") })),
            Handler::Reads(|_, _| panic!("planned, with a secret-detail")),
            Handler::Writes(|_, _| Box::pin(async { panic!("planned, with a secret-detail") })),
            Handler::Writes(|_, _| Box::pin(async { Err(Error::internal("secret-detail")) })),
        ] {
            let answer = send(&world, &route(dialect, handler), key).await;
            let expected: Value = match dialect {
                Dialect::SecurityHub => json!({"Code": "InternalException", "Message": "Internal service failure"}),
                Dialect::Bitdefender | Dialect::Datadog => {
                    let title = "Internal Server Error";
                    json!({"errors": [{"status": "500", "title": title, "detail": "internal error"}]})
                }
                Dialect::Infracast | Dialect::Native => {
                    json!({"error": {"code": "INTERNAL_ERROR", "message": "internal error", "details": null}})
                }
            };
            assert_eq!((answer.status, answer.json()), (500, expected));
        }
    }
    let good = world.ask(&world.ours, &samples::post("/findings", "{}")).await;
    assert_eq!((good.status, good.json()), (200, json!({"Findings": []})));
}

/// A trigger that panics fails its invocation, so that the queue tries again, and not its process.
#[tokio::test]
async fn a_panic_in_a_trigger_is_an_error() {
    let world = World::new().await;
    let [first, ..] = TRIGGERS else { panic!("there is no trigger") };
    for trigger in [
        Trigger { function: "test", handler: |_, _| Box::pin(async { panic!("planned") }), ..**first },
        Trigger { function: "test", handler: |_, _| panic!("planned"), ..**first },
    ] {
        let result = world.app.wake(&trigger, Value::Null, "test").await;
        assert!(matches!(result, Err(Error::Internal(_))), "{result:?}");
    }
}
