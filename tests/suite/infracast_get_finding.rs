//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}` (infracast-findings, Framework Mapping; CONTRACTS §5, ids).

use crate::house::House;
use crate::infracast::{SHOP, get, list, shop, workflow};
use lambda_http::http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

fn path(id: &str) -> String {
    format!("/findings/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// The shop's findings of a rule, again on other resources.
async fn again(house: &House, rule: &str, ids: &[(&'static str, &'static str)], compliance: &str) {
    let first = SHOP.iter().find(|made| made.rule == rule).unwrap();
    for (id, resource) in ids {
        let mut other = first.asff(compliance, "2023-11-02T00:00:00Z");
        other["Id"] = json!(id);
        other["Resources"][0]["Id"] = json!(resource);
        house.import(&house.acme.token, &[other]).await;
    }
}

/// The document's two forms, the list's id, and uids lead to the same finding, encoded or not.
#[tokio::test]
async fn every_form_of_id_leads_to_the_finding() {
    let house = shop().await;
    let row = list(&house, "search=sg-0abc123").await["items"][0].clone();
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let id = "CIS-AWS-5.2-aws:us-east-1:aws.ec2.security_group:sg-0abc123";
    assert!(text("id").starts_with(&format!("{id}~")), "{row}");
    let simple = text("uid").replace('-', "");
    for form in [text("id"), text("uid"), simple, id.to_owned(), "CIS-AWS-5.2-sg-0abc123".to_owned()] {
        for path in [format!("/findings/{form}"), path(&form)] {
            let answer = get(&house, &path).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            for (name, value) in row.as_object().unwrap() {
                assert_eq!(&answer.body[name], value, "{path}: {name}");
            }
        }
    }
    let whole = get(&house, &path(&text("id"))).await.body;
    let mappings = json!([
        {"framework": "cis-aws", "control_id": "5.2", "version": "3.0"},
        {"framework": "cis-aws", "control_id": "5.2", "version": "1.5"},
        {"framework": "pci-dss", "control_id": "1.3.2", "version": "4.0"}
    ]);
    assert_eq!(whole["framework_mappings"], mappings);
    assert_eq!(whole["remediation_url"], "https://example.com/do");
    assert_eq!(whole["producer"]["id"], "ssh");
    assert!(whole["risk_vector"].is_string() && whole["as_of"].as_str().unwrap().contains('~'));
}

/// Rule and resource alone may name several findings: one that fails now goes first, else the answer counts them.
#[tokio::test]
async fn several_of_one_name_are_counted() {
    let house = shop().await;
    let name = path("s3-public-logs");
    let first = get(&house, &name).await;
    assert_eq!(first.status, 200);
    again(&house, "s3-public", &[("two", "arn:aws:s3:::logs"), ("three", "arn:aws:s3:::logs")], "FAILED").await;
    let refused = get(&house, &name).await;
    assert_eq!(refused.error(), (409, "CONFLICT"));
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("findingID: 3 findings are called so"), "{message}");
    // By the list's id each is there.
    for row in list(&house, "search=logs&severity=CRITICAL").await["items"].as_array().unwrap() {
        assert_eq!(get(&house, &path(row["id"].as_str().unwrap())).await.body["uid"], row["uid"]);
    }
    // As only one fails now, it is meant.
    let fixed = |id: &str| {
        let mut fixed =
            SHOP.iter().find(|made| made.rule == "s3-public").unwrap().asff("PASSED", "2023-11-09T00:00:00Z");
        fixed["Id"] = json!(id);
        fixed
    };
    house.import(&house.acme.token, &[fixed("two"), fixed("open")]).await;
    assert_eq!(get(&house, &name).await.body["producer"]["id"], "three");
    // An earlier state had one, too.
    let earlier = first.body["as_of"].as_str().unwrap();
    assert_eq!(get(&house, &format!("{name}?as_of={earlier}")).await.body, first.body);
    // Where one rule's name begins another's, both are tried.
    again(&house, "CIS-AWS-5.2", &[("tail", "arn:aws:s3:::5.2-x")], "FAILED").await;
    let mut short = SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z");
    (short["GeneratorId"], short["Id"]) = (json!("CIS-AWS"), json!("short"));
    short["Resources"][0]["Id"] = json!("arn:aws:s3:::5.2-5.2-x");
    house.import(&house.acme.token, &[short]).await;
    assert_eq!(get(&house, &path("CIS-AWS-5.2-5.2-x")).await.error().0, 409);
}

/// CONTRACTS §5: 404 NOT_FOUND; `run` is no finding; what never failed is none either.
#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let house = shop().await;
    let uid = list(&house, "").await["items"][0]["uid"].as_str().unwrap().to_owned();
    let forged = format!("{}{}", &uid[..35], if uid.ends_with('0') { "1" } else { "0" });
    let none = get(&house, "/findings/nothing").await;
    assert_eq!(none.error(), (404, "NOT_FOUND"));
    for id in ["run", "CIS-AWS-5.2", "CIS-AWS-5.2-", "CIS-AWS-5.2-SG-0ABC123", "s3-good-logs", &forged, "~", "a~b"] {
        let answer = get(&house, &path(id)).await;
        assert_eq!((answer.error(), &answer.body), (none.error(), &none.body), "{id}");
    }
    // A tenant's uids are nothing to another, also where the other has as many findings.
    house.import(&house.beta.token, &[SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z")]).await;
    let theirs = format!("/api/v1/tenants/beta{}", path(&uid));
    let answer = house.ask(&house.beta.token, Method::GET, &theirs, &Value::Null).await;
    assert_eq!((answer.status, &answer.body), (404, &none.body));
    let before = get(&house, &format!("{}?as_of=2023-01-01", path(&uid))).await;
    assert_eq!((before.status, &before.body), (404, &none.body), "it was not there yet");
    let future = get(&house, &format!("{}?as_of=2999-01-01", path(&uid))).await;
    assert_eq!(future.error(), (400, "BAD_REQUEST"));
}

/// DESIGN §2: a finding that is gone, or passes after a fail, is resolved.
#[tokio::test]
async fn what_ever_failed_can_be_asked_for() {
    let house = shop().await;
    for (name, status) in [("s3-gone", "resolved"), ("s3-fixed", "resolved"), ("s3-mfa", "accepted")] {
        assert_eq!(get(&house, &path(&format!("{name}-logs"))).await.body["status"], status, "{name}");
    }
    workflow(&house, "ssh", &json!({"Workflow": {"Status": "NOTIFIED"}})).await;
    assert_eq!(get(&house, &path("CIS-AWS-5.2-sg-0abc123")).await.body["status"], "open");
}

/// DESIGN §4: by uid or the list's id, warm at most 2 rounds and 8 units, cold 3 rounds and 30.
#[tokio::test]
async fn one_finding_is_cheap() {
    let house = shop().await;
    let id = list(&house, "").await["items"][0]["id"].as_str().unwrap().to_owned();
    get(&house, &path(&id)).await;
    house.meter.take();
    assert_eq!(get(&house, &path(&id)).await.status, 200);
    let warm = house.meter.take();
    assert!(warm.rounds <= 2 && warm.read_units <= 8.0, "{warm:?}");
    let cold = house.beside(house.clock.now());
    cold.meter.take();
    assert_eq!(get(&cold, &path(&id)).await.status, 200);
    let cold = cold.meter.take();
    assert!(cold.rounds <= 3 && cold.read_units <= 30.0, "{cold:?}");
}
