//! `GET /v1/cspm/checks` (CONTRACTS 4.2 and 4.3; the vendor's document of the endpoint).

use crate::bitdefender::{BASE, all, ask, assert_page_parameters_are_checked, fetch, finding, path_of, refused, walk};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use posture_shared::domain::Account;
use posture_tests::World;
use posture_tests::samples::{PRODUCT, patch};
use serde_json::{Value, json};

const GROUP: &str = "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1";

async fn named(world: &World, id: &str, name: Option<&str>, group: &str) {
    let (name, group) = (name.map(str::to_owned), group.to_owned());
    let account = Account { id: id.to_owned(), name, group, enabled: true, archived: false };
    world.app.writer.account_put(&world.ours.id, &account).await.unwrap();
}

async fn update(world: &World, id: &str, change: Value) {
    let mut body = json!({"FindingIdentifiers": [{"Id": id, "ProductArn": PRODUCT}]});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let answer = world.ask(&world.ours, &patch("/findings/batchupdate", &body.to_string())).await;
    assert_eq!(answer.json()["UnprocessedFindings"], json!([]), "{}", answer.body);
}

/// The titles of what a query finds, in order.
async fn titles(world: &World, query: &str) -> Vec<String> {
    let page = fetch(world, &format!("/v1/cspm/checks{query}")).await;
    all(&page, "/attributes/title").into_iter().map(str::to_owned).collect()
}

/// Findings `a` to `h`; each is called by its letter.
async fn world() -> World {
    let world = World::new().await;
    let titled = |id: &str, changes: &[(&str, Value)]| finding(id, &[changes, &[("/Title", json!(id))]].concat());
    let findings = [
        titled("a", &[]),
        titled("b", &[("/Compliance/Status", json!("PASSED")), ("/Severity/Label", json!("LOW"))]),
        titled(
            "c",
            &[
                ("/Resources/0", json!({"Type": "AwsAccount", "Id": "AWS::::Account:111111111111"})),
                ("/AwsAccountId", json!("111111111111")),
                ("/GeneratorId", json!("another-rule")),
                ("/Compliance/RelatedRequirements", json!(["NIST-800-53-Revision-5 cm_8_2"])),
                ("/Compliance/AssociatedStandards", Value::Null),
            ],
        ),
        titled(
            "d",
            &[
                ("/Resources/0", json!({"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::logs"})),
                ("/AwsAccountId", json!("222222222222")),
                ("/AwsAccountName", json!("Sandbox")),
                ("/Severity/Label", json!("CRITICAL")),
            ],
        ),
        titled("e", &[("/Compliance/Status", json!("NOT_AVAILABLE"))]),
        titled("f", &[("/RecordState", json!("ARCHIVED"))]),
        titled("g", &[("/Severity/Label", json!("INFORMATIONAL"))]),
        titled("h", &[("/Severity/Label", json!("MEDIUM"))]),
    ];
    world.import(&world.ours, &findings).await;
    world.import(&world.theirs, &[titled("theirs", &[])]).await;
    update(&world, "g", json!({"Workflow": {"Status": "SUPPRESSED"}})).await;
    update(&world, "h", json!({"Workflow": {"Status": "RESOLVED"}})).await;
    named(&world, "111111111111", Some("Prod"), "EU").await;
    world
}

/// The vendor's sample, member by member.
#[tokio::test]
async fn a_check_has_every_member() {
    let world = world().await;
    let page = fetch(&world, "/v1/cspm/checks?results=fail&severities=high&resources=").await;
    let check = &page["data"][0];
    let id = check["id"].as_str().unwrap();
    // DOC checks: `2023-12-31T17:08:45+00:00`. The clock runs on.
    let created = check["attributes"]["created_at"].as_str().unwrap();
    assert!(
        created.starts_with("2024-02-29T23:58:") && created.ends_with("+00:00") && created.len() == 25,
        "{created}"
    );
    assert_eq!(
        check["attributes"],
        json!({
            "resource_region": "eu-west-1", "resource_id": GROUP, "resource_name": "sg-1",
            "resource_type": "EC2 Security Group", "result": "fail", "severity": "high", "status": "open",
            "created_at": created, "scan_name": "123456789012", "scan_group_name": "default",
            "title": "a", "description": "Anybody can reach it.", "original_severity": "high",
        })
    );
    let related = &check["relationships"];
    for kind in ["scan", "scan_group", "rule"] {
        assert_eq!(related[kind]["data"]["type"], json!(kind));
        assert_eq!(related[kind]["data"]["id"].as_str().map(str::len), Some(36), "{kind}");
    }
    assert_eq!(related["rule"]["data"]["meta"], json!({"name": "open-port", "version": 7}), "a title a version");
    let meta = json!({"compliance_type": "system_compliance", "compliance_id": "pci-dss-3.2.1", "section_id": "1"});
    assert_eq!(related["controls"]["data"], json!([{"id": "1.3.2", "type": "control", "meta": meta}]));
    assert_eq!(check["type"], json!("check"));
    assert_eq!(check["links"], json!({"self": format!("{BASE}/v1/cspm/checks/{id}")}));
    assert_eq!(check.as_object().unwrap().len(), 5);
    let one = fetch(&world, &format!("/v1/cspm/checks/{id}")).await;
    assert_eq!(one, json!({"data": check}), "DOC checks: the detail has no links and no meta around it");
    let links =
        json!({"self": format!("{BASE}/v1/cspm/checks?results=fail&severities=high&page_limit=500"), "next": null});
    assert_eq!((&page["links"], &page["meta"]), (&links, &json!({"total": 2, "elapsed": 2})));
}

/// CONTRACTS 4.3: pass → status null, severity kept; account-level findings have no resource; DESIGN §2: findings that
/// are gone, or never had a verdict, are no checks.
#[tokio::test]
async fn passes_accounts_and_names() {
    let world = world().await;
    assert_eq!(titles(&world, "").await, ["a", "b", "c", "d", "g", "h"]);
    let page = fetch(&world, "/cspm/checks").await;
    let of = |place: usize| &page["data"][place]["attributes"];
    assert_eq!((&of(1)["result"], &of(1)["severity"], &of(1)["status"]), (&json!("pass"), &json!("low"), &Value::Null));
    assert_eq!((&of(2)["resource_id"], &of(2)["resource_name"]), (&Value::Null, &Value::Null));
    assert_eq!(of(2)["resource_region"], json!("eu-west-1"), "that of the finding, which has no resource here");
    assert_eq!(of(3)["resource_region"], json!("global"), "that of the ARN");
    assert_eq!(all(&page, "/attributes/scan_name")[2..4], ["Prod", "Sandbox"]);
    assert_eq!(all(&page, "/attributes/scan_group_name")[1..4], ["default", "EU", "default"]);
    assert_eq!(all(&page, "/attributes/status"), ["open", "null", "open", "open", "risk_accepted", "remediated"]);
    let control = &page["data"][2]["relationships"]["controls"]["data"][0];
    let meta =
        json!({"compliance_type": "system_compliance", "compliance_id": "nist-sp-800-53-r5", "section_id": "CM"});
    assert_eq!(control, &json!({"id": "CM-8(2)", "type": "control", "meta": meta}), "DOC checks, third sample");
}

/// DOC checks, Parameters.
#[tokio::test]
async fn every_filter_selects() {
    let world = world().await;
    let page = fetch(&world, "/v1/cspm/checks").await;
    let id = |place: usize, pointer: &str| page["data"][place].pointer(pointer).unwrap().as_str().unwrap();
    let (a, c) = (id(0, "/id"), id(2, "/id"));
    let related = |kind: &str, place: usize| id(place, &format!("/relationships/{kind}/data/id"));
    let group = GROUP.replace('/', "%2F");
    let cases = [
        (format!("id={a}"), "a"),
        (format!("id={a},{c}&id={}", c.to_uppercase()), "ac"),
        (format!("id={c}&results=pass"), ""),
        ("results=pass".to_owned(), "b"),
        ("results=fail".to_owned(), "acdgh"),
        ("results=fail,pass".to_owned(), "abcdgh"),
        ("results=".to_owned(), "abcdgh"),
        ("severities=low,critical".to_owned(), "bd"),
        ("severities=informational&severities=medium".to_owned(), "gh"),
        ("statuses=open".to_owned(), "acd"),
        ("statuses=risk_accepted,remediated".to_owned(), "gh"),
        ("statuses=false_positive,needs_review".to_owned(), ""),
        (format!("scans={}", related("scan", 2)), "c"),
        (format!("scans={},{}", related("scan", 2), related("scan", 3)), "cd"),
        (format!("scan_groups={}", related("scan_group", 2)), "c"),
        (format!("scan_groups={}", related("scan_group", 3)), "abdgh"),
        (format!("rules={}", related("rule", 2)), "c"),
        (format!("rules={},{}", related("rule", 2), related("rule", 0)), "abcdgh"),
        (format!("rules={}", related("scan", 2)), ""),
        (format!("resources={group}"), "abgh"),
        ("resources=arn:aws:s3:::logs,nothing".to_owned(), "d"),
        ("resource_types=EC2%20Security%20Group".to_owned(), "abgh"),
        ("resource_types=S3%20Bucket,aws.ec2.security_group".to_owned(), "abdgh"),
        ("resource_types=AwsS3Bucket".to_owned(), "d"),
        ("resource_types=Configuration+Recorder".to_owned(), ""),
        ("system_compliance=nist-sp-800-53-r5".to_owned(), "c"),
        ("system_compliance=nist-800-53".to_owned(), "c"),
        ("system_compliance=nist-sp-800-53-r4".to_owned(), ""),
        ("system_compliance=pci-dss-3.2.1,nist-sp-800-53-r5".to_owned(), "abcdgh"),
        ("system_compliance=pci-dss".to_owned(), "abdgh"),
        ("severities=high&resource_types=EC2+Security+Group&results=fail".to_owned(), "a"),
    ];
    for (query, expected) in cases {
        assert_eq!(titles(&world, &format!("?{query}")).await.concat(), expected, "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, "/v1/cspm/checks").await;
    for (query, parameter) in [
        ("results=unknown", "results"),
        ("severities=high,urgent", "severities"),
        ("statuses=closed", "statuses"),
        ("id=x", "id"),
        ("scans=123456789012", "scans"),
        ("scan_groups=default", "scan_groups"),
        ("rules=open-port", "rules"),
        ("system_compliance=%2F", "system_compliance"),
        ("filter_result=fail", "filter_result"),
        ("sort=severity", "sort"),
    ] {
        assert_eq!(refused(&world, &format!("/v1/cspm/checks?{query}")).await, (400, parameter.to_owned()), "{query}");
    }
}

/// CONTRACTS 4.2; DESIGN §3: a walk returns each row exactly once, whatever is written meanwhile.
#[tokio::test]
async fn a_walk_shows_each_row_once() {
    let world = World::new().await;
    let some = |from: u32, to: u32| (from..to).map(|n| finding(&format!("f-{n}"), &[])).collect::<Vec<_>>();
    world.import(&world.ours, &some(0, 7)).await;
    let writing = async |page: usize| {
        let page = u32::try_from(page).unwrap();
        let gone = [("/RecordState", json!("ARCHIVED")), ("/UpdatedAt", json!("2024-01-02T08:00:00Z"))];
        world.import(&world.ours, &some(10 * page, 10 * page + 3)).await;
        world.import(&world.ours, &[finding(&format!("f-{page}"), &gone)]).await;
    };
    let rows = walk(&world, "/v1/cspm/checks?severities=high&page_limit=3", writing).await;
    assert_eq!(rows.len(), 7);
    let rows = walk(&world, "/v1/cspm/checks?page_limit=3", async |_| {}).await;
    assert_eq!(rows.len(), 7 + 9 - 3);
}

/// DESIGN §3: which account is in which group is not in the log, so a walk over groups ends when that changes, rather
/// than repeat or miss rows.
#[tokio::test]
async fn a_walk_over_groups_ends_when_accounts_move() {
    let world = world().await;
    let page = fetch(&world, "/v1/cspm/checks").await;
    let group = page["data"][0]["relationships"]["scan_group"]["data"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/cspm/checks?scan_groups={group}&page_limit=2");
    let next = path_of(&fetch(&world, &path).await["links"]["next"]);
    assert_eq!(fetch(&world, &next).await["meta"]["elapsed"], json!(4));
    named(&world, "222222222222", None, "EU").await;
    assert_eq!(refused(&world, &next).await, (400, "page_cursor".to_owned()));
    let plain = path_of(&fetch(&world, "/v1/cspm/checks?page_limit=2").await["links"]["next"]);
    named(&world, "222222222222", None, "default").await;
    assert_eq!(fetch(&world, &plain).await["meta"]["elapsed"], json!(4), "what asks for no group goes on");
}

/// CONTRACTS 4.2: what a cursor decodes to. DESIGN §3: it is signed, for its tenant and its filters.
#[tokio::test]
async fn a_cursor_works_alone_and_for_its_filters_only() {
    let world = World::new().await;
    let findings: Vec<Value> = (0..5).map(|n| finding(&format!("f-{n}"), &[])).collect();
    world.import(&world.ours, &findings).await;
    world.import(&world.theirs, &findings).await;
    let first = fetch(&world, "/v1/cspm/checks?severities=critical,high&page_limit=2").await;
    let next = path_of(&first["links"]["next"]);
    let (filters, rest) = next.split_once("&page_cursor=").unwrap();
    assert_eq!(filters, "/v1/cspm/checks?severities=high%2Ccritical");
    let (cursor, limit) = rest.split_once('&').unwrap();
    assert_eq!(limit, "page_limit=2");
    let second = fetch(&world, &next).await;
    let decoded = STANDARD.decode(cursor.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/")).unwrap();
    let members: Value = serde_json::from_slice(&decoded).unwrap();
    assert_eq!(members["total"], json!(5));
    assert_eq!(members["elapsed"], json!(2));
    assert_eq!(members["next_begin_uid"], second["data"][0]["id"]);
    let until = members["no_later_than"].as_str().unwrap();
    assert!(until.starts_with("2024-02-29T23:58:") && until.len() == "2024-01-14T06:47:15.494040".len(), "{until}");
    assert_eq!(members.as_object().unwrap().len(), 5);

    // Alone, with the same filters in another order, with another page length, and without its padding.
    let with = |query: &str| format!("/v1/cspm/checks?page_cursor={cursor}{query}");
    for query in ["", "&severities=high,critical", "&severities=critical&severities=high", "&page_limit=2"] {
        let page = fetch(&world, &with(query)).await;
        assert_eq!(page["data"], second["data"], "{query}");
        assert_eq!(page["links"]["self"], second["links"]["self"], "{query}");
    }
    let longer = fetch(&world, &with("&page_limit=3")).await;
    assert_eq!((longer["data"].as_array().unwrap().len(), &longer["links"]["next"]), (3, &Value::Null));
    let unpadded = format!("/v1/cspm/checks?page_cursor={}", cursor.trim_end_matches("%3D"));
    assert_eq!(fetch(&world, &unpadded).await["data"], second["data"]);

    // Other filters, another list, another tenant.
    for query in ["&severities=high", "&severities=critical,high&results=fail", "&as_of=2024-02-29", "&results=pass"] {
        assert_eq!(refused(&world, &with(query)).await, (400, "page_cursor".to_owned()), "{query}");
    }
    let elsewhere = format!("/v1/cspm/rules?page_cursor={cursor}");
    assert_eq!(refused(&world, &elsewhere).await, (400, "page_cursor".to_owned()));
    let foreign = ask(&world, &world.theirs, &with("")).await;
    let nonsense = ask(&world, &world.theirs, "/v1/cspm/checks?page_cursor=nonsense").await;
    assert_eq!((foreign.status, &foreign.body), (nonsense.status, &nonsense.body));

    // Each of the five members changed, removed, or one more.
    let mut changed: Vec<Value> = Vec::new();
    for (name, value) in [
        ("total", json!(6)),
        ("total", json!("5")),
        ("elapsed", json!(0)),
        ("elapsed", json!(-1)),
        ("no_later_than", json!("2024-02-29T23:58:01.000001")),
        ("no_later_than", json!("2023-02-28T23:58:01.000000")),
        ("next_begin_uid", first["data"][0]["id"].clone()),
        ("sig", json!("x")),
        ("more", json!(1)),
    ] {
        changed.push(members.clone());
        changed.last_mut().unwrap()[name] = value;
    }
    for name in ["total", "elapsed", "no_later_than", "next_begin_uid", "sig"] {
        changed.push(members.clone());
        changed.last_mut().unwrap().as_object_mut().unwrap().remove(name);
    }
    for members in changed {
        let cursor = STANDARD.encode(members.to_string()).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let refused = refused(&world, &format!("/v1/cspm/checks?page_cursor={cursor}")).await;
        assert_eq!(refused, (400, "page_cursor".to_owned()), "{members}");
    }
}

/// A query that is too long to be carried is needed beside its cursor, as links have it.
#[tokio::test]
async fn a_long_query_stays_beside_its_cursor() {
    let world = World::new().await;
    world.import(&world.ours, &(0..3).map(|n| finding(&format!("f-{n}"), &[])).collect::<Vec<_>>()).await;
    let many: Vec<String> = (0..60).map(|n| format!("arn:aws:s3:::a-bucket-with-a-long-name-{n}")).collect();
    let many = format!("{},{}", GROUP.replace('/', "%2F"), many.join(","));
    let rows = walk(&world, &format!("/v1/cspm/checks?resources={many}&page_limit=1"), async |_| {}).await;
    assert_eq!(rows.len(), 3);
    let first = fetch(&world, &format!("/v1/cspm/checks?resources={many}&page_limit=1")).await;
    let next = path_of(&first["links"]["next"]);
    let (_, alone) = next.split_once("&page_cursor=").unwrap();
    assert_eq!(refused(&world, &format!("/v1/cspm/checks?page_cursor={alone}")).await, (400, "page_cursor".to_owned()));
    let other = format!("/v1/cspm/checks?resources={many}x&page_cursor={alone}");
    assert_eq!(refused(&world, &other).await, (400, "page_cursor".to_owned()));
}

/// DESIGN §3: as of a past instant; the version of a rule is the newest then (DOC checks, meta).
#[tokio::test]
async fn checks_of_the_past_are_as_they_were() {
    let world = World::new().await;
    world.import(&world.ours, &[finding("f-1", &[])]).await;
    let before = world.clock.now();
    world.clock.set(before.plus(60_000));
    let passed = [
        ("/Compliance/Status", json!("PASSED")),
        ("/Title", json!("Another")),
        ("/UpdatedAt", json!("2024-01-02T08:00:00Z")),
    ];
    world.import(&world.ours, &[finding("f-1", &passed), finding("f-2", &[])]).await;
    let now = fetch(&world, "/v1/cspm/checks").await;
    assert_eq!(all(&now, "/attributes/result"), ["pass", "fail"]);
    let version = "/relationships/rule/data/meta/version";
    let versions: Vec<&Value> =
        now["data"].as_array().unwrap().iter().map(|row| row.pointer(version).unwrap()).collect();
    assert_eq!(versions, [&json!(2), &json!(2)], "the newest version of the rule, not of the finding");
    let as_of = format!("as_of={}", before.to_string().replace(':', "%3A"));
    let then = fetch(&world, &format!("/v1/cspm/checks?{as_of}")).await;
    assert_eq!(all(&then, "/attributes/result"), ["fail"]);
    assert_eq!(then["data"][0].pointer(version), Some(&json!(1)));
    assert_eq!(then["links"]["self"], json!(format!("{BASE}/v1/cspm/checks?page_limit=500&{as_of}")));
}
