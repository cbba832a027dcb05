//! `GET /api/v1/tenants/{tenantID}/findings/stream`: every change once, in order, wherever a client begins.

use crate::house::House;
use crate::infracast::{SHOP, accept, get, post, shop, uid_of, workflow};
use http_body_util::BodyExt;
use lambda_http::http::{Method, Request, Response};
use lambda_http::{Body, Context, RequestExt};
use posture_functions::infracast_stream_findings::ROUTE;
use posture_functions::{Endless, Outgoing};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, SystemTime};

const PATH: &str = "/api/v1/tenants/acme/findings/stream";

/// A stream under way, as a client reads it.
struct Listener {
    response: Response<Outgoing>,
    text: String,
}

/// An event as a client is shown it.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    id: String,
    data: Value,
}

impl Listener {
    /// Begins behind an id, if there is one, with parameters; the invocation may take so many seconds, if that is bounded.
    async fn open(house: &House, last: Option<&str>, query: &str, seconds: Option<u64>) -> Self {
        let mut request = Request::builder().uri(format!("{PATH}?{query}"));
        request = request.header("authorization", format!("Bearer {}", house.acme.token));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let parameters = HashMap::from([("tenantID".to_owned(), vec!["acme".to_owned()])]);
        let mut request = request.body(Body::Empty).unwrap().with_raw_http_path(PATH).with_path_parameters(parameters);
        if let Some(seconds) = seconds {
            let mut context = Context::default();
            let end = SystemTime::now() + Duration::from_secs(seconds);
            context.deadline = end.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis().try_into().unwrap();
            request = request.with_lambda_context(context);
        }
        let response = Box::pin(house.app.respond(&ROUTE, request)).await;
        Self { response, text: String::new() }
    }

    /// Reads one more piece; whether there was one.
    async fn read(&mut self) -> bool {
        let Some(frame) = self.response.body_mut().frame().await else { return false };
        let bytes = frame.unwrap().into_data().unwrap();
        self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        true
    }

    /// The events until nothing was sent for a second look at the log.
    async fn events(&mut self) -> Vec<Event> {
        while let Ok(true) = tokio::time::timeout(Duration::from_millis(900), self.read()).await {}
        events(&self.text)
    }

    /// The id that holds at the end.
    fn last_id(&self) -> &str {
        self.text.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap()
    }
}

/// What a client makes of a stream (HTML standard, 9.2.6).
fn events(text: &str) -> Vec<Event> {
    let mut id = String::new();
    let mut found = Vec::new();
    for block in text.split_terminator("\n\n") {
        let mut data = None;
        for line in block.lines() {
            match line.split_once(": ").unwrap() {
                ("id", value) => id = value.to_owned(),
                ("data", value) => data = Some(serde_json::from_str(value).unwrap()),
                ("retry", _) => {}
                other => panic!("{other:?}"),
            }
        }
        found.extend(data.map(|data| Event { id: id.clone(), data }));
    }
    found
}

/// Each event's word and which finding of the shop it is about.
async fn told(house: &House, events: &[Event]) -> Vec<(String, &'static str)> {
    let mut ids = HashMap::new();
    for made in SHOP.iter().filter(|made| made.id != "good") {
        let uid = uid_of(house, made.id).await;
        let whole = get(house, &format!("/findings/{uid}")).await;
        ids.insert(whole.body["id"].as_str().unwrap().to_owned(), made.id);
    }
    let about = |data: &Value| data["finding"]["id"].as_str().or(data["finding_id"].as_str()).unwrap().to_owned();
    events.iter().map(|event| (event.data["event"].as_str().unwrap().to_owned(), ids[&about(&event.data)])).collect()
}

/// infracast-findings, Real-Time Findings Stream: all that ever happened to the shop, in its words; what never failed is not told.
#[tokio::test]
async fn everything_that_happened_is_told_in_order() {
    let house = shop().await;
    let mut listener = Listener::open(&house, Some("0-0"), "status=all", None).await;
    let headers = listener.response.headers();
    assert_eq!(
        (listener.response.status().as_u16(), &headers["content-type"]),
        (200, &"text/event-stream".parse().unwrap())
    );
    assert!(headers.contains_key("x-request-id") && listener.response.extensions().get::<Endless>().is_some());
    let events = listener.events().await;
    let told = told(&house, &events).await;
    let told: Vec<(&str, &str)> = told.iter().map(|(word, id)| (word.as_str(), *id)).collect();
    let created = SHOP.iter().filter(|made| made.id != "good").map(|made| ("finding.created", made.id));
    let later = [
        ("finding.accepted", "accepted"),
        ("finding.accepted", "false"),
        ("finding.resolved", "remediated"),
        ("finding.resolved", "fixed"),
        ("finding.resolved", "gone"),
    ];
    assert_eq!(told, created.chain(later).collect::<Vec<_>>());
    assert!(listener.text.starts_with("retry: 1000\nid: 0-0\n\n"), "{}", listener.text);
}

/// Whoever goes on behind any event is told exactly what comes after it, also within a commit.
#[tokio::test]
async fn every_event_is_a_place_to_go_on_from() {
    let house = shop().await;
    let all = Listener::open(&house, Some("0-0"), "status=all", None).await.events().await;
    assert!(
        all.windows(2).any(|pair| pair[0].id.rsplit_once('-').unwrap().0 == pair[1].id.rsplit_once('-').unwrap().0)
    );
    for (place, event) in all.iter().enumerate() {
        let mut listener = Listener::open(&house, Some(&event.id), "status=all", None).await;
        assert_eq!(listener.events().await, all[place + 1..], "behind {}", event.id);
    }
}

/// The list's row is what is shown, and the list's `as_of` is a place to begin: whoever reads a list and follows it has a copy.
#[tokio::test]
async fn a_list_can_be_followed() {
    let house = shop().await;
    let list = get(&house, "/findings").await.body;
    let as_of = list["as_of"].as_str().unwrap();
    let mut copy: HashMap<String, Value> = HashMap::new();
    for row in list["items"].as_array().unwrap() {
        copy.insert(row["id"].as_str().unwrap().to_owned(), row.clone());
    }
    let mut listener = Listener::open(&house, Some(as_of), "", None).await;
    house.clock.set(house.clock.now().plus(1000));
    accept(&house, "key", None).await;
    workflow(&house, "accepted", &json!({"Workflow": {"Status": "NEW"}})).await;
    let uid = uid_of(&house, "note").await;
    assert_eq!(post(&house, &format!("/{uid}/resolve"), &json!({})).await.status, 200);
    let made = &SHOP[1];
    let mut changed = made.asff("FAILED", "2023-11-05T00:00:00Z");
    changed["Severity"] = json!({"Label": "CRITICAL"});
    house.import(&house.acme.token, &[changed, SHOP[10].asff("FAILED", "2023-11-05T00:00:00Z")]).await;
    for event in listener.events().await {
        match event.data.get("finding") {
            Some(row) if row["status"] == "open" => copy.insert(row["id"].as_str().unwrap().to_owned(), row.clone()),
            Some(row) => copy.remove(row["id"].as_str().unwrap()),
            None => copy.remove(event.data["finding_id"].as_str().unwrap()),
        };
    }
    let list = get(&house, "/findings").await.body;
    let now: HashMap<String, Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone()))
        .collect();
    assert_eq!(copy, now);
    assert_eq!(now.len(), 5, "two have left the open ones, and two have joined them");
}

/// Filters are the list's, and what leaves them is told once more.
#[tokio::test]
async fn filters_see_both_sides_of_a_change() {
    let house = shop().await;
    let mut accepted = Listener::open(&house, Some("0-0"), "status=accepted", None).await;
    let mut critical = Listener::open(&house, Some("0-0"), "severity=CRITICAL", None).await;
    house.clock.set(house.clock.now().plus(1000));
    workflow(&house, "accepted", &json!({"Workflow": {"Status": "NEW"}})).await;
    workflow(&house, "open", &json!({"Severity": {"Label": "LOW"}})).await;
    workflow(&house, "open", &json!({"Severity": {"Label": "MEDIUM"}})).await;
    let words =
        |told: &[(String, &'static str)]| told.iter().map(|(word, id)| format!("{word} {id}")).collect::<Vec<_>>();
    let found = words(&told(&house, &accepted.events().await).await);
    assert_eq!(found, ["finding.accepted accepted", "finding.accepted false", "finding.updated accepted"]);
    let found = words(&told(&house, &critical.events().await).await);
    assert_eq!(found, ["finding.created open", "finding.updated open"]);
    let mut framework = Listener::open(&house, Some("0-0"), "framework=pci-dss&control_id=1.3.2", None).await;
    let events = framework.events().await;
    assert_eq!(
        words(&told(&house, &events).await),
        ["finding.created ssh", "finding.created open", "finding.updated open", "finding.updated open"]
    );
    assert_eq!(
        events[0].data["finding"]["framework"], "pci-dss",
        "the row shows the mapping that was asked for, as in the list"
    );
    assert_ne!(framework.last_id(), events[3].id, "a place behind what the filter refused is named, too");
}

/// Who leaves a list by what the log has no former value of is told once more, too.
#[tokio::test]
async fn what_leaves_by_any_column_is_told() {
    let house = shop().await;
    let queries =
        ["search=Title%20of%20ssh", "framework=pci-dss", "resource_type=aws.ec2.security_group", "search=sg-0abc123"];
    let mut listeners = Vec::new();
    for query in queries {
        let list = get(&house, &format!("/findings?{query}")).await.body;
        assert!(list["items"].as_array().unwrap().iter().any(|row| row["rule_id"] == "CIS-AWS-5.2"), "{query}");
        listeners.push(Listener::open(&house, list["as_of"].as_str(), query, None).await);
    }
    house.clock.set(house.clock.now().plus(1000));
    let mut changed = SHOP[1].asff("FAILED", "2023-11-05T00:00:00Z");
    changed["Title"] = json!("Another title");
    changed["Description"] = json!("Another description");
    changed["Resources"] = json!([{"Type": "AwsEc2Instance", "Id": "arn:aws:ec2:us-east-1:1:instance/i-1"}]);
    changed["Compliance"] = json!({"Status": "FAILED"});
    house.import(&house.acme.token, &[changed]).await;
    for (query, mut listener) in queries.into_iter().zip(listeners) {
        let events = listener.events().await;
        let words: Vec<&Value> = events.iter().map(|event| &event.data["event"]).collect();
        assert_eq!(words, ["finding.updated"], "{query}");
        assert_eq!(events[0].data["finding"]["title"], "Another title");
    }
}

/// An acceptance that has ended puts its finding into the list of open ones before anybody has recorded that; what happens to it then
/// is told to whoever follows them.
#[tokio::test]
async fn an_end_that_nobody_has_recorded_counts() {
    let house = shop().await;
    accept(&house, "key", Some(house.clock.now().plus(5000))).await;
    house.clock.set(house.clock.now().plus(10_000));
    let list = get(&house, "/findings").await.body;
    assert!(list["items"].as_array().unwrap().iter().any(|row| row["rule_id"] == SHOP[0].rule), "its end has come");
    let mut listener = Listener::open(&house, list["as_of"].as_str(), "", None).await;
    house.clock.set(house.clock.now().plus(1000));
    house.import(&house.acme.token, &[SHOP[0].asff("PASSED", "2023-11-06T00:00:00Z")]).await;
    let events = listener.events().await;
    assert_eq!(told(&house, &events).await, [("finding.resolved".to_owned(), "key")]);
    assert_eq!(events[0].data["uid"], json!(uid_of(&house, "key").await));
}

/// When a producer last reported a finding is told as of the event, whenever it is told.
#[tokio::test]
async fn an_event_is_the_same_whenever_it_is_told() {
    let house = shop().await;
    let mut live = Listener::open(&house, None, "status=all", None).await;
    accept(&house, "key", None).await;
    let events = live.events().await;
    house.clock.set(house.clock.now().plus(60_000));
    house.import(&house.acme.token, &[SHOP[0].asff("FAILED", "2023-11-06T00:00:00Z")]).await;
    let begin = live.text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned();
    let again = Listener::open(&house, Some(&begin), "status=all", None).await.events().await;
    assert_eq!(again[..1], events);
}

/// A stream ends politely before its invocation does, and says nothing wrong when there is nothing to say.
#[tokio::test]
async fn it_ends_before_its_invocation() {
    let house = shop().await;
    let began = std::time::Instant::now();
    let mut listener = Listener::open(&house, None, "", Some(4)).await;
    while listener.read().await {}
    assert!(began.elapsed() < Duration::from_secs(4), "it has to end before its invocation is ended");
    assert!(listener.text.ends_with("\n\nretry: 1000\n\n"), "{}", listener.text);
    assert_eq!(events(&listener.text), []);
}

/// What is silent is ended by gateways: an id without data keeps it open, and no client shows that.
#[tokio::test]
async fn silence_is_broken() {
    let house = shop().await;
    let mut listener = Listener::open(&house, None, "", None).await;
    assert!(listener.read().await);
    let spoken = tokio::time::timeout(Duration::from_secs(25), listener.read()).await;
    assert_eq!(spoken, Ok(true), "gateways wait for 30 seconds");
    let ids: Vec<&str> = listener.text.lines().filter(|line| line.starts_with("id: ")).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1], "{}", listener.text);
    assert_eq!(events(&listener.text), []);
}

/// A place that this log does not have is refused, in the dialect's shape, before anything is sent.
#[tokio::test]
async fn wrong_beginnings_are_refused() {
    let house = shop().await;
    for (last, query, named) in [
        (Some("1-1"), "", "last-event-id"),
        (Some("x"), "", "last-event-id"),
        (Some("2031-01-01T00:00:00Z~9999"), "", "last-event-id"),
        (None, "last_event_id=x", "last_event_id"),
        (None, "status=closed", "status"),
        (None, "as_of=2023-11-01", "as_of"),
        (None, "severty=HIGH", "severty"),
    ] {
        let mut listener = Listener::open(&house, last, query, None).await;
        assert_eq!(listener.response.status().as_u16(), 400, "{last:?} {query}");
        while listener.read().await {}
        let body: Value = serde_json::from_str(&listener.text).unwrap();
        assert_eq!(body["error"]["code"], "BAD_REQUEST");
        assert!(body["error"]["message"].as_str().unwrap().starts_with(named), "{body}");
    }
}

/// A key that is revoked reads on for seconds and not until its stream ends by itself.
#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let house = shop().await;
    let mut listener = Listener::open(&house, None, "", None).await;
    assert!(listener.read().await);
    let path = "/api/v1/tenants/acme/keys/admin";
    assert_eq!(house.ask(&house.acme.token, Method::DELETE, path, &Value::Null).await.status, 200);
    let began = std::time::Instant::now();
    while listener.read().await {}
    assert!(began.elapsed() < Duration::from_secs(30), "it would go on for minutes");
    assert!(listener.text.ends_with("\n\nretry: 1000\n\n"), "{}", listener.text);
}

/// Another tenant's changes are not told.
#[tokio::test]
async fn tenants_are_apart() {
    let house = House::new().await;
    let mut listener = Listener::open(&house, None, "status=all", None).await;
    house.import(&house.beta.token, &[SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z")]).await;
    assert_eq!(listener.events().await, []);
    house.import(&house.acme.token, &[SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z")]).await;
    assert_eq!(listener.events().await.len(), 1);
}
