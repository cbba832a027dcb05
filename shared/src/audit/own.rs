//! The evaluator of a tenant's rules: on a stack of its own, and with an end to waiting.
//!
//! Chosen here: a rule whose evaluations took long ten times is not waited for any more by this evaluator, and one that did not come
//! back at all by no evaluator of the process; what it would have said is unknown. A tenant's own rules cost its own runs
//! time, and so they cannot cost much.

use super::catalogue::library;
use super::engine::{Engine, Input, RelatedItems, TOOK_TOO_LONG};
use super::large_stack::{Undone, on_large_stack, watched};
use super::metadata::Rule;
use super::problem::Problem;
use super::verdict::Verdict;
use crate::domain::json::Object;
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An evaluation that takes longer has taken long. A usual one takes some ten microseconds.
const LONG: Duration = Duration::from_millis(500);
/// Evaluations of a rule that may take long.
const PATIENCE: u32 = 10;
/// What long evaluations of all of a tenant's rules may take together, so that a run gets to what comes after them.
const BUDGET: Duration = Duration::from_secs(30);
/// The longest wait: the evaluator's own bound has had its chance long before.
const LONGEST: Duration = Duration::from_secs(10);

/// Digests of rules that did not come back.
static STUCK: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// Rules of a tenant, ready to judge.
#[derive(Clone)]
pub struct OwnEngine {
    fresh: Engine,
    /// The one that is at work; `None` after it was lost.
    working: Option<Engine>,
    /// How often the evaluation of a rule took long, by key.
    slow: HashMap<String, u32>,
    /// What evaluations that took long have taken.
    spent: Duration,
}

impl OwnEngine {
    /// Compiles rules, with the catalogue's shared modules.
    pub fn new(rules: &[Rule]) -> Result<Self, Problem> {
        let broken = || Problem::new("rules", 0, "the evaluator broke off");
        let compiled = on_large_stack(|| {
            let engine = Engine::new(library().iter().copied(), rules);
            engine.compile(rules).map(|()| engine)
        });
        let fresh = compiled.unwrap_or_else(|| Err(broken()))?;
        Ok(Self { working: Some(fresh.clone()), fresh, slow: HashMap::new(), spent: Duration::ZERO })
    }

    /// As [`Engine::judge`].
    pub fn judge(&mut self, rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> Verdict {
        let slow = self.slow.get(&rule.metadata.key).copied().unwrap_or_default();
        if slow >= PATIENCE {
            return Verdict::Unknown(format!("{TOOK_TOO_LONG} {PATIENCE} times; it was not waited for again"));
        }
        if self.spent >= BUDGET {
            return Verdict::Unknown("the tenant's own rules took too long; none was waited for again".to_owned());
        }
        let stuck = || STUCK.lock().unwrap_or_else(PoisonError::into_inner);
        if stuck().contains(&rule.digest) {
            return Verdict::Unknown(
                "an evaluation of the rule could not be stopped; it is not begun again".to_owned(),
            );
        }
        let began = Instant::now();
        let mut engine = self.working.take().unwrap_or_else(|| self.fresh.clone());
        let (own, input, related, params) = (rule.clone(), input.clone(), related.clone(), params.clone());
        let done = watched(LONGEST, move || (engine.judge(&own, &input, &related, &params), engine));
        let took = began.elapsed();
        if took > LONG {
            self.spent = self.spent.saturating_add(took);
            self.slow.insert(rule.metadata.key.clone(), slow + 1);
        }
        let why = match done {
            Ok((verdict, engine)) => {
                self.working = Some(engine);
                return verdict;
            }
            Err(Undone::Left) => {
                stuck().insert(rule.digest.clone());
                "the evaluation took too long and could not be stopped"
            }
            Err(Undone::NotBegun) => "evaluations of other rules could not be stopped; no other one is begun",
            Err(Undone::Broken) => "the evaluation of the rule broke off",
        };
        Verdict::Unknown(why.to_owned())
    }
}
