//! Loading a rule, and refusing one that is not whole.

use super::cases::{Case, Expected, run};
use super::engine::Engine;
use super::guard;
use super::large_stack::{Undone, watched};
use super::metadata::{Join, Metadata, Origin, Rule};
use super::paths::{parameters, references};
use super::problem::Problem;
use super::shapes::shape;
use super::template::{filled, member};
use super::verdict::Verdict;
use super::yaml::{case_lines, line_of, read};
use crate::domain::audit_rule::MOST_PARAMS;
use crate::domain::framework::Control;
use crate::domain::score::Vector;
use crate::secrets::sha256_hex;
use crate::terraform::{Offence, foreseen};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The files of a rule.
const FILES: [&str; 3] = ["rule.yaml", "rule.rego", "cases.yaml"];
/// The longest title, in characters, as ASFF has it.
const TITLE: usize = 256;
/// The longest Infracast id, in characters: ids of findings begin with it.
const RULE_ID: usize = 100;
/// The longest URL, in bytes.
const URL: usize = 512;
/// The longest file, in bytes.
const LONGEST: usize = 64 * 1024;
/// The longest that a rule is checked: whoever sends one waits for it, and a gateway waits for 29 seconds.
const LONGEST_CHECK: Duration = Duration::from_secs(20);

/// A file of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// `rule.yaml`, `rule.rego` or `cases.yaml`.
    pub name: String,
    /// What it says.
    pub text: String,
}

/// The files of a rule as they were found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSource {
    /// The name of its folder, which must be its key.
    pub folder: String,
    /// Its files.
    pub files: Vec<SourceFile>,
}

impl RuleSource {
    fn text(&self, name: &str) -> Result<&str, Problem> {
        let file = self.files.iter().find(|file| file.name == name);
        let file = file.ok_or_else(|| {
            Problem::new(self.place(name), 0, "is missing: a rule is rule.yaml, rule.rego and cases.yaml")
        })?;
        if file.text.len() > LONGEST {
            return Err(Problem::new(self.place(name), 0, format!("has more than {LONGEST} bytes")));
        }
        Ok(&file.text)
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// Reads a rule without judging its cases: what the program does with rules that were checked before.
pub fn load(source: &RuleSource) -> Result<Rule, Vec<Problem>> {
    let yaml = source.text("rule.yaml").map_err(|problem| vec![problem])?;
    let rego = source.text("rule.rego").map_err(|problem| vec![problem])?;
    let metadata: Metadata = read(&source.place("rule.yaml"), yaml).map_err(|problem| vec![problem])?;
    let digest = sha256_hex(format!("{yaml}\u{0}{rego}").as_bytes());
    let mut problems = Vec::new();
    let controls = controls(&metadata, (&source.place("rule.yaml"), yaml), &mut problems);
    if problems.is_empty() { Ok(made(metadata, rego, digest, controls)) } else { Err(problems) }
}

/// The rule of what its files say.
pub(super) fn made(metadata: Metadata, rego: &str, digest: String, controls: Vec<Control>) -> Rule {
    let package = format!("rules.{}", metadata.key.replace(['.', '-'], "_"));
    let judges_some = rego.lines().any(|line| {
        let defined = line.strip_prefix("default ").unwrap_or(line).strip_prefix("applies");
        defined.is_some_and(|rest| rest.starts_with([' ', ':', '=']))
    });
    Rule { origin: Origin::Catalogue, metadata, rego: rego.to_owned(), package, judges_some, controls, digest }
}

/// Reads a rule, and refuses it with everything that is wrong: the file, the line, and what to do. `library` are the shared
/// modules, as pairs of file name and text.
pub fn check(source: &RuleSource, library: &[(&str, &str)]) -> Result<(Rule, Vec<Case>), Vec<Problem>> {
    let modules: Vec<(String, String)> =
        library.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let own = source.clone();
    let checked = watched(LONGEST_CHECK, move || {
        let library: Vec<(&str, &str)> = modules.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        check_here(&own, &library)
    });
    let why = match checked {
        Ok(checked) => return checked,
        Err(Undone::Left) => "an evaluation takes too long and cannot be stopped",
        Err(Undone::NotBegun) => "is not looked at while evaluations of other rules cannot be stopped; try again later",
        Err(Undone::Broken) => "the evaluator broke off",
    };
    Err(vec![Problem::new(source.place("rule.rego"), 0, why)])
}

fn check_here(source: &RuleSource, library: &[(&str, &str)]) -> Result<(Rule, Vec<Case>), Vec<Problem>> {
    let mut problems: Vec<Problem> = FILES.iter().filter_map(|name| source.text(name).err()).collect();
    let known = |file: &&SourceFile| !FILES.contains(&file.name.as_str());
    problems.extend(source.files.iter().find(known).map(|file| {
        Problem::new(source.place(&file.name), 0, "is no file of a rule; there are rule.yaml, rule.rego and cases.yaml")
    }));
    if !problems.is_empty() {
        return Err(problems);
    }
    let rule = load(source)?;
    let yaml = source.text("rule.yaml").unwrap_or_default();
    let file = source.place("cases.yaml");
    let text = source.text("cases.yaml").unwrap_or_default();
    let cases: Vec<Case> = read(&file, text).map_err(|problem| vec![problem])?;
    check_metadata(&rule, source, yaml, &mut problems);
    check_rego(&rule, source, &mut problems);
    check_cases(&rule, &cases, &file, text, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut engine = Engine::new(library.iter().copied(), [&rule]);
    engine.compile([&rule]).map_err(|problem| vec![problem])?;
    problems.extend(run(&mut engine, &rule, &cases, &file, &case_lines(text)));
    if problems.is_empty() {
        check_commands(&mut engine, &rule, &cases, &source.place("rule.yaml"), yaml, &mut problems);
    }
    if problems.is_empty() && !mends(&mut engine, &rule, &cases) {
        let why = "patch makes no case pass that fails: `item` must name what the rule looks at";
        problems.push(Problem::new(source.place("rule.yaml"), line_of(yaml, "patch:"), why));
    }
    if problems.is_empty() { Ok((rule, cases)) } else { Err(problems) }
}

/// What is wrong with rules that are right each for itself: a key or an id that two of them have.
pub fn check_together(rules: &[Rule]) -> Vec<Problem> {
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    let mut problems = Vec::new();
    for rule in rules {
        let Metadata { key, rule_id, .. } = &rule.metadata;
        if let Some(other) = seen.insert(rule_id, key) {
            problems.push(Problem::new(
                format!("{key}/rule.yaml"),
                0,
                format!("rule_id {rule_id} is {other}'s: add a slug"),
            ));
        }
    }
    problems
}

fn controls(metadata: &Metadata, (file, yaml): (&str, &str), problems: &mut Vec<Problem>) -> Vec<Control> {
    let mut controls = BTreeSet::new();
    for (framework, ids) in &metadata.controls {
        for id in ids {
            match Control::of_known(framework, id) {
                Some(control) => {
                    controls.insert(control);
                }
                None => {
                    let why = format!("{framework} is no framework that is known, or \"{id}\" no control");
                    problems.push(Problem::new(file, line_of(yaml, framework), why));
                }
            }
        }
    }
    controls.into_iter().collect()
}

fn check_metadata(rule: &Rule, source: &RuleSource, yaml: &str, problems: &mut Vec<Problem>) {
    let metadata = &rule.metadata;
    let mut wrong = |member: &str, message: String| {
        problems.push(Problem::new(source.place("rule.yaml"), line_of(yaml, &format!("{member}:")), message));
    };
    let is_key = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    if metadata.key.is_empty() || !metadata.key.chars().all(is_key) || metadata.key != source.folder {
        let why = format!(
            "key must be the folder's name ({}), in lower-case letters, digits, dots and hyphens",
            source.folder
        );
        wrong("key", why);
    }
    if metadata.version == 0 {
        wrong("version", "version counts from 1".to_owned());
    }
    let is_id = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '(' | ')');
    if metadata.rule_id.is_empty() || !metadata.rule_id.chars().all(is_id) {
        wrong(
            "rule_id",
            "rule_id must be <FRAMEWORK>-<control>, with -<SLUG> where that is not unique, in capitals".to_owned(),
        );
    }
    if Vector::parse(&metadata.ccss).is_none() {
        wrong("ccss", "ccss must have all of AV, AC, Au, C, I and A, as in AV:N/AC:L/Au:N/C:P/I:P/A:P".to_owned());
    }
    let texts =
        [("title", &metadata.title), ("description", &metadata.description), ("rationale", &metadata.rationale)];
    for (name, text) in texts {
        if text.trim().is_empty() {
            wrong(name, format!("{name} is empty"));
        }
    }
    for (name, text, most) in [("title", &metadata.title, TITLE), ("rule_id", &metadata.rule_id, RULE_ID)] {
        if text.chars().count() > most {
            wrong(name, format!("{name} must have at most {most} characters"));
        }
    }
    if metadata.remediation.url.as_ref().is_some_and(|url| !url.starts_with("https://") || url.len() > URL) {
        wrong("url", format!("url must begin with https:// and have at most {URL} characters"));
    }
    if Value::Object(metadata.defaults()).to_string().len() > MOST_PARAMS {
        wrong("params", format!("params must have at most {MOST_PARAMS} bytes"));
    }
    match (rule.controls.is_empty(), &metadata.unmapped) {
        (true, None) => {
            wrong("controls", "maps to no control: name one, or say in `unmapped` why there is none".to_owned());
        }
        (false, Some(_)) => wrong("unmapped", "maps to controls, so there is nothing to say in `unmapped`".to_owned()),
        (true, Some(_)) | (false, None) => {}
    }
    if metadata.requires.is_empty() {
        wrong("requires", "requires is empty: name the members without which the rule cannot tell".to_owned());
    }
    if metadata.remediation.steps.is_empty() {
        wrong("remediation", "remediation has no steps".to_owned());
    }
    for path in &metadata.requires {
        if let Some(why) = unknown(&metadata.resource_type, path) {
            wrong(path, why);
        }
    }
    for (name, Join { kind, scope: _, theirs, ours }) in &metadata.related {
        if theirs.is_none() && shape(kind).is_none() {
            wrong(name, format!("nothing is known about resources of type {kind}"));
        }
        let sides = [(kind, theirs), (&metadata.resource_type, ours)];
        for why in sides.iter().filter_map(|(kind, path)| unknown(kind, path.as_ref()?)) {
            wrong(name, why);
        }
        if theirs.is_some() != ours.is_some() {
            wrong(name, format!("{name} must have both `where` and `equals`, or neither"));
        }
    }
    let fix = metadata.terraform.as_ref().and_then(|fix| Some((fix, fix.patch.as_ref()?)));
    if let Some((fix, patch)) = fix {
        fix.problems().into_iter().for_each(|(member, why)| wrong(member, why));
        if !metadata.related.is_empty() {
            wrong("patch", "has a patch, which no rule can have that looks at other resources".to_owned());
        }
        for path in patch.members() {
            if let Some(why) = unknown(&metadata.resource_type, &path) {
                wrong(&path, why);
            }
        }
        if patch.values(&metadata.defaults()).is_none() {
            wrong("value", "value names a parameter that the rule does not have".to_owned());
        }
    }
}

/// Why a member cannot be there.
fn unknown(kind: &str, path: &str) -> Option<String> {
    let Some(shape) = shape(kind) else { return Some(format!("nothing is known about resources of type {kind}")) };
    if shape.has(path) {
        return None;
    }
    let nearest = shape.nearest(path).map(|near| format!("; did you mean {near}?")).unwrap_or_default();
    Some(format!("{kind} has no member {path}{nearest}"))
}

fn check_rego(rule: &Rule, source: &RuleSource, problems: &mut Vec<Problem>) {
    let file = source.place("rule.rego");
    problems.extend(guard::check(&file, &rule.rego, &rule.package));
    if !rule.rego.lines().any(|line| line.starts_with("violations contains ")) {
        problems.push(Problem::new(
            &file,
            0,
            "has no rule `violations contains {\"path\": …, \"message\": …, \"evidence\": {…}} if {…}`",
        ));
    }
    for reference in references(&rule.rego) {
        let kind = match &reference.related {
            None => Some(&rule.metadata.resource_type),
            Some(name) => rule.metadata.related.get(name).map(|join| &join.kind),
        };
        let why = match (kind, &reference.related) {
            (Some(_), _) if reference.path.is_empty() => None,
            (Some(kind), _) => unknown(kind, &reference.path),
            (None, name) => Some(format!("rule.yaml has no `{}` in `related`", name.as_deref().unwrap_or_default())),
        };
        problems.extend(why.map(|why| Problem::new(&file, reference.line, why)));
    }
    for (line, name) in parameters(&rule.rego) {
        if !rule.metadata.params.contains_key(&name) {
            problems.push(Problem::new(&file, line, format!("rule.yaml has no `{name}` in `params`")));
        }
    }
}

fn check_cases(rule: &Rule, cases: &[Case], file: &str, text: &str, problems: &mut Vec<Problem>) {
    for (expected, what) in [(Expected::Fail, "fails"), (Expected::Pass, "passes")] {
        if !cases.iter().any(|case| case.expect == expected) {
            problems.push(Problem::new(
                file,
                0,
                format!("has no case that {what}: there must be at least one of each"),
            ));
        }
    }
    let lines = case_lines(text);
    for (place, case) in cases.iter().enumerate() {
        let line = lines.get(place).copied().unwrap_or(0);
        let name = &case.name;
        let mut check = |kind: &str, item: &crate::domain::json::Object| {
            let Some(shape) = shape(kind) else { return };
            for path in leaves(item).iter().filter(|path| !shape.has(path)) {
                let why = unknown(kind, path).unwrap_or_default();
                problems.push(Problem::new(file, line, format!("case \"{name}\": {why}")));
            }
        };
        check(&rule.metadata.resource_type, &case.resource);
        for (join, items) in &case.related {
            match rule.metadata.related.get(join) {
                Some(known) => items.iter().flatten().for_each(|item| check(&known.kind, item)),
                None => {
                    let why = format!("case \"{name}\": rule.yaml has no `{join}` in `related`");
                    problems.push(Problem::new(file, line, why));
                    return;
                }
            }
        }
    }
}

/// The dotted paths of what is no object and no list.
fn leaves(item: &crate::domain::json::Object) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) if !members.is_empty() => {
                members.iter().for_each(|(name, member)| walk(member, &format!("{path}.{name}"), found));
            }
            Value::Array(items) if !items.is_empty() => {
                items.iter().for_each(|item| walk(item, path, found));
            }
            _ => {
                found.insert(path.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    item.iter().for_each(|(name, member)| walk(member, name, &mut found));
    found
}

/// Whether what a patch says of the item makes a case pass that fails; true for a rule without one.
fn mends(engine: &mut Engine, rule: &Rule, cases: &[Case]) -> bool {
    let patch = rule.metadata.terraform.as_ref().and_then(|terraform| terraform.patch.as_ref());
    let Some(patch) = patch else { return true };
    cases.iter().filter(|case| case.expect == Expected::Fail).any(|case| {
        let Verdict::Fail(violations) = case.judge(engine, rule) else { return false };
        let offences: Vec<Offence<'_>> = violations
            .iter()
            .map(|violation| Offence { path: &violation.path, evidence: &violation.evidence })
            .collect();
        let mut params = rule.metadata.defaults();
        params.extend(case.params.clone());
        let mended = foreseen(patch, &case.item(&rule.metadata.resource_type), &offences, &params);
        mended.is_some_and(|mended| case.judge_item(engine, rule, mended) == Verdict::Pass)
    })
}

/// Commands must be fillable for every case that fails.
fn check_commands(
    engine: &mut Engine,
    rule: &Rule,
    cases: &[Case],
    file: &str,
    yaml: &str,
    problems: &mut Vec<Problem>,
) {
    for case in cases.iter().filter(|case| case.expect == Expected::Fail) {
        let Verdict::Fail(violations) = case.judge(engine, rule) else { continue };
        let item = case.item(&rule.metadata.resource_type);
        let mut params = rule.metadata.defaults();
        params.extend(case.params.clone());
        for violation in &violations {
            for step in &rule.metadata.remediation.steps {
                for text in [Some(&step.action), step.command.as_ref()].into_iter().flatten() {
                    if let Err(open) = filled(text, |place| member(place, &item, &violation.evidence, &params)) {
                        let why = format!("{{{{{open}}}}} stands for nothing in case \"{}\"", case.name);
                        problems.push(Problem::new(file, line_of(yaml, open), why));
                        return;
                    }
                }
            }
        }
    }
}
