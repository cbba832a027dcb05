//! The evaluator: rules compiled once, judged over resources, contained.
//!
//! Every rule has an evaluator of its own, with the shared modules that it names and no others: what an evaluation costs grows with
//! the modules of its evaluator. It is made at the rule's first evaluation, so that a run pays for the rules that it uses.
//!
//! Chosen here: an evaluation ends after [`TIME`], whatever it is at; one that panics is a verdict `unknown`, and the evaluator is
//! built anew. Functions that take more than time, or answer differently each time, are refused when a rule is loaded.
//! `time.parse_rfc3339_ns` is the only one of OPA's clock functions that there is; now is `input.now`. Texts become
//! numbers by `digits.number`.

use super::convert::{to_json, to_rego};
use super::library::{Library, Modules};
use super::metadata::Rule;
use super::problem::Problem;
use super::verdict::{Verdict, Violation};
use crate::domain::Instant;
use crate::domain::json::{self, Object};
use regorus::utils::limits::ExecutionTimerConfig;
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// The longest that one evaluation may take; a usual one takes some ten microseconds.
const TIME: Duration = Duration::from_secs(2);
/// Steps between two looks at the clock.
const STEPS: NonZeroU32 = match NonZeroU32::new(256) {
    Some(steps) => steps,
    None => NonZeroU32::MIN,
};
/// Violations of one resource that are kept.
const VIOLATIONS: usize = 100;
/// The reason of a verdict that was not waited for.
pub const TOOK_TOO_LONG: &str = "the evaluation took too long and was stopped";
/// Characters of a message that are kept.
const MESSAGE: usize = 1_000;

/// The resources that a rule joins, by the name of the join; where they are not all known, why.
pub type RelatedItems = BTreeMap<String, Result<Vec<regorus::Value>, String>>;

/// Rules, ready to judge. Cloning one is cheap; each thread wants its own.
#[derive(Clone)]
pub struct Engine {
    compiled: Arc<HashMap<String, Compiled>>,
    /// The evaluators that are at work, by the key of the rule.
    working: HashMap<String, regorus::Engine>,
}

/// An evaluator that knows one rule, made when it is asked for.
struct Compiled {
    modules: Arc<Modules>,
    ready: OnceLock<Result<regorus::Engine, Problem>>,
}

/// What a rule looks at. It is converted once, however many rules look at it.
#[derive(Debug, Clone)]
pub struct Input {
    resource: Object,
    converted: regorus::Value,
    now: regorus::Value,
}

impl Input {
    /// A configuration item, as [`crate::domain`] writes it for rules, at an instant.
    pub fn new(resource: Object, now: Instant) -> Self {
        let members = resource.iter().map(|(name, member)| (regorus::Value::from(name.as_str()), to_rego(member)));
        let converted = regorus::Value::from(members.collect::<BTreeMap<_, _>>());
        Self { resource, converted, now: regorus::Value::from(now.to_string()) }
    }

    /// The item.
    pub fn resource(&self) -> &Object {
        &self.resource
    }

    /// The item as joined resources are given to [`Engine::judge`].
    pub fn converted(&self) -> regorus::Value {
        self.converted.clone()
    }
}

impl Engine {
    /// Rules with those of the shared modules `library` that they name: pairs of file name and text. A rule is compiled at its
    /// first evaluation; one that cannot be has the verdict `unknown`.
    pub fn new<'a>(
        library: impl IntoIterator<Item = (&'a str, &'a str)>,
        rules: impl IntoIterator<Item = &'a Rule>,
    ) -> Self {
        let library = Library::new(library);
        let mut shared: HashMap<BTreeSet<usize>, Arc<Modules>> = HashMap::new();
        let compiled = rules.into_iter().map(|rule| {
            let named = library.named_by(&rule.rego);
            let modules = shared.entry(named).or_insert_with_key(|named| Arc::new(library.modules(named)));
            (rule.metadata.key.clone(), Compiled { modules: Arc::clone(modules), ready: OnceLock::new() })
        });
        Self { compiled: Arc::new(compiled.collect()), working: HashMap::new() }
    }

    /// Compiles the rules now that would be compiled later; the first problem.
    pub fn compile<'a>(&self, rules: impl IntoIterator<Item = &'a Rule>) -> Result<(), Problem> {
        let mut compiled = rules.into_iter().filter_map(|rule| Some((rule, self.compiled.get(&rule.metadata.key)?)));
        compiled.try_for_each(|(rule, compiled)| compiled.ready(rule).map(|_| ()))
    }

    /// Judges a resource by a rule of these. `related` has a list for each of the rule's joins, or why the
    /// resources of its type are not known; `params` are the tenant's, which stand before the rule's own.
    pub fn judge(&mut self, rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> Verdict {
        if let Some(missing) = missing(rule, input, related) {
            return Verdict::Unknown(missing);
        }
        let Some(compiled) = self.compiled.get(&rule.metadata.key) else {
            return Verdict::Unknown("the rule is not among those that the evaluator knows".to_owned());
        };
        let ready = match compiled.ready(rule) {
            Ok(ready) => ready,
            Err(problem) => return Verdict::Unknown(problem.to_string()),
        };
        let whole = whole(rule, input, related, params);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let working = match self.working.get_mut(&rule.metadata.key) {
                Some(working) => working,
                None => self.working.entry(rule.metadata.key.clone()).or_insert(ready.clone()),
            };
            working.set_input(whole);
            evaluate(working, rule)
        }));
        match outcome {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => Verdict::Unknown(reason(&error)),
            Err(_) => {
                self.working.remove(&rule.metadata.key);
                Verdict::Unknown("the evaluation of the rule broke off".to_owned())
            }
        }
    }
}

impl Compiled {
    /// The evaluator, ready to be copied.
    fn ready(&self, rule: &Rule) -> Result<&regorus::Engine, Problem> {
        let ready = self.ready.get_or_init(|| {
            let mut engine = self.modules.parsed()?;
            add(&mut engine, &format!("{}/rule.rego", rule.metadata.key), &rule.rego)?;
            engine.set_input(regorus::Value::new_object());
            // There is no such rule; what matters is that the modules are analysed before it is looked for, once for all
            // copies. What is wrong with them shows in each evaluation.
            let analysed = catch_unwind(AssertUnwindSafe(|| drop(engine.eval_rule(String::new()))));
            let broken = || Problem::new(format!("{}/rule.rego", rule.metadata.key), 0, "the evaluator broke off");
            analysed.map_err(|_| broken()).map(|()| engine)
        });
        ready.as_ref().map_err(Clone::clone)
    }
}

/// An evaluator that knows no rule, with its bounds and functions.
pub(super) fn bare() -> Result<regorus::Engine, Problem> {
    let mut engine = parser();
    engine.set_execution_timer_config(ExecutionTimerConfig { limit: TIME, check_interval: STEPS });
    engine.set_strict_builtin_errors(true);
    let nanoseconds = |mut parameters: Vec<regorus::Value>| {
        let Some(text) = parameters.pop() else { return Ok(regorus::Value::Undefined) };
        let at = text.as_string().ok().and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok());
        let nanoseconds = at.and_then(|at| at.timestamp_nanos_opt());
        Ok(nanoseconds.map_or(regorus::Value::Undefined, regorus::Value::from))
    };
    let digits = |parameters: Vec<regorus::Value>| Ok(number(&parameters)?);
    let added = engine.add_extension("time.parse_rfc3339_ns".to_owned(), 1, Box::new(nanoseconds));
    added.map_err(|error| Problem::new("rules", 0, error.to_string()))?;
    let added = engine.add_extension("digits.number".to_owned(), 1, Box::new(digits));
    added.map_err(|error| Problem::new("rules", 0, error.to_string()))?;
    Ok(engine)
}

/// The whole number that a text of at most 15 digits spells; an error for any other, which makes the verdict unknown. In place of
/// `to_number`, which takes hours for `1e999999999`.
fn number(parameters: &[regorus::Value]) -> Result<regorus::Value, std::io::Error> {
    let text = parameters.first().and_then(|text| text.as_string().ok());
    let is_plain = |text: &&str| !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.map(AsRef::as_ref).filter(is_plain).and_then(|text: &str| text.parse::<i64>().ok());
    number.map(regorus::Value::from).ok_or_else(|| std::io::Error::other("no whole number of at most 15 digits"))
}

/// An evaluator that knows no rule and no bound yet.
pub(super) fn parser() -> regorus::Engine {
    regorus::Engine::new()
}

pub(super) fn add(engine: &mut regorus::Engine, file: &str, text: &str) -> Result<(), Problem> {
    let added = catch_unwind(AssertUnwindSafe(|| engine.add_policy(file.to_owned(), text.to_owned())));
    match added {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(located(file, &error.to_string())),
        Err(_) => Err(Problem::new(file, 0, "cannot be read as Rego: the parser broke off")),
    }
}

/// What the rule needs and is not there.
fn missing(rule: &Rule, input: &Input, related: &RelatedItems) -> Option<String> {
    let absent = |path: &&String| json::at(&input.resource, path).is_none();
    if let Some(path) = rule.metadata.requires.iter().find(absent) {
        return Some(format!("the resource has no {path}: it was not read"));
    }
    rule.metadata.related.iter().find_map(|(name, join)| match related.get(name) {
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(why.clone()),
        None => Some(format!("the resources of type {} were not read", join.kind)),
    })
}

fn whole(rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> regorus::Value {
    let text = |text: &str| regorus::Value::from(text);
    let lists = related.iter().filter_map(|(name, list)| Some((text(name), regorus::Value::from(list.clone().ok()?))));
    let known = rule.metadata.params.iter();
    let params = known.map(|(name, param)| (text(name), to_rego(params.get(name).unwrap_or(&param.default))));
    let members = [
        (text("resource"), input.converted.clone()),
        (text("related"), regorus::Value::from(lists.collect::<BTreeMap<_, _>>())),
        (text("now"), input.now.clone()),
        (text("params"), regorus::Value::from(params.collect::<BTreeMap<_, _>>())),
    ];
    regorus::Value::from(BTreeMap::from(members))
}

fn evaluate(engine: &mut regorus::Engine, rule: &Rule) -> Result<Verdict, String> {
    if rule.judges_some {
        let applies = eval(engine, rule, "applies")?;
        match &applies {
            regorus::Value::Bool(true) => {}
            regorus::Value::Bool(false) | regorus::Value::Undefined => return Ok(Verdict::NotApplicable),
            regorus::Value::String(reason) => return Ok(Verdict::Unknown(reason.chars().take(MESSAGE).collect())),
            _ => return Ok(Verdict::Unknown("`applies` of the rule is neither boolean nor text".to_owned())),
        }
    }
    let found = eval(engine, rule, "violations")?;
    let Ok(found) = found.as_set() else {
        return Ok(Verdict::Unknown("`violations` of the rule is no set".to_owned()));
    };
    let mut violations = Vec::new();
    for violation in found.iter().take(VIOLATIONS) {
        let Some(violation) = to_json(violation) else {
            return Ok(Verdict::Unknown("a violation of the rule is too large".to_owned()));
        };
        match read(&violation) {
            Some(violation) => violations.push(violation),
            None => return Ok(Verdict::Unknown("a violation of the rule has no path or no message".to_owned())),
        }
    }
    Ok(if violations.is_empty() { Verdict::Pass } else { Verdict::Fail(violations) })
}

fn eval(engine: &mut regorus::Engine, rule: &Rule, name: &str) -> Result<regorus::Value, String> {
    engine.eval_rule(format!("data.{}.{name}", rule.package)).map_err(|error| error.to_string())
}

fn read(violation: &Json) -> Option<Violation> {
    let text = |name: &str| violation.get(name)?.as_str().filter(|text| !text.is_empty());
    let message: String = text("message")?.chars().take(MESSAGE).collect();
    let evidence = violation.get("evidence").cloned().unwrap_or_default();
    Some(Violation { path: text("path")?.to_owned(), message, evidence })
}

/// An error of the evaluator in one line, without the source that it shows.
fn reason(text: &str) -> String {
    if text.contains("execution exceeded time limit") {
        return TOOK_TOO_LONG.to_owned();
    }
    let last = text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let place = text.lines().find_map(|line| line.trim().strip_prefix("--> ")).unwrap_or_default();
    format!("the evaluation failed at {place}: {}", last.trim().trim_start_matches("error:").trim())
}

/// The file and line that an error of the parser shows.
pub(super) fn located(file: &str, text: &str) -> Problem {
    let place = text.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let line = place.and_then(|place| place.rsplit(':').nth(1)?.parse().ok()).unwrap_or(0);
    let last = text.lines().rev().find_map(|line| line.split_once("error:").map(|(_, said)| said.trim().to_owned()));
    Problem::new(file, line, last.unwrap_or_else(|| text.to_owned()))
}
