//! A model's words for remediations: when it is asked again, what that costs, and what it leaves as it is. The shapes of Bedrock and
//! what is refused are in `tests/python/test_infracast_get_remediation.py`.

use crate::checkout::read;
use crate::house::{House, START, finding};
use crate::import_resources::put;
use crate::infracast::get;
use crate::run_audits::{audit, group, ssh};
use crate::set_rule::{HOUR, added, buckets, changed};
use crate::template::Template;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use posture_functions::access::WORDS;
use posture_functions::infracast_get_remediation::ROUTE;
use posture_functions::{Handler, ROUTES};
use posture_local::embedded::{Embedded, config};
use posture_local::faults::Fault;
use posture_shared::operations::Model;
use posture_shared::upstream::{Aws, MODEL_ACTIONS};
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const MODEL: &str = "maker.model-v1:0";
const SUMMARY: &str = "Change this resource, so that the rule passes.";
const DAY: i64 = 24 * HOUR;

/// A model that always says the same, and what it was told.
#[derive(Debug, Clone)]
struct Stub {
    says: Arc<Mutex<String>>,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Stub {
    fn new() -> Self {
        let says = json!({"summary": SUMMARY, "rationale": "What is open to everyone is found by everyone."});
        Self { says: Arc::new(Mutex::new(says.to_string())), told: Arc::default() }
    }

    fn asked(&self) -> usize {
        self.told.lock().unwrap().len()
    }
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        assert!(request.uri().ends_with("/model/maker.model-v1%3A0/converse"), "{}", request.uri());
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        let facts = body.pointer("/messages/0/content/0/text").and_then(Value::as_str).unwrap();
        self.told.lock().unwrap().push(serde_json::from_str(facts).unwrap());
        let text = self.says.lock().unwrap().clone();
        let answer = json!({
            "output": {"message": {"role": "assistant", "content": [{"text": text}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}, "metrics": {"latencyMs": 1},
        });
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer.to_string()))))
    }
}

fn with_model(mut house: House, stub: &Stub) -> House {
    let aws = Aws::new(&config(Embedded::memory().unwrap()), stub.clone()).unwrap();
    house.app = house.app.wording(Model::new(aws, MODEL).unwrap());
    house
}

/// A house with a group that is open, and the id of the finding.
async fn open_ssh(stub: &Stub) -> (House, String) {
    let house = with_model(House::new().await, stub);
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    (house, ssh("eu-west-1", "sg-1"))
}

async fn remediation(house: &House, id: &str) -> Value {
    let answer = get(house, &format!("/findings/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn is_worded(body: &Value) -> bool {
    let is_marked = body["generated"]["model"] == json!(MODEL);
    assert_eq!(body["summary"] == json!(SUMMARY), is_marked, "{body}");
    assert!(is_marked || body["generated"].is_null(), "{body}");
    is_marked
}

/// What is kept is read beside what is read anyway, and a new answer is one write of a kind that the function may write.
#[tokio::test]
async fn words_cost_one_read_and_no_round() {
    let stub = Stub::new();
    let (house, id) = open_ssh(&stub).await;
    let without = house.beside(house.clock.now());
    let path = format!("{id}/remediation");
    let template = remediation(&without, &path).await;
    without.meter.take();
    assert_eq!(remediation(&without, &path).await, template);
    let plain = without.meter.take();
    remediation(&house, &id).await;
    house.meter.take();
    assert!(is_worded(&remediation(&house, &path).await));
    let first = house.meter.take();
    let again = remediation(&house, &path).await;
    let second = house.meter.take();
    assert!(is_worded(&again) && stub.asked() == 1);
    assert_eq!(
        (second.rounds, second.total(), second.of("PutItem")),
        (plain.rounds, plain.total() + 1, 0),
        "{second:?}"
    );
    assert_eq!((first.of("PutItem"), first.total()), (1, second.total() + 1), "{first:?}");
    let bounded = ROUTE.grants().into_iter().find(|grant| grant.action == "dynamodb:PutItem");
    assert_eq!(bounded.and_then(|grant| grant.partitions), Some("*#wording#*"));
    for member in ["finding_id", "steps", "url", "source", "terraform_patch_available"] {
        assert_eq!(again[member], template[member], "{member}");
    }
    assert!(!is_worded(&template));
}

/// Another evidence, version or parameter is another question; the past is none.
#[tokio::test]
async fn it_is_asked_again_when_something_changes() {
    let stub = Stub::new();
    let (house, id) = open_ssh(&stub).await;
    let path = format!("{id}/remediation");
    assert!(is_worded(&remediation(&house, &path).await));
    let then = remediation(&house, &id).await["as_of"].as_str().unwrap().to_owned();
    house.clock.set(START.plus(HOUR));
    let mut wider = group("eu-west-1", "sg-1", 1, "0.0.0.0/1");
    wider["configurationItemCaptureTime"] = json!("2023-11-14T22:50:00Z");
    wider["configuration"]["ipPermissions"][0]["ipv4Ranges"] =
        json!([{"cidrIp": "0.0.0.0/0"}, {"cidrIp": "0.0.0.0/1"}]);
    put(&house, &json!([wider])).await;
    let past = format!("{path}?as_of={then}");
    assert!(is_worded(&remediation(&house, &past).await) && stub.asked() == 1, "the words of then are kept");
    assert!(is_worded(&remediation(&house, &path).await) && stub.asked() == 2);
    assert!(!is_worded(&remediation(&house, &past).await) && stub.asked() == 2, "others are kept in their place");
    house.clock.set(START.plus(HOUR + 29 * DAY));
    assert!(is_worded(&remediation(&house, &path).await) && stub.asked() == 2);
    house.clock.set(START.plus(HOUR + 31 * DAY));
    assert!(is_worded(&remediation(&house, &path).await) && stub.asked() == 3);
}

#[tokio::test]
async fn another_version_of_a_rule_is_another_question() {
    let stub = Stub::new();
    let house = with_model(House::new().await, &stub);
    added(&house, &rule()).await;
    buckets(&house, &["logs"]).await;
    audit(&house).await;
    let path = "ACME-NAMES-1-aws:eu-west-1:aws.s3.bucket:logs/remediation";
    assert!(is_worded(&remediation(&house, path).await));
    house.clock.set(START.plus(HOUR));
    added(&house, &changed("rule.yaml", "nobody looks after", "nobody finds")).await;
    assert!(is_worded(&remediation(&house, path).await) && stub.asked() == 2);
    assert!(stub.told.lock().unwrap()[1]["rationale"].as_str().unwrap().contains("nobody finds"));
    let set = format!("/api/v1/tenants/acme/rules/{RULE}/params");
    let answer = house
        .ask(&house.acme.token, lambda_http::http::Method::PUT, &set, &json!({"params": {"prefix": "other-"}}))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(is_worded(&remediation(&house, path).await) && stub.asked() == 3);
    assert!(is_worded(&remediation(&house, path).await) && stub.asked() == 3);
}

/// What was refused is asked for again, but not at each request.
#[tokio::test]
async fn a_refusal_is_kept_for_an_hour() {
    let stub = Stub::new();
    let (house, id) = open_ssh(&stub).await;
    let path = format!("{id}/remediation");
    let good = std::mem::replace(&mut *stub.says.lock().unwrap(), "Run aws ec2.".to_owned());
    for _ in 0..3 {
        assert!(!is_worded(&remediation(&house, &path).await) && stub.asked() == 1);
    }
    *stub.says.lock().unwrap() = good;
    house.clock.set(START.plus(HOUR - 60_000));
    assert!(!is_worded(&remediation(&house, &path).await) && stub.asked() == 1);
    house.clock.set(START.plus(HOUR + 60_000));
    assert!(is_worded(&remediation(&house, &path).await) && stub.asked() == 2);
}

/// A producer's word stays its own; and what does not fail, or is not shown, is not worded.
#[tokio::test]
async fn others_findings_and_what_passes_are_left_alone() {
    let stub = Stub::new();
    let (house, id) = open_ssh(&stub).await;
    let mut imported = finding("one", "123456789012", "FAILED", "2023-11-02T00:00:00Z");
    imported["Remediation"] = json!({"Recommendation": {"Text": "Turn it on."}});
    house.import(&house.acme.token, &[imported]).await;
    let rows = get(&house, "/findings?per_page=500").await.body;
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["title"] == "a title").unwrap().clone();
    let theirs = remediation(&house, &format!("{}/remediation", row["uid"].as_str().unwrap())).await;
    assert_eq!((&theirs["summary"], &theirs["generated"]), (&json!("Turn it on."), &Value::Null));
    let mut mended = group("eu-west-1", "sg-1", 1, "10.0.0.0/8");
    mended["configurationItemCaptureTime"] = json!("2023-11-14T22:20:00Z");
    house.clock.set(START.plus(HOUR));
    put(&house, &json!([mended])).await;
    assert!(!is_worded(&remediation(&house, &format!("{id}/remediation")).await));
    assert_eq!(get(&house, "/findings/nothing/remediation").await.status, 404);
    assert_eq!(stub.asked(), 0);
}

/// Words that cannot be kept are shown all the same.
#[tokio::test]
async fn a_table_that_takes_nothing_costs_no_answer() {
    let stub = Stub::new();
    let mut requests = 0;
    for fails in [false, true] {
        let (house, id) = open_ssh(&stub).await;
        remediation(&house, &id).await;
        let path = format!("{id}/remediation");
        // Keeping them is the last request of all.
        house.faults.plan(if fails { Fault::CrashBefore(requests) } else { Fault::None });
        assert!(is_worded(&remediation(&house, &path).await));
        requests = house.faults.seen();
        house.faults.plan(Fault::None);
        let before = stub.asked();
        assert!(is_worded(&remediation(&house, &path).await));
        assert_eq!(stub.asked(), before + usize::from(fails), "what was not kept is asked for again");
    }
}

/// One function may ask a model, and keep what it says, where the stack has one; and nothing more.
#[test]
fn a_model_is_asked_by_one_function_and_only_if_it_is_named() {
    let template = Template::parse(&read("template.yaml"));
    let asks = ROUTES.iter().filter(|route| matches!(route.handler, Handler::Words(_)));
    assert_eq!(asks.map(|route| route.function).collect::<Vec<_>>(), [ROUTE.function]);
    let named = template.keys("Resources").into_iter().filter(|name| {
        template
            .get(&format!("Resources/{name}/Properties/Policies"))
            .is_some_and(|them| them.contains("WordingPolicy"))
    });
    assert_eq!(named.collect::<Vec<_>>(), ["InfracastGetRemediationFunction"]);
    let policy = "Resources/WordingPolicy";
    assert_eq!(template.get(&format!("{policy}/Condition")), Some("HasModel"));
    assert_eq!(template.get("Parameters/BedrockModel/Default"), Some(""));
    let statements = format!("{policy}/Properties/PolicyDocument/Statement");
    let actions = |n: usize| template.list(&format!("{statements}/{n}/Action"));
    let granted: Vec<&str> = WORDS.iter().map(|grant| grant.action).collect();
    assert_eq!(template.keys(&statements), ["0", "1", "2"]);
    assert_eq!((actions(0), actions(1), actions(2)), (granted, MODEL_ACTIONS.to_vec(), MODEL_ACTIONS.to_vec()));
    let bounds = template.list(&format!("{statements}/0/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys"));
    assert_eq!(bounds, WORDS.iter().filter_map(|grant| grant.partitions).collect::<Vec<_>>());
    let profile = "Condition/StringLike/bedrock:InferenceProfileArn/0";
    assert!(template.get(&format!("{statements}/2/{profile}")).is_some_and(|bound| bound.contains("BedrockModel")));
    let read_by = read("shared/src/upstream/bedrock.rs");
    assert!(
        read_by.contains("\"bedrock\"") && read_by.contains("/converse"),
        "edit MODEL_ACTIONS in shared/src/upstream"
    );
}
