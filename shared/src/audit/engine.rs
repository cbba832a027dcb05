//! The evaluator: rules compiled once, judged over resources, contained.
//!
//! Every rule has an evaluator of its own, with the shared modules that it names and no others: what an evaluation costs grows with
//! the modules of its evaluator. It is made ready at the rule's first evaluation, so that a run pays for the rules that it uses.
//!
//! Chosen here: an evaluation ends after [`TIME`], whatever it is at; one that panics is a verdict `unknown`, and the evaluator is
//! built anew. Functions that take more than time, or answer differently each time, are refused when a rule is loaded.
//! `time.parse_rfc3339_ns` is the only one of OPA's clock functions that there is; now is `input.now`. Texts become
//! numbers by `digits.number`.

use super::convert::{to_json, to_rego};
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

/// The resources that a rule joins, by the name of the join; `None` where they are not all known.
pub type RelatedItems = BTreeMap<String, Option<Vec<regorus::Value>>>;

/// Rules, ready to judge. Cloning one is cheap; each thread wants its own.
#[derive(Clone)]
pub struct Engine {
    compiled: Arc<HashMap<String, Compiled>>,
    /// The evaluators that are at work, by package.
    working: HashMap<String, regorus::Engine>,
}

/// An evaluator that knows one rule.
struct Compiled {
    parsed: regorus::Engine,
    /// As it is after its modules were analysed, which happens at its first evaluation.
    ready: OnceLock<regorus::Engine>,
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
    /// Compiles rules, with those of the shared modules `library` that they name: pairs of file name and text.
    pub fn new<'a>(
        library: impl IntoIterator<Item = (&'a str, &'a str)>,
        rules: impl IntoIterator<Item = &'a Rule>,
    ) -> Result<Self, Problem> {
        let bare = bare()?;
        let modules: Vec<Module> = library.into_iter().map(|(file, text)| Module::new(file, text)).collect();
        let mut compiled = HashMap::new();
        for rule in rules {
            let mut parsed = bare.clone();
            for module in named(&modules, &rule.rego) {
                add(&mut parsed, module.file, module.text)?;
            }
            add(&mut parsed, &format!("{}/rule.rego", rule.metadata.key), &rule.rego)?;
            compiled.insert(rule.package.clone(), Compiled { parsed, ready: OnceLock::new() });
        }
        Ok(Self { compiled: Arc::new(compiled), working: HashMap::new() })
    }

    /// Judges a resource by a rule of these. `related` has a list for each of the rule's joins, or `None` where the
    /// resources of its type are not known; `params` are the tenant's, which stand before the rule's own.
    pub fn judge(&mut self, rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> Verdict {
        if let Some(missing) = missing(rule, input, related) {
            return Verdict::Unknown(missing);
        }
        let Some(compiled) = self.compiled.get(&rule.package) else {
            return Verdict::Unknown("the rule is not among those that were compiled".to_owned());
        };
        let whole = whole(rule, input, related, params);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let working = match self.working.get_mut(&rule.package) {
                Some(working) => working,
                None => self.working.entry(rule.package.clone()).or_insert(compiled.ready()),
            };
            working.set_input(whole);
            evaluate(working, rule)
        }));
        match outcome {
            Ok(Ok(verdict)) => verdict,
            Ok(Err(error)) => Verdict::Unknown(reason(&error)),
            Err(_) => {
                self.working.remove(&rule.package);
                Verdict::Unknown("the evaluation of the rule broke off".to_owned())
            }
        }
    }
}

impl Compiled {
    /// A copy that is ready to evaluate.
    fn ready(&self) -> regorus::Engine {
        let ready = self.ready.get_or_init(|| {
            let mut engine = self.parsed.clone();
            engine.set_input(regorus::Value::new_object());
            // There is no such rule; what matters is what comes before it is looked for. A fault in the modules shows again in
            // each evaluation.
            drop(engine.eval_rule(String::new()));
            engine
        });
        ready.clone()
    }
}

/// A module that rules share.
struct Module<'a> {
    file: &'a str,
    text: &'a str,
    /// The last part of its package, by which others name it.
    name: &'a str,
}

impl<'a> Module<'a> {
    fn new(file: &'a str, text: &'a str) -> Self {
        let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap_or_default();
        Self { file, text, name: package.trim().rsplit('.').next().unwrap_or_default() }
    }
}

/// The modules that a rule names, and those that these name. A rule that speaks of the library in another way than as
/// `data.lib.<name>` may mean any.
fn named<'m, 'a>(modules: &'m [Module<'a>], rego: &str) -> Vec<&'m Module<'a>> {
    let mut texts = vec![rego];
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    while let Some(text) = texts.pop() {
        for (place, rest) in text.match_indices("lib").map(|(place, lib)| (place, &text[place + lib.len()..])) {
            let before = text[..place].ends_with("data.");
            let name = rest
                .strip_prefix('.')
                .filter(|_| before)
                .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default());
            let meant = |module: &Module| name.is_none_or(|name| name == module.name);
            for (number, module) in modules.iter().enumerate().filter(|(_, module)| meant(module)) {
                if taken.insert(number) {
                    texts.push(module.text);
                }
            }
        }
    }
    modules.iter().enumerate().filter(|(number, _)| taken.contains(number)).map(|(_, module)| module).collect()
}

/// An evaluator that knows no rule, with its bounds and functions.
fn bare() -> Result<regorus::Engine, Problem> {
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

fn add(engine: &mut regorus::Engine, file: &str, text: &str) -> Result<(), Problem> {
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
    let unread = rule.metadata.related.iter().find(|(name, _)| !matches!(related.get(*name), Some(Some(_))))?;
    Some(format!("the resources of type {} were not read completely", unread.1.kind))
}

fn whole(rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> regorus::Value {
    let text = |text: &str| regorus::Value::from(text);
    let lists = related.iter().filter_map(|(name, list)| Some((text(name), regorus::Value::from(list.clone()?))));
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
