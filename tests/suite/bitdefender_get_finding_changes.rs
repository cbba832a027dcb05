//! `GET /v1/cspm/finding_changes` (CONTRACTS 4.1; the vendor's document of the endpoint).

use crate::bitdefender::{BASE, all, ask, assert_page_parameters_are_checked, fetch, finding, refused, walk};
use posture_tests::World;
use serde_json::{Value, json};

const PATH: &str = "/v1/cspm/finding_changes";
/// The day of the deployment's clock, and the day after.
const DAY: &str = "2024-02-29";
const NEXT_DAY: &str = "2024-03-01";

fn updated(id: &str, day: u32, changes: &[(&str, Value)]) -> Value {
    finding(id, &[changes, &[("/UpdatedAt", json!(format!("2024-01-{day:02}T08:00:00Z")))]].concat())
}

/// One finding for each reason, before and after midnight.
async fn world() -> World {
    let world = World::new().await;
    let pass = ("/Compliance/Status", json!("PASSED"));
    let gone = ("/RecordState", json!("ARCHIVED"));
    let medium = ("/Severity/Label", json!("MEDIUM"));
    let low = ("/Severity/Label", json!("LOW"));
    let before = [
        updated("to-fail", 1, std::slice::from_ref(&pass)),
        updated("to-pass", 1, std::slice::from_ref(&medium)),
        updated("vanishes", 1, &[medium]),
        updated("returns", 1, std::slice::from_ref(&gone)),
        updated("worse", 1, std::slice::from_ref(&low)),
        updated("same", 1, &[]),
        updated("stays-passed", 1, std::slice::from_ref(&pass)),
    ];
    world.import(&world.ours, &before).await;
    world.clock.set(world.clock.now().plus(3_600_000));
    let after = [
        updated("first", 2, &[low]),
        updated("to-fail", 2, &[]),
        updated("to-pass", 2, std::slice::from_ref(&pass)),
        updated("vanishes", 2, &[gone]),
        updated("returns", 2, &[]),
        updated("worse", 2, &[]),
        updated("same", 2, &[("/Description", json!("another text"))]),
        updated("stays-passed", 2, &[pass]),
    ];
    world.import(&world.ours, &after).await;
    world
}

/// The rows of CONTRACTS 4.1, observed and suggested: type, reason, and both states.
#[tokio::test]
async fn every_reason_has_its_row() {
    let world = world().await;
    let fail = |severity: &str| json!(["fail", severity, "open"]);
    let nothing = json!([null, null, null]);
    let passed = json!(["pass", null, null]);
    let expected = [
        ("new", "pass_to_fail", fail("high"), passed.clone()),
        ("resolved", "fail_to_pass", passed, fail("medium")),
        ("resolved", "disappeared", nothing.clone(), fail("medium")),
        ("new", "reappeared", fail("high"), nothing.clone()),
        ("modified", "severity_changed", fail("high"), fail("low")),
        ("new", "first_seen", fail("low"), nothing),
    ];
    for kind in ["new", "resolved", "modified"] {
        let page = fetch(&world, &format!("{PATH}?type={kind}&from_date={NEXT_DAY}")).await;
        let rows = page["data"].as_array().unwrap();
        let shown = rows.iter().map(|row| {
            let of = |prefix: &str| {
                let members =
                    ["result", "severity", "status"].map(|name| &row["attributes"][format!("{prefix}_{name}")]);
                json!(members)
            };
            let text = |name: &str| row["attributes"][name].as_str().unwrap();
            (text("change_type"), text("change_reason"), of("change"), of("previous"))
        });
        let wanted: Vec<_> = expected.iter().filter(|(wanted, ..)| *wanted == kind).cloned().collect();
        assert_eq!(shown.collect::<Vec<_>>(), wanted, "{kind}");
        assert_eq!(page["meta"], json!({"total": wanted.len(), "elapsed": wanted.len()}), "{kind}");
        assert_eq!(page["links"]["next"], Value::Null);
    }
}

/// DOC finding-changes, Response: every member, and no other.
#[tokio::test]
async fn a_change_has_every_member() {
    let world = world().await;
    let page = fetch(&world, &format!("{PATH}?type=resolved&from_date={NEXT_DAY}T00:00:00.000Z")).await;
    let row = &page["data"][0];
    assert_eq!(
        row["attributes"],
        json!({
            "title": "Port open on day 1", "description": "Anybody can reach it.", "resource_region": "eu-west-1",
            "resource_id": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1", "resource_name": "sg-1",
            "resource_type": "EC2 Security Group", "change_type": "resolved", "change_reason": "fail_to_pass",
            "changed_at": row["attributes"]["changed_at"], "change_result": "pass", "change_severity": null,
            "change_status": null, "previous_result": "fail", "previous_severity": "medium",
            "previous_status": "open", "original_severity": "medium", "scan_name": "123456789012",
            "scan_group_name": "default",
        })
    );
    let at = row["attributes"]["changed_at"].as_str().unwrap();
    assert!(at.starts_with("2024-03-01T00:58:") && at.ends_with("+00:00") && at.len() == 25, "{at}");
    assert_eq!(row["type"], json!("finding_change"));
    let members: Vec<&String> = row.as_object().unwrap().keys().collect();
    assert_eq!(members, ["attributes", "id", "relationships", "type"], "CONTRACTS 4.1: no links of its own");
    let related = row["relationships"].as_object().unwrap();
    assert_eq!(related.keys().collect::<Vec<_>>(), ["check", "rule", "scan", "scan_group"]);
    for (kind, related) in related {
        assert_eq!(related["data"]["type"], json!(kind));
        assert_eq!(related["data"].as_object().unwrap().len(), 2, "{kind}");
    }
    let check = related["check"]["data"]["id"].as_str().unwrap();
    let found = fetch(&world, &format!("/v1/cspm/checks/{check}")).await;
    for kind in ["scan", "scan_group", "rule"] {
        assert_eq!(found["data"]["relationships"][kind]["data"]["id"], related[kind]["data"]["id"], "{kind}");
    }
    assert_eq!(
        page["links"]["self"],
        json!(format!("{BASE}{PATH}?from_date=2024-03-01T00%3A00%3A00&type=resolved&page_limit=300"))
    );
    // The same change has the same id in every window.
    let wider = fetch(&world, &format!("{PATH}?type=resolved&from_date={NEXT_DAY}T00:30:00&to_date=2024-03-02")).await;
    assert_eq!(wider["data"][0]["id"], row["id"]);
}

#[tokio::test]
async fn windows_and_filters_select() {
    let world = world().await;
    let rows = fetch(&world, &format!("{PATH}?type=new&from_date={NEXT_DAY}")).await;
    let related = |kind: &str| rows["data"][0]["relationships"][kind]["data"]["id"].as_str().unwrap().to_owned();
    let uid = "00000000-0000-8000-8000-000000000000";
    let sg = "arn:aws:ec2:eu-west-1:123456789012:security-group%2Fsg-1";
    for (query, total) in [
        (format!("type=new&from_date={DAY}"), 5),
        (format!("type=NEW&from_date={DAY}&to_date={NEXT_DAY}"), 4),
        (format!("type=resolved&from_date={DAY}"), 0),
        (format!("type=new&from_date={NEXT_DAY}&to_date=2024-03-01T00:30:00%2B00:00"), 0),
        (format!("type=new&from_date={NEXT_DAY}&to_date=2999-01-01"), 3),
        (format!("type=new&from_date={NEXT_DAY}&severities=low"), 1),
        (format!("type=new&from_date={NEXT_DAY}&severities=high,critical"), 2),
        (format!("type=resolved&from_date={NEXT_DAY}&severities=medium"), 2),
        (format!("type=resolved&from_date={NEXT_DAY}&severities=high"), 0),
        (format!("type=modified&from_date={NEXT_DAY}&severities=high"), 1),
        (format!("type=new&from_date={NEXT_DAY}&scans={}", related("scan")), 3),
        (format!("type=new&from_date={NEXT_DAY}&scan_groups={}", related("scan_group")), 3),
        (format!("type=new&from_date={NEXT_DAY}&rules={},{uid}", related("rule")), 3),
        (format!("type=new&from_date={NEXT_DAY}&rules={uid}"), 0),
        (format!("type=new&from_date={NEXT_DAY}&scans={uid}"), 0),
        (format!("type=new&from_date={NEXT_DAY}&scan_groups={uid}"), 0),
        (format!("type=new&from_date={NEXT_DAY}&resources={sg}"), 3),
        (format!("type=new&from_date={NEXT_DAY}&resources=other"), 0),
        (format!("type=new&from_date={NEXT_DAY}&system_compliance=pci-dss"), 3),
        (format!("type=new&from_date={NEXT_DAY}&system_compliance=cis-aws"), 0),
        (format!("type=new&from_date={DAY}&as_of={NEXT_DAY}"), 4),
        (format!("type=new&from_date={DAY}&as_of=2024-03-01T00:30:00&to_date={NEXT_DAY}"), 4),
        // More than 90 days ago: CONTRACTS 4.1 says that the vendor refuses, we answer.
        ("type=new&from_date=2020-01-01".to_owned(), 5),
    ] {
        let page = fetch(&world, &format!("{PATH}?{query}")).await;
        assert_eq!(page["meta"]["total"], json!(total), "{query}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let world = World::new().await;
    assert_page_parameters_are_checked(&world, &format!("{PATH}?type=new&from_date={DAY}")).await;
    for (query, parameter) in [
        ("", "type"),
        ("from_date=2024-01-01", "type"),
        ("type=new", "from_date"),
        ("type=new&from_date=", "from_date"),
        ("type=fixed&from_date=2024-01-01", "type"),
        ("type=new,resolved&from_date=2024-01-01", "type"),
        ("type=new&from_date=yesterday", "from_date"),
        ("type=new&from_date=2024-13-01", "from_date"),
        ("type=new&from_date=2024-01-02&to_date=2024-01-01", "from_date"),
        ("type=new&from_date=2024-01-02&as_of=2024-01-01", "from_date"),
        ("type=new&from_date=2999-01-01", "from_date"),
        ("type=new&from_date=2024-01-01&to_date=tomorrow", "to_date"),
        ("type=new&from_date=2024-01-01&severities=urgent", "severities"),
        ("type=new&from_date=2024-01-01&rules=x", "rules"),
        ("type=new&from_date=2024-01-01&results=fail", "results"),
    ] {
        assert_eq!(refused(&world, &format!("{PATH}?{query}")).await, (400, parameter.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn a_walk_shows_each_change_once() {
    let world = world().await;
    let path = format!("{PATH}?type=new&from_date={DAY}&page_limit=2&severities=high,low,medium");
    let writing = async |page: usize| {
        world.import(&world.ours, &[updated(&format!("more-{page}"), 3, &[])]).await;
        world
            .import(
                &world.ours,
                &[updated("same", 3 + u32::try_from(page).unwrap(), &[("/RecordState", json!("ARCHIVED"))])],
            )
            .await;
    };
    let rows = walk(&world, &path, writing).await;
    assert_eq!(rows.len(), 5);
    let page = fetch(&world, &path).await;
    let next = crate::bitdefender::path_of(&page["links"]["next"]);
    assert!(next.starts_with("/v1/cspm/finding_changes?from_date=2024-02-29T00%3A00%3A00&type=new&severities=low%2Cmedium%2Chigh&page_cursor="), "{next}");
    assert!(next.ends_with("&page_limit=2"), "{next}");
    let cursor = next.split_once("page_cursor=").unwrap().1.split('&').next().unwrap();
    let alone = fetch(&world, &format!("{PATH}?page_cursor={cursor}")).await;
    assert_eq!(alone["data"], fetch(&world, &next).await["data"], "a cursor alone");
    let foreign = ask(&world, &world.theirs, &format!("{PATH}?page_cursor={cursor}")).await;
    assert_eq!(foreign.status, 400);
    assert_eq!(all(&page, "/type"), ["finding_change", "finding_change"]);
}
