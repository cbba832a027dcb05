//! The engine through the real SDK client: what the ledger relies on.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use super::{Embedded, config};
use crate::faults::{Fault, Faults};
use crate::meter::Meter;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue as Value, BillingMode, ConditionCheck, KeySchemaElement, KeyType,
    KeysAndAttributes, Put, ReturnConsumedCapacity, ScalarAttributeType, TimeToLiveSpecification, TransactWriteItem,
    Update,
};
use aws_smithy_runtime_api::client::http::HttpClient;
use std::collections::HashMap;

const TABLE: &str = "ledger";

async fn client(http: impl HttpClient + 'static) -> Client {
    let client = Client::new(&config(http));
    let key =
        |name: &str, kind: KeyType| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
    let text = |name: &str| {
        let builder = AttributeDefinition::builder().attribute_name(name);
        builder.attribute_type(ScalarAttributeType::S).build().unwrap()
    };
    let table = client.create_table().table_name(TABLE).billing_mode(BillingMode::PayPerRequest);
    let table = table.attribute_definitions(text("pk")).attribute_definitions(text("sk"));
    let table = table.key_schema(key("pk", KeyType::Hash)).key_schema(key("sk", KeyType::Range));
    table.send().await.unwrap();
    client
}

fn text(value: &str) -> Value {
    Value::S(value.to_owned())
}

/// An item of exactly `size` bytes by the service's rules: names and values, UTF-8 and raw bytes.
fn item(sk: &str, size: usize) -> HashMap<String, Value> {
    let blob = size - "pk".len() - "a".len() - "sk".len() - sk.len() - "d".len();
    HashMap::from([
        ("pk".to_owned(), text("a")),
        ("sk".to_owned(), text(sk)),
        ("d".to_owned(), Value::B(Blob::new(vec![7; blob]))),
    ])
}

fn put(item: HashMap<String, Value>, condition: Option<&str>) -> TransactWriteItem {
    let put =
        Put::builder().table_name(TABLE).set_item(Some(item)).set_condition_expression(condition.map(str::to_owned));
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

async fn commit(client: &Client, items: Vec<TransactWriteItem>) -> Result<(), SdkError<TransactWriteItemsError>> {
    let request = client.transact_write_items().set_transact_items(Some(items));
    request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.map(|_| ())
}

async fn keys(client: &Client) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = None;
    loop {
        let query = client.query().table_name(TABLE).consistent_read(true).limit(3).set_exclusive_start_key(start);
        let query = query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", text("a"));
        let page = query.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
        found.extend(page.items().iter().map(|item| item.get("sk").unwrap().as_s().unwrap().clone()));
        start = page.last_evaluated_key;
        if start.is_none() {
            return found;
        }
    }
}

/// Numbers travel as text in DynamoDB JSON but limits, sizes and times do not: all of them must survive serde_json's
/// `arbitrary_precision`.
#[tokio::test]
async fn every_kind_of_value_comes_back() {
    let client = client(Embedded::memory().unwrap()).await;
    let mut sent = item("x", 100);
    sent.insert("n".to_owned(), Value::N("12345678901234567890123456789012345678".to_owned()));
    sent.insert("ns".to_owned(), Value::Ns(vec!["1".to_owned(), "2.5".to_owned()]));
    sent.insert("t".to_owned(), Value::Bool(true));
    sent.insert("z".to_owned(), Value::Null(true));
    sent.insert(
        "l".to_owned(),
        Value::L(vec![Value::N("-0.5".to_owned()), Value::M(HashMap::from([("é".to_owned(), text(""))]))]),
    );
    client.put_item().table_name(TABLE).set_item(Some(sent.clone())).send().await.unwrap();
    let get = client.get_item().table_name(TABLE).key("pk", text("a")).key("sk", text("x")).consistent_read(true);
    assert_eq!(get.send().await.unwrap().item, Some(sent));
    let tables = client.list_tables().limit(10).send().await.unwrap();
    assert_eq!(tables.table_names(), [TABLE]);
    let table = client.describe_table().table_name(TABLE).send().await.unwrap();
    assert_eq!(table.table().unwrap().item_count(), Some(1));
}

#[tokio::test]
async fn a_transaction_is_whole_or_absent_and_names_what_failed() {
    let client = client(Embedded::memory().unwrap()).await;
    let fresh = Some("attribute_not_exists(pk)");
    commit(&client, vec![put(item("1", 50), fresh), put(item("2", 50), fresh)]).await.unwrap();
    let error = commit(&client, vec![put(item("3", 50), fresh), put(item("1", 50), fresh)]).await.unwrap_err();
    let SdkError::ServiceError(error) = error else { panic!("{error:?}") };
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.err() else { panic!("{error:?}") };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(keys(&client).await, ["1", "2"]);
}

#[tokio::test]
async fn a_compare_and_set_loses_when_the_value_moved() {
    let client = client(Embedded::memory().unwrap()).await;
    let mut head = item("head", 50);
    head.insert("seq".to_owned(), Value::N("1".to_owned()));
    commit(&client, vec![put(head, None)]).await.unwrap();
    let set = |from: u32| {
        let update = Update::builder().table_name(TABLE).key("pk", text("a")).key("sk", text("head"));
        let update = update.update_expression("SET seq = :to").condition_expression("seq = :from");
        let update = update.expression_attribute_values(":from", Value::N(from.to_string()));
        let update = update.expression_attribute_values(":to", Value::N((from + 1).to_string()));
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    };
    commit(&client, vec![set(1)]).await.unwrap();
    assert!(commit(&client, vec![set(1)]).await.is_err());
    commit(&client, vec![set(2)]).await.unwrap();
}

#[tokio::test]
async fn a_query_pages_in_key_order() {
    let client = client(Embedded::memory().unwrap()).await;
    for n in [3, 1, 4, 2, 5, 7, 6, 8] {
        commit(&client, vec![put(item(&n.to_string(), 50), None)]).await.unwrap();
    }
    assert_eq!(keys(&client).await, ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[tokio::test]
async fn the_file_outlives_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let first = client(Embedded::open(folder.path()).unwrap()).await;
    commit(&first, vec![put(item("1", 50), None)]).await.unwrap();
    drop(first);
    let second = Client::new(&config(Embedded::open(folder.path()).unwrap()));
    assert_eq!(keys(&second).await, ["1"]);
}

#[tokio::test]
async fn a_sweep_deletes_what_expired() {
    let store = Embedded::memory().unwrap();
    let client = client(store.clone()).await;
    let ttl = TimeToLiveSpecification::builder().attribute_name("ttl").enabled(true).build().unwrap();
    client.update_time_to_live().table_name(TABLE).time_to_live_specification(ttl).send().await.unwrap();
    // Items that expired long ago are left alone, as by the service.
    let second = posture_shared::clock::Clock::machine().0 / 1000;
    for (sk, ttl) in [("old", second - 3600), ("new", second + 3600)] {
        let mut item = item(sk, 50);
        item.insert("ttl".to_owned(), Value::N(ttl.to_string()));
        commit(&client, vec![put(item, None)]).await.unwrap();
    }
    assert_eq!(keys(&client).await, ["new", "old"]);
    assert_eq!(store.sweep(), Ok(1));
    assert_eq!(keys(&client).await, ["new"]);
}

/// The published rules: a strongly consistent read is one unit per started 4 KB, an eventually consistent one half of
/// that; a Query adds the sizes first; a write is one unit per started KB of the larger image, twice that in a
/// transaction, where a condition check costs like a write of its item.
#[tokio::test]
async fn capacity_is_reported_by_the_published_rules() {
    let meter = Meter::new(Embedded::memory().unwrap());
    let client = client(meter.clone()).await;
    let total = ReturnConsumedCapacity::Total;
    let get = |sk: &str, consistent: bool| {
        let get = client.get_item().table_name(TABLE).key("pk", text("a")).key("sk", text(sk));
        get.consistent_read(consistent).return_consumed_capacity(total.clone()).send()
    };
    commit(&client, vec![put(item("4096", 4096), None), put(item("4097", 4097), None)]).await.unwrap();
    let counts = meter.take();
    assert_eq!((counts.write_units, counts.read_units), (2.0 * (4.0 + 5.0), 0.0));

    for (sk, consistent, units) in [
        ("4096", true, 1.0),
        ("4096", false, 0.5),
        ("4097", true, 2.0),
        ("4097", false, 1.0),
        ("none", true, 1.0),
        ("none", false, 0.5),
    ] {
        get(sk, consistent).await.unwrap();
        let counts = meter.take();
        assert_eq!((counts.read_units, counts.write_units), (units, 0.0), "get {sk} {consistent}");
    }

    keys(&client).await;
    assert_eq!(meter.take().read_units, 3.0, "a query of 8193 bytes");

    for (consistent, units) in [(true, 4.0), (false, 2.0)] {
        let key = |sk: &str| HashMap::from([("pk".to_owned(), text("a")), ("sk".to_owned(), text(sk))]);
        let wanted = KeysAndAttributes::builder().consistent_read(consistent);
        let wanted = wanted.keys(key("4096")).keys(key("4097")).keys(key("none")).build().unwrap();
        let batch = client.batch_get_item().request_items(TABLE, wanted).return_consumed_capacity(total.clone());
        batch.send().await.unwrap();
        assert_eq!(meter.take().read_units, units, "batch get, consistent {consistent}");
    }

    client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item("4097", 60)))
        .return_consumed_capacity(total.clone())
        .send()
        .await
        .unwrap();
    assert_eq!(meter.take().write_units, 5.0, "a put over a larger item");

    let check = ConditionCheck::builder().table_name(TABLE).key("pk", text("a")).key("sk", text("4096"));
    let check = check.condition_expression("attribute_exists(pk)").build().unwrap();
    let check = TransactWriteItem::builder().condition_check(check).build();
    commit(&client, vec![check, put(item("small", 60), None)]).await.unwrap();
    assert_eq!(meter.take().write_units, 2.0 * (4.0 + 1.0), "a condition check on 4096 bytes and a small put");
}

#[tokio::test]
async fn rounds_are_chains_and_not_requests() {
    let meter = Meter::new(Embedded::memory().unwrap());
    let client = client(meter.clone()).await;
    let get = |sk: &'static str| client.get_item().table_name(TABLE).key("pk", text("a")).key("sk", text(sk)).send();
    meter.take();
    let (a, b, c) = tokio::join!(get("1"), get("2"), get("3"));
    for got in [a, b, c] {
        got.unwrap();
    }
    get("4").await.unwrap();
    let counts = meter.take();
    assert_eq!((counts.total(), counts.of("GetItem"), counts.rounds, counts.refused), (4, 4, 2, 0));
    assert!(counts.bytes_sent > 0 && counts.bytes_received > 0);
    assert_eq!(meter.take(), super::super::meter::Counts::default());
}

#[tokio::test]
async fn faults_happen_where_they_were_planned() {
    let fresh = Some("attribute_not_exists(pk)");
    for (fault, outcomes, stored) in [
        (Fault::None, [true, true, true], vec!["1", "2", "3"]),
        (Fault::Before(2), [true, false, true], vec!["1", "3"]),
        (Fault::After(2), [true, false, true], vec!["1", "2", "3"]),
        (Fault::CrashBefore(2), [true, false, false], vec!["1"]),
        (Fault::CrashAfter(2), [true, false, false], vec!["1", "2"]),
    ] {
        let faults = Faults::new(Embedded::memory().unwrap());
        let client = client(faults.clone()).await;
        faults.plan(fault);
        let mut seen = Vec::new();
        for sk in ["1", "2", "3"] {
            seen.push(commit(&client, vec![put(item(sk, 50), fresh)]).await.is_ok());
        }
        assert_eq!((seen, faults.seen()), (outcomes.to_vec(), 3), "{fault:?}");
        faults.plan(Fault::None);
        assert_eq!(keys(&client).await, stored, "{fault:?}");
    }
}

#[tokio::test]
async fn a_hook_runs_between_requests() {
    let store = Embedded::memory().unwrap();
    let faults = Faults::new(store.clone());
    let ours = client(faults.clone()).await;
    let theirs = Client::new(&config(store));
    faults.plan(Fault::None);
    faults.before_each(Some(std::sync::Arc::new(move |number, operation| {
        assert_eq!((number, operation), (1, "TransactWriteItems"));
        let theirs = theirs.clone();
        Box::pin(async move { commit(&theirs, vec![put(item("1", 50), None)]).await.unwrap() })
    })));
    assert!(commit(&ours, vec![put(item("1", 50), Some("attribute_not_exists(pk)"))]).await.is_err());
}
