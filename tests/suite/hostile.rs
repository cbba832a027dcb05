//! Bad input on every route: the dialect's own error, which names the field, and never a failure of ours.

use crate::denial::{assert_clean, error_of};
use lambda_http::http::Method;
use posture_functions::MAX_BODY;
use posture_functions::Route;
use posture_functions::routes::keyed;
use posture_tests::samples::{self, PRODUCT, finding, get, hub_event, patch, post};
use posture_tests::{Answer, Ask, Gateway, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is put in the place of every value of a good request.
fn replacements() -> Vec<Value> {
    let parsed = |text: &str| serde_json::from_str(text).unwrap();
    let mut values = vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        parsed("1.5"),
        parsed("1e2"),
        json!(101),
        parsed("1e999"),
        parsed("99999999999999999999999999999999999999999999"),
        json!(""),
        json!(" "),
        json!("x"),
        json!("nul \u{0} and \u{1f} and \u{feff} and \u{10ffff}"),
        json!("x".repeat(3000)),
        json!([]),
        json!([null]),
        json!(["x", 7, {}]),
        json!({}),
        json!({"": "", "a": {"b": null}}),
        // What serde_json takes for a number of its own.
        json!({"$serde_json::private::Number": "1e5"}),
        json!({"$serde_json::private::Number": "no number"}),
        json!({"x".repeat(3000): {"y": "x".repeat(3000)}}),
    ];
    values.push(parsed(&format!("{}{}", "[".repeat(90), "]".repeat(90))));
    values
}

/// Every place within a value, as a JSON pointer.
fn places(value: &Value, at: &str, out: &mut Vec<String>) {
    let members: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (escaped(name), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(place, item)| (place.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in members {
        let at = format!("{at}/{name}");
        places(value, &at, out);
        out.push(at);
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The route's good body with one place changed or taken away.
fn mutations(good: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    places(good, "", &mut all);
    let mut out = Vec::new();
    for place in all {
        for value in replacements() {
            let mut bad = good.clone();
            *bad.pointer_mut(&place).unwrap() = value;
            out.push((place.clone(), bad));
        }
        let (parent, name) = place.rsplit_once('/').unwrap();
        let mut bad = good.clone();
        match bad.pointer_mut(parent).unwrap() {
            Value::Object(members) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
            Value::Array(items) => drop(items.remove(name.parse().unwrap())),
            _ => {}
        }
        out.push((place, bad));
    }
    out
}

/// Findings of a body get names of their own, so that each is taken for itself and not for a repetition.
fn renamed(body: &mut Value, number: usize) {
    for place in ["/Findings/0/Id", "/detail/findings/0/Id"] {
        if let Some(id) = body.pointer_mut(place)
            && *id == "f-1"
        {
            *id = json!(format!("f-{number}"));
        }
    }
}

/// Whether a route's good request has a body; the others are not read one.
fn takes_a_body(route: &Route) -> bool {
    route.method != Method::GET && route.method != Method::DELETE
}

/// A good answer or an error that names a member; whichever it is, JSON, and nothing that is nobody's business.
fn assert_answered(world: &World, answer: &Answer, members: &BTreeSet<String>, case: &str) {
    assert!(answer.status < 500, "{case}: {} {}", answer.status, answer.body);
    assert_clean(world, answer, case);
    match error_of(answer) {
        None => {
            assert!(answer.is_let_in(), "{case}: {} {}", answer.status, answer.body);
            assert_items_named(&answer.json(), case);
        }
        // The same new key once more.
        Some((code, _)) if code == "CONFLICT" => assert_eq!(answer.status, 409, "{case}"),
        // An id in a body that names nothing.
        Some((code, _)) if ["NOT_FOUND", "Not Found"].contains(&code.as_str()) => assert!(answer.is_absent(), "{case}"),
        Some((code, message)) => {
            let codes = ["InvalidInputException", "BAD_REQUEST", "Bad Request"];
            assert!(codes.contains(&code.as_str()), "{case}: {}", answer.body);
            assert_eq!(answer.status, 400, "{case}");
            let field = message.split_once(": ").unwrap_or_else(|| panic!("{case}: {message} names no field")).0;
            let first = field.split(['.', '[']).next().unwrap();
            assert!(members.contains(first) || first == "body", "{case}: {message}");
        }
    }
}

/// Refusals of single findings: a code of CONTRACTS 1.7, and the dotted path of a member.
fn assert_items_named(body: &Value, case: &str) {
    let failed = body["FailedFindings"].as_array().into_iter().flatten().map(|f| (&f["ErrorCode"], &f["ErrorMessage"]));
    let rejected = body["rejections"].as_array().into_iter().flatten().map(|r| (&r["code"], &r["message"]));
    for (code, message) in failed.chain(rejected) {
        let (code, message) = (code.as_str().unwrap(), message.as_str().unwrap());
        assert!(["InvalidInput", "FindingSizeExceeded", "InvalidAccess"].contains(&code), "{case}: {code}");
        if code == "InvalidInput" {
            let field = message.split_once(": ").unwrap_or_else(|| panic!("{case}: {message} names no field")).0;
            assert!(field.starts_with(|c: char| c.is_ascii_uppercase()) && !field.contains(' '), "{case}: {message}");
        }
    }
}

/// Nothing that was taken has made anything unreadable.
async fn assert_all_readable(world: &World, case: &str) {
    let mut token = Value::Null;
    let mut seen = 0;
    loop {
        let ask = post("/findings", &json!({"NextToken": token}).to_string());
        let page = world.ask(&world.ours, &ask).await;
        assert_eq!(page.status, 200, "{case}: {}", page.body);
        let page = page.json();
        for finding in page["Findings"].as_array().unwrap() {
            seen += 1;
            if seen % 17 == 0 {
                let ask = json!({"FindingIdentifier": {"Id": finding["Id"], "ProductArn": finding["ProductArn"]}});
                let answer = world.ask(&world.ours, &post("/findingHistory/get", &ask.to_string())).await;
                assert!(answer.status < 500, "{case}: {}", answer.body);
            }
        }
        if page["NextToken"].is_null() {
            break;
        }
        token = page["NextToken"].clone();
    }
    for path in ["/accounts", "/productSubscriptions"] {
        assert_eq!(world.ask(&world.ours, &get(path)).await.status, 200, "{case}: {path}");
    }
}

/// The names with which an error may begin: the body's own members, and what a list without an envelope is called.
fn members_of(value: &Value) -> BTreeSet<String> {
    let own = value.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    own.chain(["Findings".to_owned()]).collect()
}

/// Every member of a good request, replaced by everything that it is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_member_of_every_wrong_type_is_answered() {
    let mut tasks = tokio::task::JoinSet::new();
    for route in keyed().filter(|route| takes_a_body(route)) {
        tasks.spawn(mutate(route));
    }
    for done in tasks.join_all().await {
        // The smallest body has one member.
        assert!(done > 20, "only {done} mutations");
    }
}

async fn mutate(route: &'static Route) -> usize {
    let world = World::new().await;
    world.import(&world.ours, &[finding("f-1", 1)]).await;
    let good = samples::ask(route, &world.ours);
    let body: Value = serde_json::from_slice(&good.body).unwrap();
    let members = members_of(&body);
    let all = mutations(&body);
    for (number, (place, mut bad)) in all.iter().cloned().enumerate() {
        renamed(&mut bad, number);
        let case = format!("{} {place} = {}", route.function, shown(&bad, &place));
        let answer = world.ask(&world.ours, &Ask { body: bad.to_string().into_bytes(), ..good.clone() }).await;
        assert_answered(&world, &answer, &members, &case);
        pass_time(&world);
    }
    assert_all_readable(&world, route.function).await;
    all.len()
}

/// Tests ask more often than a key may ask on Datadog's paths.
fn pass_time(world: &World) {
    world.clock.set(world.clock.now().plus(1_000));
}

fn shown(bad: &Value, place: &str) -> String {
    bad.pointer(place).map_or_else(|| "nothing".to_owned(), |value| value.to_string().chars().take(60).collect())
}

/// JSON whose every member comes twice, the second time as null and as another type.
#[tokio::test]
async fn members_that_come_twice_are_answered() {
    for route in keyed().filter(|route| takes_a_body(route)) {
        let world = World::new().await;
        let good = samples::ask(route, &world.ours);
        let text = String::from_utf8(good.body.clone()).unwrap();
        let members = members_of(&serde_json::from_str(&text).unwrap());
        for member in &members {
            for value in ["null", "7", "\"x\"", "[]", "{}"] {
                for twice in [
                    format!("{{\"{member}\":{value},{}", text.strip_prefix('{').unwrap()),
                    format!("{},\"{member}\":{value}}}", text.strip_suffix('}').unwrap()),
                ] {
                    let answer = world.ask(&world.ours, &Ask { body: twice.into_bytes(), ..good.clone() }).await;
                    assert_answered(&world, &answer, &members, &format!("{} {member}", route.function));
                    pass_time(&world);
                }
            }
        }
        assert_all_readable(&world, route.function).await;
    }
}

/// Bodies that are no JSON object, in every event shape.
#[tokio::test]
async fn bodies_that_are_no_object_are_refused() {
    let world = World::new().await;
    let key = world.ours.admin();
    let bodies: [&[u8]; 20] = [
        b"x",
        b"{",
        b"}",
        b"[",
        b"{\"a\":1",
        b"{\"a\":1}}",
        b"{'a':1}",
        b"{\"a\":01}",
        b"{\"a\":NaN}",
        b"{\"a\":1e}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\udc00\\ud800\"}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":\"\\x\"}",
        b"\xff\xfe{\x00}\x00",
        b"{\"a\":\"\xff\"}",
        b"{\"a\":\"\xc0\x80\"}",
        b"\xef\xbb\xbf{}",
        b"7",
        b"\"text\"",
    ];
    for route in keyed().filter(|route| takes_a_body(route)) {
        let good = samples::ask(route, &world.ours);
        for body in bodies {
            for gateway in Gateway::ALL {
                let case = format!("{} {gateway:?} {}", route.function, String::from_utf8_lossy(body));
                let ask = Ask { body: body.to_vec(), ..good.clone() }.bearing(&key.token);
                let answer = world.send(gateway, &ask).await;
                let (_, message) = error_of(&answer).unwrap_or_else(|| panic!("{case}: {}", answer.body));
                assert_eq!(answer.status, 400, "{case}: {}", answer.body);
                assert!(message.starts_with("body: ") || message.starts_with("event: "), "{case}: {message}");
                assert_clean(&world, &answer, &case);
                pass_time(&world);
            }
        }
    }
}

/// An empty body is `{}` (stock clients send none where nothing is required), so what is required is named.
#[tokio::test]
async fn an_empty_body_lacks_what_is_required() {
    let world = World::new().await;
    for (ask, field) in [
        (post("/findings/import", ""), "Findings: "),
        (patch("/findings/batchupdate", ""), "FindingIdentifiers: "),
        (post("/findingHistory/get", ""), "FindingIdentifier: "),
        (post("/api/v1/tenants/acme/snapshots", ""), "body: "),
        (post("/findings/import", " \r\n\t"), "Findings: "),
    ] {
        let answer = world.ask(&world.ours, &ask).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(error_of(&answer).unwrap().1.starts_with(field), "{}", answer.body);
    }
    assert_eq!(world.ask(&world.ours, &post("/findings", "")).await.status, 200);
}

/// One request and the field that its refusal names.
fn named() -> Vec<(Ask, &'static str)> {
    let list = |members: Value| post("/findings", &members.to_string());
    let history = |mut members: Value| {
        members["FindingIdentifier"] = json!({"Id": "f-1", "ProductArn": PRODUCT});
        post("/findingHistory/get", &members.to_string())
    };
    let raw = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let identifier = json!({"Id": "f-1", "ProductArn": PRODUCT});
    let update = |mut members: Value| {
        members["FindingIdentifiers"] = json!([identifier]);
        patch("/findings/batchupdate", &members.to_string())
    };
    let filter = |name: &str, condition: Value| list(json!({"Filters": {name: [condition]}}));
    let mut cases = Vec::new();
    // CONTRACTS 1.3 and 1.9: MaxResults is 1 to 100, and stock clients check the lower end only.
    for number in ["0", "101", "-1", "1.5", "1e2", "1e999", "\"5\"", "true", "[]", "{}", "5.0", "99999999999999999999"]
    {
        cases.push((list(json!({"MaxResults": raw(number)})), "MaxResults"));
        cases.push((history(json!({"MaxResults": raw(number)})), "MaxResults"));
    }
    // CONTRACTS 1.4: the five documented forms, and none else.
    for text in [
        "",
        " ",
        "yesterday",
        "2024",
        "2024-01-04",
        "1704381910",
        "2024-01-04 15:25:10Z",
        "2024-01-04T15:25:10",
        "2024-13-04T15:25:10Z",
        "2024-02-30T15:25:10Z",
        "2024-01-04T25:25:10Z",
        "2024-01-04T15:25:10+19:00",
        "2024-01-04T15:25:10.1234567890Z",
        "2024-01-04T15:25:10.Z",
        "2024-01-04T15:25:10\u{0}Z",
        "２０24-01-04T15:25:10Z",
    ] {
        cases.push((history(json!({"StartTime": text})), "StartTime"));
        cases.push((history(json!({"EndTime": text})), "EndTime"));
        cases.push((filter("UpdatedAt", json!({"Start": text})), "Filters.UpdatedAt[0].Start"));
        cases.push((filter("UpdatedAt", json!({"End": text})), "Filters.UpdatedAt[0].End"));
    }
    for number in [json!(0), json!(1_704_381_910), json!(1_704_381_910_123_i64), raw("1.5e9"), json!(true), json!({})] {
        cases.push((history(json!({"StartTime": number})), "StartTime"));
        cases.push((history(json!({"EndTime": number})), "EndTime"));
    }
    let turned = json!({"StartTime": "2024-01-02T00:00:00Z", "EndTime": "2024-01-01T00:00:00Z"});
    cases.push((history(turned), "StartTime"));
    for days in ["0", "-1", "1.5", "1e2", "2147483648", "\"3\""] {
        let range = json!({"DateRange": {"Value": raw(days), "Unit": "DAYS"}});
        cases.push((filter("UpdatedAt", range), "Filters.UpdatedAt[0].DateRange.Value"));
    }
    // CONTRACTS 1.9.
    let equals = json!({"Value": "x", "Comparison": "EQUALS"});
    let attributes = [
        "Id",
        "Title",
        "Type",
        "Region",
        "ProductArn",
        "ProductName",
        "CompanyName",
        "GeneratorId",
        "AwsAccountId",
        "RecordState",
        "WorkflowStatus",
    ];
    let eleven: Value = attributes.iter().map(|name| ((*name).to_owned(), json!([equals]))).collect();
    cases.extend([
        (list(json!({"Filters": eleven})), "Filters"),
        (list(json!({"Filters": {"Id": vec![equals.clone(); 21]}})), "Filters.Id"),
        (list(json!({"Filters": {"NoSuch": [equals]}})), "Filters.NoSuch"),
        (filter("Id", json!({"Value": "x", "Comparison": "EQUAL"})), "Filters.Id[0].Comparison"),
        (filter("Id", json!({"Value": "x", "Comparison": "CONTAINS_WORD"})), "Filters.Id[0].Comparison"),
        (filter("Confidence", json!({"Gte": "1"})), "Filters.Confidence[0].Gte"),
        (filter("NetworkSourceIpV4", json!({"Cidr": "10.0.0.0/33"})), "Filters.NetworkSourceIpV4[0].Cidr"),
        (list(json!({"SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "up"}]})), "SortCriteria[0].SortOrder"),
        (list(json!({"SortCriteria": [{"Field": "Nonsense"}]})), "SortCriteria[0].Field"),
        (list(json!({"NextToken": "nonsense"})), "NextToken"),
        (list(json!({"NextToken": 7})), "NextToken"),
        (history(json!({"NextToken": "nonsense\u{0}"})), "NextToken"),
    ]);
    // CONTRACTS 1.1 and 1.7: batches of 1 to 100.
    let findings: Vec<Value> = (0..101).map(|n| finding(&format!("f-{n}"), 1)).collect();
    let identifiers: Vec<Value> = (0..101).map(|n| json!({"Id": format!("f-{n}"), "ProductArn": PRODUCT})).collect();
    let many: Vec<Value> = (0..501).map(|n| json!({"Id": format!("f-{n}")})).collect();
    cases.extend([
        (post("/findings/import", &json!({"Findings": findings}).to_string()), "Findings"),
        (post("/findings/import", &json!({"Findings": []}).to_string()), "Findings"),
        (patch("/findings/batchupdate", &samples::update(&identifiers).to_string()), "FindingIdentifiers"),
        (patch("/findings/batchupdate", &samples::update(&[]).to_string()), "FindingIdentifiers"),
        (post("/api/v1/tenants/acme/snapshots", &json!({"Findings": many}).to_string()), "body"),
        (post("/api/v1/tenants/acme/snapshots", &hub_event("soon", &[]).to_string()), "time"),
    ]);
    // CONTRACTS 1.7 and 1.8: what an update may say.
    cases.extend([
        (update(json!({})), "body"),
        (update(json!({"Workflow": {"Status": "DONE"}})), "Workflow.Status"),
        (update(json!({"Workflow": {}})), "Workflow.Status"),
        (update(json!({"VerificationState": "MAYBE"})), "VerificationState"),
        (update(json!({"Confidence": 101})), "Confidence"),
        (update(json!({"Confidence": raw("1.5")})), "Confidence"),
        (update(json!({"Criticality": -1})), "Criticality"),
        (update(json!({"Severity": {"Label": "SEVERE"}})), "Severity.Label"),
        (update(json!({"Severity": {"Normalized": 101}})), "Severity.Normalized"),
        (update(json!({"Severity": {}})), "Severity"),
        (update(json!({"Note": {"Text": "x".repeat(513), "UpdatedBy": "me"}})), "Note.Text"),
        (update(json!({"Note": {"Text": "x"}})), "Note.UpdatedBy"),
        (update(json!({"Types": vec!["a"; 51]})), "Types"),
        (update(json!({"RelatedFindings": vec![identifier.clone(); 11]})), "RelatedFindings"),
        (update(json!({"UserDefinedFields": {"k": "x".repeat(1025)}})), "UserDefinedFields.k"),
    ]);
    let bad = |value: Value| {
        let members = json!({"FindingIdentifiers": [value], "Confidence": 5});
        patch("/findings/batchupdate", &members.to_string())
    };
    cases.extend([
        (bad(json!({"Id": "", "ProductArn": PRODUCT})), "FindingIdentifiers[0].Id"),
        (bad(json!({"Id": "x".repeat(513), "ProductArn": PRODUCT})), "FindingIdentifiers[0].Id"),
        (bad(json!({"Id": "x", "ProductArn": "arn"})), "FindingIdentifiers[0].ProductArn"),
        (bad(json!({"Id": "x"})), "FindingIdentifiers[0].ProductArn"),
        (bad(json!("x")), "FindingIdentifiers[0]"),
    ]);
    cases.extend(queries());
    cases
}

fn queries() -> Vec<(Ask, &'static str)> {
    let mut cases = Vec::new();
    for number in
        ["0", "101", "-1", "1.5", "1e2", "ten", "%00", "%FF", "99999999999999999999", "+5%20", "0x10", "%F0%9F%98%80"]
    {
        cases.push((get(&format!("/productSubscriptions?MaxResults={number}")), "MaxResults"));
    }
    for token in ["x", "%00", "%FF", "arn%3Aaws", &"A".repeat(5000)] {
        cases.push((get(&format!("/productSubscriptions?NextToken={token}")), "NextToken"));
    }
    for arn in
        ["x", "%00", "%FF", "arn%3Aaws%3Asecurityhub", "arn%3Aaws%3Asecurityhub%3A%00%3A123456789012%3Ahub%2Fother"]
    {
        cases.push((get(&format!("/accounts?HubArn={arn}")), "HubArn"));
    }
    cases
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    world.import(&world.ours, &[finding("f-1", 1)]).await;
    for (ask, field) in named() {
        let case =
            format!("{} {} {}", ask.path, ask.query, String::from_utf8_lossy(&ask.body[..ask.body.len().min(300)]));
        let answer = world.ask(&world.ours, &ask).await;
        let (code, message) = error_of(&answer).unwrap_or_else(|| panic!("{case} gave {}", answer.body));
        assert_eq!(answer.status, 400, "{case} gave {}", answer.body);
        assert!(["InvalidInputException", "BAD_REQUEST"].contains(&code.as_str()), "{case}: {code}");
        let rest = message.strip_prefix(field).unwrap_or_else(|| panic!("{case} gave {message}, not {field}"));
        assert!(rest.starts_with(": "), "{case} gave {message}, not {field}");
        assert_clean(&world, &answer, &case);
    }
}

/// Odd queries that are no mistake: parameters that nobody asked for, repeated, empty or malformed.
#[tokio::test]
async fn odd_queries_are_answered() {
    let world = World::new().await;
    for query in [
        "",
        "?",
        "?&&&",
        "?=",
        "?=x",
        "?a",
        "?MaxResults=",
        "?NextToken=",
        "?HubArn=",
        "?%",
        "?%zz=%",
        "?a=b=c",
        "?MaxResults=5&MaxResults=6",
        "?%FF=%FE",
        "?x=%00",
        "?max_results=0",
    ] {
        for path in ["/accounts", "/productSubscriptions"] {
            for gateway in Gateway::ALL {
                let ask = get(&format!("{path}{query}")).bearing(&world.ours.admin().token);
                let answer = world.send(gateway, &ask).await;
                assert_eq!(answer.status, 200, "{path}{query} {gateway:?}: {}", answer.body);
            }
        }
    }
}

/// As large as bodies get, and deeper than parsers go.
#[tokio::test]
async fn enormous_bodies_are_answered() {
    let world = World::new().await;
    for route in keyed().filter(|route| takes_a_body(route)) {
        let good = samples::ask(route, &world.ours);
        let padded = |bytes: usize| {
            let mut body = good.body.clone();
            body.resize(bytes, b' ');
            body
        };
        let deep = |open: &str, levels: usize| open.repeat(levels).into_bytes();
        let long = format!("{{\"Filters\":\"{}\"}}", "x".repeat(7_000_000)).into_bytes();
        let wide = format!("{{\"Findings\":[{}7]}}", "7,".repeat(2_000_000)).into_bytes();
        let names: String = (0..300_000).map(|n| format!("\"member-{n}\":0,")).collect();
        for (name, body, refused) in [
            ("as much as may be", padded(MAX_BODY), route.function.ends_with("batch-import-findings")),
            ("a byte too much", padded(MAX_BODY + 1), true),
            ("deep lists", deep("[", 200_000), true),
            ("deep objects", deep("{\"a\":", 200_000), true),
            ("deep within a member", deep("{\"Filters\":[", 100_000), true),
            ("a long text", long, true),
            ("a wide list", wide, !route.function.ends_with("get-findings")),
            ("many members", format!("{{{names}\"x\":0}}").into_bytes(), !route.function.ends_with("get-findings")),
        ] {
            let case = format!("{}: {name}", route.function);
            let answer = world.ask(&world.ours, &Ask { body, ..good.clone() }).await;
            assert_eq!(answer.status == 400, refused, "{case}: {}", answer.body);
            assert!(refused || answer.is_let_in(), "{case}: {}", answer.body);
            assert!(answer.body.len() < 10_000, "{case}: an answer of {} bytes", answer.body.len());
            assert_clean(&world, &answer, &case);
        }
    }
}

/// DESIGN §3, sizes: a finding of more than 240 KB fails alone; the rest of its batch is taken.
#[tokio::test]
async fn a_large_finding_fails_alone() {
    let world = World::new().await;
    let mut large = finding("large", 1);
    large["ProductFields"]["aws/securityhub/x"] = json!("x".repeat(2000));
    large["Resources"][0]["Details"]["Other"] = json!({"k": "x".repeat(250 * 1024)});
    let batch = json!({"Findings": [finding("f-1", 1), large, finding("f-2", 1)]}).to_string();
    let answer = world.ask(&world.ours, &post("/findings/import", &batch)).await.json();
    assert_eq!((&answer["SuccessCount"], &answer["FailedCount"]), (&json!(2), &json!(1)));
    assert_eq!(answer["FailedFindings"][0]["Id"], "large");
    assert_eq!(answer["FailedFindings"][0]["ErrorCode"], "FindingSizeExceeded");
}

/// A refusal shows as much of what was sent as helps, not all of it: answers end at 6 MB, and requests do not.
#[tokio::test]
async fn refusals_do_not_repeat_long_texts() {
    let world = World::new().await;
    let long = "x".repeat(50_000);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut finding = finding("f-1", 1);
        change(&mut finding);
        finding
    };
    let findings = [
        with(&|f| f["Id"] = json!(long)),
        with(&|f| f["UserDefinedFields"] = json!({&long: 7})),
        with(&|f| f["ProductFields"] = json!({&long: "x"})),
        with(&|f| f["RecordState"] = json!(long)),
        with(&|f| f[&long] = serde_json::from_str(&format!("{}{}", "[".repeat(110), "]".repeat(110))).unwrap()),
        with(&|f| f["Resources"][0]["Tags"] = json!(long)),
        with(&|f| f["UpdatedAt"] = json!(long)),
    ];
    let update = |members: Value| {
        let mut body = json!({"FindingIdentifiers": [{"Id": "f-1", "ProductArn": PRODUCT}]});
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        patch("/findings/batchupdate", &body.to_string())
    };
    for ask in [
        post("/findings/import", &json!({"Findings": findings}).to_string()),
        post("/api/v1/tenants/acme/snapshots", &json!({"Findings": findings}).to_string()),
        update(json!({"UserDefinedFields": {&long: 7}})),
        update(json!({"VerificationState": long})),
        update(json!({"Workflow": {"Status": long}})),
        post("/findings", &json!({"Filters": {&long: []}}).to_string()),
        post("/findings", &json!({"Filters": {"Id": [{"Value": "x", "Comparison": long}]}}).to_string()),
        post("/findings", &json!({"SortCriteria": [{"Field": long}]}).to_string()),
        post("/findings", &json!({"NextToken": long}).to_string()),
        post("/findingHistory/get", &json!({"FindingIdentifier": {"Id": long, "ProductArn": PRODUCT}}).to_string()),
        post("/api/v1/tenants/acme/snapshots", &hub_event(&long, &[]).to_string()),
        get(&format!("/accounts?HubArn={long}")),
        get(&format!("/productSubscriptions?NextToken={long}")),
    ] {
        let answer = world.ask(&world.ours, &ask).await;
        let start: String = String::from_utf8_lossy(&ask.body).chars().take(80).collect();
        assert!(answer.body.len() < 8000, "{} {start}: {} bytes", ask.path, answer.body.len());
    }
}

/// What is stored stands deeper than what was sent. Whatever is taken must be readable again, at every depth.
#[tokio::test]
async fn what_is_taken_can_be_read_at_every_depth() {
    for levels in [1, 60, 98, 99, 100, 101, 110, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 200] {
        let world = World::new().await;
        world.import(&world.ours, &[finding("f-1", 1)]).await;
        let deep = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let put = |text: String, name: &str| text.replace("\"@\"", &deep).replace("@name", name);
        let mut sent = finding("@name", 1);
        sent["Deep"] = json!("@");
        let mut noted = finding("@name", 1);
        noted["Note"]["Deep"] = json!("@");
        noted["Workflow"]["Deep"] = json!("@");
        noted["FindingProviderFields"]["Deep"] = json!("@");
        let related = json!({
            "FindingIdentifiers": [{"Id": "f-1", "ProductArn": PRODUCT}],
            "RelatedFindings": [{"Id": "a", "ProductArn": PRODUCT, "Deep": "@"}], "Severity": {"Label": "LOW", "Deep": "@"},
        });
        let snapshots = "/api/v1/tenants/acme/snapshots";
        for ask in [
            post("/findings/import", &put(json!({"Findings": [sent]}).to_string(), "imported")),
            post("/findings/import", &put(json!({"Findings": [noted]}).to_string(), "imported-2")),
            post(snapshots, &put(json!({"Findings": [sent]}).to_string(), "snapshot")),
            post(snapshots, &put(json!({"Findings": [noted]}).to_string(), "snapshot-2")),
            post(snapshots, &put(hub_event("2024-01-01T08:00:05Z", &[noted]).to_string(), "event")),
            patch("/findings/batchupdate", &put(related.to_string(), "")),
        ] {
            let answer = world.ask(&world.ours, &ask).await;
            let all_taken = ["\"FailedCount\":0", "\"rejected\":0", "\"UnprocessedFindings\":[]"];
            let taken = answer.status == 200 && all_taken.iter().any(|sign| answer.body.contains(sign));
            assert!([200, 400].contains(&answer.status), "{levels} at {}: {}", ask.path, answer.body);
            // Between the two lies the limit of 100, counted from the member.
            assert!(taken || levels > 95, "{levels} at {}: {}", ask.path, answer.body);
            assert!(!taken || levels < 100, "{levels} at {}: {}", ask.path, answer.body);
        }
        assert_all_readable(&world, &format!("{levels} levels")).await;
        let update = patch(
            "/findings/batchupdate",
            &samples::update(&[json!({"Id": "f-1", "ProductArn": PRODUCT})]).to_string(),
        );
        assert_eq!(world.ask(&world.ours, &update).await.json()["UnprocessedFindings"], json!([]), "{levels}");
    }
}
