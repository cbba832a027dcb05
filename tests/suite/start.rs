//! What functions read when they start, before anybody asks: it saves the first list a round, and changes no answer.

use crate::house::{Answer, House, finding, tenant};
use crate::import_resources::ACCOUNT;
use crate::restores::{dump, restore};
use lambda_http::http::Method;
use posture_functions::routes::keyed;
use posture_functions::{App, Route, import_resources};
use posture_local::embedded::{Embedded, config};
use posture_local::meter::Meter;
use posture_shared::ledger::{Ahead, Table};
use posture_tests::world::{TABLE, masters, started};
use posture_tests::{World, samples};
use serde_json::{Value, json};
use std::collections::BTreeMap;

async fn import(house: &House, ids: std::ops::Range<usize>) {
    let findings: Vec<Value> =
        ids.map(|n| finding(&format!("f-{n:03}"), ACCOUNT, "FAILED", "2023-11-01T00:00:00Z")).collect();
    house.import(&house.acme.token, &findings).await;
}

async fn list(house: &House) -> Answer {
    house.ask(&house.acme.token, Method::POST, "/findings", &json!({"MaxResults": 100})).await
}

/// How many findings a list has, and in how many rounds it was made.
async fn listed(house: &House) -> (usize, u32) {
    house.meter.take();
    let answer = list(house).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    (answer.body["Findings"].as_array().unwrap().len(), house.meter.take().rounds)
}

/// A tenant without findings, one with a log alone, and one with a fold: one round less for the first list, none for the second.
#[tokio::test]
async fn the_first_list_is_a_round_shorter() {
    let house = House::new().await;
    for (count, is_folded) in [(0, false), (20, false), (40, true)] {
        if count > 0 {
            import(&house, count - 20..count).await;
        }
        if is_folded {
            house.writer().fold(&tenant("acme")).await.unwrap();
        }
        let (cold, ready) = (house.started(Ahead::UIDS).await, house.started(Ahead::BOTH).await);
        let (plain, ahead) = (listed(&cold).await, listed(&ready).await);
        assert_eq!((plain.0, ahead.0), (count, count));
        assert_eq!(ahead.1 + 1, plain.1, "{count} {is_folded}");
        assert_eq!(list(&cold).await.body, list(&ready).await.body);
        if count > 0 {
            assert_eq!(listed(&cold).await, listed(&ready).await, "{count} {is_folded}");
        }
    }
}

/// Whatever is committed or folded between the start and the first request is in its answer.
#[tokio::test]
async fn what_comes_after_the_start_is_seen() {
    let house = House::new().await;
    let before_all = house.started(Ahead::BOTH).await;
    import(&house, 0..10).await;
    let before_fold = house.started(Ahead::BOTH).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    import(&house, 10..20).await;
    let before_more = house.started(Ahead::BOTH).await;
    import(&house, 20..30).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    for started in [before_all, before_fold, before_more] {
        assert_eq!(listed(&started).await.0, 30);
        import(&house, 20..30).await;
        assert_eq!(listed(&started).await.0, 30);
    }
}

/// A restore in place, between the start and the first request: what was looked at is of a log that is no more.
#[tokio::test]
async fn a_manifest_of_another_log_is_given_up() {
    let house = House::new().await;
    import(&house, 0..10).await;
    let before = dump(&house.raw()).await;
    import(&house, 10..20).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    let started = [house.started(Ahead::BOTH).await, house.started(Ahead::BOTH).await];
    restore(&house.raw(), &before).await;
    assert_eq!(listed(&started[0]).await.0, 10);
    import(&house.beside(house.clock.now()), 30..45).await;
    assert_eq!(listed(&started[1]).await.0, 25);
}

/// The past from before what was looked at, by an instant and by a page of a list that was begun then: no more than without it.
#[tokio::test]
async fn the_past_costs_what_it_did() {
    let house = House::new().await;
    import(&house, 0..50).await;
    let begun = house.ask(&house.acme.token, Method::POST, "/findings", &json!({"MaxResults": 10})).await.body;
    let state =
        house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/findings?status=all", &Value::Null).await;
    let then = format!("/findings?as_of={}", state.body["as_of"].as_str().unwrap());
    import(&house, 50..90).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    let page = json!({"MaxResults": 10, "NextToken": begun["NextToken"]});
    for (path, body, count) in [(then.as_str(), json!({"MaxResults": 100}), 50), ("/findings", page, 10)] {
        let mut costs = Vec::new();
        for ahead in [Ahead::UIDS, Ahead::BOTH] {
            let house = house.started(ahead).await;
            house.meter.take();
            let answer = house.ask(&house.acme.token, Method::POST, path, &body).await;
            assert_eq!(answer.body["Findings"].as_array().map(Vec::len), Some(count), "{}", answer.body);
            let counts = house.meter.take();
            costs.push((counts.rounds, counts.read_units, counts.requests));
        }
        assert_eq!(costs[0], costs[1], "{path}");
    }
}

/// What a process asks of the table for its first request, the sample of a route, having looked ahead: requests by operation.
async fn asked(route: &Route, ahead: Ahead) -> BTreeMap<String, u32> {
    let store = Embedded::memory().unwrap();
    let world = World::on(store.clone()).await;
    world.import(&world.ours, &[samples::finding("f-1", 1)]).await;
    if route.function != import_resources::ROUTE.function {
        world.ask(&world.ours, &samples::ask(&import_resources::ROUTE, &world.ours)).await;
    }
    let meter = Meter::new(store);
    let table = Table::new(&config(meter.clone()), TABLE);
    let writer = started(table, world.clock.clone(), masters(), &world.ours.id, ahead).await;
    let world = World { app: App::new(writer, world.ours.id.clone()), ..world };
    meter.take();
    let answer = world.ask(&world.ours, &samples::ask(route, &world.ours)).await;
    assert!(answer.is_let_in(), "{}: {}", route.function, answer.body);
    meter.take().requests.into_iter().map(|(operation, count)| (operation.to_owned(), count)).collect()
}

/// Their samples name findings that are not there, which they see without a look.
const NOT_THERE: [&str; 2] = ["bitdefender-get-check", "datadog-get-finding"];

/// Who saves a request by what it looked for is who says so.
#[tokio::test]
async fn routes_say_what_they_need() {
    let mut wrong = Vec::new();
    for route in keyed() {
        let without = asked(route, Ahead::NOTHING).await;
        let (findings, uids) = (asked(route, Ahead::FINDINGS).await, asked(route, Ahead::UIDS).await);
        let findings = findings.get("Query") < without.get("Query") || NOT_THERE.contains(&route.function);
        let needed = Ahead { findings, uids: uids.get("GetItem") < without.get("GetItem") };
        if needed != route.ahead {
            wrong.push(format!("{}: {needed:?}", route.function));
        }
    }
    assert!(wrong.is_empty(), "they should look ahead for\n{}", wrong.join("\n"));
}

/// Requests of first answers to samples, without those that functions made ahead. Some samples ask for what is not there; accepting and
/// resolving are asked for by names, of a finding that no audit of our own has filed.
const REQUESTS: [(u32, &[&str]); 8] = [
    (1, &["bitdefender-get-check", "infracast-stream-findings"]),
    (
        2,
        &[
            "bitdefender-get-framework",
            "bitdefender-get-frameworks",
            "bitdefender-get-resource",
            "bitdefender-get-rule",
            "bitdefender-update-checks",
            "datadog-get-finding",
            "decide-findings",
            "get-job",
            "get-rule",
            "infracast-get-compliance-summary",
            "list-decisions",
            "list-keys",
            "retire-rule",
            "securityhub-get-findings",
            "set-account",
        ],
    ),
    (
        3,
        &[
            "bitdefender-get-resources",
            "bitdefender-get-rules",
            "bitdefender-get-scan",
            "bitdefender-get-scans",
            "create-key",
            "datadog-mute-findings",
            "datadog-mute-security-findings",
            "get-resource",
            "list-accounts",
            "list-changes",
            "list-resources",
            "list-rules",
            "revoke-key",
            "securityhub-batch-import-findings",
            "securityhub-describe-hub",
            "securityhub-get-finding-history",
            "securityhub-list-enabled-products",
            "set-rule-params",
        ],
    ),
    (
        4,
        &[
            "bitdefender-get-checks",
            "datadog-list-findings",
            "infracast-get-terraform-patch",
            "infracast-list-findings",
            "infracast-list-scored-findings",
            "infracast-run-audit",
            "set-terraform",
        ],
    ),
    (5, &["bitdefender-get-finding-changes", "get-finding-history", "infracast-get-finding", "list-jobs"]),
    (6, &["get-related-resources", "import-snapshots", "securityhub-batch-update-findings"]),
    (7, &["import-resources", "infracast-get-remediation", "set-rule"]),
    (11, &["infracast-accept-finding", "infracast-resolve-finding"]),
];

/// Each request is some milliseconds for whoever asks first.
#[tokio::test]
async fn first_answers_take_so_many_requests() {
    let mut counted: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for route in keyed() {
        let count: u32 = asked(route, route.ahead).await.values().sum();
        counted.entry(count).or_default().push(route.function);
    }
    counted.values_mut().for_each(|functions| functions.sort_unstable());
    let known: BTreeMap<u32, Vec<&str>> = REQUESTS.iter().map(|(count, of)| (*count, of.to_vec())).collect();
    assert!(counted == known, "{counted:?}");
}
