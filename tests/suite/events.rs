//! Every function takes its sample event, over the real engine, as it would from its gateway or queue.

use crate::checkout::read;
use lambda_http::{Body, Response};
use posture_functions::event::request_of;
use posture_functions::routes::keyed;
use posture_functions::{App, ROUTES, TRIGGERS, WokenBy};
use posture_local::embedded::{Embedded, config};
use posture_shared::auth::mint;
use posture_shared::clock::Clock;
use posture_shared::domain::{Scope, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::secrets::{Master, Masters};
use serde_json::{Value, json};

/// An app over an empty ledger, and the token of a key that may do everything.
async fn app() -> (App, String) {
    let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
    let clock = Clock::system();
    let writer = Writer::connect(&config(Embedded::memory().unwrap()), "ledger", clock.clone(), masters.clone());
    writer.create_table().await.unwrap();
    let tenant = TenantId::parse("default").unwrap();
    let (record, key) = mint(&masters, &tenant, "k", [Scope::Admin].into(), None, None, clock.now()).unwrap();
    assert!(writer.key_create(&record).await.unwrap());
    (App::new(writer, tenant), key.token)
}

async fn answer(app: &App, function: &str, token: &str) -> (u16, Value) {
    let route = ROUTES.iter().find(|route| route.function == function).unwrap();
    let event = read(&format!("events/{function}.json")).replace("Bearer TOKEN", &format!("Bearer {token}"));
    let event = event.replace("\"TOKEN\"", &format!("\"{token}\""));
    let response: Response<Body> = app.answer(route, request_of(&event).unwrap()).await;
    // Of all answers one is a page and no JSON.
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

/// Even over an empty ledger a good request is answered, unless its path names a finding, which must be there.
#[tokio::test]
async fn every_route_answers_its_event() {
    for route in ROUTES {
        let (app, token) = app().await;
        if route.path.contains("{findingID}") {
            answer(&app, "securityhub-batch-import-findings", &token).await;
        }
        if route.path.contains("/resources/{id}") {
            answer(&app, "import-resources", &token).await;
        }
        if route.function == "retire-rule" {
            answer(&app, "set-rule", &token).await;
        }
        let (status, body) = answer(&app, route.function, &token).await;
        // Nobody can know the uid of one thing beforehand.
        let is_named = route.path.ends_with("/{id}")
            && (route.function.starts_with("bitdefender-") || route.function == "get-job")
            || route.path.contains("{finding_id}") && body["errors"][0]["detail"] == "finding not found"
            || body["errors"][0]["detail"].as_str().is_some_and(|why| why.starts_with("there is no finding "));
        // What was imported has no patch, and the answer says so.
        let no_patch = body["error"]["message"].as_str().is_some_and(|said| said.starts_with("there is no patch"));
        let is_named = is_named || route.function == "infracast-get-terraform-patch" && no_patch;
        let is_absent = status == 404 && is_named;
        assert!([200, 201, 202].contains(&status) || is_absent, "{}: {status} {body}", route.function);
    }
}

#[tokio::test]
async fn no_route_answers_its_event_without_a_key() {
    let (app, _) = app().await;
    for route in keyed() {
        let (status, _) = answer(&app, route.function, "TOKEN").await;
        assert!([401, 403].contains(&status), "{}: {status}", route.function);
    }
}

/// The events tell one story: imported, updated, found, and what happened to it.
#[tokio::test]
async fn the_events_go_together() {
    let (app, token) = app().await;
    let (_, imported) = answer(&app, "securityhub-batch-import-findings", &token).await;
    assert_eq!(imported["SuccessCount"], json!(1), "{imported}");
    let (_, updated) = answer(&app, "securityhub-batch-update-findings", &token).await;
    assert_eq!(updated["ProcessedFindings"].as_array().unwrap().len(), 1, "{updated}");
    let (_, found) = answer(&app, "securityhub-get-findings", &token).await;
    assert_eq!(found["Findings"][0]["Workflow"]["Status"], json!("NOTIFIED"), "{found}");
    let (_, history) = answer(&app, "securityhub-get-finding-history", &token).await;
    assert_eq!(history["Records"].as_array().unwrap().len(), 2, "{history}");
}

/// Twice the same messages end in the same state, and no message fails.
#[tokio::test]
async fn every_trigger_takes_its_event_twice() {
    let (app, token) = app().await;
    // What reads AWS has its own test, with an AWS to read.
    for trigger in TRIGGERS.iter().filter(|trigger| !trigger.reads_aws) {
        let event: Value = serde_json::from_str(&read(&format!("events/{}.json", trigger.function))).unwrap();
        for _ in 0..2 {
            let answer = app.wake(trigger, event.clone(), "r").await.unwrap();
            let wanted = match trigger.woken_by {
                WokenBy::Queue => json!({"batchItemFailures": []}),
                WokenBy::Schedule(_) => match trigger.function {
                    "record-expiries" => json!({"recorded": 0}),
                    "fold-ledgers" => json!({"folded": 0}),
                    "verify-ledgers" => {
                        let (problems, done) = (&answer["problems"], &answer["done"]);
                        assert_eq!((problems, done), (&json!(0), &json!(true)), "{answer}");
                        continue;
                    }
                    "run-audits" | "run-decisions" => json!({"ended": 0}),
                    "start-audits" => json!({"started": 1}),
                    other => panic!("say in tests/suite/events.rs what {other} answers"),
                },
            };
            assert_eq!(answer, wanted, "{}", trigger.function);
        }
    }
    let (_, found) = answer(&app, "securityhub-get-findings", &token).await;
    assert_eq!(found["Findings"].as_array().unwrap().len(), 2, "two of the three are HIGH: {found}");
}

/// A message that is no event fails alone.
#[tokio::test]
async fn a_bad_message_fails_alone() {
    let (app, _) = app().await;
    for trigger in TRIGGERS.iter().filter(|trigger| trigger.woken_by == WokenBy::Queue) {
        let mut event: Value = serde_json::from_str(&read(&format!("events/{}.json", trigger.function))).unwrap();
        event["Records"][1]["body"] = json!("{\"detail\": 7");
        let id = event["Records"][1]["messageId"].clone();
        let answer = app.wake(trigger, event, "r").await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": id}]}), "{}", trigger.function);
    }
}
