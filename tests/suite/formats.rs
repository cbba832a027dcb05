//! Formats: a ledger as the first release wrote it is read, verified, written to and folded as if it had been written now; and one of a
//! format that is newer than this version is refused.
//!
//! `tests/formats/N` holds a small ledger of format N, every stored structure in it: the items of its table as DynamoDB exports them, and
//! what clients were answered, both packed by zstd. It is never written again. When a new format begins, commit one beside it:
//! `cargo test --workspace write_the_fixture -- --ignored`, and keep the ones that this version still reads.

use crate::checkout::{files, read};
use crate::house::{Answer, House, START, TABLE, tenant};
use crate::import_resources::put;
use crate::infracast::{accept, shop, workflow};
use crate::listening_hubs::{OWN, Stub};
use crate::run_audits::{audit, group};
use crate::tell_hubs::hubs;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::Method;
use posture_functions::{record_expiries, synchronise_hubs, tell_hubs, verify_ledgers};
use posture_local::embedded::Embedded;
use posture_shared::auth::Credentials;
use posture_shared::domain::{Instant, Wording, wording};
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The newest format, which `shared/src/ledger/mod.rs` says.
const NEWEST: u32 = 1;
/// When the recorded answers were asked for.
const ASKED: Instant = Instant(START.0 + 30 * DAY);
const DAY: i64 = 86_400_000;

type Item = HashMap<String, AttributeValue>;

const TABLE_FILE: &str = "table.ndjson.zst";
const ANSWERS_FILE: &str = "answers.json.zst";

fn folder(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("formats").join(format.to_string())
}

fn packed(format: u32, file: &str) -> Vec<u8> {
    let path = folder(format).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn unpacked(format: u32, file: &str) -> String {
    String::from_utf8(zstd::decode_all(&*packed(format, file)).unwrap()).unwrap()
}

/// The formats that this version reads.
fn readable() -> Vec<u32> {
    let text = read("shared/src/ledger/mod.rs");
    let written = text.split("const FORMAT: u32 = ").nth(1).unwrap().split(';').next().unwrap();
    assert_eq!(written, NEWEST.to_string(), "edit NEWEST, and commit tests/formats/{written} as this file says");
    (1..=NEWEST).filter(|format| format + 1 >= NEWEST).collect()
}

fn to_json(item: &Item) -> Value {
    let typed = |value: &AttributeValue| match value {
        AttributeValue::S(text) => json!({"S": text}),
        AttributeValue::N(number) => json!({"N": number}),
        AttributeValue::B(bytes) => json!({"B": STANDARD.encode(bytes.as_ref())}),
        other => panic!("an item has {other:?}: write its type here"),
    };
    let members: BTreeMap<&String, Value> = item.iter().map(|(name, value)| (name, typed(value))).collect();
    json!({"Item": members})
}

fn of_json(line: &str) -> Item {
    let line: Value = serde_json::from_str(line).unwrap();
    let untyped = |value: &Value| match value.as_object().unwrap().iter().next().unwrap() {
        (kind, Value::String(text)) if kind == "S" => AttributeValue::S(text.clone()),
        (kind, Value::String(text)) if kind == "N" => AttributeValue::N(text.clone()),
        (kind, Value::String(text)) if kind == "B" => AttributeValue::B(Blob::new(STANDARD.decode(text).unwrap())),
        other => panic!("{other:?}"),
    };
    let members = line["Item"].as_object().unwrap().iter();
    members.map(|(name, value)| (name.clone(), untyped(value))).collect()
}

/// Every item, in the order of their keys.
async fn dump(raw: &Client) -> Vec<Item> {
    let mut items = Vec::new();
    let mut start = None;
    loop {
        let page = raw.scan().table_name(TABLE).set_exclusive_start_key(start).send().await.unwrap();
        items.extend(page.items.unwrap_or_default());
        start = page.last_evaluated_key;
        if start.is_none() {
            items.sort_by_key(|item| (text(item, "pk"), text(item, "sk")));
            return items;
        }
    }
}

fn text(item: &Item, name: &str) -> String {
    item[name].as_s().unwrap().clone()
}

/// The kind of structure that an item is: the part of its partition key that follows the tenant.
fn kind(item: &Item) -> String {
    let pk = text(item, "pk");
    let (tenant, kind) = pk.split_once('#').unwrap();
    let kind = if tenant.is_empty() { "tenant" } else { kind };
    kind.split('#').next().unwrap().to_owned()
}

/// A house over these items.
async fn over(items: &[Item], token: &str, at: Instant) -> House {
    let store = Embedded::memory().unwrap();
    let key = Credentials {
        name: String::new(),
        token: token.to_owned(),
        aws_access_key_id: String::new(),
        aws_secret_access_key: String::new(),
        datadog_api_key: String::new(),
        datadog_application_key: String::new(),
    };
    let house = House::over(&store, at, key.clone(), key);
    house.writer().create_table().await.unwrap();
    let raw = house.raw();
    for item in items {
        raw.put_item().table_name(TABLE).set_item(Some(item.clone())).send().await.unwrap();
    }
    house
}

struct Fixture {
    items: Vec<Item>,
    token: String,
    answers: Vec<Value>,
}

fn fixture(format: u32) -> Fixture {
    let items = unpacked(format, TABLE_FILE).lines().map(of_json).collect();
    let recorded: Value = serde_json::from_str(&unpacked(format, ANSWERS_FILE)).unwrap();
    let token = recorded["token"].as_str().unwrap().to_owned();
    Fixture { items, token, answers: recorded["answers"].as_array().unwrap().clone() }
}

impl Fixture {
    async fn house(&self) -> House {
        over(&self.items, &self.token, ASKED).await
    }
}

async fn ask(house: &House, method: &str, path: &str, body: &Value) -> Answer {
    house.ask(&house.acme.token, method.parse().unwrap(), path, body).await
}

/// What clients of every dialect ask a ledger, of one state, so that the clock does not matter.
async fn questions(house: &House) -> Vec<(&'static str, String, Value)> {
    let all = ask(house, "GET", "/api/v1/tenants/acme/findings?status=all&per_page=500", &Value::Null).await.body;
    let state = all["as_of"].as_str().unwrap().to_owned();
    let own = "/api/v1/tenants/acme";
    let get = |path: String| ("GET", path, Value::Null);
    let mut asked = vec![
        get(format!("{own}/findings?status=all&per_page=500&as_of={state}")),
        get(format!("{own}/findings/scored?per_page=500&as_of={state}")),
        get(format!("{own}/compliance/summary?as_of={state}")),
        get(format!("{own}/findings?status=all&as_of=2023-11-14T22:14:20Z")),
        get(format!("/v1/cspm/checks?page_limit=500&as_of={state}")),
        get(format!("/v1/cspm/rules?page_limit=500&as_of={state}")),
        get(format!("/v1/cspm/resources?page_limit=500&as_of={state}")),
        get(format!("/v1/cspm/system_compliance?page_limit=500&as_of={state}")),
        get(format!("/v1/setting/scans?page_limit=500&as_of={state}")),
        get(format!("/datadog/api/v2/posture_management/findings?page%5Blimit%5D=500&as_of={state}")),
        ("POST", format!("/findings?as_of={state}"), json!({"MaxResults": 100})),
        get(format!("{own}/audit-log?limit=100")),
        get(format!("{own}/changes?limit=200")),
        get(format!("{own}/resources?as_of={state}")),
        get(format!("{own}/rules/{RULE}")),
        get(format!("{own}/rules/iam.rotate-access-key-90-days")),
        get(format!("{own}/keys")),
        get(format!("{own}/accounts")),
        get(format!("{own}/jobs")),
    ];
    for net in ["new", "resolved", "modified"] {
        asked.push(get(format!(
            "/v1/cspm/finding_changes?type={net}&from_date=2023-11-14&to_date=2023-11-16&page_limit=100"
        )));
    }
    for row in all["items"].as_array().unwrap() {
        let uid = row["uid"].as_str().unwrap();
        asked.push(get(format!("{own}/findings/{uid}?as_of={state}")));
        asked.push(get(format!("{own}/findings/{uid}/history")));
        asked.push(get(format!("/v1/cspm/checks/{uid}?as_of={state}")));
    }
    let hub = ask(house, "POST", &format!("/findings?as_of={state}"), &json!({"MaxResults": 100})).await.body;
    for found in hub["Findings"].as_array().unwrap() {
        let named = json!({"FindingIdentifier": {"Id": found["Id"], "ProductArn": found["ProductArn"]}});
        asked.push(("POST", format!("/findingHistory/get?as_of={state}"), named));
    }
    asked
}

/// An answer without what is of the moment in it.
fn lasting(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    body
}

#[tokio::test]
async fn an_older_ledger_answers_as_it_did() {
    for format in readable() {
        let fixture = fixture(format);
        let house = fixture.house().await;
        assert!(fixture.answers.len() > 60);
        for recorded in &fixture.answers {
            let (method, path) = (recorded["method"].as_str().unwrap(), recorded["path"].as_str().unwrap());
            let answer = ask(&house, method, path, &recorded["sent"]).await;
            assert_eq!(
                (json!(answer.status), &lasting(answer.body)),
                (recorded["status"].clone(), &recorded["body"]),
                "{path}"
            );
        }
        let verified = house.writer().verify(&tenant("acme"), None, &|_, _| ()).await.unwrap();
        assert!(verified.problems.is_empty() && verified.seq > 20, "{verified}");
    }
}

/// New commits, decisions, a fold and a new index over it; what it was stays as it was.
#[tokio::test]
async fn an_older_ledger_goes_on() {
    for format in readable() {
        let fixture = fixture(format);
        let house = fixture.house().await;
        let acme = tenant("acme");
        let before = house.writer().tip(&acme).await.unwrap().0;
        // Later than whatever instant a recorded answer is of.
        house.clock.set(ASKED.plus(DAY));
        workflow(&house, "open", &json!({"Workflow": {"Status": "RESOLVED"}})).await;
        accept(&house, "note", Some(ASKED.plus(2 * DAY))).await;
        put(&house, &json!([group("eu-west-1", "sg-9", 9, "0.0.0.0/0")])).await;
        house.app.wake(&posture_functions::run_audits::TRIGGER, json!({}), "r").await.unwrap();
        audit(&house).await;
        house.clock.set(ASKED.plus(3 * DAY));
        house.app.wake(&record_expiries::TRIGGER, json!({}), "r").await.unwrap();
        house.writer().fold(&acme).await.unwrap();
        house.writer().rebuild(&acme).await.unwrap();
        let verified = house.writer().verify(&acme, None, &|_, _| ()).await.unwrap();
        assert!(verified.problems.is_empty() && verified.seq > before + 3, "{verified}");
        for recorded in fixture.answers.iter().filter(|recorded| is_of_a_state(recorded)) {
            let (method, path) = (recorded["method"].as_str().unwrap(), recorded["path"].as_str().unwrap());
            let answer = ask(&house, method, path, &recorded["sent"]).await;
            assert_eq!(&lasting(answer.body), &recorded["body"], "{path}");
        }
    }
}

/// Whether a recorded answer stays the same, whatever is written later. Resources may be told of late.
fn is_of_a_state(recorded: &Value) -> bool {
    let path = recorded["path"].as_str().unwrap();
    path.contains("as_of=") && !path.contains("/acme/resources")
}

/// Every structure that the ledger stores is in the fixture, so that none changes unnoticed.
#[test]
fn every_structure_is_in_the_fixture() {
    let source = read("shared/src/ledger/keys.rs");
    let named = source
        .split("{tenant}#")
        .skip(1)
        .map(|rest| rest.split(|c: char| !(c.is_ascii_lowercase() || c == '-')).next());
    let mut kinds: BTreeSet<String> = named.flatten().map(str::to_owned).collect();
    assert!(kinds.contains("log") && kinds.contains("telling"), "{kinds:?}");
    kinds.insert("tenant".to_owned());
    for format in readable() {
        let items = fixture(format).items;
        let have: BTreeSet<String> = items.iter().map(kind).collect();
        assert_eq!(
            have, kinds,
            "format {format}: a structure that a later version brought belongs to the fixture of its format"
        );
        for item in &items {
            assert_eq!(
                item.get("format").map(|format| format.as_n().unwrap().clone()),
                Some(format.to_string()),
                "{item:?}"
            );
        }
        let bytes = [TABLE_FILE, ANSWERS_FILE].map(|file| packed(format, file).len());
        assert!(bytes.iter().sum::<usize>() < 100_000, "a fixture is small: {bytes:?}");
    }
    assert_eq!(
        files("tests/formats", "").len(),
        2 * readable().len(),
        "formats that are not read any more have no fixture"
    );
}

/// What a newer version wrote is refused by whoever reads it, in words that say so; nothing is guessed.
#[tokio::test]
async fn a_newer_format_is_refused() {
    let fixture = fixture(NEWEST);
    let own = "/api/v1/tenants/acme";
    let mut shop = crate::infracast::SHOP[0].asff("PASSED", "2023-12-24T00:00:00Z");
    shop["Title"] = json!("Another version of its rule");
    let list = || ("GET", format!("{own}/findings?status=all"), Value::Null);
    let import = || ("POST", "/findings/import".to_owned(), json!({"Findings": [shop.clone()]}));
    for (of, (method, path, body)) in [
        ("log", list()),
        ("document", list()),
        ("manifest", list()),
        ("segment", list()),
        ("tenant", list()),
        ("key", list()),
        ("account", ("GET", "/v1/setting/scans".to_owned(), Value::Null)),
        ("head", import()),
        ("finding", import()),
        ("rule", import()),
        ("job", ("GET", format!("{own}/jobs"), Value::Null)),
        ("hub", ("GET", format!("{own}/jobs"), Value::Null)),
        ("telling", ("GET", format!("{own}/jobs"), Value::Null)),
        ("run", ("GET", format!("{own}/jobs"), Value::Null)),
        ("resource", ("GET", format!("{own}/resources"), Value::Null)),
        ("own-rule", ("GET", format!("{own}/rules"), Value::Null)),
        ("rule-files", ("GET", format!("{own}/rules/{RULE}"), Value::Null)),
        ("rule-params", ("GET", format!("{own}/rules"), Value::Null)),
    ] {
        let mut items = fixture.items.clone();
        let newer = AttributeValue::N((NEWEST + 1).to_string());
        for item in items.iter_mut().filter(|item| kind(item) == of) {
            item.insert("format".to_owned(), newer.clone());
        }
        let house = over(&items, &fixture.token, ASKED).await;
        let answer = ask(&house, method, &path, &body).await;
        assert_eq!(answer.status, 500, "{of}: {}", answer.body);
        let before = dump(&house.raw()).await.into_iter().filter(|item| kind(item) != "rate").count();
        assert_eq!(
            before,
            fixture.items.iter().filter(|item| kind(item) != "rate").count(),
            "{of}: nothing was written"
        );
        if of == "log" {
            let error = house.writer().tip(&tenant("acme")).await.unwrap_err().to_string();
            let says = "has format 2, and this version reads none after 1: a newer version wrote it";
            assert!(error.contains("acme#log") && error.contains(says), "{error}");
        }
    }
}

/// A ledger with every structure in it.
async fn made() -> House {
    let mut house = shop().await;
    let acme = tenant("acme");
    let post = async |house: &House, method: Method, path: &str, body: Value| {
        let answer = house.ask(&house.acme.token, method, &format!("/api/v1/tenants/acme{path}"), &body).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };
    let stub = Stub::with(&[(OWN, "eu-west-1", 3)]);
    house.app = house.app.synchronising(hubs(&stub, &["eu-west-1"], &[]));
    house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    house.app.wake(&tell_hubs::TRIGGER, json!({}), "r").await.unwrap();
    post(&house, Method::PUT, "/accounts/123456789012", json!({"name": "Web shop", "group": "EU"})).await;
    put(&house, &json!({"resources": [group("eu-west-1", "sg-1", 1, "0.0.0.0/0"), group("eu-west-1", "sg-2", 1, "10.0.0.0/8")],
        "covered": [{"account_id": "123456789012", "region": "eu-west-1", "types": ["AWS::EC2::SecurityGroup"], "at": START.to_string()}]}))
        .await;
    post(&house, Method::PUT, &format!("/rules/{RULE}"), rule()).await;
    post(&house, Method::PUT, "/rules/iam.rotate-access-key-90-days/params", json!({"params": {"days": 60}})).await;
    audit(&house).await;
    let block = "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n";
    let resource =
        json!({"address": "aws_s3_bucket.logs", "type": "aws_s3_bucket", "name": "logs", "id": "logs", "arn": null});
    post(
        &house,
        Method::PUT,
        "/terraform",
        json!({"root": "shop", "files": {"main.tf": block}, "resources": [resource]}),
    )
    .await;
    house.writer().fold(&acme).await.unwrap();
    // Decisions by every door, one with an end that comes, one that is named.
    accept(&house, "key", Some(START.plus(DAY))).await;
    let body = json!({"decision": "accept", "justification": "a public website", "filter": {"search": "eu-west-1-00"}});
    let path = "/api/v1/tenants/acme/findings/decisions";
    let named = house.ask_with(&house.acme.token, &[("idempotency-key", "once")], Method::POST, path, &body).await;
    assert_eq!(named.status, 200, "{}", named.body);
    workflow(&house, "logs", &json!({"Severity": {"Label": "MEDIUM"}, "Note": {"Text": "known", "UpdatedBy": "me"}}))
        .await;
    house.app.wake(&tell_hubs::TRIGGER, json!({}), "r").await.unwrap();
    let words = json!({"summary": "Close the port.", "rationale": "What is open to everyone is found by everyone."});
    let wording = Wording::read(&words.to_string(), "").ok();
    let kept = wording::KeptWording { fingerprint: "f".to_owned(), wording, at: START, until: START.plus(30 * DAY) };
    house.writer().wordings().put(&acme, "0a", &kept).await.unwrap();
    let mut limited = crate::house::admin();
    (limited.name, limited.rate_per_minute) = ("limited".to_owned(), Some(60));
    let limited = crate::house::key(house.writer(), "acme", limited).await;
    house.ask(&limited.token, Method::GET, "/api/v1/tenants/acme/keys", &Value::Null).await;
    house.clock.set(START.plus(2 * DAY));
    house.app.wake(&record_expiries::TRIGGER, json!({}), "r").await.unwrap();
    house.app.wake(&verify_ledgers::TRIGGER, json!({}), "r").await.unwrap();
    // One that nobody has begun yet.
    post(&house, Method::POST, "/findings/run", json!({"framework": "cis-aws"})).await;
    house
}

#[tokio::test]
#[ignore = "it writes the fixture of a new format, once"]
async fn write_the_fixture() {
    let folder = folder(NEWEST);
    assert!(!folder.exists(), "{} is there: what a release wrote stays as it was written", folder.display());
    let house = made().await;
    let items = dump(&house.raw()).await;
    let token = house.acme.token.clone();
    let (first, second) = (over(&items, &token, ASKED).await, over(&items, &token, ASKED.plus(7 * DAY)).await);
    let (mut answers, mut problems) = (Vec::new(), Vec::new());
    for (method, path, sent) in questions(&first).await {
        let one = ask(&first, method, &path, &sent).await;
        let other = ask(&second, method, &path, &sent).await;
        let (body, later) = (lasting(one.body), lasting(other.body));
        // What is gone is no check.
        if ![200, 404].contains(&one.status) {
            problems.push(format!("{path}: {body}"));
        } else if body != later {
            problems.push(format!("{path}: its answer depends on the clock: {body} {later}"));
        }
        answers.push(json!({"method": method, "path": path, "sent": sent, "status": one.status, "body": body}));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    let lines: String = items.iter().map(|item| to_json(item).to_string() + "\n").collect();
    let answers = json!({"token": token, "answers": answers}).to_string();
    std::fs::create_dir_all(&folder).unwrap();
    for (file, text) in [(TABLE_FILE, lines), (ANSWERS_FILE, answers)] {
        std::fs::write(folder.join(file), zstd::encode_all(text.as_bytes(), 19).unwrap()).unwrap();
    }
}

/// What it reads is what it wrote.
#[test]
fn items_survive_their_spelling() {
    let line = r#"{"Item":{"body":{"B":"AP8="},"format":{"N":"1"},"pk":{"S":"a#log"}}}"#;
    assert_eq!(to_json(&of_json(line)).to_string(), line);
}
