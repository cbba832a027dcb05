//! A table that is seen in the middle of a commit, was restored under its name, or is kept by another clock.

use super::findings::{day, finding, key};
use super::run::everything;
use super::table::client;
use super::world::{TABLE, World};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_local::faults::Fault;
use posture_shared::clock::Clock;
use posture_shared::domain::asff::Update;
use posture_shared::domain::{Error, Outcome};
use posture_shared::ledger::Writer;
use posture_shared::operations::{FindingsQuery, get_findings, import_findings, update_findings};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;

type Item = HashMap<String, AttributeValue>;

/// Everything in the table.
async fn items(client: &Client) -> Vec<Item> {
    client.scan().table_name(TABLE).send().await.unwrap().items().to_vec()
}

/// Makes the table what it was.
async fn restore(client: &Client, before: &[Item]) {
    for item in items(client).await {
        let request = client.delete_item().table_name(TABLE);
        request.key("pk", item["pk"].clone()).key("sk", item["sk"].clone()).send().await.unwrap();
    }
    for item in before {
        client.put_item().table_name(TABLE).set_item(Some(item.clone())).send().await.unwrap();
    }
}

async fn import(world: &World, writer: &Writer, number: u32) {
    let sent = [finding(&key(0, number), &day(1))];
    assert_eq!(import_findings(writer, &world.caller(), &sent).await.unwrap(), [Outcome::Created]);
}

async fn total(world: &World, reader: &Writer) -> u32 {
    get_findings(reader, &world.tenant, &everything(1)).await.unwrap().total
}

/// DESIGN §3, Cursors: warm caches notice a restore, also right after a fold, when they know no entry of the log.
#[tokio::test]
async fn a_warm_fold_of_what_is_no_more_is_dropped() {
    let world = World::new().await;
    let (writer, client) = (world.writer(), client(&world));
    import(&world, &writer, 1).await;
    let before = items(&client).await;
    import(&world, &writer, 2).await;
    let other = world.bystander();
    other.fold(&world.tenant).await.unwrap();
    let warm = world.writer();
    assert_eq!((total(&world, &warm).await, total(&world, &warm).await), (2, 2));
    restore(&client, &before).await;
    assert_eq!(total(&world, &warm).await, 1);
}

/// A page's token stands on a state that the table has: whoever knows another one looks there before refusing it. One
/// that the table has not is refused under the name of the member that carried it.
#[tokio::test]
async fn a_token_of_the_restored_table_is_good_where_the_old_one_is_known() {
    let world = World::new().await;
    let (warm, client) = (world.writer(), client(&world));
    let before = items(&client).await;
    for number in [1, 2] {
        import(&world, &warm, number).await;
    }
    assert_eq!(total(&world, &warm).await, 2);
    let token =
        |reader: Writer, tenant| async move { get_findings(&reader, &tenant, &everything(1)).await.unwrap().next };
    let old = token(warm.clone(), world.tenant.clone()).await;
    restore(&client, &before).await;
    let other = world.bystander();
    for number in [3, 4] {
        import(&world, &other, number).await;
    }
    let new = token(other, world.tenant.clone()).await;
    let page = |token| FindingsQuery { token, token_field: "cursor", ..everything(1) };
    let second = get_findings(&warm, &world.tenant, &page(new)).await.unwrap();
    assert_eq!((second.start, second.findings[0].finding.key()), (1, key(0, 4)));
    match get_findings(&warm, &world.tenant, &page(old)).await {
        Err(Error::Invalid { field, .. }) => assert_eq!(field, "cursor"),
        other => panic!("{other:?}"),
    }
}

/// DESIGN §3, Views: a transaction may be seen torn across items. A finding that is there before its head is no
/// leftover of a restore, and an update finds it.
#[tokio::test]
async fn a_finding_that_shows_before_its_head_is_found() {
    let world = World::new().await;
    let (writer, store) = (world.writer(), client(&world));
    import(&world, &writer, 0).await;
    let head = items(&store).await.into_iter().find(is_head).unwrap();
    let (tenant, other) = (world.clone(), world.bystander());
    let committed = Arc::new(tokio::sync::Mutex::new(None));
    world.faults.plan(Fault::None);
    world.faults.before_each(Some(Arc::new(move |number, _| {
        let (world, other, store, old) = (tenant.clone(), other.clone(), store.clone(), head.clone());
        let committed = Arc::clone(&committed);
        Box::pin(async move {
            let show = |item| store.put_item().table_name(TABLE).set_item(Some(item)).send();
            // Between the reads of head and finding somebody commits, and the head shows two reads later.
            if number == 2 {
                import(&world, &other, 1).await;
                *committed.lock().await = items(&store).await.into_iter().find(is_head);
                show(old).await.unwrap();
            } else if number == 4 {
                show(committed.lock().await.take().unwrap()).await.unwrap();
            }
        })
    })));
    let change = Update::parse(json!({ "Confidence": 5 }).as_object().unwrap()).unwrap();
    let outcomes = update_findings(&writer, &world.caller(), vec![key(0, 1)], change).await.unwrap();
    world.faults.before_each(None);
    assert_eq!(outcomes, [Outcome::Changed]);
    assert!(world.writer().verify(&world.tenant, None, &|_, _| {}).await.unwrap().is_clean());
}

fn is_head(item: &Item) -> bool {
    item["pk"].as_s().is_ok_and(|pk| pk.ends_with("#head"))
}

/// DynamoDB expires items by its own clock, whatever ours was set to.
#[tokio::test]
async fn segments_expire_by_the_machines_clock() {
    let world = World::new().await;
    let writer = world.writer();
    for number in [1, 2] {
        import(&world, &writer, number).await;
        writer.fold(&world.tenant).await.unwrap();
    }
    let ends: Vec<i64> =
        items(&client(&world)).await.iter().filter_map(|item| item.get("ttl")?.as_n().ok()?.parse().ok()).collect();
    let now = Clock::machine().0 / 1000;
    assert!(!ends.is_empty() && ends.iter().all(|end| *end > now), "{ends:?} {now}");
}
