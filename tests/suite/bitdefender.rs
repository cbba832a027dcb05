//! What the tests of Bitdefender's routes have in common: findings, questions, and walks along links.

use posture_tests::samples::{self, get};
use posture_tests::{Answer, Gateway, Tenant, World};
use serde_json::{Value, json};

pub const HOST: &str = "api.example.com";
/// Where links begin, behind a REST API with the stage `prod`.
pub const BASE: &str = "https://api.example.com/prod";

/// A finding with some members replaced, by JSON pointer; null removes one.
pub fn finding(id: &str, changes: &[(&str, Value)]) -> Value {
    let mut finding = samples::finding(id, 1);
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match finding.pointer_mut(parent).unwrap() {
            Value::Object(members) if value.is_null() => drop(members.remove(name)),
            Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
            list => list[name.parse::<usize>().unwrap()] = value.clone(),
        }
    }
    // What finding providers say would win.
    finding.as_object_mut().unwrap().remove("FindingProviderFields");
    finding
}

pub async fn ask(world: &World, tenant: &Tenant, path: &str) -> Answer {
    let ask = get(path).with("x-api-key", &tenant.admin().token).with("host", HOST);
    world.send(Gateway::Rest, &ask).await
}

/// A good answer.
pub async fn fetch(world: &World, path: &str) -> Value {
    let answer = ask(world, &world.ours, path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.json()
}

/// The status and the parameter that an error names.
pub async fn refused(world: &World, path: &str) -> (u16, String) {
    let answer = ask(world, &world.ours, path).await;
    let error = answer.json()["errors"][0].clone();
    assert_eq!(error["status"], json!(answer.status.to_string()), "{path}: {}", answer.body);
    assert!(error["title"].is_string() && error["detail"].is_string(), "{path}: {}", answer.body);
    (answer.status, error["source"]["parameter"].as_str().unwrap_or_default().to_owned())
}

/// What stands behind [`BASE`] in a link.
pub fn path_of(link: &Value) -> String {
    link.as_str().unwrap().strip_prefix(BASE).unwrap_or_else(|| panic!("{link} does not begin with {BASE}")).to_owned()
}

/// Follows links.next to the end; `between` runs after each page. Checks what every page promises (CONTRACTS 4.2).
pub async fn walk(world: &World, path: &str, between: impl AsyncFn(usize)) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(path.to_owned()));
    let mut pages = 0;
    while let Some(path) = next {
        let page = fetch(world, &path).await;
        rows.extend(page["data"].as_array().unwrap().iter().cloned());
        assert_eq!(page["meta"]["elapsed"], json!(rows.len()), "{path}");
        let again = fetch(world, &path_of(&page["links"]["self"])).await;
        assert_eq!(again["data"], page["data"], "{path}: links.self");
        next = Some(&page["links"]["next"]).filter(|next| !next.is_null()).map(path_of);
        if next.is_none() {
            assert_eq!(page["meta"]["total"], json!(rows.len()), "{path}");
        }
        pages += 1;
        between(pages).await;
    }
    let ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "{path}: ids ascend, each once: {ids:?}");
    rows
}

/// Some attribute of every row.
pub fn all<'a>(rows: &'a Value, pointer: &str) -> Vec<&'a str> {
    let rows = rows["data"].as_array().unwrap();
    rows.iter().map(|row| row.pointer(pointer).and_then(Value::as_str).unwrap_or("null")).collect()
}

/// The questions about parameters that every list answers alike: what is wrong with the page, and with the state.
pub async fn assert_page_parameters_are_checked(world: &World, path: &str) {
    let joint = if path.contains('?') { '&' } else { '?' };
    for (query, parameter) in [
        ("page_limit=0", "page_limit"),
        ("page_limit=1001", "page_limit"),
        ("page_limit=x", "page_limit"),
        ("page_limit=5&page_limit=6", "page_limit"),
        ("page_cursor=x", "page_cursor"),
        ("page_cursor=e30%3D", "page_cursor"),
        ("as_of=yesterday", "as_of"),
        ("as_of=2124-01-01", "as_of"),
        ("severity=high", "severity"),
        ("%FF=1", "\u{fffd}"),
    ] {
        let asked = format!("{path}{joint}{query}");
        assert_eq!(refused(world, &asked).await, (400, parameter.to_owned()), "{asked}");
    }
    let empty = format!("{path}{joint}page_limit=&page_cursor=&as_of=");
    assert_eq!(ask(world, &world.ours, &empty).await.status, 200, "{empty}");
}
