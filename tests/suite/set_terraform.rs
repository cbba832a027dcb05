//! `PUT /api/v1/tenants/{tenantID}/terraform`: a root is replaced whole or not at all, and nothing of a state but addresses is kept.

use crate::house::{Answer, House, START, admin, key};
use lambda_http::http::Method;
use posture_local::faults::Fault;
use posture_shared::auth::Wish;
use posture_shared::domain::TenantId;
use posture_shared::domain::terraform::Root;
use serde_json::{Value, json};

pub const TERRAFORM: &str = "/api/v1/tenants/acme/terraform";

pub async fn push(house: &House, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::PUT, TERRAFORM, body).await
}

async fn roots(house: &House, of: &str) -> Vec<Root> {
    house.writer().terraform_list(&TenantId::parse(of).unwrap()).await.unwrap()
}

/// The files of every root as they are stored.
async fn files(house: &House) -> Vec<(String, Vec<String>)> {
    let acme = TenantId::parse("acme").unwrap();
    let mut all = Vec::new();
    for root in roots(house, "acme").await {
        let content = house.writer().terraform_content(&acme, &root).await.unwrap().unwrap();
        all.push((root.name, content.files.into_values().collect()));
    }
    all
}

fn one(root: &str, text: &str) -> Value {
    json!({"root": root, "files": {"main.tf": text}})
}

#[tokio::test]
async fn a_root_is_replaced_whole() {
    let house = House::new().await;
    let first = push(&house, &json!({"root": "shop", "files": {"a.tf": "a = 1\n", "b.tf": "b = 2\n"}})).await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(
        (&first.body["files"], &first.body["bytes"], &first.body["unreadable"]),
        (&json!(2), &json!(12), &json!([]))
    );
    assert_eq!(first.body["pushed_by"], json!("arn:posture-ledger:key:acme:admin"));
    let before = roots(&house, "acme").await.remove(0);
    assert_eq!(push(&house, &one("prod/eu", "x = 1\n")).await.status, 200);
    let second = push(&house, &one("shop", "c = {\n")).await;
    assert_eq!((second.status, &second.body["unreadable"][0]["path"]), (200, &json!("main.tf")), "{}", second.body);
    let expected = [("prod/eu", "x = 1\n"), ("shop", "c = {\n")];
    let expected: Vec<(String, Vec<String>)> =
        expected.iter().map(|(root, text)| ((*root).to_owned(), vec![(*text).to_owned()])).collect();
    assert_eq!(files(&house).await, expected);
    let acme = TenantId::parse("acme").unwrap();
    assert_eq!(house.writer().terraform_content(&acme, &before).await, Ok(None), "what was replaced takes no room");
    assert_eq!(roots(&house, "beta").await, []);
    assert_eq!(push(&house, &json!({"root": "shop", "files": {}})).await.body["files"], json!(0));
}

/// A large root lies in several parts, whose bytes do not compress.
#[tokio::test]
async fn a_large_root_is_kept_in_parts() {
    let house = House::new().await;
    let mut seed = 7_u64;
    let mut noise = |count: usize| -> String {
        let letter = |_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(33 + u8::try_from((seed >> 33) % 90).unwrap())
        };
        (0..count).map(letter).collect()
    };
    let text = |n: usize, noise: String| (format!("{n}.tf"), json!(format!("# {noise}\n")));
    let files: serde_json::Map<String, Value> = (0..5).map(|n| text(n, noise(400_000))).collect();
    let body = json!({"root": "large", "files": files});
    assert_eq!(push(&house, &body).await.status, 200);
    let root = roots(&house, "acme").await.remove(0);
    assert!(root.parts > 3, "{root:?}");
    let content = house.writer().terraform_content(&TenantId::parse("acme").unwrap(), &root).await.unwrap().unwrap();
    let stored: Vec<Value> = content.files.into_values().map(Value::from).collect();
    assert_eq!(stored, files.into_iter().map(|(_, text)| text).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_kept_is_named_and_nothing_is_written() {
    let house = House::new().await;
    let secret = json!({"address": "a.b", "type": "a", "name": "b", "attributes": {"password": "x"}});
    for (body, field) in [
        (json!({"files": {"/etc/main.tf": ""}}), "files./etc/main.tf"),
        (json!({"files": {"main.txt": ""}}), "files.main.txt"),
        (json!({"files": {}, "resources": [secret]}), "resources[0].attributes"),
        (json!({"files": {}, "state": {"version": 4}}), "state"),
        (json!({"files": {}, "root": "a\nb"}), "root"),
    ] {
        let answer = push(&house, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{}", answer.body);
        assert!(answer.body["error"]["message"].as_str().unwrap().starts_with(field), "{}", answer.body);
    }
    let limited = Wish { name: "limited".to_owned(), accounts: Some(["123456789012".to_owned()].into()), ..admin() };
    let limited = key(house.writer(), "acme", limited).await;
    let answer = house.ask(&limited.token, Method::PUT, TERRAFORM, &one("a", "")).await;
    assert_eq!(answer.status, 403, "files speak of any account: {}", answer.body);
    assert_eq!(house.ask(&house.beta.token, Method::PUT, TERRAFORM, &one("a", "")).await.status, 404);
    assert_eq!(roots(&house, "acme").await, []);
}

/// Two processes push the same root at once: one of them is what stays, and it is whole.
#[tokio::test]
async fn of_two_pushes_at_once_one_stays() {
    let house = House::new().await;
    let other = house.beside(START);
    for n in 0..5 {
        let (a, b) = (one("shop", &format!("a = {n}\n")), one("shop", &format!("b = {n}\n")));
        let (first, second) = tokio::join!(push(&house, &a), push(&other, &b));
        assert_eq!((first.status, second.status), (200, 200));
        let files = files(&house).await;
        let stays = [format!("a = {n}\n"), format!("b = {n}\n")];
        assert!(files.len() == 1 && stays.contains(&files[0].1[0]), "{files:?}");
    }
}

/// Whatever request to the store is lost, with its effect or without, or the last: the root is as before or as after, and readable.
#[tokio::test]
async fn a_push_that_breaks_off_leaves_a_whole_root() {
    for fault in [Fault::Before, Fault::After, Fault::CrashBefore, Fault::CrashAfter] {
        for number in 1..8 {
            let house = House::new().await;
            assert_eq!(push(&house, &one("shop", "a = 1\n")).await.status, 200);
            house.faults.plan(fault(number));
            let answer = push(&house, &one("shop", "b = 2\n")).await;
            house.faults.plan(Fault::None);
            let text = files(&house).await.remove(0).1.remove(0);
            assert!(text == "b = 2\n" || (answer.status != 200 && text == "a = 1\n"), "{number} {text}");
            assert_eq!(push(&house, &one("shop", "c = 3\n")).await.status, 200);
            assert_eq!(files(&house).await.remove(0).1, ["c = 3\n"]);
        }
    }
}
