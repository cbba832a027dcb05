//! The trigger `synchronise-hubs`: what Security Hub says lies in the ledger, once, however often the synchronisation is killed, and what cannot
//! be read closes nothing.

use crate::house::{House, START, finding, tenant};
use crate::import_resources::ACCOUNT;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use lambda_http::http::Method;
use posture_functions::synchronise_hubs;
use posture_local::embedded::{Embedded, config};
use posture_local::faults::Fault;
use posture_shared::domain::inventory::Scope;
use posture_shared::domain::synchronisation::{LEASE_MS, PERIOD_MS, WHOLE_MS};
use posture_shared::domain::{Error, Family, JobState, Ordinal, Synchronisation, json as paths};
use posture_shared::ledger::{Need, When};
use posture_shared::operations::{Extent, Hubs, Synchronised, synchronise_hubs as work};
use posture_shared::upstream::{Aws, Pace};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const REGIONS: [&str; 3] = ["ap-south-1", "eu-west-1", "us-east-1"];
/// What lies between a clock that was set and one that has run on since.
const MINUTE: i64 = 60_000;
/// Findings of a page, fewer than are asked for.
const PAGE: usize = 2;
const FULL: &str = "ThrottlingException";

/// Hubs of an account, and what they refuse.
#[derive(Debug, Clone, Default)]
struct Stub {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    hubs: BTreeMap<String, Vec<Value>>,
    /// Code and message by region.
    refuse: BTreeMap<String, (String, String)>,
    /// The same for the request of that number, counted from 1, and for none after it.
    once: BTreeMap<usize, (String, String)>,
    asked: Vec<(String, Value)>,
    /// Tokens of another age are not known.
    age: u32,
    body: Option<String>,
}

impl Stub {
    fn with(hubs: &[(&str, usize)]) -> Self {
        let stub = Self::default();
        for (region, count) in hubs {
            let findings = (0..*count).map(|n| told(region, n, "FAILED", "2023-11-14T10:00:00Z")).collect();
            stub.set(region, findings);
        }
        stub
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }

    fn set(&self, region: &str, findings: Vec<Value>) {
        self.change(|state| state.hubs.insert(region.to_owned(), findings));
    }

    fn refuse(&self, region: &str, code: &str, message: &str) {
        self.change(|state| state.refuse.insert(region.to_owned(), (code.to_owned(), message.to_owned())));
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.change(|state| std::mem::take(&mut state.asked))
    }

    fn answer(&self, region: &str, input: &Value) -> (u16, String) {
        self.change(|state| {
            state.asked.push((region.to_owned(), input.clone()));
            let refuse = |(code, message): &(String, String)| {
                let status = if code == FULL { 429 } else { 400 };
                (status, json!({"__type": code, "Message": message}).to_string())
            };
            let number = state.asked.len();
            if let Some(refused) = state.once.remove(&number).as_ref().or(state.refuse.get(region)) {
                return refuse(refused);
            }
            if let Some(body) = &state.body {
                return (200, body.clone());
            }
            assert_eq!((&input["MaxResults"], &input["SortCriteria"][0]["Field"]), (&json!(100), &json!("UpdatedAt")));
            let age = state.age;
            let start = match input["NextToken"].as_str().map(|token| token.split_once('~').unwrap()) {
                None => 0,
                Some((of, start)) if of == age.to_string() => start.parse().unwrap(),
                Some(_) => return refuse(&("InvalidInputException".to_owned(), "Invalid NextToken".to_owned())),
            };
            let since = input.pointer("/Filters/UpdatedAt/0/Start").and_then(Value::as_str).unwrap_or_default();
            let known = state.hubs.get(region).cloned().unwrap_or_default();
            let of: Vec<Value> = known.into_iter().filter(|f| f["UpdatedAt"].as_str().unwrap() >= since).collect();
            let page: Vec<&Value> = of.iter().skip(start).take(PAGE).collect();
            let next = (start + PAGE < of.len()).then(|| format!("{age}~{}", start + PAGE));
            (200, json!({"Findings": page, "NextToken": next}).to_string())
        })
    }
}

/// A finding that only a hub could have made up.
fn told(region: &str, number: usize, compliance: &str, updated_at: &str) -> Value {
    let mut told = finding(&format!("{region}-{number}"), ACCOUNT, compliance, updated_at);
    told["Region"] = json!(region);
    told["RecordState"] = json!("ACTIVE");
    told["Workflow"] = json!({"Status": "NEW"});
    told
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let signed = request.headers().get("authorization").unwrap().to_owned();
        let mut scope = signed.split("Credential=").nth(1).unwrap().split('/').skip(2);
        let (region, service) = (scope.next().unwrap().to_owned(), scope.next().unwrap().to_owned());
        let (status, answer) = match service.as_str() {
            "sts" => (200, format!("<R><Account>{ACCOUNT}</Account></R>")),
            _ => self.answer(&region, &serde_json::from_slice(&body).unwrap()),
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer));
        response.headers_mut().insert("content-type", "application/json");
        HttpConnectorFuture::ready(Ok(response))
    }
}

fn hubs(stub: &Stub, regions: &[&str]) -> Hubs {
    let aws = Aws::new(&config(Embedded::memory().unwrap()), stub.clone()).unwrap();
    let pace = Pace { between: Duration::ZERO, pause: Duration::from_millis(1) };
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    Hubs { aws, regions, roles: Vec::new(), external_id: None, pace, telling: pace, alone: false }
}

async fn house(stub: &Stub, regions: &[&str]) -> House {
    with(House::new().await, stub, regions)
}

fn with(mut house: House, stub: &Stub, regions: &[&str]) -> House {
    house.app = house.app.synchronising(hubs(stub, regions));
    house
}

async fn wake(house: &House) -> Result<Value, Error> {
    house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await
}

async fn run(house: &House, stub: &Stub, regions: &[&str], extent: Extent) -> Synchronised {
    work(house.writer(), &tenant("acme"), &hubs(stub, regions), extent, &|_| {}, || false).await.unwrap()
}

async fn hub(house: &House, region: &str) -> Synchronisation {
    let scope = Scope { account: ACCOUNT.to_owned(), region: region.to_owned() };
    house.writer().hub_get(&tenant("acme"), &scope).await.unwrap()
}

/// Every finding with its number of documents, and how many commits there are.
async fn known(house: &House) -> (BTreeMap<String, (Value, usize)>, u64) {
    let acme = tenant("acme");
    let view = house.writer().view(&acme, When::Now, &Need::all([Family::Core, Family::Seen])).await.unwrap();
    let all: Vec<Ordinal> = (0..view.count()).map(Ordinal).collect();
    let mut known = BTreeMap::new();
    for found in house.writer().documents(&acme, &view, &all).await.unwrap() {
        let id = paths::text_at(&found.finding.asff, "Id").unwrap().to_owned();
        let documents = house.writer().documents_of(&acme, found.ordinal).await.unwrap().len();
        assert!(known.insert(id, (Value::Object(found.finding.asff), documents)).is_none(), "a finding is there twice");
    }
    (known, view.seq)
}

#[tokio::test]
async fn findings_arrive_once_and_a_repeat_changes_nothing() {
    let stub = Stub::with(&[("eu-west-1", 5), ("us-east-1", 2)]);
    let house = house(&stub, &["eu-west-1", "us-east-1"]).await;
    let answer = wake(&house).await.unwrap();
    assert_eq!(
        (&answer["created"], &answer["hubs"], &answer["done"]),
        (&json!(7), &json!(2), &json!(true)),
        "{answer}"
    );
    let (findings, commits) = known(&house).await;
    assert_eq!(findings.len(), 7);
    assert_eq!(stub.asked().len(), 3 + 1);

    // Nothing is due, and after an hour what is asked for is what was updated since.
    wake(&house).await.unwrap();
    assert!(stub.asked().is_empty());
    let read_at = hub(&house, "eu-west-1").await.read_at.unwrap();
    house.clock.set(START.plus(PERIOD_MS + MINUTE));
    let mut newer = told("eu-west-1", 4, "PASSED", &START.to_string());
    newer["UpdatedAt"] = json!(START.to_string());
    let mut now: Vec<Value> = (0..4).map(|n| told("eu-west-1", n, "FAILED", "2023-11-14T10:00:00Z")).collect();
    now.insert(0, newer);
    stub.set("eu-west-1", now);
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["read"], &answer["changed"]), (&json!(1), &json!(1)), "{answer}");
    for (region, input) in stub.asked() {
        if region == "eu-west-1" {
            assert_eq!(input["Filters"]["UpdatedAt"][0]["Start"], json!(read_at.plus(-6 * PERIOD_MS).to_string()));
        }
        assert!(input["Filters"]["UpdatedAt"][0]["End"].is_string(), "the hub wants both ends");
    }
    let after = known(&house).await.1;
    assert_eq!(after, commits + 1);

    // A whole walk, a day later, that finds everything as it was: no commit, whatever the clock shows.
    house.clock.set(START.plus(WHOLE_MS + PERIOD_MS + MINUTE));
    let answer = wake(&house).await.unwrap();
    assert_eq!(
        (&answer["read"], &answer["changed"], &answer["created"]),
        (&json!(7), &json!(0), &json!(0)),
        "{answer}"
    );
    assert!(stub.asked().iter().all(|(_, input)| input.get("Filters").is_none()));
    assert_eq!(known(&house).await.1, after);
}

/// The text is taken as it came: members that no model knows, and numbers as they were written.
#[tokio::test]
async fn nothing_of_a_finding_is_lost() {
    let stub = Stub::with(&[]);
    let house = house(&stub, &["eu-west-1"]).await;
    let mut odd = told("eu-west-1", 1, "FAILED", "2023-11-14T10:00:00Z");
    odd["Later"] = json!({"Made": ["up", null]});
    let body = json!({"Findings": [odd]}).to_string();
    // The SDK's model has a number here, and no member called so.
    let body = body.replace("\"Later\":{", "\"Confidence\":\"high?\",\"Later\":{\"Exactly\":1.50000000000000000001,");
    stub.change(|state| state.body = Some(body));
    let answer = wake(&house).await.unwrap();
    let (findings, _) = known(&house).await;
    assert_eq!(
        (&answer["created"], &findings["eu-west-1-1"].0["Confidence"]),
        (&json!(1), &json!("high?")),
        "{answer}"
    );
    let later = &findings["eu-west-1-1"].0["Later"];
    assert_eq!(later.to_string(), r#"{"Exactly":1.50000000000000000001,"Made":["up",null]}"#);
}

/// One of three regions denies, one has no hub: they say so, the third one is read, and nothing is closed.
#[tokio::test]
async fn what_cannot_be_read_says_why_and_closes_nothing() {
    let stub = Stub::with(&[("ap-south-1", 3), ("eu-west-1", 3), ("us-east-1", 3)]);
    let house = house(&stub, &REGIONS).await;
    wake(&house).await.unwrap();
    let before = known(&house).await;
    let not_on = format!("Account {ACCOUNT} is not subscribed to AWS Security Hub");
    stub.refuse("ap-south-1", "AccessDeniedException", "no identity-based policy allows securityhub:GetFindings");
    stub.refuse("eu-west-1", "InvalidAccessException", &not_on);
    stub.set("us-east-1", Vec::new());
    house.clock.set(START.plus(WHOLE_MS + MINUTE));
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["hubs"], &answer["unread"]), (&json!(1), &json!(2)), "{answer}");
    assert_eq!(known(&house).await, before, "what is not returned is not gone");
    let jobs = house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/jobs", &Value::Null).await;
    let told = |region: &str| {
        let jobs = jobs.body["jobs"].as_array().unwrap();
        let job = jobs.iter().find(|job| job["region"] == json!(region)).unwrap();
        (job["kind"].clone(), job["state"].clone(), job["error"].as_str().unwrap_or_default().to_owned())
    };
    let kind = json!("synchronise-hubs");
    assert_eq!(told("us-east-1"), (kind.clone(), json!("done"), String::new()));
    assert_eq!(told("eu-west-1"), (kind.clone(), json!("failed"), format!("InvalidAccessException: {not_on}")));
    assert!(
        told("ap-south-1").2.starts_with("AccessDeniedException: no identity-based policy"),
        "{:?}",
        told("ap-south-1")
    );

    // They are asked again when they are due, and not with every call.
    stub.asked();
    wake(&house).await.unwrap();
    assert!(stub.asked().is_empty());
    stub.change(|state| state.refuse.clear());
    house.clock.set(START.plus(WHOLE_MS + PERIOD_MS + 2 * MINUTE));
    assert_eq!(wake(&house).await.unwrap()["hubs"], json!(3));
    assert_eq!(hub(&house, "eu-west-1").await.error, None);
}

/// A hub that is throttled to the end waits, keeps its place, and keeps no other from being read.
#[tokio::test]
async fn a_throttled_hub_keeps_its_place() {
    let stub = Stub::with(&[("ap-south-1", 5), ("eu-west-1", 5)]);
    let house = house(&stub, &["ap-south-1", "eu-west-1"]).await;
    // The first page of the first hub is read, then its four attempts fail.
    let full = (FULL.to_owned(), "Rate exceeded".to_owned());
    stub.change(|state| state.once = (2..=5).map(|number| (number, full.clone())).collect());
    let answer = wake(&house).await.unwrap();
    let (created, unread, done) = (&answer["created"], &answer["unread"], &answer["done"]);
    assert_eq!((created, unread, done), (&json!(10), &json!(0), &json!(true)), "{answer}");
    let order: Vec<String> = stub.asked().into_iter().map(|(region, _)| region).collect();
    let (first, second) = ("ap-south-1", "eu-west-1");
    let expected = [vec![first; 5], vec![second; 3], vec![first; 2]].concat();
    assert_eq!(order, expected, "the second hub is read while the first one waits, and no page of it twice");

    // One that never answers otherwise is left for the next call, which goes on there.
    stub.set(first, (5..12).map(|n| told(first, n, "FAILED", "2023-11-14T10:00:00Z")).collect());
    house.clock.set(START.plus(WHOLE_MS + MINUTE));
    let asked = AtomicUsize::new(0);
    let enough = || asked.fetch_add(1, Ordering::SeqCst) > 1;
    let part =
        work(house.writer(), &tenant("acme"), &hubs(&stub, &[first]), Extent::Due, &|_| {}, enough).await.unwrap();
    assert!(!part.done && part.tally.read < 7, "{part:?}");
    let left = hub(&house, first).await;
    assert_eq!((left.state, left.walk.and_then(|walk| walk.token).is_some()), (JobState::Waiting, true));
    let rest = run(&house, &stub, &[first], Extent::Due).await;
    assert_eq!(rest.tally.read + part.tally.read, 7, "{rest:?}");
    assert_eq!(hub(&house, first).await.tally.read, 7, "a walk counts what all of its workers have read");
}

#[tokio::test]
async fn a_token_that_is_too_old_begins_the_walk_anew() {
    let stub = Stub::with(&[("eu-west-1", 5)]);
    let house = house(&stub, &["eu-west-1"]).await;
    let looks = AtomicUsize::new(0);
    let enough = || looks.fetch_add(1, Ordering::SeqCst) > 1;
    work(house.writer(), &tenant("acme"), &hubs(&stub, &["eu-west-1"]), Extent::Due, &|_| {}, enough).await.unwrap();
    let token = hub(&house, "eu-west-1").await.walk.unwrap().token.unwrap();
    stub.change(|state| state.age += 1);
    stub.asked();
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["read"], &answer["done"]), (&json!(5), &json!(true)), "{answer}");
    let tokens: Vec<Value> = stub.asked().into_iter().map(|(_, input)| input["NextToken"].clone()).collect();
    assert_eq!(tokens, [json!(token), Value::Null, json!("1~2"), json!("1~4")]);
    assert_eq!(known(&house).await.0.len(), 5);
    // One that refuses every token is not asked for ever.
    stub.set("eu-west-1", (0..9).map(|n| told("eu-west-1", n, "FAILED", "2023-11-14T10:00:00Z")).collect());
    let stale = ("InvalidInputException".to_owned(), "Invalid NextToken: Input Query has changed".to_owned());
    stub.change(|state| state.once = (1..100).filter(|n| n % 2 == 0).map(|n| (n, stale.clone())).collect());
    let found = run(&house, &stub, &["eu-west-1"], Extent::Whole).await;
    assert_eq!(
        found.unread.values().collect::<Vec<_>>(),
        ["InvalidInputException: Invalid NextToken: Input Query has changed"]
    );
    assert_eq!(stub.asked().len(), 8);
}

/// A reading is older than any event that was sent after it was asked for, also within its second.
#[tokio::test]
async fn an_event_that_came_later_wins() {
    let stub = Stub::with(&[("eu-west-1", 1)]);
    let house = house(&stub, &["eu-west-1"]).await;
    house.clock.set(START.plus(700));
    wake(&house).await.unwrap();
    let mut later = told("eu-west-1", 0, "FAILED", "2023-11-14T10:00:00Z");
    later["Workflow"] = json!({"Status": "NOTIFIED"});
    let second = START.to_string().replace(".000Z", "Z");
    let event = json!({"time": second, "detail": {"findings": [later]}});
    let answer = house.ask(&house.acme.token, Method::POST, "/api/v1/tenants/acme/snapshots", &event).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(known(&house).await.0["eu-west-1-0"].0["Workflow"]["Status"], json!("NOTIFIED"));
}

/// A worker killed before or after any of its requests to the ledger: the next one goes on, and all is as after one undisturbed.
#[tokio::test]
async fn a_synchronisation_can_be_killed_at_any_request() {
    let mut undisturbed = None;
    let regions = ["ap-south-1", "eu-west-1"];
    for number in 1..200 {
        for fault in
            [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::Before(number), Fault::After(number)]
        {
            let stub = Stub::with(&[("ap-south-1", 5), ("eu-west-1", 1)]);
            let house = house(&stub, &regions).await;
            wake(&house).await.unwrap();
            let mut now: Vec<Value> = (2..8).map(|n| told("ap-south-1", n, "FAILED", "2023-11-14T10:00:00Z")).collect();
            now[0] = told("ap-south-1", 2, "PASSED", "2023-11-14T11:00:00Z");
            stub.set("ap-south-1", now);
            let tomorrow = START.plus(WHOLE_MS + MINUTE);
            house.clock.set(tomorrow);
            house.faults.plan(fault);
            let killed = wake(&house).await;
            let finished = house.faults.seen() < number;
            let next = with(house.beside(tomorrow.plus(2 * LEASE_MS)), &stub, &regions);
            wake(&next).await.unwrap();
            let (findings, _) = known(&next).await;
            let mut states = Vec::new();
            for region in regions {
                let Synchronisation { state, walk, error, .. } = hub(&next, region).await;
                states.push((state, walk, error));
            }
            assert!(
                states.iter().all(|state| *state == (JobState::Done, None, None)),
                "{fault:?} {killed:?} {states:?}"
            );
            assert_eq!(&findings, undisturbed.get_or_insert_with(|| findings.clone()), "{fault:?} {killed:?}");
            if finished {
                assert!(killed.is_ok() && number > 10, "a synchronisation makes more requests than {number}");
                return;
            }
        }
    }
    panic!("a synchronisation makes more requests than any should");
}

/// Two at once do no harm, and one of them reads a hub.
#[tokio::test]
async fn two_workers_do_no_harm() {
    let stub = Stub::with(&[("eu-west-1", 9)]);
    let house = house(&stub, &["eu-west-1"]).await;
    let beside = with(house.beside(START), &stub, &["eu-west-1"]);
    let (one, other) = tokio::join!(wake(&house), wake(&beside));
    let read = |answer: Result<Value, Error>| answer.unwrap()["read"].as_u64().unwrap();
    assert_eq!(read(one) + read(other), 9);
    assert_eq!(known(&house).await.0.len(), 9);
}

/// A deployment that was not told how AWS is read says so, and reads nothing.
#[tokio::test]
async fn without_a_reader_nothing_is_read() {
    assert!(wake(&House::new().await).await.is_err());
}
