//! Lists as of 1,000 random past instants of one random ledger are a replay of the model (DESIGN §3: as of now and as of
//! any instant are one code path).
//!
//! `PROVE_INSTANTS` asks for another number of instants, `PROVE_SEED` for another ledger.

use super::agree::Doors;
use super::door::Dialect;
use super::steps::{Step, step};
use posture_shared::domain::Instant;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;

/// Steps of the ledger's life.
const STEPS: usize = 200;
/// Instants unless `PROVE_INSTANTS` says otherwise.
const INSTANTS: usize = 1_000;
/// What is asked for lies up to so long before the first commit.
const BEFORE_MS: i64 = 3_600_000;

/// A past instant: anywhere in the ledger's life, or beside something that happened.
#[derive(Debug, Clone, Copy)]
enum Past {
    Anywhere(u64),
    Beside(usize, i64),
}

#[test]
fn lists_as_of_a_thousand_past_instants_are_a_replay() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let mut bytes = [4; 32];
    bytes[..4].copy_from_slice(&number("PROVE_SEED").unwrap_or(0).to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let steps = vec(step(), STEPS).new_tree(&mut runner).unwrap().current();
    let count = number("PROVE_INSTANTS").map_or(INSTANTS, |count| count as usize);
    let past = prop_oneof![
        any::<u64>().prop_map(Past::Anywhere),
        (any::<u16>(), -1..=1_i64).prop_map(|(n, ms)| Past::Beside(n.into(), ms)),
    ];
    let instants = vec(past, count).new_tree(&mut runner).unwrap().current();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(Box::pin(ask(steps, instants)));
}

async fn ask(steps: Vec<Step>, instants: Vec<Past>) {
    let mut doors = Doors::new().await;
    for step in steps {
        // Every list is of all findings: many of them would make it slower, and show nothing more.
        let step = match step {
            Step::Bulk { who, first, count, sketch, trouble } => {
                Step::Bulk { who, first: first % 10, count: 1 + count % 10, sketch, trouble }
            }
            other => other,
        };
        Box::pin(doors.run.step(step)).await;
    }
    let points = doors.run.naive.turning_points();
    let end = doors.run.now(0).max(doors.run.now(1)).max(*points.last().unwrap()).plus(60_000);
    for who in [0, 1] {
        doors.run.clocks[who].set(end);
    }
    // One process keeps what it knows, the other one begins with nothing.
    Box::pin(doors.run.step(Step::Restart { who: 1 })).await;
    let start = doors.run.naive.commits[0].plus(-BEFORE_MS);
    let mut lengths = BTreeSet::new();
    for (n, past) in instants.into_iter().enumerate() {
        let at = match past {
            Past::Anywhere(n) => start.plus(i64::try_from(n % (end.0 - start.0).unsigned_abs()).unwrap()),
            Past::Beside(n, ms) => points[n % points.len()].plus(ms),
        };
        let at: Instant = at.min(end.plus(-1));
        lengths.insert(Box::pin(doors.replay(n % 2, Dialect::Bitdefender, at)).await);
        Box::pin(doors.replay(n / 2 % 2, Dialect::ALL[1 + n % (Dialect::ALL.len() - 1)], at)).await;
    }
    assert!(lengths.len() > 10, "the ledger has too little history to tell: {lengths:?}");
}
