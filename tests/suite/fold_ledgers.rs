//! The trigger `fold-ledgers` (DESIGN §3): what writers left without a fold is folded, and nothing else is touched.

use crate::ledger::{Ledger, START, day, finding};
use posture_functions::{App, fold_ledgers as function};
use posture_local::faults::Fault;
use posture_shared::domain::Instant;
use posture_shared::ledger::Writer;
use posture_shared::operations::fold_ledgers;
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

async fn fold(ledger: &Ledger) -> usize {
    fold_ledgers(&ledger.writer, ledger.tenant(), || false).await.unwrap()
}

async fn folded(ledger: &Ledger) -> usize {
    ledger.dump().await.keys().filter(|place| place.0 == "acme#manifest").count()
}

/// Each commit older than two days has its fold; before that a short tail is left alone.
#[tokio::test]
async fn a_commit_has_its_fold_after_two_days() {
    let ledger = Ledger::new().await;
    assert_eq!((fold(&ledger).await, folded(&ledger).await), (0, 0));
    for (n, at) in [(0, 0), (1, 40), (2, 60), (3, 300)] {
        ledger.clock.set(Instant(START + at * HOUR));
        ledger.import(&[finding(n, "LOW", &day(1))]).await;
        // The first two wait together, for the first of them; the third came before their fold; the fourth later.
        let due = n == 2 || n == 3;
        assert_eq!(fold(&ledger).await, usize::from(n == 2), "{n} {due}");
    }
    ledger.clock.set(Instant(START + (300 + 46) * HOUR));
    assert_eq!(fold(&ledger).await, 0);
    // The clock runs on: the commit is some milliseconds younger than what it was set to.
    ledger.clock.set(Instant(START + (300 + 47) * HOUR + HOUR / 60));
    assert_eq!((fold(&ledger).await, fold(&ledger).await, folded(&ledger).await), (1, 0, 2));
    let verified = ledger.verify().await;
    assert!(verified.is_clean(), "{verified}");
}

/// What a cold reader would have to read is folded at once, where whoever committed it did not come to it.
#[tokio::test]
async fn a_long_tail_is_folded_whoever_left_it() {
    let ledger = Ledger::new().await;
    for n in 0..30 {
        let batch: Vec<Value> = (0..50).map(|m| long(n * 50 + m)).collect();
        ledger.import(&batch).await;
    }
    // As if every committer had been killed before its fold.
    let table = ledger.dump().await;
    for place in table.keys().filter(|place| place.0.contains("#manifest") || place.0.contains("#segment#")) {
        ledger.delete(place).await;
    }
    let other = posture_shared::clock::Clock::starting_at(ledger.clock.now());
    let config = posture_local::embedded::config(ledger.faults.clone());
    let fresh = Writer::connect(&config, crate::ledger::TABLE, other, ledger.writer.masters().clone());
    assert_eq!(fold_ledgers(&fresh, ledger.tenant(), || false).await, Ok(1));
    assert_eq!(folded(&ledger).await, 1);
    let verified = ledger.verify().await;
    assert!(verified.is_clean(), "{verified}");
}

/// A finding whose words are its own.
fn long(n: u32) -> Value {
    let mut finding = finding(n, "LOW", &day(1));
    let words: Vec<String> =
        (0..40).map(|w| format!("{:x}", (u64::from(n) * 40 + w).wrapping_mul(0x9E37_79B9_7F4A_7C15))).collect();
    finding["Description"] = json!(words.join(" "));
    finding
}

/// Two requests where nothing was committed, and no write.
#[tokio::test]
async fn a_quiet_ledger_costs_two_requests() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1))]).await;
    ledger.writer.fold(ledger.tenant()).await.unwrap();
    ledger.clock.set(Instant(START + 1000 * HOUR));
    ledger.meter.take();
    assert_eq!(ledger.writer.fold_if_left(ledger.tenant()).await, Ok(false));
    let counts = ledger.meter.take();
    assert_eq!((counts.total(), counts.write_units), (2, 0.0));
    assert!(counts.read_units <= 3.0, "{counts:?}");
}

/// Killed at any request, the next call folds.
#[tokio::test]
async fn a_worker_can_be_killed_at_any_request() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1)), finding(1, "HIGH", &day(1))]).await;
    let sound = ledger.dump().await;
    ledger.clock.set(Instant(START + 48 * HOUR));
    for number in 1..100 {
        ledger.restore(&sound).await;
        ledger.faults.plan(Fault::CrashBefore(number));
        let killed = fold_ledgers(&ledger.writer, ledger.tenant(), || false).await;
        let finished = ledger.faults.seen() < number;
        ledger.faults.plan(Fault::None);
        let then = fold(&ledger).await;
        assert_eq!(then, usize::from(!finished), "{number} {killed:?}");
        let verified = ledger.verify().await;
        assert!(verified.is_clean(), "{verified}");
        if finished {
            assert!(number > 8, "{number}");
            return;
        }
    }
    panic!("a fold makes more requests than any should");
}

#[tokio::test]
async fn the_schedule_folds_whatever_its_event_holds() {
    let ledger = Ledger::new().await;
    ledger.import(&[finding(0, "LOW", &day(1))]).await;
    ledger.clock.set(Instant(START + 48 * HOUR));
    let app = App::new(ledger.writer.clone(), ledger.tenant().clone());
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    assert_eq!(app.wake(&function::TRIGGER, event, "r").await, Ok(json!({"folded": 1})));
    for nonsense in [Value::Null, json!([]), json!({"detail": 7})] {
        assert_eq!(app.wake(&function::TRIGGER, nonsense, "r").await, Ok(json!({"folded": 0})));
    }
}
