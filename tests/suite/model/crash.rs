//! A crash between any two storage calls leaves whole commits only, and sending the request again completes it
//! (DESIGN §3, Commits).

use super::findings::{day, finding, key};
use super::run::everything;
use super::table::{self, Table};
use super::world::World;
use posture_local::faults::Fault;
use posture_shared::domain::asff::Update;
use posture_shared::domain::json::canonical;
use posture_shared::domain::{Error, Family, FindingKey, Outcome, Snapshot};
use posture_shared::ledger::{Found, Need, When, Writer};
use posture_shared::operations::{get_findings, import_findings, import_snapshots, update_findings};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request of several commits.
#[derive(Debug, Clone, Copy)]
enum Request {
    /// 60 findings: 40 new ones, 10 that changed, 10 that did not.
    Import,
    /// 35 snapshots: each has two steps and so two commits.
    Snapshots,
    /// An update of 60 findings that are there, one of them twice.
    Update,
}

/// What was there before.
fn known() -> Vec<Value> {
    (0..60).map(|n| finding(&key(1, n), &day(1))).chain((0..20).map(|n| finding(&key(0, n), &day(1)))).collect()
}

async fn send(world: &World, writer: &Writer, request: Request) -> Result<Vec<Outcome>, Error> {
    match request {
        Request::Import => {
            let sent: Vec<Value> = (0..60).map(|n| finding(&key(0, n), &day(if n < 10 { 1 } else { 2 }))).collect();
            let changed = |(n, mut finding): (usize, Value)| {
                if (10..20).contains(&n) {
                    finding["Severity"]["Label"] = "LOW".into();
                }
                finding
            };
            let sent: Vec<Value> = sent.into_iter().enumerate().map(changed).collect();
            import_findings(writer, &world.caller(), &sent).await
        }
        Request::Snapshots => {
            let shot = |n: u32| {
                let mut finding = finding(&key(0, n), &day(3));
                finding["Workflow"] = json!({ "Status": "SUPPRESSED" });
                finding["Title"] = "As the hub has it".into();
                Snapshot { finding, time: Some(day(4)) }
            };
            let shots: Vec<Snapshot> = (0..35).map(shot).collect();
            import_snapshots(writer, &world.tenant, None, &shots).await.map(|imported| imported.outcomes)
        }
        Request::Update => {
            let keys: Vec<FindingKey> = (0..60).chain([0]).map(|n| key(1, n)).collect();
            let update = json!({ "Workflow": { "Status": "NOTIFIED" }, "Types": ["Effects/Data Exposure"] });
            let update = Update::parse(update.as_object().unwrap()).unwrap();
            update_findings(writer, &world.caller(), keys, update).await
        }
    }
}

/// A ledger in which something is known already, and a writer that has not looked at it yet.
async fn prepared() -> (World, Writer) {
    let world = World::new().await;
    import_findings(&world.writer(), &world.caller(), &known()).await.unwrap();
    let writer = world.writer();
    (world, writer)
}

async fn undisturbed(request: Request) -> State {
    let (world, writer) = prepared().await;
    send(&world, &writer, request).await.unwrap();
    state(&world, &writer).await
}

/// What a ledger holds and what it answers, but for instants and ordinals; and that there are whole commits only.
type State = (BTreeMap<FindingKey, Vec<String>>, BTreeMap<FindingKey, String>);

async fn state(world: &World, reader: &Writer) -> State {
    let table = Table::read(world).await;
    table.audit(world, reader).await;
    (table.timeless(), answers(world, reader).await)
}

/// What is answered about every finding.
async fn answers(world: &World, reader: &Writer) -> BTreeMap<FindingKey, String> {
    let mut query = everything(100);
    let mut answers = BTreeMap::new();
    loop {
        let page = get_findings(reader, &world.tenant, &query).await.unwrap();
        let text = |found: &Found| (found.finding.key(), canonical(&Value::Object(found.finding.asff.clone())));
        answers.extend(page.findings.iter().map(text));
        query.token = page.next;
        if query.token.is_none() {
            assert_eq!(answers.len(), page.total as usize);
            return answers;
        }
    }
}

/// Crashes before or after every storage call of a request in turn.
async fn crash_everywhere(request: Request) {
    let expected = undisturbed(request).await;
    for crash in [Fault::CrashBefore as fn(u64) -> Fault, Fault::CrashAfter] {
        let mut partial = 0;
        for place in 1.. {
            let (world, writer) = prepared().await;
            let before = Table::read(&world).await.log.len();
            world.faults.plan(crash(place));
            let first = send(&world, &writer, request).await;
            let finished = world.faults.seen() < place;
            world.faults.plan(Fault::None);
            drop(writer);

            let fresh = world.writer();
            let table = Table::read(&world).await;
            table.audit(&world, &fresh).await;
            let again = send(&world, &fresh, request).await.unwrap();
            let after = Table::read(&world).await;
            let (done, whole) = (table.log.len() - before, after.log.len() - before);
            partial += usize::from(done > 0 && done < whole);
            if first.is_ok() {
                assert_eq!(done, whole, "an answered request was not durable, {request:?} at {place}");
                assert!(
                    again.iter().all(|outcome| *outcome == Outcome::Unchanged),
                    "{request:?} at {place}: {again:?}"
                );
            }
            assert!(state(&world, &fresh).await == expected, "{request:?} at {place}: another state than undisturbed");
            if finished {
                break;
            }
        }
        assert!(partial > 0, "{request:?}: no crash came between two commits");
    }
}

#[tokio::test]
async fn an_import_that_crashes_anywhere_is_completed_by_sending_it_again() {
    crash_everywhere(Request::Import).await;
}

#[tokio::test]
async fn snapshots_that_crash_anywhere_are_completed_by_sending_them_again() {
    crash_everywhere(Request::Snapshots).await;
}

#[tokio::test]
async fn an_update_that_crashes_anywhere_is_completed_by_sending_it_again() {
    crash_everywhere(Request::Update).await;
}

/// One call goes wrong and the process lives on: the same writer, with what it remembers, completes the request.
#[tokio::test]
async fn a_single_failure_anywhere_is_survived_by_the_same_writer() {
    let expected = undisturbed(Request::Import).await;
    for fault in [Fault::Before as fn(u64) -> Fault, Fault::After] {
        for place in 1.. {
            let (world, writer) = prepared().await;
            world.faults.plan(fault(place));
            let first = send(&world, &writer, Request::Import).await;
            let finished = world.faults.seen() < place;
            world.faults.plan(Fault::None);
            if first.is_err() {
                send(&world, &writer, Request::Import).await.unwrap();
            }
            assert!(state(&world, &writer).await == expected, "call {place}: another state than undisturbed");
            if finished {
                break;
            }
        }
    }
}

/// Folds and rebuilds are derived: however they end, answers are the same.
#[tokio::test]
async fn a_fold_or_rebuild_that_crashes_anywhere_changes_no_answer() {
    for rebuild in [false, true] {
        for place in 1.. {
            let (world, writer) = prepared().await;
            writer.fold(&world.tenant).await.unwrap();
            send(&world, &writer, Request::Import).await.unwrap();
            let expected = answers(&world, &writer).await;
            world.faults.plan(Fault::CrashAfter(place));
            let ended = if rebuild { writer.rebuild(&world.tenant).await } else { writer.fold(&world.tenant).await };
            let finished = world.faults.seen() < place;
            world.faults.plan(Fault::None);
            assert!(answers(&world, &writer).await == expected, "warm, after {ended:?} at {place}");
            let fresh = world.writer();
            assert!(answers(&world, &fresh).await == expected, "cold, after {ended:?} at {place}");
            fresh.fold(&world.tenant).await.unwrap();
            assert!(answers(&world, &world.writer()).await == expected, "folded again, after {place}");
            if finished {
                break;
            }
        }
    }
}

/// "A reader that misses a segment falls back to the last checkpoint" (DESIGN §3): whichever of the items that may
/// expire are gone, and however much of them a reader has loaded already, answers are the same.
#[tokio::test]
async fn an_index_that_expires_in_part_changes_no_answer() {
    let (world, writer) = prepared().await;
    let client = table::client(&world);
    writer.fold(&world.tenant).await.unwrap();
    assert_eq!(table::perish(&client, 0).await, 0, "the first fold is a checkpoint");
    send(&world, &writer, Request::Import).await.unwrap();
    writer.fold(&world.tenant).await.unwrap();
    send(&world, &writer, Request::Update).await.unwrap();
    let expected = answers(&world, &writer).await;
    let mortal = table::perish(&client, 0).await;
    assert!(mortal > 5, "five families and a manifest: {mortal}");
    for left in (1..=mortal).rev() {
        let fresh = world.writer();
        let some = Need::all([Family::Times]);
        let view = fresh.view(&world.tenant, When::Now, &some).await.unwrap();
        assert_eq!(table::perish(&client, 1).await, left, "one less each time");
        assert!(answers(&world, &fresh).await == expected, "warm in part, with {left} left");
        assert!(answers(&world, &world.writer()).await == expected, "cold, with {left} left");
        let past = When::At(view.at);
        assert_eq!(fresh.view(&world.tenant, past, &Need::all(Family::ALL)).await.unwrap().seq, view.seq);
    }
    assert!(answers(&world, &writer).await == expected, "warm");
    world.writer().fold(&world.tenant).await.unwrap();
    assert!(answers(&world, &world.writer()).await == expected, "folded again");
}
