//! Trigger: Security Hub's events, from a queue or bare.

use posture_functions::TRIGGERS;
use posture_shared::domain::Error;
use posture_tests::World;
use posture_tests::samples::{PRODUCT, finding, hub_event, post};
use serde_json::{Value, json};

fn batch(bodies: &[Value]) -> Value {
    let records = bodies.iter().enumerate().map(|(place, body)| {
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        json!({
            "messageId": format!("m-{place}"), "receiptHandle": "r", "body": text, "attributes": {},
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "eu-west-1"
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

fn failures(answer: &Value) -> Vec<String> {
    let list = answer["batchItemFailures"].as_array().unwrap_or_else(|| panic!("{answer}"));
    list.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

fn events(count: u32) -> Vec<Value> {
    (0..count).map(|n| hub_event("2024-01-02T08:00:01Z", &[finding(&format!("f-{n}"), 2)])).collect()
}

/// Everything that clients can see: all findings, and the history of those named.
async fn state(world: &World, ids: &[&str]) -> String {
    let mut seen = world.ask(&world.ours, &post("/findings", "{}")).await.body;
    for id in ids {
        let ask = json!({"FindingIdentifier": {"Id": id, "ProductArn": PRODUCT}}).to_string();
        seen += &world.ask(&world.ours, &post("/findingHistory/get", &ask)).await.body;
    }
    seen
}

async fn stored(world: &World) -> Vec<String> {
    let all = world.ask(&world.ours, &post("/findings", "{}")).await.json();
    let id = |finding: &Value| finding["Id"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = all["Findings"].as_array().unwrap().iter().map(id).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_good_batch_is_taken_whole() {
    let world = World::new().await;
    let mut bodies = events(9);
    let mut custom = hub_event("2024-01-02T08:00:01Z", &[finding("c-1", 2), finding("c-2", 2)]);
    custom["detail-type"] = json!("Security Hub Findings - Custom Action");
    custom["detail"]["actionName"] = json!("send");
    bodies.push(custom);
    assert_eq!(failures(&world.wake(batch(&bodies)).await.unwrap()), [""; 0]);
    assert_eq!(stored(&world).await.len(), 11);
}

/// Text that does not compress: more of it than an item holds.
fn noise(bytes: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(33 + u8::try_from(state % 93).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// Messages that cannot be taken, each with a name.
fn poison() -> Vec<(&'static str, Value)> {
    let with = |change: fn(&mut Value)| {
        let mut event = hub_event("2024-01-02T08:00:01Z", &[finding("poison", 2)]);
        change(&mut event);
        event
    };
    let mut huge = finding("poison", 2);
    huge["Description"] = json!(noise(900_000));
    let text = hub_event("2024-01-02T08:00:01Z", &[finding("poison", 2)]).to_string();
    let deep = |levels: usize| json!(text.replace("\"Title\":", &format!("\"Deep\":{},\"Title\":", nested(levels))));
    vec![
        ("empty", json!("")),
        ("no JSON", json!("{\"detail\":")),
        ("more than JSON", json!(format!("{text} x"))),
        ("a lone surrogate", json!(text.replace("poison", "\\ud800"))),
        ("a text", json!("\"text\"")),
        ("null", json!("null")),
        ("a list", json!("[]")),
        ("no detail", with(|event| event["detail"] = Value::Null)),
        ("no findings", with(|event| event["detail"] = json!({}))),
        ("findings of another type", with(|event| event["detail"]["findings"] = json!({"Id": "x"}))),
        ("a finding that is none", with(|event| event["detail"]["findings"] = json!([7]))),
        ("no Id", with(|event| event["detail"]["findings"][0]["Id"] = Value::Null)),
        ("an empty Id", with(|event| event["detail"]["findings"][0]["Id"] = json!(""))),
        ("no ProductArn", with(|event| event["detail"]["findings"][0]["ProductArn"] = Value::Null)),
        ("no account", with(|event| event["detail"]["findings"][0]["AwsAccountId"] = Value::Null)),
        ("no UpdatedAt", with(|event| event["detail"]["findings"][0]["UpdatedAt"] = Value::Null)),
        ("a bad UpdatedAt", with(|event| event["detail"]["findings"][0]["UpdatedAt"] = json!("yesterday"))),
        ("resources that are none", with(|event| event["detail"]["findings"][0]["Resources"] = json!("x"))),
        ("a bad time", with(|event| event["time"] = json!("yesterday"))),
        ("a time of another type", with(|event| event["time"] = json!(7))),
        ("two findings, one bad", with(|event| event["detail"]["findings"] = json!([finding("half", 2), {}]))),
        ("more than an item holds", hub_event("2024-01-02T08:00:01Z", &[huge])),
        ("too deep for the store", deep(110)),
        ("too deep for a parser", deep(500)),
        ("far too deep", deep(100_000)),
    ]
}

/// DESIGN §3, bursts: a bad message fails alone, never its batch.
#[tokio::test]
async fn one_poisoned_message_of_ten_fails_alone() {
    for (name, poison) in poison() {
        let world = World::new().await;
        for place in [0, 4, 9] {
            let mut bodies = events(9);
            bodies.insert(place, poison.clone());
            let answer = world.wake(batch(&bodies)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(failures(&answer), [format!("m-{place}")], "{name}");
        }
        let mut ids = stored(&world).await;
        ids.retain(|id| id != "half");
        assert_eq!(ids.len(), 9, "{name}: {ids:?}");
    }
}

#[tokio::test]
async fn records_that_are_none_fail_alone() {
    let world = World::new().await;
    let mut event = batch(&events(2));
    for odd in
        [json!({"messageId": "m-a"}), json!({"messageId": "m-b", "body": 7}), json!({"messageId": "m-c", "body": null})]
    {
        event["Records"].as_array_mut().unwrap().push(odd);
    }
    assert_eq!(failures(&world.wake(event).await.unwrap()), ["m-a", "m-b", "m-c"]);
    assert_eq!(stored(&world).await.len(), 2);
    // Without an id nobody can say which one failed: an empty id makes the queue keep them all.
    assert_eq!(failures(&world.wake(json!({"Records": [7, null, {}]})).await.unwrap()), ["", "", ""]);
    assert_eq!(failures(&world.wake(json!({"Records": []})).await.unwrap()), [""; 0]);
}

/// A bare event of EventBridge, which has no batch to fail within: the invocation fails, and is tried again.
#[tokio::test]
async fn a_bare_event_is_taken_or_fails() {
    let world = World::new().await;
    assert_eq!(world.wake(events(1)[0].clone()).await, Ok(Value::Null));
    assert_eq!(stored(&world).await, ["f-0"]);
    for odd in [
        json!(null),
        json!(7),
        json!("text"),
        json!([]),
        json!({}),
        json!({"Records": 7}),
        json!({"Records": {"0": {}}}),
        json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {}}}),
        json!({"source": "aws.securityhub", "detail-type": "Security Hub Insight Results", "detail": {"insightArn": "a"}}),
        hub_event("2024-01-02T08:00:01Z", &[json!({"Id": "x"})]),
    ] {
        let result = world.wake(odd.clone()).await;
        assert!(matches!(result, Err(Error::Invalid { .. })), "{odd}: {result:?}");
    }
    assert_eq!(stored(&world).await, ["f-0"]);
}

/// Twice, late or out of order ends in the same state.
#[tokio::test]
async fn redelivery_changes_nothing() {
    let world = World::new().await;
    let bodies = events(10);
    world.wake(batch(&bodies)).await.unwrap();
    let once = state(&world, &["f-0", "f-9"]).await;
    for _ in 0..2 {
        assert_eq!(failures(&world.wake(batch(&bodies)).await.unwrap()), [""; 0]);
        let turned: Vec<Value> = bodies.iter().rev().cloned().collect();
        assert_eq!(failures(&world.wake(batch(&turned)).await.unwrap()), [""; 0]);
        world.wake(bodies[3].clone()).await.unwrap();
        assert_eq!(state(&world, &["f-0", "f-9"]).await, once);
    }
}

/// Four states of one finding, as the hub told of them: found, suppressed with a note, found again, archived.
fn story() -> [Value; 4] {
    let first = finding("f-1", 1);
    let mut second = first.clone();
    second["Workflow"]["Status"] = json!("SUPPRESSED");
    second["Note"] = json!({"Text": "known", "UpdatedBy": "me", "UpdatedAt": "2024-01-02T09:00:00Z"});
    let mut third = finding("f-1", 3);
    third["Workflow"] = second["Workflow"].clone();
    third["Note"] = second["Note"].clone();
    third["Severity"]["Label"] = json!("LOW");
    third["FindingProviderFields"]["Severity"]["Label"] = json!("LOW");
    let mut fourth = third.clone();
    fourth["UpdatedAt"] = json!("2024-01-04T08:00:00Z");
    fourth["RecordState"] = json!("ARCHIVED");
    let times = ["2024-01-01T08:00:05Z", "2024-01-02T09:00:05Z", "2024-01-03T08:00:05Z", "2024-01-04T08:00:05Z"];
    let mut states = [first, second, third, fourth].into_iter().zip(times);
    std::array::from_fn(|_| states.next().map(|(state, time)| hub_event(time, &[state])).unwrap())
}

fn orders() -> Vec<Vec<usize>> {
    let mut all = vec![vec![]];
    for next in 0..4 {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |place| {
                    let mut order = order.clone();
                    order.insert(place, next);
                    order
                })
            })
            .collect();
    }
    all
}

/// In all orders, one by one and in one batch, with every event twice.
#[tokio::test]
async fn any_order_ends_in_the_same_state() {
    let story = story();
    let mut expected: Option<String> = None;
    for order in orders() {
        let told: Vec<Value> = order.iter().map(|place| story[*place].clone()).collect();
        let again: Vec<Value> = told.iter().chain(told.iter().rev()).cloned().collect();
        let [one_by_one, at_once] = [World::new().await, World::new().await];
        for event in &again {
            one_by_one.wake(event.clone()).await.unwrap();
        }
        at_once.wake(batch(&again)).await.unwrap();
        for world in [one_by_one, at_once] {
            let seen = state(&world, &[]).await;
            assert_eq!(&seen, expected.get_or_insert_with(|| seen.clone()), "{order:?}");
        }
    }
    let last: Value = serde_json::from_str(&expected.unwrap()).unwrap();
    let last = &last["Findings"][0];
    assert_eq!(
        (&last["RecordState"], &last["Workflow"]["Status"], &last["Severity"]["Label"], &last["Note"]["Text"]),
        (&json!("ARCHIVED"), &json!("SUPPRESSED"), &json!("LOW"), &json!("known"))
    );
}

/// Events that no trigger knows: an error that says so, or nothing to do; never a failure of ours.
#[tokio::test]
async fn no_event_makes_a_trigger_panic() {
    let world = World::new().await;
    let deep: Value = serde_json::from_str(&format!("{}1{}", "[".repeat(120), "]".repeat(120))).unwrap();
    let records = |body: Value| json!({"Records": [{"messageId": "m", "body": body}]});
    let event = hub_event("2024-01-02T08:00:01Z", std::slice::from_ref(&deep)).to_string();
    for trigger in TRIGGERS {
        for event in [
            json!(null),
            json!(-1),
            json!("text"),
            json!([]),
            json!({}),
            deep.clone(),
            json!({"Records": null}),
            json!({"Records": [null, 7, [], {}, {"messageId": 7, "body": {}}]}),
            json!({"detail": deep, "time": deep}),
            json!({"job": deep, "id": "x".repeat(100_000), "tenant": "umbrella"}),
            records(json!("")),
            records(json!("{\"a\":\"\\ud800\"}")),
            records(json!("nul \u{0}")),
            records(json!("{}".repeat(1000))),
            records(json!(event)),
            records(json!("x".repeat(1_000_000))),
        ] {
            let result = world.app.wake(trigger, event.clone(), "test").await;
            let start: String = event.to_string().chars().take(80).collect();
            assert!(!matches!(result, Err(Error::Internal(_))), "{} {start}: {result:?}", trigger.function);
        }
    }
}
