//! `GET /api/v2/posture_management/findings` (datadog-posture-management-findings; CONTRACTS §3).

use crate::house::{House, START, admin, key};
use lambda_http::http::Method;
use posture_shared::auth::{Credentials, Wish};
use posture_tests::samples::{self, PRODUCT, get, patch};
use posture_tests::{Answer, Gateway, Tenant, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const BETA: &str = "/api/v2/posture_management/findings";
pub const GA: &str = "/datadog/api/v2/posture_management/findings";
const CLIENT: &str = "datadog-api-client-python/2.62.0 (python 3.11.7; os linux; arch x86_64)";
const LABELS: [&str; 5] = ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// A finding with some members replaced, by JSON pointer.
fn finding(id: &str, changes: &[(&str, Value)]) -> Value {
    let mut finding = samples::finding(id, 1);
    for (pointer, value) in changes {
        *finding.pointer_mut(pointer).unwrap() = value.clone();
    }
    // What finding providers say would win.
    finding.as_object_mut().unwrap().remove("FindingProviderFields");
    finding
}

/// What a client with Datadog's two headers gets. Tests ask more often than a key may.
pub async fn ask(world: &World, tenant: &Tenant, path: &str) -> Answer {
    let Credentials { datadog_api_key, datadog_application_key, .. } = tenant.admin();
    let ask = get(path).with("dd-api-key", datadog_api_key).with("dd-application-key", datadog_application_key);
    let answer = world.send(Gateway::Rest, &ask).await;
    world.clock.set(world.clock.now().plus(1_000));
    answer
}

pub async fn fetch(world: &World, path: &str) -> Value {
    let answer = ask(world, &world.ours, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

/// The findings of either shape, each as the beta has it, without what differs.
fn rows(body: &Value) -> Vec<Value> {
    match &body["data"] {
        Value::Array(rows) => rows
            .iter()
            .map(|row| {
                let mut all = row["attributes"].clone();
                all["id"] = row["id"].clone();
                all["muted"] = all["mute"]["muted"].clone();
                for name in ["mute", "vulnerability_type"] {
                    all.as_object_mut().unwrap().remove(name);
                }
                all
            })
            .collect(),
        data => data["attributes"]["findings"].as_array().unwrap().clone(),
    }
}

/// Severities of [`LABELS`] in turn, every third a pass.
async fn world(count: usize) -> World {
    let world = World::new().await;
    let findings: Vec<Value> = (0..count)
        .map(|n| {
            let compliance = if n % 3 == 2 { "PASSED" } else { "FAILED" };
            let severity = json!({"Label": LABELS[n % LABELS.len()]});
            finding(&format!("f-{n}"), &[("/Severity", severity), ("/Compliance/Status", json!(compliance))])
        })
        .collect();
    for findings in findings.chunks(100) {
        world.import(&world.ours, findings).await;
    }
    world
}

/// Sample request: the operator before the equal sign, and `filter[tag]`.
#[tokio::test]
async fn the_documents_curl_is_answered() {
    let world = world(10).await;
    let sample = "filter[evaluation_changed_at]>=1667403346000&filter[evaluation]=fail&filter[status]=critical\
                  &filter[tag]=cloud_provider:aws";
    let encoded = sample.replace('[', "%5B").replace(']', "%5D").replace('>', "%3E").replace(':', "%3A");
    for query in [sample, &encoded] {
        let answer = ask(&world, &world.ours, &format!("{BETA}?{query}")).await;
        assert_eq!((answer.status, answer.header("x-dialect-version")), (200, Some("beta")), "{}", answer.body);
        let rows = rows(&answer.json());
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| row["status"] == "critical" && row["evaluation"] == "fail"), "{rows:?}");
    }
    let later = fetch(&world, &format!("{BETA}?filter[evaluation_changed_at]>1709251082000")).await;
    assert_eq!(later["meta"]["page"], json!({"total_filtered_count": 0}));
}

/// CONTRACTS 3.4, and that both shapes say the same.
#[tokio::test]
async fn both_shapes_answer_where_they_should() {
    let world = world(5).await;
    let now = world.clock.now();
    let state = format!("as_of={now}~1");
    let token = &world.ours.admin().token;
    for (path, query, agent, version) in [
        (BETA, "", "curl/8.0", "beta"),
        (BETA, "", CLIENT, "ga"),
        (BETA, "&limit=5", CLIENT, "beta"),
        (BETA, "&page%5Blimit%5D=5", "curl/8.0", "ga"),
        (GA, "", "curl/8.0", "ga"),
        (GA, "&page%5Blimit%5D=5", CLIENT, "ga"),
    ] {
        for gateway in Gateway::ALL {
            let ask = get(&format!("{path}?{state}{query}")).bearing(token).with("user-agent", agent);
            let answer = world.send(gateway, &ask).await;
            let case = format!("{gateway:?} {path} {query} {agent}: {}", answer.body);
            assert_eq!((answer.status, answer.header("x-dialect-version")), (200, Some(version)), "{case}");
            assert_eq!(answer.header("content-type"), Some("application/vnd.api+json"), "{case}");
            assert_eq!(answer.header("vary"), Some("User-Agent").filter(|_| path == BETA), "{case}");
            let body = answer.json();
            assert_eq!(body["data"].is_array(), version == "ga", "{case}");
            assert_eq!(rows(&body), rows(&fetch(&world, &format!("{BETA}?{state}")).await), "{case}");
            assert_eq!(body["meta"]["snapshot_timestamp"], json!(now.0), "{case}");
        }
    }
}

/// A walk returns each row once whatever is written meanwhile; its total and its state stay.
#[tokio::test]
async fn a_walk_returns_each_row_once_under_a_writer() {
    let world = world(57).await;
    for (path, limit, cursor) in
        [(BETA, "limit", "cursor"), (BETA, "limit", "page%5Bcursor%5D"), (GA, "page%5Blimit%5D", "page%5Bcursor%5D")]
    {
        let first = fetch(&world, &format!("{path}?{limit}=10")).await;
        let total = first["meta"]["page"]["total_filtered_count"].as_u64().unwrap();
        let state = first["meta"]["snapshot_timestamp"].clone();
        let (mut seen, mut page, mut pages) = (rows(&first), first, 0_u32);
        while let Some(next) = page["meta"]["page"]["cursor"].as_str() {
            let next = next.to_owned();
            pages += 1;
            let new = finding(&format!("new-{path}-{cursor}-{pages}"), &[("/Severity", json!({"Label": "CRITICAL"}))]);
            let mut old = samples::finding("f-1", pages + 1);
            old["Severity"] = json!({"Label": "CRITICAL"});
            old.as_object_mut().unwrap().remove("FindingProviderFields");
            world.import(&world.ours, &[new, old]).await;
            // A client may name the state that the first page told.
            page = fetch(&world, &format!("{path}?{limit}=10&{cursor}={next}&snapshot_timestamp={state}")).await;
            assert_eq!(page["meta"]["page"]["total_filtered_count"], json!(total), "{path}");
            assert_eq!(page["meta"]["snapshot_timestamp"], state, "{path}");
            seen.extend(rows(&page));
        }
        let ids: BTreeSet<&str> = seen.iter().map(|row| row["id"].as_str().unwrap()).collect();
        assert_eq!((seen.len() as u64, ids.len() as u64), (total, total), "{path}: each once");
        let rank = |row: &Value| {
            let words = ["critical", "high", "medium", "low", "info"];
            words.iter().position(|word| row["status"] == *word).unwrap()
        };
        let keys: Vec<(usize, &str)> = seen.iter().map(|row| (rank(row), row["id"].as_str().unwrap())).collect();
        assert!(keys.is_sorted(), "{path}: by severity, then by id: {keys:?}");
        assert!(!page["meta"]["page"].as_object().unwrap().contains_key("cursor"), "CONTRACTS 3.2: omitted");
    }
}

/// `snapshot_timestamp` and `as_of`: what was, before an acceptance, before its end, and after it.
#[tokio::test]
async fn the_past_is_answered_as_it_was() {
    let world = world(1).await;
    let muted = async |at: &str| {
        let ga = fetch(&world, &format!("{GA}?{at}")).await;
        let beta = fetch(&world, &format!("{BETA}?{at}")).await;
        assert_eq!(rows(&ga), rows(&beta));
        let asked = fetch(&world, &format!("{BETA}?filter[muted]=true&{at}")).await;
        let mute = ga["data"][0]["attributes"]["mute"].clone();
        assert_eq!(asked["meta"]["page"]["total_filtered_count"], json!(u32::from(mute["muted"] == true)), "{at}");
        mute
    };
    let before = world.clock.now();
    let body = json!({"FindingIdentifiers": [{"Id": "f-0", "ProductArn": PRODUCT}],
        "Workflow": {"Status": "SUPPRESSED"}, "Note": {"Text": "by design", "UpdatedBy": "me"}});
    world.clock.set(before.plus(60_000));
    assert_eq!(world.ask(&world.ours, &patch("/findings/batchupdate", &body.to_string())).await.status, 200);
    world.clock.set(before.plus(120_000));
    assert_eq!(muted("").await["reason"], "ACCEPTED_RISK");
    assert_eq!(muted(&format!("snapshot_timestamp={}", before.0 + 90_000)).await["muted"], true);
    assert_eq!(muted(&format!("snapshot_timestamp={}", before.0)).await, json!({"muted": false}));
    assert_eq!(muted(&format!("as_of={before}")).await, json!({"muted": false}));
    let empty = fetch(&world, &format!("{GA}?snapshot_timestamp={}", START.0 - 60_000)).await;
    assert_eq!(empty["data"], json!([]));
    let now = world.clock.now();
    assert_eq!(muted(&format!("snapshot_timestamp={}", now.0 + 240_000)).await["muted"], true, "clocks differ");
    for (name, at) in [("snapshot_timestamp", (now.0 + 400_000).to_string()), ("as_of", now.plus(400_000).to_string())]
    {
        assert_eq!(refused(&world, &format!("{BETA}?{name}={at}")).await, (400, name.to_owned()));
    }
}

/// The status and the parameter that an error names.
async fn refused(world: &World, path: &str) -> (u16, String) {
    let answer = ask(world, &world.ours, path).await;
    let error = answer.json()["errors"][0].clone();
    assert_eq!(error["status"], json!(answer.status.to_string()), "{path}: {}", answer.body);
    let parameter = error["source"]["parameter"].as_str().unwrap_or_default().to_owned();
    assert!(error["detail"].as_str().unwrap().starts_with(&parameter), "{path}: {}", answer.body);
    (answer.status, parameter)
}

/// Every wrong parameter is the dialect's own 400, which names it.
#[tokio::test]
async fn wrong_requests_are_refused_by_name() {
    let world = world(12).await;
    let page = fetch(&world, &format!("{BETA}?limit=5&filter[status]=-low")).await;
    let cursor = page["meta"]["page"]["cursor"].as_str().unwrap().to_owned();
    let reversed: String = cursor.chars().rev().collect();
    for (path, query, parameter) in [
        (BETA, "limit=0", "limit"),
        (BETA, "limit=1001", "limit"),
        (BETA, "limit=ten", "limit"),
        (GA, "page%5Blimit%5D=1001", "page[limit]"),
        (BETA, "filter[status]=severe", "filter[status]"),
        (BETA, "filter[evaluation]=failed", "filter[evaluation]"),
        (BETA, "filter[muted]=1", "filter[muted]"),
        (BETA, "filter[discovery_timestamp]=today", "filter[discovery_timestamp]"),
        (BETA, "filter[tags]=", "filter[tags]"),
        (GA, "filter%5Bvulnerability_type%5D=x", "filter[vulnerability_type]"),
        (GA, "unheard_of=1", "unheard_of"),
        (GA, "filter[status]=low&filter[status]=low", "filter[status]"),
        (BETA, "snapshot_timestamp=0", "snapshot_timestamp"),
        (BETA, "as_of=yesterday", "as_of"),
        (BETA, "as_of=2024-02-29T23:00:00Z~99999", "as_of"),
        (BETA, "cursor=nonsense", "cursor"),
        (BETA, "page[cursor]=nonsense", "page[cursor]"),
        (BETA, &format!("cursor={reversed}"), "cursor"),
        (BETA, &format!("cursor={cursor}"), "cursor"),
        (BETA, &format!("cursor={cursor}&filter[status]=low"), "cursor"),
    ] {
        let (status, named) = refused(&world, &format!("{path}?{query}")).await;
        assert_eq!((status, named.as_str()), (400, parameter), "{path}?{query}");
    }
    let good = format!("{BETA}?limit=5&filter[status]=-low&cursor={cursor}");
    assert_eq!(ask(&world, &world.ours, &good).await.status, 200);
    // Another tenant learns of it what nonsense tells.
    let foreign = ask(&world, &world.theirs, &good).await.timeless();
    let nonsense = ask(&world, &world.theirs, &good.replace(&cursor, "nonsense")).await.timeless();
    let rateless = |mut answer: Answer| {
        answer.headers.retain(|(name, _)| !name.starts_with("x-ratelimit-"));
        answer
    };
    assert_eq!(rateless(foreign), rateless(nonsense));
    let (with, without) = (fetch(&world, &format!("{BETA}?sort=-x&filter[x]=y")).await, fetch(&world, BETA).await);
    assert_eq!(rows(&with), rows(&without), "the beta passes over what it does not know");
}

/// Every tag that some row shows finds the rows that show it, and its negation the others.
#[tokio::test]
async fn tags_partition_the_findings() {
    let world = World::new().await;
    let one = |id: &str, requirements: Value, kind: &str, tags: Value| {
        let mut finding =
            finding(id, &[("/Compliance/RelatedRequirements", requirements), ("/Resources/0/Tags", tags)]);
        finding["Resources"][0]["Type"] = json!(kind);
        finding["Compliance"].as_object_mut().unwrap().remove("AssociatedStandards");
        finding["Compliance"].as_object_mut().unwrap().remove("SecurityControlId");
        finding
    };
    let requirements = json!(["NIST.800-53.r5 AC-2(1)", "CIS-1.5 1.20", "SOC2 CC6.1", "HIPAA 164.312-a-1"]);
    world
        .import(
            &world.ours,
            &[
                one("a", requirements, "AwsS3Bucket", json!({"team": "cake", "env": "prod"})),
                one("b", json!(["CIS-3.0 1.20"]), "AwsIamUser", json!({"team": "pie", "framework": "soc-2"})),
                one("c", json!([]), "Other", json!({"-odd": "*", "a:b": "c:d"})),
            ],
        )
        .await;
    let all = rows(&fetch(&world, BETA).await);
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<BTreeSet<_>>();
    let tags: BTreeSet<&str> =
        all.iter().flat_map(|row| row["tags"].as_array().unwrap()).map(|t| t.as_str().unwrap()).collect();
    assert!(tags.len() > 20, "{tags:?}");
    for tag in tags {
        let shows = |row: &&Value| row["tags"].as_array().unwrap().contains(&json!(tag));
        let showing: Vec<Value> = all.iter().filter(shows).cloned().collect();
        let asked = if tag.starts_with('-') { format!("\\{tag}") } else { tag.to_owned() };
        let found = rows(&fetch(&world, &format!("{BETA}?filter[tags]={asked}")).await);
        assert_eq!(ids(&found), ids(&showing), "{tag}");
        let others = rows(&fetch(&world, &format!("{BETA}?filter[tags]=-{asked}")).await);
        assert_eq!(others.len(), all.len() - showing.len(), "-{tag}");
    }
}

/// DESIGN §4: warm ≤ 2 rounds, ≤ 5 requests, ≤ 80 units at 100 rows; each further 100 rows +2 requests, +60 units.
#[tokio::test]
async fn a_list_costs_what_it_may() {
    let house = House::new().await;
    for part in 0..11 {
        let findings: Vec<Value> = (0..100)
            .map(|n| crate::house::finding(&format!("f-{part}-{n}"), "111111111111", "FAILED", "2023-11-02T00:00:00Z"))
            .collect();
        house.import(&house.acme.token, &findings).await;
    }
    for (query, rows) in [
        ("", 100),
        ("?filter[tag]=scored:false&filter[resource_type]=aws*&filter[muted]=false", 100),
        ("?filter[@resource_id]=f-*&filter[evaluation_changed_at]=>=1&page[limit]=100", 100),
        ("?limit=1000", 1000),
    ] {
        let path = format!("{BETA}{query}").replace('[', "%5B").replace(']', "%5D").replace('>', "%3E");
        for warming in 0..2 {
            house.clock.set(house.clock.now().plus(1_000));
            house.meter.take();
            let answer = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
            let cost = house.meter.take();
            assert_eq!(answer.status, 200, "{}", answer.body);
            if warming == 0 {
                continue;
            }
            let further = (rows - 100) / 100;
            // One request more counts those of the key, beside the others.
            let most = 5 + 1 + 2 * further;
            assert!(cost.rounds <= 2 && cost.total() <= most, "{query}: {} rounds, {cost:?}", cost.rounds);
            assert!(cost.read_units <= f64::from(80 + 60 * further), "{query}: {cost:?}");
        }
        let answer = house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
        let shown = answer.body["data"]["attributes"]["findings"].as_array().or(answer.body["data"].as_array());
        assert_eq!(shown.map(Vec::len), Some(rows as usize), "{query}");
    }
}

/// Rate Limits: "100 requests per minute per key"; CONTRACTS 3.3, Rate headers.
#[tokio::test]
async fn the_101st_request_of_a_minute_is_refused() {
    let house = House::new().await;
    let wish = |name: &str, rate| Wish { name: name.to_owned(), rate_per_minute: rate, ..admin() };
    let other = key(house.writer(), "acme", wish("other", None)).await;
    let fast = key(house.writer(), "acme", wish("fast", Some(200))).await;
    house.clock.set(START.plus(15_000));
    for number in 1..=102_u32 {
        let path = if number % 2 == 0 { BETA } else { GA };
        let answer = house.ask(&house.acme.token, Method::GET, path, &Value::Null).await;
        assert_eq!(answer.status, if number <= 100 { 200 } else { 429 }, "{number}");
        let remaining = 100_u32.saturating_sub(number).to_string();
        for (name, value) in
            [("limit", "100"), ("period", "60"), ("remaining", &remaining), ("name", "posture_management_findings")]
        {
            assert_eq!(answer.header(&format!("x-ratelimit-{name}")), Some(value), "{number}: {name}");
        }
        let reset: u32 = answer.header("x-ratelimit-reset").unwrap().parse().unwrap();
        assert!((1..=45).contains(&reset), "{number}: {reset} s");
        if number > 100 {
            assert_eq!(answer.body["errors"][0]["status"], "429");
        }
        assert_eq!(house.ask(&fast.token, Method::GET, path, &Value::Null).await.status, 200, "{number}");
    }
    assert_eq!(house.ask(&other.token, Method::GET, BETA, &Value::Null).await.status, 200, "another key");
    assert_eq!(house.ask(&house.beta.token, Method::GET, BETA, &Value::Null).await.status, 200, "another tenant");
    assert_eq!(
        house.ask(&house.acme.token, Method::POST, "/findings", &json!({})).await.status,
        200,
        "another dialect"
    );
    house.clock.set(START.plus(60_000));
    assert_eq!(house.ask(&house.acme.token, Method::GET, BETA, &Value::Null).await.status, 200, "the next minute");
}
