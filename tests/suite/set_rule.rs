//! `PUT /api/v1/tenants/{tenantID}/rules/{key}`: rules of a tenant's own are checked, kept by version, and judge its runs alone.

use crate::house::{Answer, House, START, tenant};
use crate::import_resources::{put, resource};
use crate::run_audits::audit;
use lambda_http::http::Method;
use posture_tests::samples::{RULE, rule};
use serde_json::{Value, json};

pub const RULES: &str = "/api/v1/tenants/acme/rules";
pub const HOUR: i64 = 3_600_000;

/// The sample rule with a text in place of another one in a file.
pub fn changed(file: &str, from: &str, to: &str) -> Value {
    let mut rule = rule();
    let text = rule["files"][file].as_str().unwrap();
    assert!(text.contains(from), "{file} has no {from}");
    rule["files"][file] = json!(text.replace(from, to));
    rule
}

pub async fn send(house: &House, key: &str, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::PUT, &format!("{RULES}/{key}"), body).await
}

pub async fn added(house: &House, body: &Value) -> Value {
    let answer = send(house, RULE, body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// Buckets by their names.
pub async fn buckets(house: &House, names: &[&str]) {
    let buckets = names.iter().map(|name| resource("AWS::S3::Bucket", name, 1, &json!({"name": name})));
    put(house, &buckets.collect()).await;
}

/// The finding of the sample rule about a bucket as Infracast and as Security Hub show it; `Null` where there is none.
pub async fn finding(house: &House, token: &str, of: &str, bucket: &str) -> (Value, Value) {
    let id = format!("ACME-NAMES-1-aws:eu-west-1:aws.s3.bucket:{bucket}");
    let shown = house.ask(token, Method::GET, &format!("/api/v1/tenants/{of}/findings/{id}"), &Value::Null).await;
    let infracast = if shown.status == 200 { shown.body } else { Value::Null };
    let body = json!({"Filters": {"Id": [{"Value": id, "Comparison": "EQUALS"}]}});
    let hub = house.ask(token, Method::POST, "/findings", &body).await;
    assert_eq!(hub.status, 200, "{}", hub.body);
    (infracast, hub.body["Findings"][0].clone())
}

pub fn field<'a>(finding: &'a Value, name: &str) -> &'a Value {
    &finding["ProductFields"][name]
}

/// What it files is there in every dialect, and for its tenant alone.
#[tokio::test]
async fn a_rule_of_ones_own_makes_findings() {
    let house = House::new().await;
    let stored = added(&house, &rule()).await;
    assert_eq!(
        (&stored["version"], &stored["origin"], &stored["rule_id"]),
        (&json!(1), &json!("tenant"), &json!("ACME-NAMES-1"))
    );
    assert_eq!(stored["versions"][0]["by"], json!("arn:posture-ledger:key:acme:admin"));
    assert!(stored["versions"][0]["at"].as_str().unwrap().starts_with("2023-11-14T22:14:0"), "{stored}");
    buckets(&house, &["logs", "acme-data"]).await;
    audit(&house).await;
    let (infracast, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&infracast["status"], &infracast["severity"]), (&json!("open"), &json!("LOW")), "{infracast}");
    assert_eq!(hub["Compliance"]["Status"], json!("FAILED"));
    assert_eq!(hub["Title"], json!("Bucket is not named as ours are"));
    assert_eq!(field(&hub, "posture/rule"), &json!("acme.bucket-named@1"));
    let (_, hub) = finding(&house, &house.acme.token, "acme", "acme-data").await;
    assert_eq!(hub["Compliance"]["Status"], json!("PASSED"));
}

/// Neither the rule nor what it would say is there for another tenant.
#[tokio::test]
async fn another_tenant_has_nothing_of_it() {
    let house = House::new().await;
    added(&house, &rule()).await;
    let theirs = |path: &str| format!("/api/v1/tenants/beta/{path}");
    let bucket = resource("AWS::S3::Bucket", "logs", 1, &json!({"name": "logs"}));
    let ask = async |method, path: &str, body: &Value| house.ask(&house.beta.token, method, &theirs(path), body).await;
    assert_eq!(ask(Method::PUT, "resources", &json!([bucket])).await.status, 200);
    let run = ask(Method::POST, "findings/run", &json!({})).await;
    assert_eq!(run.status, 202);
    let worked = posture_shared::operations::run_audits(house.writer(), &[tenant("beta")].into(), || false).await;
    assert_eq!(worked, Ok(1));
    let (infracast, hub) = finding(&house, &house.beta.token, "beta", "logs").await;
    assert_eq!((infracast, hub), (Value::Null, Value::Null));
    assert_eq!(ask(Method::GET, &format!("rules/{RULE}"), &Value::Null).await.status, 404);
    let rules = ask(Method::GET, "rules", &Value::Null).await;
    assert!(!rules.body.to_string().contains(RULE));
    let other = house.ask(&house.acme.token, Method::GET, &theirs("rules"), &Value::Null).await;
    assert_eq!(other.status, 404, "a key is good for its own tenant");
}

/// "A rule with a typo, an endless loop, a wrong path, missing cases: refused or stopped with a message that names file and line."
#[tokio::test]
async fn what_is_wrong_with_a_rule_is_named() {
    let house = House::new().await;
    let loops = "some a in n; some b in n; some c in n; some d in n; some e in n; some f in n; some g in n; some h in n; some i in n";
    let endless = format!(
        "\tname := input.resource.configuration.name\n\tn := [\"0\", \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\", \"9\"]\n\tcount([1 | {loops}]) > 0"
    );
    let name = "\tname := input.resource.configuration.name";
    let mut no_cases = rule();
    no_cases["files"].as_object_mut().unwrap().remove("cases.yaml");
    for (what, body, place, said) in [
        ("a typo", changed("rule.rego", "not startswith(", "not startswith(("), "rule.rego:5", ""),
        ("an endless loop", changed("rule.rego", name, &endless), "cases.yaml:1", "took too long"),
        (
            "a wrong path",
            changed("rule.rego", "configuration.name\n", "configuration.nome\n"),
            "rule.rego:4",
            "did you mean configuration.name?",
        ),
        ("no cases", no_cases, "cases.yaml", "is missing"),
        (
            "a case that fails",
            changed("cases.yaml", "name: acme-logs", "name: other-logs"),
            "cases.yaml:4",
            "came out as fail",
        ),
        (
            "no failing case",
            changed("cases.yaml", "expect: fail", "expect: unknown"),
            "cases.yaml",
            "no case that fails",
        ),
        (
            "another key",
            changed("rule.yaml", "key: acme.bucket-named", "key: acme.bucket"),
            "rule.yaml:1",
            "key must be",
        ),
        ("another's id", changed("rule.yaml", "ACME-NAMES-1", "CIS-AWS-5.2"), "rule.yaml", "add a slug"),
        ("an anchor", changed("cases.yaml", "name: logs", "name: &n logs"), "cases.yaml:3", "has an anchor"),
        ("a long title", changed("rule.yaml", "Bucket is not named", &"x".repeat(300)), "rule.yaml:4", "at most 256"),
        ("a wrong type", changed("rule.yaml", "type: text", "type: date"), "rule.yaml", "type has no value date"),
        ("an unknown file", json!({"files": {"rule.md": "x"}}), "rule.md", "is no file of a rule"),
    ] {
        let answer = send(&house, RULE, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{what}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("files: ") && message.contains(&format!("{RULE}/{place}")), "{what}: {message}");
        assert!(message.contains(said), "{what}: {message}");
    }
    let all = house.ask(&house.acme.token, Method::GET, RULES, &Value::Null).await;
    assert!(!all.body.to_string().contains(RULE), "nothing was stored");
}

/// What no bound of the evaluator ends is not let in: recursion, deep nesting, other packages and other data.
#[tokio::test]
async fn hostile_rules_are_refused() {
    let house = House::new().await;
    let behind = |text: &str| {
        changed(
            "rule.rego",
            "package rules.acme_bucket_named\n",
            &format!("package rules.acme_bucket_named\n\n{text}\n"),
        )
    };
    let chain = format!("x := {}1", "1 + ".repeat(400).replace("1 + 1 + 1 + 1 + ", "1 + 1 + 1 + 1 +\n"));
    let long_chain: String =
        (0..40).map(|n| format!("f{n}(x) := f{}(x)\n", n + 1)).collect::<String>() + "f40(x) := x\n";
    let nested = format!("x := {}1{}", "[".repeat(60), "]".repeat(60));
    let comprehensions = format!("# [\n\nx := \"{{\" == {}1{}", "{{y | y := ".repeat(20), "}}".repeat(20))
        .replace("{{", "{")
        .replace("}}", "}");
    let huge = "# x\n".repeat(10_000);
    for (what, body, place, said) in [
        ("a function that calls itself", behind("f(x) := f(x + 1)"), "rule.rego:3", "leads back to itself"),
        ("two that call each other", behind("f(x) := g(x)\n\ng(x) := f(x)"), "rule.rego:3", "leads back to itself"),
        ("one by way of a rule", behind("f(x) := r\n\nr := f(1)"), "rule.rego:3", "leads back to itself"),
        ("a chain of operators", behind(&chain), "rule.rego:", "nested too deeply"),
        ("nested lists", behind(&nested), "rule.rego:3", "nested more than 10 deep"),
        ("nested comprehensions", behind(&comprehensions), "rule.rego:5", "nested more than 10 deep"),
        ("a chain of functions", behind(&long_chain), "rule.rego:3", "leads through"),
        ("a large text", behind(&huge), "rule.rego", "more than 32768 bytes"),
        ("`with`", behind("x if input.resource.tags == {} with input as {}"), "rule.rego:3", "`with` is for tests"),
        ("other data", behind("x := data.rules"), "rule.rego:3", "data.lib alone"),
        ("data by a name that is computed", behind("x := data[input.now]"), "rule.rego:3", "data.lib alone"),
        ("an import", behind("import data.rules as r"), "rule.rego:3", "imports nothing"),
        ("a function without bound", behind("x := numbers.range(1, 1000000000)"), "rule.rego:3", "is not allowed"),
        ("a number without bound", behind("x := bits.lsh(1, 1000000000)"), "rule.rego:3", "is not allowed"),
        (
            "another package, with the right one in a text",
            changed(
                "rule.rego",
                "package rules.acme_bucket_named\n",
                "package lib.policy\n\nx := `\npackage rules.acme_bucket_named\n`\n",
            ),
            "rule.rego:1",
            "must say `package rules.acme_bucket_named`",
        ),
    ] {
        let answer = send(&house, RULE, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{what}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(&format!("{RULE}/{place}")) && message.contains(said), "{what}: {message}");
    }
    let many = json!({"files": {"rule.rego": "x".repeat(200_000)}});
    assert_eq!(send(&house, RULE, &many).await.error(), (400, "BAD_REQUEST"));
}

/// Evidence that holds a value many times over would be gigabytes as JSON: no verdict, and no end of the process.
#[tokio::test]
async fn what_a_rule_says_is_bounded() {
    let house = House::new().await;
    let doubled: String = (1..40).map(|n| format!("\tx{n} := [x{}, x{}]\n", n - 1, n - 1)).collect();
    let name = "\tname := input.resource.configuration.name\n";
    let mut body = changed("rule.rego", name, &format!("{name}\tx0 := 1\n{doubled}"));
    let rego = body["files"]["rule.rego"].as_str().unwrap().replace("\"evidence\": {}}", "\"evidence\": {\"x\": x39}}");
    body["files"]["rule.rego"] = json!(rego);
    let answer = send(&house, RULE, &body).await;
    assert_eq!(answer.status, 400);
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("too large"), "{message}");
}

#[tokio::test]
async fn keys_of_the_catalogue_are_taken() {
    let house = House::new().await;
    let answer = send(&house, "iam.rotate-access-key-90-days", &rule()).await;
    assert_eq!(answer.error(), (409, "CONFLICT"));
    // In a package dots and hyphens are one.
    added(&house, &rule()).await;
    let mut alike = rule();
    let texts = alike["files"].as_object_mut().unwrap();
    let yaml = texts["rule.yaml"]
        .as_str()
        .unwrap()
        .replace("acme.bucket-named", "acme-bucket-named")
        .replace("NAMES-1", "NAMES-2");
    texts.insert("rule.yaml".to_owned(), json!(yaml));
    let answer = send(&house, "acme-bucket-named", &alike).await;
    assert_eq!(answer.error(), (400, "BAD_REQUEST"));
    assert!(answer.body["error"]["message"].as_str().unwrap().contains("dots and hyphens alone"), "{}", answer.body);
}

/// Of rules that take one id at the same moment one gets it, and no other is stored.
#[tokio::test]
async fn an_id_is_one_rules_alone() {
    let house = House::new().await;
    let named = |number: usize| {
        let mut body = rule();
        let texts = body["files"].as_object_mut().unwrap();
        for file in ["rule.yaml", "rule.rego"] {
            let text = texts[file].as_str().unwrap().replace("acme.bucket-named", &format!("acme.bucket-{number}"));
            let text = text.replace("rules.acme_bucket_named", &format!("rules.acme_bucket_{number}"));
            texts.insert(file.to_owned(), json!(text));
        }
        (format!("acme.bucket-{number}"), body)
    };
    let [first, second, third] = [named(1), named(2), named(3)];
    let sent: [Answer; 3] = tokio::join!(
        send(&house, &first.0, &first.1),
        send(&house, &second.0, &second.1),
        send(&house, &third.0, &third.1)
    )
    .into();
    let taken = sent.iter().filter(|answer| answer.status < 300).count();
    let refused = sent.iter().filter(|answer| answer.status == 400 && answer.body.to_string().contains("add a slug"));
    assert_eq!((taken, refused.count()), (1, 2), "{:?}", sent.iter().map(|answer| &answer.body).collect::<Vec<_>>());
}

/// The same again is no version; another text is the next one, judges anew, and the finding says by which it was judged.
#[tokio::test]
async fn versions_are_counted_and_judge_anew() {
    let house = House::new().await;
    let first = added(&house, &rule()).await;
    buckets(&house, &["logs"]).await;
    audit(&house).await;
    house.clock.set(START.plus(HOUR));
    assert_eq!(added(&house, &rule()).await, first, "the same content changes nothing");
    let mut next = changed("rule.yaml", "default: acme-", "default: l");
    let cases = next["files"]["cases.yaml"]
        .as_str()
        .unwrap()
        .replace("{name: logs}", "{name: dogs}")
        .replace("acme-logs", "logs");
    next["files"]["cases.yaml"] = json!(cases);
    let second = added(&house, &next).await;
    assert_eq!((&second["version"], second["versions"].as_array().unwrap().len()), (&json!(2), 2));
    assert_eq!(second["versions"][0], first["versions"][0]);
    audit(&house).await;
    let (infracast, hub) = finding(&house, &house.acme.token, "acme", "logs").await;
    assert_eq!((&hub["Compliance"]["Status"], &infracast["status"]), (&json!("PASSED"), &json!("resolved")));
    assert_eq!(field(&hub, "posture/rule"), &json!("acme.bucket-named@2"));
    // A rule's id is what its findings are called by.
    let renamed = changed("rule.yaml", "ACME-NAMES-1", "ACME-NAMES-7");
    let answer = send(&house, RULE, &renamed).await;
    assert_eq!(answer.error(), (400, "BAD_REQUEST"));
    assert!(answer.body["error"]["message"].as_str().unwrap().contains("never changes"), "{}", answer.body);
    // The text of version 1 is content like any other.
    assert_eq!(added(&house, &rule()).await["version"], json!(3));
}

/// `posture audit --at` judges the past by the rules of today, own ones among them.
#[tokio::test]
async fn the_past_is_judged_by_own_rules_too() {
    let house = House::new().await;
    buckets(&house, &["logs"]).await;
    added(&house, &rule()).await;
    let mut said = Vec::new();
    let at = house.clock.now();
    posture_shared::operations::judge_past(house.writer(), &tenant("acme"), at, None, &mut |judgement| {
        said.push((judgement.id(), judgement.verdict.name()));
        Ok(())
    })
    .await
    .unwrap();
    let wanted = ("ACME-NAMES-1-aws:eu-west-1:aws.s3.bucket:logs".to_owned(), "fail");
    assert!(said.contains(&wanted), "{said:?}");
}
