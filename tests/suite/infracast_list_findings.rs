//! `GET /api/v1/tenants/{tenantID}/findings` (infracast-findings, List Findings; CONTRACTS §5).

use crate::house::{House, finding};
use crate::infracast::{FINDINGS, SHOP, STATUSES, accept, get, list, named, names, set, shop, workflow};
use lambda_http::http::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A query, the findings that it chooses, and the framework and control that each row of it shows.
type Case<'a> = (&'a str, &'a [&'a str], Option<(&'a str, &'a str)>);

/// What rows are ordered by.
type Key<'a> = &'a dyn Fn(&Value) -> Value;

/// DESIGN §2's table, column Infracast; infracast-findings: "status: open, resolved, accepted, all (default: open)".
#[tokio::test]
async fn statuses_choose_by_the_table() {
    let house = shop().await;
    let of = |status: &str| STATUSES.iter().find(|(known, _)| *known == status).unwrap().1;
    for (status, expected) in [("open", of("open")), ("accepted", of("accepted")), ("resolved", of("resolved"))] {
        let body = list(&house, &format!("status={status}")).await;
        assert_eq!((named(&body), &body["total"]), (set(expected), &json!(expected.len())), "{status}");
        assert!(body["items"].as_array().unwrap().iter().all(|row| row["status"] == status), "{status}");
    }
    assert_eq!(names(&list(&house, "").await), of("open"), "gravest first, then newest first");
    let all = list(&house, "status=all").await;
    assert_eq!((named(&all).len(), &all["total"]), (10, &json!(10)), "what never failed is no finding");
    assert_eq!(list(&house, "status=open,accepted").await["total"], 7);
    let accepted = &list(&house, "status=accepted&search=title+of+accepted").await["items"][0];
    assert_eq!(accepted["acceptance"]["approved_by"], "ciso@company.com");
}

/// CONTRACTS §5: framework matches any mapping of the newest version, which the row then shows; with control_id both in
/// one mapping.
#[tokio::test]
async fn filters_choose_and_rows_show_what_was_asked_for() {
    let house = shop().await;
    let cases: &[Case<'_>] = &[
        ("framework=cis-aws", &["ssh", "open"], None),
        ("framework=CIS-1.5", &["ssh", "logs"], None),
        ("framework=cis-aws@1.5&control_id=3.6", &["logs"], Some(("cis-aws", "3.6"))),
        ("framework=cis-aws@9.0", &[], None),
        ("framework=pci-dss", &["ssh", "open"], Some(("pci-dss", "1.3.2"))),
        ("framework=pci-dss&control_id=Req%201.3.2", &["ssh", "open"], Some(("pci-dss", "1.3.2"))),
        ("framework=pci-dss&control_id=5.2", &[], None),
        ("framework=nist-800-53&control_id=AC-2", &["key"], Some(("nist-800-53", "AC-2(1)"))),
        ("control_id=AC-2", &["key"], Some(("nist-800-53", "AC-2(1)"))),
        ("control_id=AC-20", &[], None),
        ("framework=nothing", &[], None),
        ("severity=CRITICAL,HIGH", &["open", "ssh", "key"], None),
        ("severity=info", &["note"], None),
        ("resource_type=aws.s3.bucket", &["open", "logs", "note"], None),
        ("resource_type=AWS::EC2::SecurityGroup", &["ssh"], None),
        ("resource_type=EC2%20Security%20Group", &["ssh"], None),
        ("search=STRASSE", &[], None),
        ("search=stra%C3%9Fe", &["open", "ssh", "key", "logs", "note"], None),
        ("search=title+of+key", &["key"], None),
        ("search=SVC-deploy", &["key"], None),
        ("search=ec2.security_group:sg-0", &["ssh"], None),
        ("search=arn:aws:s3:::", &["open", "logs", "note"], None),
        ("severity=HIGH&search=sg-&framework=cis-aws", &["ssh"], Some(("cis-aws", "5.2"))),
    ];
    for (query, expected, shown) in cases {
        let body = list(&house, query).await;
        assert_eq!((named(&body), &body["total"]), (set(expected), &json!(expected.len())), "{query}");
        for row in body["items"].as_array().unwrap() {
            let found = (row["framework"].as_str().unwrap_or_default(), row["control_id"].as_str().unwrap_or_default());
            assert!(shown.is_none_or(|shown| shown == found), "{query}: {found:?}");
        }
    }
    // The newest version among what is there; only what is gone maps to 9.0.
    assert_eq!(named(&list(&house, "status=resolved&framework=cis-aws@9.0").await), set(&["gone"]));
    assert_eq!(named(&list(&house, "status=resolved&framework=cis-aws").await), set(&["fixed", "remediated"]));
}

/// infracast-findings: "Sort field: severity, created_at, resource_id. Prefix with - for descending".
#[tokio::test]
async fn orders_are_kept() {
    let house = shop().await;
    let rank = |row: &Value| {
        let words = ["INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL"];
        json!(words.iter().position(|word| row["severity"] == *word).unwrap())
    };
    let member = |name: &'static str| move |row: &Value| row[name].clone();
    let seen: BTreeSet<String> = list(&house, "status=all").await["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["created_at"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(seen.len(), 10, "the house's clock tells them apart");
    let key: [(&str, Key<'_>); 3] =
        [("severity", &rank), ("created_at", &member("created_at")), ("resource_id", &member("resource_id"))];
    for (field, of) in key {
        for (sort, back) in [(field.to_owned(), false), (format!("-{field}"), true)] {
            let body = list(&house, &format!("status=all&sort={sort}")).await;
            let rows = body["items"].as_array().unwrap();
            let text = |row: &Value| (of(row).to_string(), row["created_at"].as_str().unwrap().to_owned());
            let mut expected: Vec<(String, String)> = rows.iter().map(text).collect();
            let found = expected.clone();
            expected.sort_by(|a, b| if back { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
            let keys = |pairs: &[(String, String)]| pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            assert_eq!(keys(&found), keys(&expected), "{sort}");
        }
    }
    assert_eq!(names(&list(&house, "sort=severity").await), ["note", "logs", "ssh", "key", "open"]);
    assert_eq!(names(&list(&house, "sort=resource_id").await), ["ssh", "key", "open", "logs", "note"]);
}

/// CONTRACTS §5, paging; DESIGN §3: page numbers are exact within one `as_of`, whatever is written meanwhile.
#[tokio::test]
async fn a_walk_gives_each_row_once_while_others_write() {
    let house = House::new().await;
    let one = |n: u32, day: u32| {
        finding(&format!("f-{n:03}"), "123456789012", "FAILED", &format!("2023-11-{day:02}T00:00:00Z"))
    };
    let made: Vec<Value> = (0..60).map(|n| one(n, 2)).collect();
    house.import(&house.acme.token, &made).await;
    let first = list(&house, "per_page=7").await;
    assert_eq!((&first["total"], &first["total_pages"], &first["page"]), (&json!(60), &json!(9), &json!(1)));
    let as_of = first["as_of"].as_str().unwrap().to_owned();
    assert!(as_of.contains('~'), "{as_of}");
    let mut walked: Vec<String> = Vec::new();
    for page in 1..=10_u32 {
        let body = list(&house, &format!("per_page=7&page={page}&as_of={as_of}")).await;
        assert_eq!((&body["total"], &body["as_of"]), (&json!(60), &json!(as_of)), "page {page}");
        let rows = body["items"].as_array().unwrap();
        assert_eq!(rows.len(), [7, 7, 7, 7, 7, 7, 7, 7, 4, 0][page as usize - 1], "page {page}");
        walked.extend(rows.iter().map(|row| row["uid"].as_str().unwrap().to_owned()));
        // Somebody adds, fixes and accepts between any two pages, and the clock goes on.
        house.clock.set(house.clock.now().plus(60_000));
        let fixed = finding(&format!("f-{:03}", page * 3), "123456789012", "PASSED", "2023-11-05T00:00:00Z");
        house.import(&house.acme.token, &[one(100 + page, 3), fixed]).await;
        workflow(&house, &format!("f-{:03}", 40 + page), &json!({"Workflow": {"Status": "SUPPRESSED"}})).await;
    }
    assert_eq!(walked.len(), 60);
    assert_eq!(walked.iter().collect::<BTreeSet<_>>().len(), 60);
    // Another container answers the same.
    let beside = house.beside(house.clock.now());
    let page = list(&beside, &format!("per_page=7&page=3&as_of={as_of}")).await;
    let uids: Vec<&str> = page["items"].as_array().unwrap().iter().map(|row| row["uid"].as_str().unwrap()).collect();
    assert_eq!(uids, walked[14..21]);
    assert_eq!(list(&house, "").await["total"], 50);
}

/// DESIGN §2: from its end on an acceptance needs review, whether or not a job has recorded that; DESIGN §3: as of any
/// past instant.
#[tokio::test]
async fn acceptances_end_by_the_clock_and_the_past_stays() {
    let house = shop().await;
    let before = list(&house, "status=all").await;
    let end = house.clock.now().plus(3_600_000);
    accept(&house, "ssh", Some(end)).await;
    assert_eq!(named(&list(&house, "status=accepted").await), set(&["false", "accepted", "ssh"]));
    let during = house.clock.now();
    house.clock.set(end);
    let open = list(&house, "").await;
    assert!(named(&open).contains("ssh"), "{open}");
    let row = open["items"].as_array().unwrap().iter().find(|row| row["rule_id"] == "CIS-AWS-5.2").unwrap();
    assert_eq!((&row["status"], &row["severity"]), (&json!("open"), &json!("HIGH")));
    let past = list(&house, &format!("status=accepted&as_of={during}")).await;
    assert_eq!(named(&past), set(&["false", "accepted", "ssh"]));
    let first = before["as_of"].as_str().unwrap();
    assert_eq!(list(&house, &format!("status=all&as_of={first}")).await, before);
    assert_eq!(list(&house, "status=all&as_of=2023-01-01").await["total"], 0);
}

/// CONTRACTS §5, errors: 400 BAD_REQUEST with the parameter's name; over the maximum is one too.
#[tokio::test]
async fn what_is_wrong_is_a_400_that_names_it() {
    let house = shop().await;
    let future = house.clock.now().plus(301_000);
    let named = list(&house, "").await["as_of"].as_str().unwrap().to_owned();
    let (at, seq) = named.split_once('~').unwrap();
    let beyond = format!("as_of={at}~{}", seq.parse::<u64>().unwrap() + 1);
    for (query, field) in [
        ("severity=URGENT", "severity"),
        ("status=needs_review", "status"),
        ("framework=%2F", "framework"),
        ("page=0", "page"),
        ("page=two", "page"),
        ("per_page=0", "per_page"),
        ("per_page=501", "per_page"),
        ("per_page=%00", "per_page"),
        ("sort=title", "sort"),
        ("as_of=now", "as_of"),
        (&format!("as_of={future}"), "as_of"),
        (&format!("as_of={future}~1"), "as_of"),
        (&beyond, "as_of"),
    ] {
        let answer = get(&house, &format!("/findings?{query}")).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{query}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{field}: ")), "{query}: {message}");
        assert_eq!(answer.body["error"]["details"], Value::Null);
    }
    // What the document does not name is nobody's mistake.
    assert_eq!(list(&house, "limit=0&cursor=x&foo").await["total"], 5);
}

#[tokio::test]
async fn a_tenant_without_findings_has_an_empty_page() {
    let house = House::new().await;
    let body = list(&house, "").await;
    let as_of = body["as_of"].as_str().unwrap().to_owned();
    assert_eq!((&body["items"], &body["total"], &body["total_pages"]), (&json!([]), &json!(0), &json!(0)));
    house.import(&house.acme.token, &[SHOP[0].asff("FAILED", "2023-11-02T00:00:00Z")]).await;
    assert_eq!(list(&house, &format!("as_of={as_of}")).await["total"], 0, "{as_of}");
    let theirs = house.ask(&house.beta.token, Method::GET, FINDINGS, &Value::Null).await;
    assert_eq!(theirs.error(), (404, "NOT_FOUND"));
}

/// DESIGN §4: a warm list of 100 rows takes at most 2 rounds, 5 requests and 80 units; so does any filter but `search`.
#[tokio::test]
async fn a_warm_list_is_cheap() {
    let house = House::new().await;
    for batch in 0..3 {
        let one = |n: u32| {
            let mut one = finding(&format!("f-{batch}-{n}"), "123456789012", "FAILED", "2023-11-02T00:00:00Z");
            one["Compliance"]["RelatedRequirements"] = json!(["CIS-3.0 5.2", "CIS-1.5 5.2"]);
            one
        };
        house.import(&house.acme.token, &(0..100).map(one).collect::<Vec<_>>()).await;
    }
    for path in ["findings", "findings/scored"] {
        for query in
            ["", "&framework=cis-aws&control_id=5.2", "&resource_type=aws.s3.bucket&severity=HIGH", "&sort=resource_id"]
        {
            let path = format!("/{path}?per_page=100{query}");
            assert_eq!(get(&house, &path).await.status, 200);
            house.meter.take();
            let body = get(&house, &path).await.body;
            let counts = house.meter.take();
            assert_eq!((body["items"].as_array().unwrap().len(), &body["total"]), (100, &json!(300)), "{path}");
            assert!(counts.rounds <= 2 && counts.total() <= 5 && counts.read_units <= 80.0, "{path}: {counts:?}");
        }
    }
}
