//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/terraform-patch` (infracast-findings, Get Terraform Patch).
//!
//! `tests/terraform` has, for every rule with a patch, a configuration, the resource that it makes, the patch that must come out, and
//! what AWS Config shows once it is applied. `tests/python/test_terraform_patch.py` applies them with git and patch.

use crate::checkout::{files, read};
use crate::house::{Answer, House};
use crate::import_resources::put;
use crate::infracast::{get, list};
use crate::run_audits::{audit, group, ssh};
use crate::set_terraform::push;
use posture_shared::audit::built_in;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const HOUR: i64 = 3_600_000;

async fn patch(house: &House, id: &str) -> Answer {
    get(house, &format!("/findings/{id}/terraform-patch")).await
}

/// What list, finding and steps say of whether there is a patch, which is the same.
async fn available(house: &House, id: &str) -> Value {
    let rows = list(house, "per_page=500").await;
    let row = rows["items"].as_array().unwrap().iter().find(|row| row["id"] == id).unwrap();
    let said = row["terraform_patch_available"].clone();
    for path in [format!("/findings/{id}"), format!("/findings/{id}/remediation")] {
        assert_eq!(get(house, &path).await.body["terraform_patch_available"], said, "{path}");
    }
    said
}

/// "At least 30 rules of the catalogue have a patch", each with its configuration in `tests/terraform`.
#[test]
fn every_patch_has_its_fixture() {
    let has_patch = |rule: &posture_shared::audit::Rule| {
        rule.metadata.terraform.as_ref().is_some_and(|terraform| terraform.patch.is_some())
    };
    let rules = built_in().unwrap();
    let rules = rules.iter().filter(|rule| has_patch(rule)).map(|rule| rule.metadata.key.clone());
    let rules: BTreeSet<String> = rules.collect();
    let key = |path: String| path.split('/').nth(2).unwrap().to_owned();
    let fixtures: BTreeSet<String> = files("tests/terraform", "fixture.json").into_iter().map(key).collect();
    assert_eq!(rules, fixtures);
    assert!(rules.len() >= 30, "{}", rules.len());
}

/// The fixture fails, has the patch that is kept beside it, and passes once AWS is as the patched configuration says.
#[tokio::test]
async fn every_patch_comes_out_and_mends() {
    for path in files("tests/terraform", "fixture.json") {
        let folder = path.strip_suffix("fixture.json").unwrap();
        let fixture: Value = serde_json::from_str(&read(&path)).unwrap();
        let house = House::new().await;
        put(&house, &json!([fixture["item"]])).await;
        audit(&house).await;
        let rows = list(&house, "per_page=500").await;
        let of_rule = |row: &&Value| row["rule_id"] == fixture["rule_id"];
        let row = rows["items"].as_array().unwrap().iter().find(of_rule).unwrap().clone();
        let id = row["id"].as_str().unwrap().replace('/', "%2F");
        assert_eq!(row["terraform_patch_available"], json!(false), "{path}");
        assert_eq!(patch(&house, &id).await.error(), (404, "NOT_FOUND"), "{path}");
        let main = read(&format!("{folder}main.tf"));
        let pushed = json!({"files": {"main.tf": main}, "resources": fixture["resources"]});
        assert_eq!(push(&house, &pushed).await.status, 200, "{path}");
        let rows = list(&house, "per_page=500").await;
        let row = rows["items"].as_array().unwrap().iter().find(of_rule).unwrap().clone();
        assert_eq!(row["terraform_patch_available"], json!(true), "{path}");
        let answer = patch(&house, &id).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert_eq!(answer.body["finding_id"], row["id"]);
        assert_eq!(answer.body["patch"].as_str().unwrap(), read(&format!("{folder}patch.diff")), "{path}");
        house.clock.set(house.clock.now().plus(HOUR));
        let mut mended = fixture["item"].clone();
        mended["configurationItemCaptureTime"] = json!("2023-11-14T22:30:00Z");
        mended.as_object_mut().unwrap().extend(fixture["after"].as_object().unwrap().clone());
        put(&house, &json!([mended])).await;
        audit(&house).await;
        let after = get(&house, &format!("/findings/{id}")).await.body;
        assert_eq!(after["status"], json!("resolved"), "{path}");
        assert!(
            patch(&house, &id).await.body["error"]["message"].as_str().unwrap().contains("does not fail"),
            "{path}"
        );
    }
}

async fn open_ssh() -> (House, String) {
    let house = House::new().await;
    let mut open = group("eu-west-1", "sg-0abc123", 1, "0.0.0.0/0");
    open["configuration"]["groupName"] = json!("web");
    put(&house, &json!([open])).await;
    audit(&house).await;
    (house, ssh("eu-west-1", "sg-0abc123"))
}

fn web(cidr: &str) -> String {
    let rule = format!("from_port   = 22\n    to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = {cidr}");
    format!("resource \"aws_security_group\" \"web\" {{\n  name = \"web\"\n\n  ingress {{\n    {rule}\n  }}\n}}\n")
}

/// "Values behind variables, `dynamic`, `for_each` or module inputs": not available, and the patch route says why.
#[tokio::test]
async fn without_a_patch_the_reason_is_said() {
    let (house, id) = open_ssh().await;
    let dynamic = "resource \"aws_security_group\" \"web\" {\n  name = \"web\"\n  dynamic \"ingress\" {\n    for_each = var.rules\n    content {}\n  }\n}\n";
    let counted = web("[\"0.0.0.0/0\"]").replace("  name = \"web\"\n", "  name  = \"web\"\n  count = 1\n");
    for (text, reason) in [
        (web("[var.everybody]"), "no rule of aws_security_group.web says so by its text: tcp 22 to 22 from 0.0.0.0/0"),
        (web("var.ranges"), "no rule of aws_security_group.web says so"),
        (dynamic.to_owned(), "makes its rules by an expression"),
        (counted, "makes several resources by `count`"),
        (web("[\"10.0.0.0/8\"]"), "no rule of aws_security_group.web says so"),
        (web("[\"0.0.0.0/0\"]").replace("= 22", "= var.port"), "no rule of aws_security_group.web says so"),
        ("locals {\n".to_owned(), "no aws_security_group that was pushed is this resource"),
    ] {
        assert_eq!(push(&house, &json!({"files": {"main.tf": text}})).await.status, 200);
        assert_eq!(available(&house, &id).await, json!(false), "{text}");
        let answer = patch(&house, &id).await;
        assert_eq!(answer.error(), (404, "NOT_FOUND"));
        let said = answer.body["error"]["message"].as_str().unwrap();
        assert!(said.contains(reason), "{said}");
    }
    let text = web("[\"0.0.0.0/0\"]");
    assert_eq!(push(&house, &json!({"files": {"net/main.tf": text}})).await.status, 200);
    assert_eq!(available(&house, &id).await, json!(true), "in the very next request");
    let answer = patch(&house, &id).await.body;
    assert!(answer["patch"].as_str().unwrap().starts_with("--- a/net/main.tf\n+++ b/net/main.tf\n@@ -"), "{answer}");
    assert_eq!((&answer["root"], &answer["finding_id"]), (&json!("default"), &json!(id)));
    // The same root again, in another root, is two blocks for one group.
    assert_eq!(push(&house, &json!({"root": "copy", "files": {"main.tf": text}})).await.status, 200);
    assert_eq!(available(&house, &id).await, json!(false));
    assert_eq!(push(&house, &json!({"root": "copy", "files": {}})).await.status, 200);
    assert_eq!(available(&house, &id).await, json!(true));
}

/// What the text lets in beside what anybody has captured is judged, too: a patch that leaves it is none.
#[tokio::test]
async fn what_only_the_text_says_is_judged() {
    let (house, id) = open_ssh().await;
    let open = web("[\"0.0.0.0/0\"]");
    let v6 = open.replace("protocol    = \"tcp\"", "protocol    = \"tcp\"\n    ipv6_cidr_blocks = [\"::/0\"]");
    let all = "  ingress {\n    from_port = 0\n    to_port = 0\n    protocol = \"-1\"\n    cidr_blocks = [\"0.0.0.0/0\"]\n  }\n}\n";
    let beside = format!("{}{all}", open.strip_suffix("}\n").unwrap());
    let newer = "resource \"aws_vpc_security_group_ingress_rule\" \"x\" {\n  security_group_id = aws_security_group.web.id\n  ip_protocol = \"tcp\"\n  from_port = 20\n  to_port = 30\n  cidr_ipv6 = \"::/0\"\n}\n";
    for text in [v6, beside, format!("{open}{newer}")] {
        assert_eq!(push(&house, &json!({"files": {"main.tf": text}})).await.status, 200);
        let answer = patch(&house, &id).await;
        let said = answer.body["error"]["message"].as_str().unwrap_or_default();
        assert!(answer.status == 404 && said.contains("the rule would still fail"), "{text}: {}", answer.body);
        assert_eq!(available(&house, &id).await, json!(false), "{text}");
    }
    let closed = format!("{open}{}", newer.replace("::/0", "fd00::/8"));
    assert_eq!(push(&house, &json!({"files": {"main.tf": closed}})).await.status, 200);
    assert_eq!(patch(&house, &id).await.status, 200);
}

/// A patch that leaves another rule open is none: the same rule judges what would be there.
#[tokio::test]
async fn what_would_still_fail_is_no_patch() {
    let house = House::new().await;
    let permission = |from: u16, to: u16| json!({"ipProtocol": "tcp", "fromPort": from, "toPort": to, "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}]});
    let mut open = group("eu-west-1", "sg-0abc123", 1, "0.0.0.0/0");
    open["configuration"] =
        json!({"groupId": "sg-0abc123", "groupName": "web", "ipPermissions": [permission(22, 22), permission(20, 80)]});
    put(&house, &json!([open])).await;
    audit(&house).await;
    let id = ssh("eu-west-1", "sg-0abc123");
    push(&house, &json!({"files": {"main.tf": web("[\"0.0.0.0/0\"]")}})).await;
    assert_eq!(available(&house, &id).await, json!(false));
    let said = patch(&house, &id).await.body["error"]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("tcp 20 to 80 from 0.0.0.0/0"), "{said}");
}

#[tokio::test]
async fn findings_of_others_have_none() {
    let house = crate::infracast::shop().await;
    push(&house, &json!({"files": {"main.tf": web("[\"0.0.0.0/0\"]")}})).await;
    let said = patch(&house, "CIS-AWS-5.2-sg-0abc123").await;
    assert_eq!(said.error(), (404, "NOT_FOUND"));
    assert!(said.body["error"]["message"].as_str().unwrap().contains("no rule of ours"), "{}", said.body);
    assert_eq!(patch(&house, "CIS-AWS-5.2-sg-9").await.error(), (404, "NOT_FOUND"));
    let (other, id) = open_ssh().await;
    push(&other, &json!({"files": {"main.tf": web("[\"0.0.0.0/0\"]")}})).await;
    let path = format!("/api/v1/tenants/beta/findings/{id}/terraform-patch");
    let theirs = other.ask(&other.beta.token, lambda_http::http::Method::GET, &path, &Value::Null).await;
    assert_eq!(theirs.status, 404);
}

/// A page of findings of our own, each of which has a patch where Terraform was pushed.
async fn groups(count: usize) -> House {
    let house = House::new().await;
    let all: Vec<Value> = (0..count).map(|n| group("eu-west-1", &format!("sg-{n:05}"), 1, "0.0.0.0/0")).collect();
    put(&house, &json!(all)).await;
    audit(&house).await;
    house
}

/// The configuration that makes so many groups, and where a state has them.
fn pushed(count: usize) -> Value {
    let block = |n: usize| {
        let text = web("[\"0.0.0.0/0\"]").replace("\"web\"", &format!("\"web{n}\""));
        let id = format!("sg-{n:05}");
        let resource = json!({"address": format!("aws_security_group.web{n}"), "type": "aws_security_group", "name": format!("web{n}"), "id": id, "arn": null});
        (text, resource)
    };
    let (texts, resources): (Vec<String>, Vec<Value>) = (0..count).map(block).unzip();
    json!({"files": {"main.tf": texts.join("\n")}, "resources": resources})
}

/// DESIGN §4 holds for findings of our own too. Without Terraform whether there is a patch costs one request beside the others; with it
/// another round where something is new, and none where nothing is.
#[tokio::test]
async fn whether_there_is_a_patch_is_cheap() {
    let house = groups(110).await;
    let other = House::new().await;
    let foreign = |n: u32| crate::house::finding(&format!("f-{n}"), "123456789012", "FAILED", "2023-11-02T00:00:00Z");
    for batch in [0..100_u32, 100..110] {
        other.import(&other.acme.token, &batch.map(foreign).collect::<Vec<_>>()).await;
    }
    let ask = async |house: &House, path: &str, said: Option<bool>| {
        house.meter.take();
        let answer = get(house, path).await;
        let counts = house.meter.take();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        let rows = answer.body["items"].as_array().cloned().unwrap_or_else(|| vec![answer.body.clone()]);
        let of_rule = rows.iter().filter(|row| row["rule_id"] == "CIS-AWS-5.2");
        let all = of_rule.map(|row| &row["terraform_patch_available"]).all(|told| *told == json!(said));
        (counts, all)
    };
    let known = async |house: &House, path: &str, said: bool| {
        let (counts, all) = ask(house, path, Some(said)).await;
        assert!(all, "{path}");
        counts
    };
    let id = ssh("eu-west-1", "sg-00007");
    for (path, rounds, requests, units) in [
        ("/findings?per_page=100".to_owned(), 2, 5, 80.0),
        ("/findings/scored?per_page=100".to_owned(), 2, 5, 80.0),
        (format!("/findings/{id}"), 2, 5, 8.0),
    ] {
        known(&house, &path, false).await;
        let counts = known(&house, &path, false).await;
        // One of another's is found by its uid, and not by its name.
        if !path.contains(&id) {
            ask(&other, &path, None).await;
            let (plain, _) = ask(&other, &path, None).await;
            assert_eq!((counts.rounds, counts.total()), (plain.rounds, plain.total()), "{path}");
        }
        assert!(
            counts.rounds <= rounds && counts.total() <= requests && counts.read_units <= units,
            "{path}: {counts:?}"
        );
        // One request for what was pushed, beside those for the log and the key.
        assert_eq!(counts.of("Query"), 2, "{path}: {counts:?}");

        assert_eq!(push(&house, &pushed(110)).await.status, 200);
        // Without optimisation a page of patches takes longer than a list works on them; each request gets some further.
        for _ in 0..30 {
            let (counts, all) = ask(&house, &path, Some(true)).await;
            assert!(counts.rounds <= rounds + 1, "{path}: {counts:?}");
            if all {
                break;
            }
        }
        let again = known(&house, &path, true).await;
        assert!(again.rounds <= rounds && again.total() <= requests && again.read_units <= units, "{path}: {again:?}");
        // A resource may be another one some minutes later; then it is looked at, and nothing more.
        house.clock.set(house.clock.now().plus(11 * 60_000));
        let later = known(&house, &path, true).await;
        assert!(later.rounds <= rounds + 1, "{path}: {later:?}");
        assert_eq!(push(&house, &json!({"files": {}})).await.status, 200);
    }
}

/// What is told of a resource shows at the latest with the next audit, or after some minutes; the patch itself follows at once.
#[tokio::test]
async fn a_resource_that_changes_is_seen() {
    let (house, id) = open_ssh().await;
    assert_eq!(push(&house, &json!({"files": {"main.tf": web("[\"0.0.0.0/0\"]")}})).await.status, 200);
    assert_eq!(available(&house, &id).await, json!(true));
    house.clock.set(house.clock.now().plus(60_000));
    let mut other = group("eu-west-1", "sg-0abc123", 1, "0.0.0.0/1");
    other["configuration"]["groupName"] = json!("web");
    other["configurationItemCaptureTime"] = json!("2023-11-14T22:14:30Z");
    put(&house, &json!([other])).await;
    assert_eq!(patch(&house, &id).await.status, 404);
    audit(&house).await;
    let said = get(&house, &format!("/findings/{id}")).await.body;
    assert_eq!(said["terraform_patch_available"], json!(false), "{said}");
}
