//! Whatever happens in whatever order, the ledger's answers are the model's (DESIGN §3).
//!
//! `PROVE_CASES` asks for more cases than the usual ones, `PROVE_SEED` for others.

use super::run::Run;
use super::steps::{Step, step};
use proptest::collection::vec;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Steps of a case.
const STEPS: usize = 60;
/// Cases unless `PROVE_CASES` says otherwise.
const CASES: u32 = 48;

#[test]
fn answers_are_the_models_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let seed = number("PROVE_SEED").unwrap_or(0);
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_be_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases: number("PROVE_CASES").unwrap_or(CASES),
        max_shrink_iters: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = TestRunner::new_with_rng(config, rng).run(&vec(step(), 1..=STEPS), |steps| {
        runtime.block_on(carry_out(steps));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

async fn carry_out(steps: Vec<Step>) {
    let mut run = Run::new().await;
    for (n, step) in steps.into_iter().enumerate() {
        run.step(step).await;
        if n % 10 == 9 {
            run.compare_all(n / 10 % 2).await;
            run.world.patrol().await;
        }
    }
    run.finish().await;
    run.world.clock.set(run.world.clock.now().plus(8 * 86_400_000));
    run.world.patrol().await;
}
