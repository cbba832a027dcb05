//! What functions read when they start, before anybody asks: it saves the first list a round, and changes no answer.

use crate::house::{Answer, House, finding, tenant};
use crate::import_resources::ACCOUNT;
use crate::restores::{dump, restore};
use lambda_http::http::Method;
use posture_functions::routes::keyed;
use posture_functions::{App, Route};
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

/// Requests of most first answers at the most, without those that their functions made ahead.
const FEW: u32 = 4;

/// Those that take more. Accepting and resolving are asked for by the names of rule and resource here, of a finding that no audit of our
/// own has filed: that is looked for first.
const MORE: [(&str, u32); 11] = [
    ("bitdefender-get-finding-changes", 5),
    ("get-finding-history", 5),
    ("import-resources", 7),
    ("import-snapshots", 7),
    ("infracast-accept-finding", 18),
    ("infracast-get-finding", 5),
    ("infracast-get-remediation", 7),
    ("infracast-resolve-finding", 18),
    ("list-jobs", 5),
    ("securityhub-batch-update-findings", 7),
    ("set-rule", 7),
];

/// Each request is some milliseconds for whoever asks first.
#[tokio::test]
async fn first_answers_take_few_requests() {
    let mut wrong = Vec::new();
    for route in keyed() {
        let count: u32 = asked(route, route.ahead).await.values().sum();
        let known = MORE.iter().find(|(function, _)| *function == route.function).map_or(FEW, |(_, count)| *count);
        if count != known && (count > FEW || known > FEW) {
            wrong.push(format!("(\"{}\", {count}),", route.function));
        }
    }
    assert!(wrong.is_empty(), "other numbers of requests than are known:\n{}", wrong.join("\n"));
}
