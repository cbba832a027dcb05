//! The cases of a rule: resources, and the verdicts that must come out.

use super::engine::{Engine, Input, TOOK_TOO_LONG};
use super::metadata::Rule;
use super::problem::Problem;
use super::verdict::Verdict;
use crate::domain::Instant;
use crate::domain::json::Object;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The account of cases that name none.
const ACCOUNT: &str = "123456789012";
/// The region of cases that name none.
const REGION: &str = "us-east-1";
/// The instant of cases that name none.
const NOW: &str = "2026-01-01T00:00:00Z";

/// The longest that the cases of a rule may take together: whoever sends one waits for it.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(10);

/// One case of `cases.yaml`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// The verdict that must come out.
    pub expect: Expected,
    /// How many violations there must be; any number when it is left out.
    #[serde(default)]
    pub violations: Option<usize>,
    /// The resource. Account, region, type and id have defaults.
    pub resource: Object,
    /// Joined resources by name; null means that they were not read. A join that is left out has none.
    #[serde(default)]
    pub related: BTreeMap<String, Option<Vec<Object>>>,
    /// The instant at which it is judged.
    #[serde(default)]
    pub now: Option<String>,
    /// Parameters that a tenant set.
    #[serde(default)]
    pub params: Object,
}

/// A verdict that must come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// [`Verdict::Pass`].
    Pass,
    /// [`Verdict::Fail`].
    Fail,
    /// [`Verdict::NotApplicable`].
    NotApplicable,
    /// [`Verdict::Unknown`].
    Unknown,
}

impl Expected {
    fn is(self, verdict: &Verdict) -> bool {
        match self {
            Self::Pass => *verdict == Verdict::Pass,
            Self::Fail => matches!(verdict, Verdict::Fail(_)),
            Self::NotApplicable => *verdict == Verdict::NotApplicable,
            Self::Unknown => matches!(verdict, Verdict::Unknown(_)),
        }
    }
}

impl Case {
    /// The resource, with the defaults of what it leaves out.
    pub fn item(&self, kind: &str) -> Object {
        with_defaults(&self.resource, kind)
    }

    /// Judges the case.
    pub fn judge(&self, engine: &mut Engine, rule: &Rule) -> Verdict {
        self.judge_item(engine, rule, self.item(&rule.metadata.resource_type))
    }

    /// Judges another item in its place.
    pub(super) fn judge_item(&self, engine: &mut Engine, rule: &Rule, item: Object) -> Verdict {
        let Some(now) = Instant::parse_loose(self.now.as_deref().unwrap_or(NOW)) else {
            return Verdict::Unknown("`now` of the case is no instant".to_owned());
        };
        let mut related = BTreeMap::new();
        for (name, join) in &rule.metadata.related {
            let items = match self.related.get(name) {
                Some(None) => Err(format!("the resources of type {} were not read completely", join.kind)),
                Some(Some(items)) => {
                    let items = items.iter().map(|item| with_defaults(item, &join.kind));
                    Ok(items.map(|item| Input::new(item, now).converted()).collect())
                }
                None => Ok(Vec::new()),
            };
            related.insert(name.clone(), items);
        }
        engine.judge(rule, &Input::new(item, now), &related, &self.params)
    }
}

fn with_defaults(resource: &Object, kind: &str) -> Object {
    let mut item = resource.clone();
    let mut default = |name: &str, value: Value| {
        item.entry(name.to_owned()).or_insert(value);
    };
    default("accountId", json!(ACCOUNT));
    default("awsRegion", json!(REGION));
    default("resourceType", json!(kind));
    default("resourceId", json!("example"));
    default("resourceName", resource.get("resourceId").cloned().unwrap_or_else(|| json!("example")));
    default("tags", json!({}));
    default("configuration", json!({}));
    default("supplementaryConfiguration", json!({}));
    default("relationships", json!([]));
    item
}

/// Judges every case of a rule; a problem for each that does not come out as it must, and for a rule that would let a resource
/// pass of which nothing was read. `lines` are the lines at which the cases begin.
pub fn run(engine: &mut Engine, rule: &Rule, cases: &[Case], file: &str, lines: &[usize]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let began = std::time::Instant::now();
    for (place, case) in cases.iter().enumerate() {
        let line = lines.get(place).copied().unwrap_or(0);
        let verdict = case.judge(engine, rule);
        if began.elapsed() > LONGEST {
            let seconds = LONGEST.as_secs();
            problems.push(Problem::new(file, line, format!("the cases up to this one took more than {seconds} s")));
            return problems;
        }
        if !case.expect.is(&verdict) {
            let why = match &verdict {
                Verdict::Unknown(reason) => format!(" ({reason})"),
                Verdict::Fail(violations) => {
                    violations.first().map_or_else(String::new, |violation| format!(" ({})", violation.message))
                }
                Verdict::Pass | Verdict::NotApplicable => String::new(),
            };
            let expected = format!("{:?}", case.expect);
            let message = format!("case \"{}\" came out as {}{why}, not {expected}", case.name, verdict.name());
            problems.push(Problem::new(file, line, message));
            if verdict == Verdict::Unknown(TOOK_TOO_LONG.to_owned()) {
                return problems;
            }
        } else if let (Some(wanted), Verdict::Fail(violations)) = (case.violations, &verdict)
            && wanted != violations.len()
        {
            let message = format!("case \"{}\" has {} violations, not {wanted}", case.name, violations.len());
            problems.push(Problem::new(file, line, message));
        }
    }
    if let Some(case) = cases.iter().find(|case| case.expect == Expected::Pass) {
        let mut unread = case.item(&rule.metadata.resource_type);
        unread.insert("configuration".to_owned(), json!({}));
        unread.insert("supplementaryConfiguration".to_owned(), json!({}));
        if case.judge_item(engine, rule, unread) == Verdict::Pass {
            let message = "a resource of which nothing was read passes: name in `requires` what the rule needs";
            problems.push(Problem::new(format!("{}/rule.yaml", rule.metadata.key), 0, message));
        }
    }
    problems
}
