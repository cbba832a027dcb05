//! `as_of` on the reads of a dialect that has no such parameter of its own (DESIGN §3: any instant, one code path).

use crate::house::{ARN, House, finding};
use crate::ledger::{self, Ledger, day};
use lambda_http::http::Method;
use posture_shared::domain::{Cell, Column, Family, Ordinal};
use posture_shared::ledger::{Need, When, Writer};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";

async fn post(house: &House, path: &str, body: &Value) -> crate::house::Answer {
    house.ask(&house.acme.token, Method::POST, path, body).await
}

#[tokio::test]
async fn security_hubs_reads_take_it_in_their_query() {
    let house = House::new().await;
    let sent = |day: u32, compliance: &str| finding("a", ACCOUNT, compliance, &format!("2023-11-{day:02}T00:00:00Z"));
    house.import(&house.acme.token, &[sent(2, "FAILED")]).await;
    let first = house.clock.now();
    house.clock.set(first.plus(60_000));
    house
        .import(&house.acme.token, &[sent(3, "PASSED"), finding("b", ACCOUNT, "FAILED", "2023-11-03T00:00:00Z")])
        .await;
    house.clock.set(first.plus(120_000));
    let statuses = |body: &Value| -> Vec<String> {
        let findings = body["Findings"].as_array().unwrap();
        findings.iter().map(|f| f["Compliance"]["Status"].as_str().unwrap().to_owned()).collect()
    };
    let records = |body: &Value| body["Records"].as_array().unwrap().len();
    let history = json!({"FindingIdentifier": {"Id": "a", "ProductArn": ARN}});
    for (query, expected, length) in [
        (String::new(), vec!["PASSED", "FAILED"], 2),
        (format!("?as_of={}", first.plus(1_000)), vec!["FAILED"], 1),
        (format!("?as_of={}~1", first.plus(1_000)), vec!["FAILED"], 1),
        ("?as_of=2020-01-01".to_owned(), vec![], 0),
    ] {
        let list = post(&house, &format!("/findings{query}"), &json!({})).await;
        assert_eq!(
            (list.status, statuses(&list.body)),
            (200, expected.iter().map(ToString::to_string).collect()),
            "{query}"
        );
        let told = post(&house, &format!("/findingHistory/get{query}"), &history).await;
        assert_eq!((told.status, records(&told.body)), (200, length), "{query}");
    }
}

#[tokio::test]
async fn what_is_no_state_is_refused_by_name() {
    let house = House::new().await;
    house.import(&house.acme.token, &[finding("a", ACCOUNT, "FAILED", "2023-11-02T00:00:00Z")]).await;
    let future = house.clock.now().plus(301_000);
    let history = json!({"FindingIdentifier": {"Id": "a", "ProductArn": ARN}});
    for query in ["as_of=now".to_owned(), format!("as_of={future}"), "as_of=2023-11-02~".to_owned()] {
        for (path, body) in [("/findings", json!({})), ("/findingHistory/get", history.clone())] {
            let answer = post(&house, &format!("{path}?{query}"), &body).await;
            assert_eq!((answer.status, &answer.body["Code"]), (400, &json!("InvalidInputException")), "{path} {query}");
            assert!(answer.body["Message"].as_str().unwrap().starts_with("as_of: "), "{}", answer.body);
        }
    }
    let beyond = post(&house, &format!("/findings?as_of={}~99", house.clock.now()), &json!({})).await;
    assert!(beyond.body["Message"].as_str().unwrap().starts_with("as_of: "), "{}", beyond.body);
}

/// DESIGN §3, Cursors: now is the newest commit's instant where the clock that wrote it was ahead of ours.
#[tokio::test]
async fn what_another_clock_wrote_is_no_future() {
    const MINUTE: i64 = 60_000;
    let house = House::new().await;
    let start = house.clock.now();
    let fast = house.beside(start.plus(20 * MINUTE));
    let sent = |id: &str| finding(id, ACCOUNT, "FAILED", "2023-11-02T00:00:00Z");
    house.import(&house.acme.token, &[sent("a")]).await;
    fast.import(&fast.acme.token, &[sent("b")]).await;
    // One process that has looked at the ledger already, and one that has not.
    for slow in [&house, &house.beside(start)] {
        let get = async |path: String| {
            let answer = slow.ask(&slow.acme.token, Method::GET, &path, &Value::Null).await;
            (answer.status, answer.body)
        };
        let infracast = "/api/v1/tenants/acme/findings";
        let (status, newest) = get(format!("{infracast}?per_page=1")).await;
        let named = newest["as_of"].as_str().unwrap();
        let (at, _) = named.split_once('~').unwrap();
        assert_eq!((status, &newest["total"]), (200, &json!(2)));
        assert!(at >= start.plus(20 * MINUTE).to_string().as_str(), "{at}");
        let ids =
            |body: &Value| body["items"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect::<Vec<_>>();
        let (status, again) = get(format!("{infracast}?per_page=1&as_of={named}")).await;
        assert_eq!((status, ids(&again), &again["as_of"]), (200, ids(&newest), &newest["as_of"]), "our own token");
        for (minutes, total) in [(10, Ok(1)), (19, Ok(1)), (24, Ok(2)), (27, Err("as_of"))] {
            let at = start.plus(minutes * MINUTE);
            for path in [infracast, "/v1/cspm/checks", "/v1/cspm/rules"] {
                let (status, body) = get(format!("{path}?as_of={at}")).await;
                assert_eq!(status, if total.is_ok() { 200 } else { 400 }, "{path} {minutes}: {body}");
                if let (Ok(total), false) = (total, path.ends_with("rules")) {
                    let told = if body["total"].is_null() { &body["meta"]["total"] } else { &body["total"] };
                    assert_eq!(told, &json!(total), "{path} {minutes}: {body}");
                }
            }
            let list = post(slow, &format!("/findings?as_of={at}"), &json!({})).await;
            assert_eq!(
                list.body["Findings"].as_array().map(Vec::len).ok_or("as_of"),
                total,
                "{minutes}: {}",
                list.body
            );
        }
        let changes = "/v1/cspm/finding_changes?type=new";
        for (from, to, expected) in [(10, "", Some(1)), (10, "&to_date=2999-01-01", Some(1)), (21, "", None)] {
            let (status, body) = get(format!("{changes}&from_date={}{to}", start.plus(from * MINUTE))).await;
            let told = Some(&body["meta"]["total"]).filter(|_| status == 200).and_then(Value::as_u64);
            assert_eq!(told, expected, "from {from}: {body}");
        }
        let to = start.plus(15 * MINUTE);
        let (_, body) = get(format!("{changes}&from_date={}&to_date={to}", start.plus(-MINUTE))).await;
        assert_eq!(body["meta"]["total"], json!(1), "an end between our clock and the newest commit: {body}");
    }
}

/// A past state that has most segments in common with the newest is not read, and not held, a second time.
#[tokio::test]
async fn what_two_states_have_in_common_is_read_once() {
    let ledger = Ledger::new().await;
    ledger.import(&[ledger::finding(0, "LOW", &day(1))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    let first = ledger.clock.now();
    ledger.clock.set(first.plus(60_000));
    ledger.import(&[ledger::finding(0, "HIGH", &day(2))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    let config = posture_local::embedded::config(ledger.faults.clone());
    let fresh = Writer::connect(&config, ledger::TABLE, ledger.clock.clone(), ledger.writer.masters().clone());
    let need = Need::all([Family::Core, Family::Ids]);
    let mut told = Vec::new();
    for (when, expected) in [(When::Now, &["segment core", "segment ids"][..]), (When::At(first), &["segment core"])] {
        ledger.meter.take();
        let view = fresh.view(ledger.tenant(), when, &need).await.unwrap();
        let kinds = ledger.meter.take().kinds;
        let asked: Vec<&String> = kinds.keys().filter(|kind| kind.starts_with("segment")).collect();
        assert_eq!(asked, expected);
        let cell = |column| view.cell(Ordinal(0), column).unwrap();
        told.push((cell(Column::Severity), cell(Column::Id)));
    }
    let severity = |word: &str| Cell::Text(word.to_owned());
    assert_eq!(told.iter().map(|(one, _)| one.clone()).collect::<Vec<_>>(), [severity("high"), severity("low")]);
    assert!(told.iter().all(|(_, id)| *id == Cell::Text(ledger::key(0).id)), "{told:?}");
}
