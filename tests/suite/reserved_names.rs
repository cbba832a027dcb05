//! Names that mean something to our JSON parser: a finding that held one was stored and could not be read again.

use posture_functions::routes::keyed;
use posture_tests::samples::{self, PRODUCT, finding, hub_event, patch, post};
use posture_tests::{Ask, World};
use serde_json::{Value, json};

const NAMES: [&str; 2] = ["$serde_json::private::Number", "$serde_json::private::RawValue"];

/// A member of such a name after another one, as text, because an object in memory sorts it to the front.
fn odd(name: &str) -> Vec<String> {
    let values = ["\"12\"", "\"no number\"", "7", "{}", "null"];
    values.iter().map(|value| format!("{{\"a\":1,\"{name}\":{value}}}")).collect()
}

/// Every record ends as one of four outcomes, and what was taken stays readable.
#[tokio::test]
async fn what_holds_a_reserved_name_is_refused_and_harms_nothing() {
    let world = World::new().await;
    world.import(&world.ours, &[finding("f-1", 1)]).await;
    let snapshots = "/api/v1/tenants/acme/snapshots";
    for value in NAMES.into_iter().flat_map(odd) {
        let put = |body: &Value| body.to_string().replace("\"@\"", &value);
        let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap();
        let mut nested = finding("odd", 1);
        nested["Resources"][0]["Details"] = json!({"Other": ["@"]});
        let mut noted = finding("odd", 1);
        noted["Note"]["Odd"] = json!("@");
        let imported = put(&json!({"Findings": [nested]}));
        let top =
            json!({"Findings": [finding("odd", 1)]}).to_string().replace("\"Title\":", &format!("{inner},\"Title\":"));
        for (path, body) in [
            ("/findings/import", imported.clone()),
            ("/findings/import", put(&json!({"Findings": [noted]}))),
            ("/findings/import", top.clone()),
            (snapshots, imported),
            (snapshots, put(&hub_event("2024-01-01T08:00:05Z", &[noted]))),
            (snapshots, top),
        ] {
            let answer = world.ask(&world.ours, &post(path, &body)).await;
            let taken =
                ["\"SuccessCount\":1", "\"created\":1", "\"changed\":1"].iter().any(|s| answer.body.contains(s));
            // A top-level member that is null counts as not sent.
            let unsent = value.contains("null") && body.contains(&format!("{inner},\"Title\":"));
            assert_eq!(answer.status, 200, "{path} {value}: {}", answer.body);
            assert!(unsent || !taken, "{path} {value}: {}", answer.body);
        }
        let related = json!([{"Id": "a", "ProductArn": PRODUCT, "Odd": "@"}]);
        let update = json!({"FindingIdentifiers": [{"Id": "f-1", "ProductArn": PRODUCT}], "RelatedFindings": related});
        let answer = world.ask(&world.ours, &patch("/findings/batchupdate", &put(&update))).await;
        assert_eq!(answer.status, 400, "{value}: {}", answer.body);
        assert!(answer.body.contains("RelatedFindings: "), "{value}: {}", answer.body);
        let all = world.ask(&world.ours, &post("/findings", "{}")).await;
        assert_eq!(all.status, 200, "{value}: {}", all.body);
    }
}

/// As many texts within texts as a request holds, in every body and in a queue's message. A parser that opens each of
/// them while it reads the one around it ends with its stack, and the process with it.
#[tokio::test]
async fn texts_within_texts_do_not_exhaust_the_stack() {
    let world = World::new().await;
    let (mut text, lists) = ("1".to_owned(), 100);
    while text.len() < 200_000 {
        let quoted = Value::String(text).to_string();
        text = format!("{}{{\"{}\":{quoted}}}{}", "[".repeat(lists), NAMES[1], "]".repeat(lists));
    }
    let within = |member: &str| format!("{{\"{member}\":{text}}}");
    for route in keyed() {
        for body in [text.clone(), within("Filters"), within("Findings"), within("detail"), within("name")] {
            let ask = Ask { body: body.into_bytes(), ..samples::ask(route, &world.ours) };
            let answer = world.ask(&world.ours, &ask).await;
            assert!(answer.status < 500, "{}: {}", route.function, answer.body);
        }
    }
    let message = json!({"Records": [{"messageId": "m", "body": text}]});
    assert_eq!(world.wake(message).await.unwrap(), json!({"batchItemFailures": [{"itemIdentifier": "m"}]}));
}
