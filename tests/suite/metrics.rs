//! The one log line of a request, and the metrics in it (CloudWatch Logs, Specification: Embedded metric format); what answers say
//! of their cost; and the name that a request has in answers and lines.

use super::house::House;
use crate::ledger::{place_of, small};
use lambda_http::http::Method;
use posture_functions::metrics::METRICS;
use posture_functions::routes::keyed;
use posture_functions::{App, Metrics, TRIGGERS, route::Handler};
use posture_local::faults::Fault;
use posture_local::meter::Counts;
use posture_shared::dialects::Dialect;
use posture_shared::domain::Scope;
use posture_tests::gateway::{Ask, Gateway};
use posture_tests::samples::{ask, finding, hub_event, post};
use posture_tests::world::START;
use posture_tests::{Answer, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Units of CloudWatch that we use.
const UNITS: [&str; 3] = ["Count", "Milliseconds", "Seconds"];

/// Lines that were written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    fn metrics(&self) -> Metrics {
        let lines = Arc::clone(&self.0);
        Metrics::to(move |line| lines.lock().unwrap().push(line.to_owned()))
    }

    /// What was written since the last look, each found good.
    fn take(&self) -> Vec<Line> {
        std::mem::take(&mut *self.0.lock().unwrap()).iter().map(|line| Line::parse(line)).collect()
    }
}

/// A line as CloudWatch reads it.
#[derive(Debug)]
struct Line {
    function: String,
    metrics: BTreeMap<String, f64>,
    whole: Value,
}

impl Line {
    /// Reads a line by the specification's rules.
    fn parse(text: &str) -> Self {
        assert!(text.len() < 1024 * 1024 && !text.contains('\n'), "{text}");
        let whole: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let meta = &whole["_aws"];
        assert!(meta["Timestamp"].as_i64().is_some_and(|at| at > 1_600_000_000_000), "{text}");
        let directives = meta["CloudWatchMetrics"].as_array().unwrap();
        let [directive] = directives.as_slice() else { panic!("{text}") };
        assert_eq!(directive["Namespace"], "PostureLedger");
        let sets = directive["Dimensions"].as_array().unwrap();
        for set in sets {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30, "{text}");
            for name in set {
                let value =
                    whole[name.as_str().unwrap()].as_str().unwrap_or_else(|| panic!("{name} is no text: {text}"));
                assert!((1..=1024).contains(&value.len()), "{text}");
            }
        }
        assert_eq!(sets, &[json!([])], "one series of each");
        let told = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&told.len()), "{text}");
        let mut metrics = BTreeMap::new();
        for metric in told {
            let name = metric["Name"].as_str().unwrap();
            assert!(UNITS.contains(&metric["Unit"].as_str().unwrap()), "{text}");
            assert!(METRICS.contains(&(name, metric["Unit"].as_str().unwrap())), "{text}");
            let value = whole[name].as_f64().unwrap_or_else(|| panic!("{name} is no number: {text}"));
            assert!(value.is_finite() && value >= 0.0, "{text}");
            assert!(metrics.insert(name.to_owned(), value).is_none(), "{name} twice: {text}");
        }
        // A number at the top that nobody tells CloudWatch of would be one that was forgotten.
        let numbers = whole.as_object().unwrap().iter().filter(|(_, value)| value.is_number());
        assert_eq!(numbers.map(|(name, _)| name).collect::<BTreeSet<_>>(), metrics.keys().collect(), "{text}");
        Self { function: whole["Function"].as_str().unwrap().to_owned(), metrics, whole }
    }

    fn get(&self, name: &str) -> f64 {
        self.metrics.get(name).copied().unwrap_or_default()
    }

    fn field(&self, name: &str) -> &Value {
        &self.whole["fields"][name]
    }
}

fn sum(lines: &[Line], name: &str) -> f64 {
    lines.iter().map(|line| line.get(name)).sum()
}

fn near(told: f64, counted: f64, what: &str) {
    assert!((told - counted).abs() < 1e-6, "{what}: told {told}, counted {counted}");
}

/// That lines tell what went over the wire.
fn agree(lines: &[Line], counted: &Counts, what: &str) {
    near(sum(lines, "ReadUnits"), counted.read_units, what);
    near(sum(lines, "WriteUnits"), counted.write_units, what);
}

fn name_of(route: &posture_functions::Route, answer: &Answer) -> String {
    let header = if route.dialect == Dialect::SecurityHub { "x-amzn-requestid" } else { "x-request-id" };
    answer.header(header).unwrap_or_else(|| panic!("{}: no {header}", route.function)).to_owned()
}

/// Whatever a request is: one line, that tells what the meter on the wire counted, under the name that the answer has.
#[tokio::test]
async fn every_request_tells_what_it_cost() {
    let (mut world, meter) = World::metered().await;
    let lines = Lines::default();
    world.app = world.app.measuring(lines.metrics()).telling_costs(true);
    let sent: Vec<Value> = (0..60).map(|n| finding(&format!("f-{n}"), 2)).collect();
    world.ask(&world.ours, &post("/findings/import", &json!({"Findings": sent}).to_string())).await;
    lines.take();
    for route in keyed() {
        meter.take();
        let asked = ask(route, &world.ours);
        let answer = world.ask(&world.ours, &asked).await;
        let (lines, counted) = (lines.take(), meter.take());
        let what = format!("{} {}", route.function, answer.status);
        let line = lines.first().unwrap_or_else(|| panic!("{what}: no line"));
        assert_eq!((line.function.as_str(), line.get("Requests")), (route.function, 1.0), "{what}");
        assert_eq!(
            (line.field("request_id"), line.field("status")),
            (&json!(name_of(route, &answer)), &json!(answer.status))
        );
        assert_eq!((line.field("tenant"), line.field("key")), (&json!("acme"), &json!("admin")), "{what}");
        near(sum(&lines, "Requests"), 1.0, &what);
        agree(&lines, &counted, &what);
        if lines.len() == 1 {
            assert_eq!(line.get("Rounds"), f64::from(counted.rounds), "{what}");
        } else {
            assert!(matches!(route.handler, Handler::Streams(_)), "{what}: {} lines", lines.len());
        }
        let cost = answer.header("x-posture-cost").unwrap_or_else(|| panic!("{what}: no cost"));
        let cost = dictionary(cost);
        near(cost["read"], (line.get("ReadUnits") * 1000.0).round() / 1000.0, &what);
        near(cost["write"], (line.get("WriteUnits") * 1000.0).round() / 1000.0, &what);
        assert_eq!(cost["rounds"], line.get("Rounds"), "{what}");
        assert_eq!(cost.len(), 4, "{what}");
    }
}

/// A dictionary of numbers by RFC 9651: keys in lower case, decimals with one to three digits behind the point.
fn dictionary(text: &str) -> BTreeMap<&str, f64> {
    text.split(", ")
        .map(|member| {
            let (key, value) = member.split_once('=').unwrap_or_else(|| panic!("{text}"));
            assert!(key.bytes().all(|byte| byte.is_ascii_lowercase()), "{text}");
            let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
            let digits = |part: &str, most: usize| {
                (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
            };
            assert!(digits(whole, 12) && digits(fraction, 3), "{text}");
            (key, value.parse().unwrap())
        })
        .collect()
}

/// Off unless somebody asks.
#[tokio::test]
async fn nobody_is_told_of_costs_unasked() {
    let world = World::new().await;
    let answer = world.ask(&world.ours, &post("/findings", "{}")).await;
    assert_eq!((answer.status, answer.header("x-posture-cost")), (200, None));
}

/// Requests that come at once share commits. Together they tell of each commit once.
#[tokio::test]
async fn shared_commits_are_told_once() {
    let (mut world, meter) = World::metered().await;
    let lines = Lines::default();
    world.app = world.app.measuring(lines.metrics());
    meter.take();
    let bodies: Vec<String> = (0..6)
        .map(|n| {
            let sent: Vec<Value> = (0..=n).map(|m| finding(&format!("f-{n}-{m}"), 2)).collect();
            json!({"Findings": sent}).to_string()
        })
        .collect();
    let asks: Vec<Ask> = bodies.iter().map(|body| post("/findings/import", body)).collect();
    let [a, b, c, d, e, f] = asks.as_slice() else { panic!("six") };
    let [a, b, c, d, e, f] = [a, b, c, d, e, f].map(|ask| world.ask(&world.ours, ask));
    tokio::join!(a, b, c, d, e, f);
    let (lines, counted) = (lines.take(), meter.take());
    assert_eq!(lines.len(), 6);
    agree(&lines, &counted, "six at once");
    let commits = f64::from(counted.of("TransactWriteItems"));
    near(sum(&lines, "Commits"), commits, "commits");
    assert!(commits < 6.0, "nothing was shared: {commits} commits");
    let one = lines.iter().map(|line| line.get("WriteUnits")).fold(f64::MAX, f64::min);
    let other = lines.iter().map(|line| line.get("WriteUnits")).fold(0.0, f64::max);
    assert!(one < other, "six findings bear as much as one: {one} {other}");
}

#[tokio::test]
async fn failures_are_told_as_what_they_are() {
    let lines = Lines::default();
    let house = House::new().await.with(|app| app.measuring(lines.metrics()));
    let token = house.acme.token.clone();
    for (fault, status, name, level, reason) in [
        (Fault::CrashBefore(1), 500, "Errors", "ERROR", ""),
        (Fault::ThrottleEvery(1), 429, "Throttled", "INFO", "throttled"),
    ] {
        house.faults.plan(fault);
        let answer = house.ask(&token, Method::GET, "/v1/cspm/checks", &Value::Null).await;
        house.faults.plan(Fault::None);
        assert_eq!(answer.status, status);
        let lines = lines.take();
        let line = &lines[0];
        assert_eq!((line.get(name), line.get("Requests")), (1.0, 1.0), "{:?}", line.whole);
        assert_eq!(line.get("Errors") + line.get("Throttled"), 1.0, "{:?}", line.whole);
        assert_eq!(line.whole["level"], level);
        assert!(line.field("reason").as_str().unwrap().starts_with(reason), "{:?}", line.whole);
        assert_eq!(line.field("request_id"), &json!(answer.headers["x-request-id"]));
    }
    house.ask("nobody", Method::GET, "/v1/cspm/checks", &Value::Null).await;
    let refused = lines.take();
    assert!(refused[0].field("key").is_null() && refused[0].get("Errors") == 0.0);
    assert!(!refused[0].whole.to_string().contains("nobody"), "{:?}", refused[0].whole);
}

/// Events tell their lag, and runs their age.
#[tokio::test]
async fn triggers_tell_how_late_they_are() {
    let (mut world, meter) = World::metered().await;
    let lines = Lines::default();
    world.app = world.app.measuring(lines.metrics());
    let seconds = |before: i64| START.plus(-before * 1000).to_string();
    let record = |n: usize, before: i64| {
        let event = hub_event(&seconds(before), &[finding(&format!("f-{n}"), 2)]).to_string();
        json!({"messageId": format!("m-{n}"), "body": event})
    };
    meter.take();
    world.wake(json!({"Records": [record(1, 30), record(2, 90), record(3, 5)]})).await.unwrap();
    let told = lines.take();
    agree(&told, &meter.take(), "an event");
    assert_eq!((told[0].function.as_str(), told[0].get("Commits")), ("import-hub-events", 1.0));
    let lag = told[0].get("EventLagSeconds");
    assert!((90.0..100.0).contains(&lag), "{lag}");
    let run = Ask { method: "POST".to_owned(), ..post("/api/v1/tenants/acme/findings/run", "{}") };
    assert_eq!(world.ask(&world.ours, &run).await.status, 202);
    world.clock.set(START.plus(3_600_000));
    let trigger = TRIGGERS.iter().find(|trigger| trigger.function == "run-audits").unwrap();
    lines.take();
    world.app.wake(trigger, json!({}), "an id").await.unwrap();
    let told = lines.take();
    assert!((3_590.0..3_700.0).contains(&told[0].get("OldestJobSeconds")), "{:?}", told[0].whole);
    assert_eq!(told[0].field("request_id"), "an id");
}

/// Whatever is wrong with a request, its answer names it as the log does, in every dialect.
#[tokio::test]
async fn every_refusal_names_its_request() {
    let lines = Lines::default();
    let mut world = World::new().await;
    world.app = world.app.measuring(lines.metrics());
    let mut names = BTreeSet::new();
    for route in keyed() {
        let asked = ask(route, &world.ours);
        let retired = world.ours.key(Scope::FindingsRead);
        for refused in [
            asked.clone(),
            asked.clone().bearing("pl_unknown"),
            Ask { body: b"{".to_vec(), ..asked.clone() }.bearing(&world.ours.admin().token),
            asked.clone().bearing(&retired.token),
        ] {
            let answer = world.send(Gateway::Rest, &refused).await;
            let told = lines.take();
            let name = name_of(route, &answer);
            assert_eq!(told[0].field("request_id"), &json!(name), "{}", route.function);
            names.insert((format!("{:?}", route.dialect), answer.status));
        }
    }
    for dialect in ["Bitdefender", "Datadog", "Infracast", "Native", "SecurityHub"] {
        assert!(names.iter().any(|(name, status)| *name == dialect && *status >= 400), "{dialect}: {names:?}");
    }
    for path in ["/nowhere", "/v1/cspm/nowhere", "/api/v2/nowhere", "/api/v1/nowhere"] {
        let answer = world.ask(&world.ours, &Ask { method: "GET".to_owned(), ..post(path, "") }).await;
        let told = lines.take();
        let name = answer.header("x-request-id").or(answer.header("x-amzn-requestid")).unwrap();
        assert_eq!((answer.status, told[0].field("request_id")), (404, &json!(name)), "{path}");
    }
}

/// Zero where nothing was wrong, since that says that somebody looked; nothing where nobody had anything to look at.
#[tokio::test]
async fn drift_is_told_where_something_was_verified() {
    let (ledger, lines) = (small().await, Lines::default());
    let app = App::new(ledger.writer.clone(), ledger.tenant().clone()).measuring(lines.metrics());
    let trigger = TRIGGERS.iter().find(|trigger| trigger.function == "verify-ledgers").unwrap();
    let drift = async || {
        app.wake(trigger, json!({}), "r").await.unwrap();
        lines.take().iter().map(|line| line.metrics.get("Drift").copied()).collect::<Vec<_>>()
    };
    assert_eq!(drift().await, [Some(0.0)]);
    assert_eq!(drift().await, []);
    let mut table = ledger.dump().await;
    table.remove(&place_of(&table, "finding#", 0));
    ledger.restore(&table).await;
    ledger.clock.set(ledger.clock.now().plus(8 * 86_400_000));
    assert_eq!(drift().await, [Some(1.0)]);
    assert_eq!(drift().await, [Some(1.0)], "as long as it stays");
}
