//! The evaluator of a tenant's rules: on a stack of its own, and with an end to waiting.
//!
//! Chosen here: a rule whose evaluations took long ten times is not waited for any more by this evaluator; what it would have
//! said is unknown. A tenant's own rules cost its own runs time, and so they cannot cost much.

use super::catalogue::library;
use super::engine::{Engine, Input, RelatedItems, TOOK_TOO_LONG};
use super::large_stack::on_large_stack;
use super::metadata::Rule;
use super::problem::Problem;
use super::verdict::Verdict;
use crate::domain::json::Object;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// An evaluation that takes longer has taken long. A usual one takes some ten microseconds.
const LONG: Duration = Duration::from_millis(500);
/// Evaluations of a rule that may take long.
const PATIENCE: u32 = 10;

/// Rules of a tenant, ready to judge.
#[derive(Clone)]
pub struct OwnEngine {
    engine: Engine,
    /// How often the evaluation of a rule took long, by key.
    slow: HashMap<String, u32>,
}

impl OwnEngine {
    /// Compiles rules, with the catalogue's shared modules.
    pub fn new(rules: &[Rule]) -> Result<Self, Problem> {
        let broken = || Problem::new("rules", 0, "the evaluator broke off");
        let compiled = on_large_stack(|| Engine::new(library().iter().copied(), rules));
        let engine = compiled.unwrap_or_else(|| Err(broken()))?;
        Ok(Self { engine, slow: HashMap::new() })
    }

    /// As [`Engine::judge`].
    pub fn judge(&mut self, rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> Verdict {
        let slow = self.slow.get(&rule.metadata.key).copied().unwrap_or_default();
        if slow >= PATIENCE {
            return Verdict::Unknown(format!("{TOOK_TOO_LONG} {PATIENCE} times; it was not waited for again"));
        }
        let began = Instant::now();
        let engine = &mut self.engine;
        let verdict = on_large_stack(|| engine.judge(rule, input, related, params));
        if began.elapsed() > LONG {
            self.slow.insert(rule.metadata.key.clone(), slow + 1);
        }
        verdict.unwrap_or_else(|| Verdict::Unknown("the evaluation of the rule broke off".to_owned()))
    }
}
