//! The trigger `verify-ledgers` (DESIGN §3): slice by slice everything is gone through, and nothing sound is called wrong, whatever
//! happens beside it.

use crate::ledger::{Ledger, START, day, finding, number, place_of, small, text};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use posture_functions::{App, verify_ledgers as function};
use posture_local::embedded::Embedded;
use posture_local::faults::Fault;
use posture_shared::domain::{Error, Instant, TenantId};
use posture_shared::ledger::{Anchor, Hash};
use posture_shared::operations::{Heard, Verification, verify_ledgers};
use posture_shared::secrets::{Master, Masters};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

pub const DAY: i64 = 86_400_000;

/// What a call did, and what it told.
#[derive(Debug, Default)]
pub struct Told {
    pub done: Verification,
    pub problems: Vec<String>,
    pub anchors: Vec<Anchor>,
}

impl Told {
    pub fn tells(&self, expected: &str) -> bool {
        self.problems.iter().any(|problem| problem.contains(expected))
    }
}

/// Calls until nothing is left, or once where `enough` says so at some time.
async fn call(ledger: &Ledger, enough: impl Fn() -> bool + Sync) -> (Result<Verification, Error>, Told) {
    let told = Mutex::new(Told::default());
    let hear = |_: &TenantId, heard: Heard<'_>| {
        let mut told = told.lock().unwrap();
        match heard {
            Heard::Problem(problem) => told.problems.push(problem.to_owned()),
            Heard::Anchor(anchor) => told.anchors.push(anchor.clone()),
        }
    };
    let result = Box::pin(verify_ledgers(&ledger.writer, ledger.tenant(), &hear, enough)).await;
    (result, told.into_inner().unwrap())
}

/// One call that nothing ends early.
pub async fn verify(ledger: &Ledger) -> Told {
    let (done, told) = call(ledger, || false).await;
    let done = done.unwrap();
    assert!(done.done, "{done:?}");
    Told { done, ..told }
}

pub async fn assert_clean(what: &str, ledger: &Ledger) -> Told {
    let told = verify(ledger).await;
    assert_eq!((told.problems.clone(), told.done.problems), (Vec::new(), 0), "{what}");
    told
}

/// The next rotation is due.
pub fn a_week_later(ledger: &Ledger) {
    ledger.clock.set(ledger.clock.now().plus(7 * DAY + 1));
}

/// How many requests, and how many units were read since the last look.
fn spent(ledger: &Ledger) -> (u32, f64, f64) {
    let counts = ledger.meter.take();
    (counts.total(), counts.read_units, counts.write_units)
}

/// A ledger of so many findings, some of which were changed, seen again, accepted, and folded in between.
async fn large(count: u32) -> Ledger {
    let ledger = Ledger::new().await;
    let batches = |from: u32, to: u32, severity: &'static str, of: u32| -> Vec<Vec<Value>> {
        let all: Vec<Value> = (from..to).map(|n| finding(n, severity, &day(of))).collect();
        all.chunks(400).map(<[Value]>::to_vec).collect()
    };
    for batch in batches(0, count, "LOW", 1) {
        ledger.import(&batch).await;
    }
    for n in (0..count).step_by(97) {
        ledger.accept(n, START + 40 * DAY + i64::from(n)).await;
    }
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    for batch in batches(0, count / 2, "LOW", 2) {
        ledger.import(&batch).await;
    }
    for batch in batches(count / 3, count / 3 + 200, "HIGH", 3) {
        ledger.import(&batch).await;
    }
    ledger
}

/// Several thousand findings in several slices: each rotation is clean, holds no more rows than it may, writes nothing but its place,
/// and costs so much a finding.
#[tokio::test]
async fn a_sound_ledger_is_clean_slice_by_slice() {
    const COUNT: u32 = 2_600;
    let ledger = large(COUNT).await;
    ledger.meter.take();
    let first = assert_clean("first", &ledger).await;
    let (_, read, _) = spent(&ledger);
    // Three for the findings; the log takes some more.
    assert!(first.done.slices >= 5, "{first:?}");
    assert!(first.done.rows <= 16, "{first:?}");
    assert_eq!(first.anchors.len(), 1);
    let per_finding = read / f64::from(COUNT);
    // What cost/workload.json takes it for.
    assert!(per_finding <= 3.0, "{per_finding} units a finding");
    a_week_later(&ledger);
    assert_clean("second", &ledger).await;
    let counts = ledger.meter.take();
    let written: Vec<&str> =
        counts.kinds.iter().filter(|(_, k)| k.written > 0).map(|(name, _)| name.as_str()).collect();
    assert_eq!(written, ["patrol"]);
    assert!(counts.read_units / f64::from(COUNT) <= 3.0, "{counts:?}");
    assert_eq!(counts.filtered, 0);
    // What is new costs what it is, and not what there is.
    ledger.import(&[finding(7, "CRITICAL", &day(9))]).await;
    ledger.meter.take();
    assert_clean("one more", &ledger).await;
    let (requests, read, written) = spent(&ledger);
    assert!(requests <= 16 && read <= 60.0 && written <= 3.0, "{requests} requests, {read} and {written} units");
}

/// A call that ends after each slice comes as far as one that does not end.
#[tokio::test]
async fn calls_that_end_early_go_on() {
    let ledger = large(1_200).await;
    let (mut calls, mut anchors) = (0, 0);
    loop {
        let asked = AtomicU32::new(0);
        // Asked before a tenant, before a slice, and before a turn.
        let (done, told) = call(&ledger, || asked.fetch_add(1, Ordering::SeqCst) >= 3).await;
        assert_eq!(told.problems, Vec::<String>::new());
        anchors += told.anchors.len();
        calls += 1;
        let done = done.unwrap();
        assert!(done.slices <= 2, "{done:?}");
        if done.done {
            break;
        }
        assert!(calls < 100);
    }
    assert!(calls > 2, "{calls}");
    assert_eq!(anchors, 1);
}

/// Where findings changed often, slices have fewer of them, so that each fits into the time of a function.
#[tokio::test]
async fn findings_that_changed_often_take_more_slices() {
    let mut slices = Vec::new();
    // A hundred documents of each; a slice of findings ends behind 3,600. Of the log both take as many.
    for count in [35, 36] {
        let ledger = Ledger::new().await;
        for turn in 0..100 {
            let severity = if turn % 2 == 0 { "LOW" } else { "HIGH" };
            let at = Instant(START + (i64::from(turn) + 1) * 3_600_000).to_string();
            ledger.import(&(0..count).map(|n| finding(n, severity, &at)).collect::<Vec<Value>>()).await;
        }
        slices.push(assert_clean("often", &ledger).await.done.slices);
    }
    assert!(matches!(slices.as_slice(), [few, many] if *many == few + 1), "{slices:?}");
}

/// Where nothing happened, two requests are all, until the next rotation.
#[tokio::test]
async fn a_quiet_ledger_costs_two_requests() {
    let ledger = small().await;
    assert_clean("first", &ledger).await;
    for _ in 0..6 {
        ledger.clock.set(ledger.clock.now().plus(DAY));
        ledger.meter.take();
        assert!(ledger.writer.visit(ledger.tenant()).await.unwrap().is_none());
        let (requests, read, written) = spent(&ledger);
        assert!(requests == 2 && read <= 2.0 && written == 0.0, "{requests} requests, {read} units");
    }
    let empty = TenantId::parse("nobody").unwrap();
    assert!(ledger.writer.visit(&empty).await.unwrap().is_none());
    assert_eq!(spent(&ledger).0, 2);
    a_week_later(&ledger);
    assert!(assert_clean("a rotation", &ledger).await.done.slices > 0);
}

/// Killed at any request, the next call goes on; what was found is told by one of them at least.
#[tokio::test]
async fn a_worker_can_be_killed_at_any_request() {
    let ledger = small().await;
    let sound = ledger.dump().await;
    let mut wrong = sound.clone();
    number(wrong.get_mut(&place_of(&sound, "finding#", 0)).unwrap(), "ordinal", 4);
    let at = ledger.clock.now();
    for (table, problems) in [(&sound, 0), (&wrong, 1)] {
        let mut finished = false;
        for number in 1..200 {
            for fault in [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::Before(number)] {
                ledger.restore(table).await;
                ledger.clock.set(at);
                ledger.faults.plan(fault);
                let (done, told) = call(&ledger, || false).await;
                finished = ledger.faults.seen() < number;
                assert_eq!(done.is_ok(), finished, "{fault:?} {done:?}");
                ledger.faults.plan(Fault::None);
                let then = verify(&ledger).await;
                let all = [told.problems, then.problems].concat();
                let those = all.iter().filter(|problem| problem.contains("says that its number is")).count();
                assert_eq!(all.len(), those, "{fault:?}: {all:?}");
                assert!(if problems > 0 { those >= problems } else { those == 0 }, "{fault:?}: {all:?}");
                let anchors = told.anchors.len() + then.anchors.len();
                assert!(anchors >= 1, "{fault:?}");
                let quiet = ledger.writer.visit(ledger.tenant()).await.unwrap().is_none();
                assert_eq!(quiet, problems == 0, "{fault:?}");
            }
            if finished {
                assert!(number > 20, "a call makes more requests than {number}");
                break;
            }
        }
        assert!(finished, "a call makes more requests than any should");
    }
}

/// Two at once do no harm: one of them keeps the place, and the other one gives way.
#[tokio::test]
async fn two_workers_at_once_agree() {
    let store = Embedded::memory().unwrap();
    let ledger = Ledger::over(&store);
    ledger.writer.create_table().await.unwrap();
    ledger.import(&(0..40).map(|n| finding(n, "LOW", &day(1))).collect::<Vec<_>>()).await;
    let other = Ledger::over(&store);
    let ((one, first), (two, second)) = tokio::join!(call(&ledger, || false), call(&other, || false));
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    assert_eq!([first.problems, second.problems].concat(), Vec::<String>::new());
    assert!(first.anchors.len() + second.anchors.len() >= 1);
    assert_clean("what is left", &ledger).await;
    assert!(other.writer.visit(other.tenant()).await.unwrap().is_none());
}

/// Commits, folds, and what retention takes away, before any request: nothing of it is wrong.
#[tokio::test]
async fn what_happens_beside_it_is_not_wrong() {
    let store = Embedded::memory().unwrap();
    let ledger = Ledger::over(&store);
    ledger.writer.create_table().await.unwrap();
    ledger.import(&(0..60).map(|n| finding(n, "LOW", &day(1))).collect::<Vec<_>>()).await;
    ledger.accept(3, START + 30 * DAY).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    ledger.import(&[finding(1, "HIGH", &day(2)), finding(2, "LOW", &day(2))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    let beside = Arc::new(Ledger::over(&store));
    let busy = Arc::clone(&beside);
    let sent = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&sent);
    ledger.faults.before_each(Some(Arc::new(move |number, _| {
        let (ledger, count) = (Arc::clone(&busy), Arc::clone(&count));
        Box::pin(async move {
            if number % 7 != 3 || count.load(Ordering::SeqCst) >= 60 {
                return;
            }
            let n = count.fetch_add(1, Ordering::SeqCst);
            let severity = ["LOW", "HIGH", "MEDIUM"][n as usize % 3];
            let updated = format!("2024-02-01T00:{:02}:{:02}Z", n / 60, n % 60);
            // Changed, seen again, new.
            let findings = [finding(n % 60, severity, &updated), finding((n + 30) % 60, "LOW", &updated)];
            ledger.import(&findings).await;
            ledger.import(&[finding(100 + n, "LOW", &updated)]).await;
            ledger.accept(100 + n, START + 30 * DAY + i64::from(n)).await;
            if n % 3 == 0 {
                ledger.writer.fold(ledger.tenant()).await.unwrap();
            }
            if n % 20 == 10 {
                // The next fold is kept for ever; what was not is gone.
                ledger.clock.set(ledger.clock.now().plus(2 * DAY));
                ledger.import(&[finding(200 + n, "LOW", &updated)]).await;
                ledger.writer.fold(ledger.tenant()).await.unwrap();
                let table = ledger.dump().await;
                let gone = |kind: &str| {
                    let expires = |place: &(String, String)| place.0.contains(kind) && table[place].contains_key("ttl");
                    table.keys().filter(|place| expires(place)).cloned().collect::<Vec<_>>()
                };
                for place in gone("#manifest").iter().chain(&gone("#segment#")) {
                    ledger.delete(place).await;
                }
            }
        })
    })));
    for round in 0..4 {
        // A slice is as of the beginning of the call.
        let told = verify(&ledger).await;
        assert_eq!(told.problems, Vec::<String>::new(), "{round}");
        ledger.clock.set(beside.clock.now().plus((8 + 8 * round) * DAY));
    }
    ledger.faults.before_each(None);
    assert!(sent.load(Ordering::SeqCst) >= 30, "{sent:?}");
    assert_clean("quiet at last", &ledger).await;
    let whole = ledger.verify().await;
    assert!(whole.is_clean(), "{whole}");
}

/// Erased documents, also of an acceptance, whose end then only the log tells; and reports that came late.
#[tokio::test]
async fn what_is_erased_or_late_is_not_wrong() {
    let ledger = small().await;
    ledger.import(&[finding(0, "CRITICAL", &day(9))]).await;
    // Older than what was seen.
    ledger.import(&[finding(0, "CRITICAL", &day(8))]).await;
    ledger.import(&[finding(1, "HIGH", &day(9)), finding(2, "LOW", &day(9))]).await;
    ledger.import(&[finding(1, "HIGH", &day(7)), finding(2, "LOW", &day(7))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    assert_clean("late", &ledger).await;
    let file = String::from_utf8(ledger.export().await).unwrap();
    let documents = file.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("document").cloned());
    for document in documents {
        let pk = format!("acme#document#{:08x}", document["ordinal"].as_u64().unwrap());
        let place = (pk, format!("{:015}", document["at"].as_i64().unwrap()));
        let leaf = Hash::parse(document["leaf"].as_str().unwrap()).unwrap();
        let mut erased = ledger.dump().await[&place].clone();
        erased.remove("body");
        erased.remove("salt");
        erased.insert("leaf".to_owned(), AttributeValue::B(Blob::new(leaf.0.to_vec())));
        text(&mut erased, "erased_by", "dpo");
        erased.insert("erased_at".to_owned(), AttributeValue::N(START.to_string()));
        ledger.put(&erased).await;
        a_week_later(&ledger);
        let told = assert_clean(&format!("without {place:?}"), &ledger).await;
        assert!(told.done.slices > 0);
    }
    assert!(ledger.verify().await.erased >= 5);
}

/// Contents of a rule beyond its hundredth share that one's number: whose it was first a slice cannot know.
#[tokio::test]
async fn a_rule_of_more_than_a_hundred_contents_is_not_wrong() {
    let ledger = Ledger::new().await;
    let titled = |n: u32, title: u32, of: u32| {
        let mut finding = finding(n, "LOW", &day(of));
        finding["GeneratorId"] = json!("one rule");
        finding["Title"] = json!(format!("Bucket {title} is public"));
        finding
    };
    for from in [0, 60] {
        ledger.import(&(from..from + 60).map(|n| titled(n, n, 1)).collect::<Vec<_>>()).await;
    }
    ledger.import(&[titled(0, 500, 2)]).await;
    assert!(ledger.verify().await.is_clean());
    assert_clean("shared", &ledger).await;
}

/// Once a day, where something was committed; it proves what the whole verification takes it for, and no other deployment makes it.
#[tokio::test]
async fn the_newest_commit_is_anchored_once_a_day() {
    let ledger = small().await;
    let [first] = <[Anchor; 1]>::try_from(assert_clean("first", &ledger).await.anchors).unwrap();
    assert_eq!((first.seq, &first.tenant), (4, ledger.tenant()));
    assert_eq!(first.is_genuine(ledger.writer.masters()), Ok(true));
    assert_eq!(first.is_genuine(&Masters::only(Master::new(1, vec![8; 32]).unwrap())), Ok(false));
    assert_eq!(Anchor::parse(&first.to_string()), Some(first.clone()));
    let anchored = ledger.writer.verify(ledger.tenant(), Some(first.chain), &|_, _| ()).await.unwrap();
    assert!(anchored.is_clean(), "{anchored}");
    // Nothing new; something new on the same day; a day later.
    ledger.clock.set(ledger.clock.now().plus(DAY));
    assert_eq!(assert_clean("nothing new", &ledger).await.anchors, []);
    ledger.import(&[finding(5, "LOW", &day(5))]).await;
    let [second] = <[Anchor; 1]>::try_from(assert_clean("new", &ledger).await.anchors).unwrap();
    assert_eq!(second.seq, 5);
    ledger.import(&[finding(6, "LOW", &day(5))]).await;
    assert_eq!(assert_clean("the same day", &ledger).await.anchors, []);
    ledger.clock.set(ledger.clock.now().plus(DAY));
    assert_eq!(assert_clean("the day after", &ledger).await.anchors.len(), 1);
    // A log that was cut and written anew does not extend it.
    let before = small().await.dump().await;
    ledger.restore(&before).await;
    let other = ledger.writer.verify(ledger.tenant(), Some(second.chain), &|_, _| ()).await.unwrap();
    assert!(other.problems.iter().any(|problem| problem.contains("does not extend the anchor")), "{other}");
}

/// The trigger: its event, every tenant, and an answer that counts.
#[tokio::test]
async fn the_schedule_verifies_every_tenant() {
    let ledger = small().await;
    let app = App::new(ledger.writer.clone(), ledger.tenant().clone());
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    let answer = app.wake(&function::TRIGGER, event.clone(), "r").await.unwrap();
    assert_eq!(
        (&answer["problems"], &answer["anchors"], &answer["done"]),
        (&json!(0), &json!(1), &json!(true)),
        "{answer}"
    );
    assert!(answer["slices"].as_u64().is_some_and(|slices| slices > 2), "{answer}");
    let quiet = json!({"slices": 0, "problems": 0, "anchors": 0, "done": true});
    assert_eq!(app.wake(&function::TRIGGER, event.clone(), "r").await, Ok(quiet.clone()));
    for nonsense in [Value::Null, json!([]), json!({"detail": 7}), json!("verify")] {
        assert_eq!(app.wake(&function::TRIGGER, nonsense, "r").await, Ok(quiet.clone()));
    }
    let mut table: BTreeMap<_, _> = ledger.dump().await;
    table.remove(&place_of(&table, "finding#", 0));
    ledger.restore(&table).await;
    ledger.clock.set(Instant(START + 8 * DAY));
    let answer = app.wake(&function::TRIGGER, event, "r").await.unwrap();
    assert_eq!((&answer["problems"], &answer["done"]), (&json!(1), &json!(true)), "{answer}");
}
