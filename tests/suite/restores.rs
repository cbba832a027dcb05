//! Restores, as README's "Backup and restore" has them: a table as of an instant in the midst of commits serves at once after the repair, under
//! another name and under its own; what stands on more than it has is refused, and what a warm process knows of it is forgotten.

use crate::house::{Answer, House, START, TABLE, finding, tenant};
use crate::import_resources::ACCOUNT;
use crate::infracast::{SHOP, shop};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lambda_http::http::Method;
use posture_local::embedded::Embedded;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::Arc;

pub type Item = HashMap<String, AttributeValue>;
/// Every item by its keys.
pub type Table = BTreeMap<(String, String), Item>;

pub async fn dump(raw: &Client) -> Table {
    let mut table = Table::new();
    let mut start = None;
    loop {
        let page = raw.scan().table_name(TABLE).set_exclusive_start_key(start).send().await.unwrap();
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

/// Makes a table what it was.
pub async fn restore(raw: &Client, table: &Table) {
    for (pk, sk) in dump(raw).await.into_keys().filter(|place| !table.contains_key(place)) {
        let request = raw.delete_item().table_name(TABLE).key("pk", AttributeValue::S(pk));
        request.key("sk", AttributeValue::S(sk)).send().await.unwrap();
    }
    for item in table.values() {
        raw.put_item().table_name(TABLE).set_item(Some(item.clone())).send().await.unwrap();
    }
}

/// Another deployment over a restored table, which nobody has read yet.
async fn beside(house: &House, table: &Table) -> House {
    let restored = House::over(&Embedded::memory().unwrap(), START, house.acme.clone(), house.beta.clone());
    restored.writer().create_table().await.unwrap();
    restore(&restored.raw(), table).await;
    restored.clock.set(house.clock.now());
    restored
}

async fn import(house: &House, ids: std::ops::Range<usize>, day: u32) {
    let time = format!("2023-11-{day:02}T00:00:00Z");
    let findings: Vec<Value> = ids.map(|n| finding(&format!("f-{n:03}"), ACCOUNT, "FAILED", &time)).collect();
    house.import(&house.acme.token, &findings).await;
}

async fn get(house: &House, path: &str) -> Answer {
    house.ask(&house.acme.token, Method::GET, path, &Value::Null).await
}

async fn page(house: &House, token: &Value) -> Answer {
    let body = json!({"MaxResults": 10, "NextToken": token});
    house.ask(&house.acme.token, Method::POST, "/findings", &body).await
}

async fn count(house: &House) -> u64 {
    let list = get(house, "/api/v1/tenants/acme/findings?status=all").await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.body["total"].as_u64().unwrap()
}

/// A house that was read while it stood at 90 findings, the table at that time, and what a restore half way through its next
/// commits brings back.
struct Torn {
    house: House,
    state: String,
    token: Value,
    before: Table,
    table: Table,
}

async fn torn() -> Torn {
    let house = House::new().await;
    import(&house, 0..90, 1).await;
    house.writer().fold(&tenant("acme")).await.unwrap();
    let list = get(&house, "/api/v1/tenants/acme/findings?status=all").await.body;
    let state = list["as_of"].as_str().unwrap().to_owned();
    let token = page(&house, &Value::Null).await.body["NextToken"].clone();
    assert!(token.is_string());
    let before = dump(&house.raw()).await;
    // Three commits, and of the second one every other item.
    let mut stages = Vec::new();
    for n in 0..3 {
        import(&house, 90 + n * 10..100 + n * 10, 2).await;
        stages.push(dump(&house.raw()).await);
    }
    let mut table = stages[0].clone();
    let new = stages[1].iter().filter(|(place, item)| stages[0].get(*place) != Some(item));
    table.extend(new.step_by(2).map(|(place, item)| (place.clone(), item.clone())));
    assert!(table.len() > stages[0].len() && table.len() < stages[1].len());
    Torn { house, state, token, before, table }
}

#[tokio::test]
async fn a_table_under_another_name_serves_at_once() {
    let Torn { house, state, token, table, .. } = torn().await;
    let acme = tenant("acme");
    let newest = get(&house, "/api/v1/tenants/acme/findings?status=all").await.body["as_of"].clone();
    let later = page(&house, &Value::Null).await.body["NextToken"].clone();
    let restored = beside(&house, &table).await;
    let verified = restored.writer().verify(&acme, None, &|_, _| ()).await.unwrap();
    assert!(!verified.is_clean(), "half a commit is found out");
    restored.writer().repair(&acme).await.unwrap();
    let verified = restored.writer().verify(&acme, None, &|_, _| ()).await.unwrap();
    assert!(verified.is_clean(), "{verified}");

    // Every door answers, the state of before it as it was.
    assert_eq!(count(&restored).await, 100);
    for path in [
        format!("/api/v1/tenants/acme/findings?status=all&as_of={state}"),
        format!("/v1/cspm/checks?page_limit=100&as_of={state}"),
    ] {
        let (then, now) = (get(&house, &path).await, get(&restored, &path).await);
        let rows = |answer: &Answer| answer.body.get("items").or(answer.body.get("data")).cloned();
        assert_eq!((then.status, rows(&then)), (now.status, rows(&now)), "{path}");
        assert!(rows(&now).is_some_and(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty())));
    }
    assert_eq!(get(&restored, "/datadog/api/v2/posture_management/findings").await.status, 200);
    assert_eq!(page(&restored, &token).await.status, 200, "what stands on what is there goes on");

    // What stands on commits that are not there is refused, also when others have taken their numbers.
    for again in [false, true] {
        if again {
            import(&restored, 300..340, 3).await;
        }
        let refused = page(&restored, &later).await;
        assert_eq!(
            (refused.status, refused.header("x-amzn-errortype")),
            (400, Some("InvalidInputException")),
            "{}",
            refused.body
        );
        let as_of = get(&restored, &format!("/api/v1/tenants/acme/findings?as_of={}", newest.as_str().unwrap())).await;
        assert_eq!(as_of.error(), (400, "BAD_REQUEST"), "{}", as_of.body);
    }
    // What was lost is sent again and arrives.
    import(&restored, 90..120, 2).await;
    assert_eq!(count(&restored).await, 160);
    assert!(restored.writer().verify(&acme, None, &|_, _| ()).await.unwrap().is_clean());
}

/// A process that goes on over the table, warm with what is no more.
#[tokio::test]
async fn a_warm_process_forgets_what_is_no_more() {
    let Torn { house, before, token, .. } = torn().await;
    assert_eq!(count(&house).await, 120);
    let later = page(&house, &Value::Null).await.body["NextToken"].clone();
    restore(&house.raw(), &before).await;
    assert_eq!(count(&house).await, 90);
    assert_eq!((page(&house, &token).await.status, page(&house, &later).await.status), (200, 400));
    let other = house.beside(house.clock.now());
    import(&other, 500..505, 3).await;
    assert_eq!((count(&house).await, count(&other).await), (95, 95));
    import(&house, 505..507, 3).await;
    assert_eq!((count(&house).await, count(&other).await), (97, 97));
    assert!(house.writer().verify(&tenant("acme"), None, &|_, _| ()).await.unwrap().is_clean());
}

/// A decision by names during which the table becomes what it was, at any of its requests: it is made, or is to be sent again, and that
/// helps. No client is told of a token that it never sent.
#[tokio::test]
async fn a_decision_that_a_restore_comes_between_is_made_or_sent_again() {
    let shop = shop().await;
    let before = dump(&shop.raw()).await;
    import(&shop, 0..3, 3).await;
    // Its newest document goes with the restore, too.
    let mut ssh = SHOP.iter().find(|made| made.id == "ssh").unwrap().asff("FAILED", "2023-11-03T00:00:00Z");
    ssh["Title"] = json!("Another title");
    shop.import(&shop.acme.token, &[ssh]).await;
    let mut after = vec![dump(&shop.raw()).await];
    shop.writer().fold(&tenant("acme")).await.unwrap();
    after.push(dump(&shop.raw()).await);
    let body = json!({"justification": "known", "review_date": "2023-11-30"});
    let path = "/api/v1/tenants/acme/findings/CIS-AWS-5.2-sg-0abc123/accept";
    let mut refused = 0;
    for (after, is_warm) in after.iter().flat_map(|after| [(after, false), (after, true)]) {
        for number in 1.. {
            let house = beside(&shop, after).await;
            if is_warm {
                count(&house).await;
            }
            let (raw, table) = (house.raw(), Arc::new(before.clone()));
            let first = house.faults.seen() + number;
            let hook = move |seen: u64, _: &str| {
                let (raw, table) = (raw.clone(), Arc::clone(&table));
                let work = async move {
                    if seen == first {
                        restore(&raw, &table).await;
                    }
                };
                Box::pin(work) as Pin<Box<dyn Future<Output = ()> + Send>>
            };
            house.faults.before_each(Some(Arc::new(hook)));
            let answer = house.ask(&house.acme.token, Method::POST, path, &body).await;
            house.faults.before_each(None);
            let what = format!("before request {number}, warm: {is_warm}: {}", answer.body);
            assert!([200, 429].contains(&answer.status), "{what}");
            if answer.status == 429 {
                refused += 1;
                assert!(answer.body.to_string().contains("try again"), "{what}");
                let again = house.ask(&house.acme.token, Method::POST, path, &body).await;
                assert_eq!(again.status, 200, "{what}, again: {}", again.body);
            }
            if house.faults.seen() < first {
                break;
            }
        }
    }
    assert!(refused > 0);
}
