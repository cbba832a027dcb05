//! Several writers at once lose nothing: commits are compare-and-set, and the loser of a race decides again
//! (DESIGN §3, Commits).

use super::dump::dump;
use super::findings::{day, finding, key};
use super::table::Table;
use super::world::World;
use posture_local::faults::Fault;
use posture_shared::domain::asff::Update;
use posture_shared::domain::json::text_at;
use posture_shared::domain::{Caller, Error, Ordinal, Outcome, Snapshot, Source};
use posture_shared::ledger::Writer;
use posture_shared::operations::{import_findings, import_snapshots, update_findings};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;

/// Findings that all writers send.
const FINDINGS: u32 = 70;
/// Findings of one batch: more than fit into one commit.
const BATCH: u32 = 60;
/// Requests per writer.
const ROUNDS: u32 = 4;

/// What a writer was told.
#[derive(Debug, Default)]
struct Told {
    created: usize,
    changed: usize,
    updated: usize,
}

/// The day of a writer's nth import: no two are alike, and writers take turns in being the newest.
fn day_of(writer: u32, writers: u32, round: u32) -> u32 {
    1 + round * writers + (writer * 5 + round * 3) % writers
}

fn batch(writer: u32, writers: u32, round: u32) -> Vec<Value> {
    let updated = day(day_of(writer, writers, round));
    let numbers = (0..BATCH).map(|n| (n * 7 + writer * 13 + round * 29) % FINDINGS);
    let sent = numbers.map(|n| {
        let mut finding = finding(&key(0, n), &updated);
        finding["Title"] = format!("As writer {writer} saw it in round {round}").into();
        finding
    });
    sent.collect()
}

/// Sends until it is answered with something else than "too many requests".
async fn insist<F>(mut send: impl FnMut() -> F) -> Vec<Outcome>
where
    F: Future<Output = Result<Vec<Outcome>, Error>>,
{
    for _ in 0..200 {
        match send().await {
            Err(Error::Throttled { .. }) => tokio::time::sleep(Duration::from_millis(20)).await,
            answer => return answer.unwrap(),
        }
    }
    panic!("still too many requests after 200 attempts");
}

async fn write(writer: Writer, caller: Caller, number: u32, writers: u32) -> Told {
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let sent = batch(number, writers, round);
        // A request that was throttled may have been carried out in part; its outcomes are those of the log.
        for outcome in insist(|| import_findings(&writer, &caller, &sent)).await {
            match outcome {
                Outcome::Created => told.created += 1,
                Outcome::Changed => told.changed += 1,
                Outcome::Unchanged => {}
                Outcome::Rejected(rejection) => panic!("{rejection:?}"),
            }
        }
        let note = json!({ "Note": { "Text": format!("round {round}"), "UpdatedBy": caller.key_name } });
        let note = Update::parse(note.as_object().unwrap()).unwrap();
        let keys = vec![key(0, (number * 13 + round * 29) % FINDINGS)];
        let outcomes = insist(|| update_findings(&writer, &caller, keys.clone(), note.clone())).await;
        assert_eq!(outcomes, [Outcome::Changed], "every note is another one");
        told.updated += 1;
    }
    told
}

async fn race(writers: u32) {
    let world = World::new().await;
    let mut running = JoinSet::new();
    for number in 0..writers {
        let caller = Caller { key_name: format!("writer-{number}"), ..world.caller() };
        running.spawn(write(world.writer(), caller, number, writers));
    }
    let told = running.join_all().await;

    let reader = world.writer();
    let table = Table::read(&world).await;
    table.audit(&world, &reader).await;
    let mut newest: BTreeMap<u32, u32> = BTreeMap::new();
    for (number, round) in (0..writers).flat_map(|number| (0..ROUNDS).map(move |round| (number, round))) {
        for n in (0..BATCH).map(|n| (n * 7 + number * 13 + round * 29) % FINDINGS) {
            let newest = newest.entry(n).or_default();
            *newest = (*newest).max(day_of(number, writers, round));
        }
    }
    let state = dump(&world, &reader).await;
    assert_eq!(state.len(), newest.len());
    for (n, updated) in newest {
        let asff: Value = serde_json::from_str(&state[&key(0, n)].asff).unwrap();
        assert_eq!(text_at(asff.as_object().unwrap(), "UpdatedAt"), Some(day(updated).as_str()), "finding {n}");
    }

    // The documents in their order are a serial order: each import is newer than the one before.
    let mut imports = 0;
    let mut notes = BTreeSet::new();
    let mut written = 0;
    for ordinal in 0..u32::try_from(state.len()).unwrap() {
        let mut before = String::new();
        for document in reader.documents_of(&world.tenant, Ordinal(ordinal)).await.unwrap() {
            written += 1;
            let asff = document.finding().unwrap().asff;
            let updated = text_at(&asff, "UpdatedAt").unwrap().to_owned();
            if document.actor.source == Source::Import {
                imports += 1;
                assert!(updated > before, "finding {ordinal} went back from {before} to {updated}");
            } else {
                assert_eq!(updated, before, "an update moved UpdatedAt");
                notes.insert((document.actor.identity, text_at(&asff, "Note.Text").unwrap().to_owned()));
            }
            before = updated;
        }
    }
    assert_eq!(written, table.documents.len());
    assert_eq!(notes.len(), told.iter().map(|told| told.updated).sum::<usize>(), "a note was lost");
    let acknowledged: usize = told.iter().map(|told| told.created + told.changed).sum();
    assert!(acknowledged <= imports, "{acknowledged} imports acknowledged, {imports} in the ledger");
    assert!(told.iter().map(|told| told.created).sum::<usize>() <= state.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_lose_nothing() {
    race(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_lose_nothing() {
    race(8).await;
}

/// Whatever waits while a commit is on its way goes into the next one (DESIGN §3: "In one process a writer per tenant
/// merges waiting commits").
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_imports_of_one_finding_share_a_few_commits() {
    let world = World::new().await;
    let writer = world.writer();
    let mut running = JoinSet::new();
    for n in 0..50 {
        let (writer, caller) = (writer.clone(), world.caller());
        running.spawn(async move {
            // One comes twice, the second time changed; one is refused.
            let mut sent = finding(&key(0, if n == 40 { 10 } else { n }), &day(if n == 40 { 2 } else { 1 }));
            if n == 40 {
                sent["Title"] = "Changed".into();
            }
            if n == 20 {
                sent["Title"] = Value::Null;
            }
            (n, import_findings(&writer, &caller, &[sent]).await.unwrap())
        });
    }
    let mut created = 0;
    let mut changed = 0;
    for (n, outcomes) in running.join_all().await {
        match outcomes.as_slice() {
            [Outcome::Rejected(rejection)] => assert_eq!((n, rejection.code.as_str()), (20, "InvalidInput")),
            [Outcome::Created] => created += 1,
            [Outcome::Changed] => changed += 1,
            // The older one came second.
            [Outcome::Unchanged] => assert_eq!(n, 10),
            other => panic!("{n}: {other:?}"),
        }
    }
    let table = Table::read(&world).await;
    table.audit(&world, &writer).await;
    assert_eq!(created, 48, "findings");
    assert_eq!(table.documents.len(), created + changed);
    assert!(table.log.len() <= 5, "{} commits for 49 requests", table.log.len());
    let state = dump(&world, &writer).await;
    assert!(state[&key(0, 10)].asff.contains("\"Changed\""), "the newer one holds");
}

/// A snapshot is two changes of one finding, which are two commits; those of all the others go into the same two. One item
/// less fits, because the hub's title makes a new version of the rule.
#[tokio::test]
async fn snapshots_of_two_steps_each_fill_their_commits() {
    let world = World::new().await;
    let writer = world.writer();
    let sent: Vec<Value> = (0..48).map(|n| finding(&key(0, n), &day(1))).collect();
    import_findings(&writer, &world.caller(), &sent).await.unwrap();
    let shots = sent.into_iter().map(|mut finding| {
        finding["Title"] = "As the hub has it".into();
        finding["Workflow"] = json!({ "Status": "SUPPRESSED" });
        Snapshot { finding, time: Some(day(2)) }
    });
    let outcomes = import_snapshots(&writer, &world.tenant, None, &shots.collect::<Vec<_>>()).await.unwrap().outcomes;
    assert_eq!(outcomes, vec![Outcome::Changed; 48]);
    let table = Table::read(&world).await;
    table.audit(&world, &writer).await;
    assert_eq!((table.log.len(), table.documents.len()), (3, 3 * 48), "commits and documents");
}

/// DESIGN §3, Commits: a request larger than a commit is carried out commit by commit, and each may lose its races; a
/// request is not refused because all of them together lost eight.
#[tokio::test]
async fn each_commit_of_a_large_request_has_races_of_its_own_to_lose() {
    let world = World::new().await;
    let writer = world.writer();
    let (other, caller, commits) = (world.bystander(), world.caller(), Arc::new(AtomicU32::new(0)));
    world.faults.before_each(Some(Arc::new(move |_, operation| {
        let (other, caller) = (other.clone(), caller.clone());
        let n = if operation == "TransactWriteItems" { commits.fetch_add(1, Ordering::SeqCst) } else { 1 };
        Box::pin(async move {
            if n % 2 == 0 {
                import_findings(&other, &caller, &[finding(&key(1, n), &day(1))]).await.unwrap();
            }
        })
    })));
    let sent: Vec<Value> = (0..400).map(|n| finding(&key(0, n), &day(1))).collect();
    let outcomes = import_findings(&writer, &world.caller(), &sent).await;
    world.faults.before_each(None);
    assert_eq!(outcomes, Ok(vec![Outcome::Created; 400]));
    let table = Table::read(&world).await;
    table.audit(&world, &writer).await;
    assert!(table.documents.len() > 408, "at least nine races were lost: {}", table.documents.len());
}

/// Whenever somebody else's commit comes between two reads of a request, the request is decided on what holds: a
/// finding that was just changed is neither taken for none nor for what it was.
#[tokio::test]
async fn a_finding_that_changes_between_two_reads_is_still_found() {
    for place in 1..=8 {
        let world = World::new().await;
        let writer = world.writer();
        import_findings(&writer, &world.caller(), &[finding(&key(0, 0), &day(1))]).await.unwrap();
        let (other, caller) = (world.bystander(), world.caller());
        world.faults.plan(Fault::None);
        world.faults.before_each(Some(Arc::new(move |number, _| {
            let (other, caller) = (other.clone(), caller.clone());
            Box::pin(async move {
                if number == place {
                    let mut sent = finding(&key(0, 0), &day(2));
                    sent["Title"] = "Changed in between".into();
                    import_findings(&other, &caller, &[sent, finding(&key(0, 1), &day(2))]).await.unwrap();
                }
            })
        })));
        let note = json!({ "Note": { "Text": "mine", "UpdatedBy": "me" } });
        let note = Update::parse(note.as_object().unwrap()).unwrap();
        let outcomes = update_findings(&writer, &world.caller(), vec![key(0, 0)], note).await.unwrap();
        world.faults.before_each(None);
        let has_happened = world.faults.seen() >= place;
        assert_eq!(outcomes, [Outcome::Changed], "a commit before request {place}");
        let state = dump(&world, &world.writer()).await;
        let asff = &state[&key(0, 0)].asff;
        assert_eq!(asff.contains("Changed in between"), has_happened, "the other's change, before request {place}");
        assert!(asff.contains("\"mine\""), "the note is lost, before request {place}");
        Table::read(&world).await.audit(&world, &writer).await;
    }
}
