//! `GET /api/v2/posture_management/findings/{finding_id}` (datadog-posture-management-findings; CONTRACTS §3).

use crate::datadog_list_findings::{BETA, GA, ask, fetch};
use crate::house::{House, finding};
use lambda_http::http::Method;
use posture_tests::samples::{self, PRODUCT, patch};
use posture_tests::{Answer, Tenant, World};
use serde_json::{Value, json};

async fn world() -> World {
    let world = World::new().await;
    world.import(&world.ours, &[samples::finding("f-1", 1), samples::finding("f-2", 1)]).await;
    world.import(&world.theirs, &[samples::finding("f-1", 1)]).await;
    world
}

async fn first_id(world: &World, tenant: &Tenant) -> String {
    let page = ask(world, tenant, GA).await.json();
    page["data"][0]["id"].as_str().unwrap().to_owned()
}

fn rateless(answer: Answer) -> Answer {
    let mut answer = answer.timeless();
    answer.headers.retain(|(name, _)| !name.starts_with("x-ratelimit-"));
    answer
}

/// Get a finding's details: all of the list's row, the message and the configuration.
#[tokio::test]
async fn the_detail_is_the_row_and_more() {
    let world = world().await;
    let list = fetch(&world, BETA).await;
    let row = list["data"]["attributes"]["findings"][0].clone();
    let id = row["id"].as_str().unwrap();
    for id in [id.to_owned(), id.replace('-', ""), id.to_uppercase()] {
        let whole = fetch(&world, &format!("{BETA}/{id}")).await;
        assert_eq!(whole["data"]["type"], "posture_management_fetch_finding_resp");
        let finding = &whole["data"]["attributes"]["finding"];
        for (name, value) in row.as_object().unwrap() {
            assert_eq!(&finding[name], value, "{name}");
        }
        let message = finding["message"].as_str().unwrap();
        assert!(message.starts_with("%%%\n## Description\n\nAnybody can reach it."), "{message}");
        assert!(message.contains("\n\n## Remediation\n\nClose it.") && message.ends_with("\n%%%"), "{message}");
        let configuration = &finding["resource_configuration"];
        assert_eq!(configuration["AwsEc2SecurityGroup"]["GroupName"], "open");
        assert_eq!(
            (&configuration["account_id"], &configuration["region"]),
            (&json!("123456789012"), &json!("eu-west-1"))
        );
        let ga = fetch(&world, &format!("{GA}/{id}")).await;
        assert_eq!((&ga["data"]["type"], &ga["data"]["id"]), (&json!("detailed_finding"), &row["id"]));
        assert_eq!(ga["data"]["attributes"]["message"], finding["message"]);
    }
}

/// DESIGN §5: another tenant's uid is as absent as nonsense; CONTRACTS 3.3: how that is said.
#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = world().await;
    let theirs = first_id(&world, &world.theirs).await;
    let ours = first_id(&world, &world.ours).await;
    assert_ne!(theirs, ours);
    let nonsense = rateless(ask(&world, &world.ours, &format!("{BETA}/nonsense")).await);
    let error = json!({"errors": [{"status": "404", "title": "Not Found", "detail": "finding not found"}]});
    assert_eq!((nonsense.status, nonsense.json()), (404, error));
    let forged = format!("{}{}", &ours[..35], if ours.ends_with('0') { '1' } else { '0' });
    for path in [BETA, GA] {
        for id in [theirs.as_str(), &forged, "00000000-0000-8000-8000-000000000000", "%00", "AQAAAYZzBl-4bu4ufQ"] {
            assert_eq!(rateless(ask(&world, &world.ours, &format!("{path}/{id}")).await), nonsense, "{path}/{id}");
        }
    }
    // What is gone is absent, now and not before.
    let before = world.clock.now();
    world.clock.set(before.plus(60_000));
    let mut gone = samples::finding("f-1", 2);
    gone["RecordState"] = json!("ARCHIVED");
    world.import(&world.ours, &[gone]).await;
    assert_eq!(rateless(ask(&world, &world.ours, &format!("{BETA}/{ours}")).await), nonsense);
    for at in [format!("snapshot_timestamp={}", before.0), format!("as_of={before}")] {
        assert_eq!(ask(&world, &world.ours, &format!("{GA}/{ours}?{at}")).await.status, 200, "{at}");
    }
}

/// The finding of an instant, and wrong parameters by name.
#[tokio::test]
async fn parameters_are_checked() {
    let world = world().await;
    let id = first_id(&world, &world.ours).await;
    let before = world.clock.now();
    world.clock.set(before.plus(60_000));
    let body = json!({"FindingIdentifiers": [{"Id": "f-1", "ProductArn": PRODUCT}],
        "Workflow": {"Status": "SUPPRESSED"}, "VerificationState": "FALSE_POSITIVE"});
    assert_eq!(world.ask(&world.ours, &patch("/findings/batchupdate", &body.to_string())).await.status, 200);
    let mute =
        async |query: String| fetch(&world, &format!("{GA}/{id}?{query}")).await["data"]["attributes"]["mute"].clone();
    assert_eq!(mute(String::new()).await["reason"], "FALSE_POSITIVE");
    assert_eq!(mute(format!("snapshot_timestamp={}", before.0)).await, json!({"muted": false}));
    let ahead = world.clock.now().0 + 400_000;
    for (path, query, parameter) in [
        (GA, "filter[status]=low".to_owned(), "filter[status]"),
        (GA, "page[limit]=5".to_owned(), "page[limit]"),
        (BETA, "snapshot_timestamp=x".to_owned(), "snapshot_timestamp"),
        (BETA, format!("snapshot_timestamp={ahead}"), "snapshot_timestamp"),
        (BETA, "as_of=x".to_owned(), "as_of"),
    ] {
        let answer = ask(&world, &world.ours, &format!("{path}/{id}?{query}")).await;
        let named = answer.json()["errors"][0]["source"]["parameter"].clone();
        assert_eq!((answer.status, named), (400, json!(parameter)), "{query}");
    }
    assert_eq!(ask(&world, &world.ours, &format!("{BETA}/{id}?unheard=of")).await.status, 200);
}

/// DESIGN §4: warm ≤ 2 rounds, ≤ 8 units.
#[tokio::test]
async fn a_detail_costs_what_it_may() {
    let house = House::new().await;
    let findings: Vec<Value> =
        (0..50).map(|n| finding(&format!("f-{n}"), "111111111111", "FAILED", "2023-11-02T00:00:00Z")).collect();
    house.import(&house.acme.token, &findings).await;
    let page = house.ask(&house.acme.token, Method::GET, GA, &Value::Null).await.body;
    let path = format!("{GA}/{}", page["data"][7]["id"].as_str().unwrap());
    house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await;
    house.meter.take();
    assert_eq!(house.ask(&house.acme.token, Method::GET, &path, &Value::Null).await.status, 200);
    let cost = house.meter.take();
    assert!(cost.rounds <= 2 && cost.total() <= 5 && cost.read_units <= 8.0, "{cost:?}");
}
