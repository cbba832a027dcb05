//! What the same lists cost without a ledger: all documents in one partition, and a Query that filters what it has read.
//!
//! Kept to the bench, to have something to compare with; the product neither scans nor filters. A total needs every
//! page of such a Query, and each page waits for the one before.

use super::dialects::get;
use super::filters::CHECKS;
use super::load::Ledger;
use super::report::Report;
use crate::embedded::Embedded;
use indicatif::ProgressBar;
use posture_shared::domain::Error;
use serde_json::{Map, Value, json};
use std::time::Instant as Stopwatch;

const LEDGER: &str = "posture-ledger";
const TABLE: &str = "documents";
/// Findings that are copied and read; the costs of all follow from theirs.
const COPIED: u32 = 2_000;

/// What reading all costs.
#[derive(Debug, Default)]
struct Cost {
    pages: u32,
    units: f64,
    found: u64,
    ms: f64,
}

/// Compares a list of failed findings of one severity.
pub(super) async fn measure(ledger: &Ledger, progress: &ProgressBar, report: &mut Report) -> Result<(), Error> {
    let copied = ledger.data.count.min(COPIED);
    progress.set_length(u64::from(copied));
    progress.set_position(0);
    let (engine, tenant) = (ledger.world.engine.clone(), ledger.world.tenant.as_str().to_owned());
    let judged: Vec<(bool, bool)> = (0..copied)
        .map(|number| {
            let text = |path: &str| ledger.finding(number).and_then(|f| f.pointer(path)?.as_str().map(str::to_owned));
            let is = |path: &str, word: &str| text(path).as_deref() == Some(word);
            (is("/Compliance/Status", "FAILED"), is("/Severity/Label", "HIGH"))
        })
        .collect();
    let expected = judged.iter().filter(|(failing, high)| *failing && *high).count() as u64;
    let work = tokio::task::spawn_blocking(move || {
        copy(&engine, &tenant, &judged)?;
        read_all(&engine)
    });
    let cost = work.await.map_err(Error::internal)??;
    progress.inc(u64::from(copied));
    if cost.found != expected {
        return Err(Error::internal(format!("reading all found {} findings, not {expected}", cost.found)));
    }
    let times = f64::from(ledger.data.count) / f64::from(copied);
    let (units, pages) = (cost.units * times, f64::from(cost.pages) * times);
    let name = format!("the same by a Query that filters all documents, {:.0} times {copied}", times);
    report.tell(&name, format!("{pages:.0} rounds, {units:.0} read, {:.0} ms", cost.ms * times));
    let path = CHECKS.ask("results=fail&severities=high", 100);
    let reader = ledger.world.container();
    for state in ["cold", "warm"] {
        let answer = get(ledger, &reader, &CHECKS, &path).await?;
        let ours = answer.counts.read_units;
        let (dearer, slower) = (units / ours.max(1.0), pages / f64::from(answer.counts.rounds.max(1)));
        let told = format!("{dearer:.1} times the units, {slower:.1} times the rounds of ours");
        report.tell(&format!("  against the {state} list, 100 rows and exact total"), told);
    }
    Ok(())
}

/// Copies the newest documents, as they are stored, into one partition, with attributes to filter by.
fn copy(engine: &Embedded, tenant: &str, judged: &[(bool, bool)]) -> Result<(), Error> {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
    engine.perform(
        "CreateTable",
        &json!({
            "TableName": TABLE, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
            "AttributeDefinitions": [attribute("pk"), attribute("sk")],
        }),
    )?;
    for (number, (failing, high)) in judged.iter().enumerate() {
        let request = json!({
            "TableName": LEDGER, "Limit": 1, "ScanIndexForward": false, "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": format!("{tenant}#document#{number:08x}")}},
        });
        let found = engine.perform("Query", &request)?;
        let mut item: Map<String, Value> = found
            .pointer("/Items/0")
            .and_then(Value::as_object)
            .cloned()
            .ok_or_else(|| Error::internal(format!("finding {number} has no document")))?;
        item.insert("pk".to_owned(), json!({"S": tenant}));
        item.insert("sk".to_owned(), json!({"S": format!("{number:08x}")}));
        item.insert("result".to_owned(), json!({"S": if *failing { "fail" } else { "pass" }}));
        item.insert("severity".to_owned(), json!({"S": if *high { "high" } else { "other" }}));
        engine.perform("PutItem", &json!({"TableName": TABLE, "Item": item}))?;
    }
    Ok(())
}

/// Reads the partition to its end.
fn read_all(engine: &Embedded) -> Result<Cost, Error> {
    let (mut cost, mut start) = (Cost::default(), None);
    let started = Stopwatch::now();
    loop {
        let mut request = json!({
            "TableName": TABLE, "ReturnConsumedCapacity": "TOTAL", "KeyConditionExpression": "pk = :pk",
            "FilterExpression": "#r = :fail AND severity = :high", "ExpressionAttributeNames": {"#r": "result"},
            "ExpressionAttributeValues": {":pk": {"S": "bench"}, ":fail": {"S": "fail"}, ":high": {"S": "high"}},
        });
        if let Value::Object(request) = &mut request {
            start.take().map(|start| request.insert("ExclusiveStartKey".to_owned(), start));
        }
        let answer = engine.perform("Query", &request)?;
        cost.pages += 1;
        cost.units += answer.pointer("/ConsumedCapacity/CapacityUnits").and_then(Value::as_f64).unwrap_or(0.0);
        cost.found += answer.get("Count").and_then(Value::as_u64).unwrap_or(0);
        start = answer.get("LastEvaluatedKey").filter(|key| !key.is_null()).cloned();
        if start.is_none() {
            cost.ms = started.elapsed().as_secs_f64() * 1000.0;
            return Ok(cost);
        }
    }
}
