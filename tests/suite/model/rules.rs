//! Numbers of rule versions: one content has one number, whoever writes, and a finding keeps the number that it was
//! judged by (DESIGN §3, Rules of imported findings).

use super::findings::{day, finding, key};
use super::table::Table;
use super::world::World;
use posture_shared::domain::asff::Update;
use posture_shared::domain::rule::Rule;
use posture_shared::domain::{FindingKey, Outcome};
use posture_shared::ledger::{When, Writer};
use posture_shared::operations::{get_finding, import_findings, update_findings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn titled(n: u32, on: u32, title: &str) -> Value {
    let mut finding = finding(&key(0, n), &day(on));
    finding["Title"] = title.into();
    finding
}

async fn version(world: &World, reader: &Writer, key: &FindingKey) -> u32 {
    get_finding(reader, &world.tenant, key, When::Now).await.unwrap().unwrap().finding.standing.rule_version
}

#[tokio::test]
async fn versions_are_numbered_in_the_order_of_the_log() {
    let world = World::new().await;
    let writer = world.writer();
    let first = [titled(0, 1, "old"), titled(1, 1, "old"), titled(2, 1, "new")];
    import_findings(&writer, &world.caller(), &first).await.unwrap();
    let versions = async |reader: &Writer| {
        let mut versions = Vec::new();
        for n in 0..3 {
            versions.push(version(&world, reader, &key(0, n)).await);
        }
        versions
    };
    assert_eq!(versions(&writer).await, [1, 1, 2]);
    // Another process knows nothing and gives the same numbers; what is new comes behind.
    let other = world.writer();
    let second = [titled(0, 2, "new"), titled(1, 2, "newer")];
    import_findings(&other, &world.caller(), &second).await.unwrap();
    assert_eq!(versions(&writer).await, [2, 3, 2]);
    // The first process remembers an older list, and looks again.
    import_findings(&writer, &world.caller(), &[titled(2, 3, "newest"), titled(0, 3, "old")]).await.unwrap();
    assert_eq!(versions(&other).await, [1, 3, 4]);
    // What a customer writes moves no number.
    let note = Update::parse(json!({"Severity": {"Label": "LOW"}}).as_object().unwrap()).unwrap();
    update_findings(&writer, &world.caller(), vec![key(0, 1)], note).await.unwrap();
    assert_eq!(versions(&other).await, [1, 3, 4]);
    Table::read(&world).await.audit(&world, &writer).await;
}

/// "unchanged imports read and write nothing" but findings; a verdict that changes moves no rule.
#[tokio::test]
async fn rules_are_looked_up_only_when_what_they_say_is_new() {
    let world = World::new().await;
    let sent: Vec<Value> = (0..20).map(|n| titled(n, 1, ["a", "b"][n as usize % 2])).collect();
    import_findings(&world.writer(), &world.caller(), &sent).await.unwrap();
    let counted = async |findings: &[Value], outcome: Outcome| {
        let (writer, meter) = world.watched();
        let outcomes = import_findings(&writer, &world.caller(), findings).await.unwrap();
        assert!(outcomes.iter().all(|told| *told == outcome), "{outcomes:?}");
        let rules = meter.take().kind("rule");
        (rules.asked, rules.written)
    };
    assert_eq!(counted(&sent, Outcome::Unchanged).await, (0, 0), "to the letter");
    let later: Vec<Value> = (0..20).map(|n| titled(n, 2, ["a", "b"][n as usize % 2])).collect();
    assert_eq!(counted(&later, Outcome::Unchanged).await, (0, 0), "newer timestamps");
    let mut passed: Vec<Value> = (0..20).map(|n| titled(n, 3, ["a", "b"][n as usize % 2])).collect();
    passed.iter_mut().for_each(|finding| finding["Compliance"]["Status"] = "PASSED".into());
    assert_eq!(counted(&passed, Outcome::Changed).await, (0, 0), "another verdict");
    let new: Vec<Value> = (20..40).map(|n| titled(n, 2, "a")).collect();
    assert_eq!(counted(&new, Outcome::Created).await, (1, 0), "new findings by a known rule, in a cold process");
    let said = [titled(40, 2, "a"), titled(41, 2, "c"), titled(42, 2, "d")];
    assert_eq!(counted(&said, Outcome::Created).await, (1, 1), "one list for two new contents");
}

/// Two writers cannot give one number to two contents, nor two numbers to one.
#[tokio::test]
async fn writers_that_race_agree_on_numbers() {
    let world = World::new().await;
    let mut running = tokio::task::JoinSet::new();
    for who in 0..4_u32 {
        let (writer, caller) = (world.writer(), world.caller());
        running.spawn(async move {
            for round in 0..4_u32 {
                let title = format!("as of round {}", (round + who) % 5);
                let sent = [titled(who, 1 + round, &title), titled(10 + who * 4 + round, 1, &title)];
                while import_findings(&writer, &caller, &sent).await.is_err() {}
            }
        });
    }
    running.join_all().await;
    let table = Table::read(&world).await;
    table.audit(&world, &world.writer()).await;
    let mut numbers: BTreeMap<u32, String> = BTreeMap::new();
    for document in table.documents.values() {
        let finding = document.finding().unwrap();
        let digest = Rule::of(&finding).digest;
        let known = numbers.entry(finding.standing.rule_version).or_insert_with(|| digest.clone());
        assert_eq!(*known, digest, "one number, two contents");
    }
    assert!(numbers.keys().copied().eq(1..=5), "{numbers:?}");
}

/// A producer that names the resource in every title does not make a list without an end.
#[tokio::test]
async fn a_rule_has_at_most_a_hundred_versions() {
    let world = World::new().await;
    let writer = world.writer();
    let sent: Vec<Value> = (0..130).map(|n| titled(n, 1, &format!("title {n}"))).collect();
    for chunk in sent.chunks(100) {
        import_findings(&writer, &world.caller(), chunk).await.unwrap();
    }
    for (n, expected) in [(0, 1), (98, 99), (99, 100), (100, 100), (129, 100)] {
        assert_eq!(version(&world, &writer, &key(0, n)).await, expected, "finding {n}");
    }
    let outcomes = import_findings(&world.writer(), &world.caller(), &[titled(200, 1, "another")]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Created]);
    assert_eq!(version(&world, &writer, &key(0, 200)).await, 100);
}
