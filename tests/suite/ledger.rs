//! A ledger in memory, the ways to its table that its users do not have, and what may happen to it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_local::embedded::{self, Embedded};
use posture_local::faults::Faults;
use posture_local::meter::Meter;
use posture_shared::clock::Clock;
use posture_shared::domain::{Caller, FindingKey, Instant, Outcome, Ruling, Scope, Status, TenantId, Terms};
use posture_shared::ledger::{Repaired, Verified, Writer};
use posture_shared::operations::{decide_finding, import_findings};
use posture_shared::secrets::{Master, Masters};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

pub const TABLE: &str = "ledger";
const ARN: &str = "arn:aws:securityhub:eu-west-1::product/prowler/prowler";
pub const START: i64 = 1_700_000_000_000;

pub type Item = HashMap<String, AttributeValue>;
/// Every item by its keys.
pub type Table = BTreeMap<(String, String), Item>;

/// A ledger, and the ways to its table that its users do not have.
pub struct Ledger {
    pub writer: Writer,
    pub clock: Clock,
    pub meter: Meter,
    pub faults: Faults,
    pub raw: Client,
    pub caller: Caller,
}

impl Ledger {
    pub async fn new() -> Self {
        let store = Embedded::memory().unwrap();
        let ledger = Self::over(&store);
        ledger.writer.create_table().await.unwrap();
        ledger
    }

    pub fn over(store: &Embedded) -> Self {
        let meter = Meter::watching(store.clone());
        let faults = Faults::new(meter.clone());
        let clock = Clock::starting_at(Instant(START));
        let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
        let writer = Writer::connect(&embedded::config(faults.clone()), TABLE, clock.clone(), masters);
        let caller = Caller {
            tenant: TenantId::parse("acme").unwrap(),
            key_name: "tests".to_owned(),
            scopes: [Scope::Admin].into(),
            accounts: None,
            region: None,
        };
        Self { writer, clock, meter, faults, raw: Client::new(&embedded::config(store.clone())), caller }
    }

    pub fn tenant(&self) -> &TenantId {
        &self.caller.tenant
    }

    pub async fn import(&self, findings: &[Value]) {
        let outcomes = import_findings(&self.writer, &self.caller, findings).await.unwrap();
        for outcome in outcomes {
            assert!(!matches!(outcome, Outcome::Rejected(_)), "{outcome:?}");
        }
    }

    pub async fn accept(&self, n: u32, expires_at: i64) {
        let (remarks, expires_at) = (Some("known".to_owned()), Some(Instant(expires_at)));
        let ruling = Ruling { remarks, expires_at, ..Ruling::of(Status::RiskAccepted) };
        decide_finding(&self.writer, &self.caller, key(n), ruling, &Terms::default()).await.unwrap();
    }

    /// Compares everything with everything.
    pub async fn verify(&self) -> Verified {
        self.writer.verify(self.tenant(), None, &|_, _| ()).await.unwrap()
    }

    pub async fn repair(&self) -> Repaired {
        self.writer.repair(self.tenant()).await.unwrap()
    }

    pub async fn export(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.writer.export(self.tenant(), &mut out, &|_, _| ()).await.unwrap();
        out
    }

    /// The whole table.
    pub async fn dump(&self) -> Table {
        let mut table = Table::new();
        let mut start = None;
        loop {
            let page = self.raw.scan().table_name(TABLE).set_exclusive_start_key(start).send().await.unwrap();
            for item in page.items.unwrap_or_default() {
                let part = |name: &str| item[name].as_s().unwrap().clone();
                table.insert((part("pk"), part("sk")), item);
            }
            start = page.last_evaluated_key;
            if start.is_none() {
                return table;
            }
        }
    }

    pub async fn put(&self, item: &Item) {
        self.raw.put_item().table_name(TABLE).set_item(Some(item.clone())).send().await.unwrap();
    }

    pub async fn delete(&self, (pk, sk): &(String, String)) {
        let request = self.raw.delete_item().table_name(TABLE);
        let request = request.key("pk", AttributeValue::S(pk.clone())).key("sk", AttributeValue::S(sk.clone()));
        request.send().await.unwrap();
    }

    /// Makes the table what it was.
    pub async fn restore(&self, table: &Table) {
        let now = self.dump().await;
        for place in now.keys().filter(|place| !table.contains_key(*place)) {
            self.delete(place).await;
        }
        for (place, item) in table {
            if now.get(place) != Some(item) {
                self.put(item).await;
            }
        }
    }
}

pub fn key(n: u32) -> FindingKey {
    FindingKey { product_arn: ARN.to_owned(), id: format!("prowler-check-{n}") }
}

pub fn finding(n: u32, severity: &str, updated: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08", "Id": key(n).id, "ProductArn": ARN, "GeneratorId": format!("rule-{}", n % 3),
        "AwsAccountId": "123456789012", "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2024-01-01T00:00:00Z", "FirstObservedAt": updated, "UpdatedAt": updated,
        "Severity": {"Label": severity}, "Title": "A bucket is public", "Description": format!("Bucket {n} is public."),
        "Resources": [{"Type": "AwsS3Bucket", "Id": format!("arn:aws:s3:::b{n}"), "Region": "eu-west-1"}],
        "Compliance": {"Status": "FAILED"},
    })
}

pub fn day(n: u32) -> String {
    format!("2024-01-{n:02}T00:00:00Z")
}

/// A ledger with two findings that were changed, seen again, accepted and folded.
pub async fn small() -> Ledger {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1)), finding(1, "HIGH", &day(1))]).await;
    ledger.accept(1, START + 1_000_000_000).await;
    ledger.import(&[finding(0, "LOW", &day(2))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    ledger.import(&[finding(0, "CRITICAL", &day(3))]).await;
    ledger
}

pub fn text(item: &mut Item, name: &str, value: &str) {
    item.insert(name.to_owned(), AttributeValue::S(value.to_owned()));
}

pub fn number(item: &mut Item, name: &str, by: i64) {
    let old: i64 = item[name].as_n().unwrap().parse().unwrap();
    item.insert(name.to_owned(), AttributeValue::N((old + by).to_string()));
}

pub fn flip(item: &mut Item, name: &str) {
    let mut bytes = item[name].as_b().unwrap().as_ref().to_vec();
    bytes[0] ^= 1;
    item.insert(name.to_owned(), AttributeValue::B(Blob::new(bytes)));
}

pub fn place_of(table: &Table, pk: &str, n: usize) -> (String, String) {
    let pk = format!("acme#{pk}");
    table.keys().filter(|place| place.0.starts_with(&pk)).nth(n).unwrap().clone()
}

/// What happens to a table.
pub type Damage = fn(&mut Table);

/// What may happen to [`small`], and words by which whoever verifies names it.
pub const DAMAGES: [(&str, Damage, &str); 17] = [
    (
        "document deleted",
        |t| drop(t.remove(&place_of(t, "document#00000000", 1))),
        "the document of finding 0 is missing",
    ),
    (
        "old document deleted",
        |t| drop(t.remove(&place_of(t, "document#00000001", 0))),
        "commit 1: the document of finding 1",
    ),
    (
        "document's identity",
        |t| text(t.get_mut(&place_of(t, "document#00000000", 0)).unwrap(), "identity", "somebody"),
        "commit 1: its root",
    ),
    (
        "document's body",
        |t| flip(t.get_mut(&place_of(t, "document#", 0)).unwrap(), "body"),
        "commit 1: a document cannot be read",
    ),
    (
        "document too many",
        |t| {
            let mut stray = t[&place_of(t, "document#00000000", 0)].clone();
            let sk = format!("{:015}", START + 5_000_000_000);
            text(&mut stray, "sk", &sk);
            t.insert(("acme#document#00000000".to_owned(), sk), stray);
        },
        "no log entry names the document of finding 0",
    ),
    (
        "document of nobody",
        |t| {
            let mut stray = t[&place_of(t, "document#00000000", 0)].clone();
            let place = ("acme#document#00000007".to_owned(), stray["sk"].as_s().unwrap().clone());
            text(&mut stray, "pk", &place.0);
            t.insert(place, stray);
        },
        "no log entry names the document of finding 7",
    ),
    ("log entry deleted", |t| drop(t.remove(&place_of(t, "log", 1))), "after commit 1 comes commit 3"),
    ("log entry's body", |t| flip(t.get_mut(&place_of(t, "log", 1)).unwrap(), "body"), "cannot be read"),
    ("log entry's chain", |t| flip(t.get_mut(&place_of(t, "log", 1)).unwrap(), "chain"), "commit 2: its chain hash"),
    (
        "log entry's number",
        |t| number(t.get_mut(&place_of(t, "log", 1)).unwrap(), "seq", 5),
        "after commit 1 comes commit 7",
    ),
    ("expiry deleted", |t| drop(t.remove(&place_of(t, "expiry", 0))), "commit 2: its root"),
    ("head's number", |t| number(t.get_mut(&place_of(t, "head", 0)).unwrap(), "next_ordinal", 1), "the head says"),
    ("head deleted", |t| drop(t.remove(&place_of(t, "head", 0))), "the head says commit 0"),
    ("finding deleted", |t| drop(t.remove(&place_of(t, "finding#", 0))), "is missing"),
    (
        "finding's number",
        |t| number(t.get_mut(&place_of(t, "finding#", 0)).unwrap(), "ordinal", 4),
        "says that its number is",
    ),
    (
        "finding's document",
        |t| number(t.get_mut(&place_of(t, "finding#", 0)).unwrap(), "document_at", -1),
        "says that its newest document is of",
    ),
    (
        "index of another log",
        |t| flip(t.get_mut(&place_of(t, "manifest", 0)).unwrap(), "chain"),
        "was made of another log",
    ),
];
