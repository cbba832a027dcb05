//! What a rule's Rego may not say, so that it can neither run without end nor reach beyond itself.
//!
//! The evaluator ends an evaluation that takes too long, but no recursion and no nesting that is too deep for a stack:
//! both would end the process. So a rule is held to what its syntax tree shows: no name that leads back to itself, chains of
//! names and nesting within bounds, its own package, and of other data `data.lib` alone. What is left is memory: a rule that
//! doubles a text again and again may take more than there is, and then the process ends.

use super::engine::{located, parser};
use super::problem::Problem;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of `rule.rego`. The largest of the catalogue has 2,430.
const LONGEST: usize = 32 * 1024;
/// Brackets within brackets: for each the parser tries twice. The catalogue has 5 at most.
const BRACKETS: usize = 10;
/// Levels of the syntax tree as JSON, where an expression within another one is about two of them.
const DEEPEST: usize = 200;
/// Names of a rule that lead from one to the next.
const LONGEST_CHAIN: usize = 32;
/// Functions that rules may not call, and why.
const REFUSED: [(&str, &str); 16] = [
    ("units.parse", "takes time without bound"),
    ("units.parse_bytes", "takes time without bound"),
    ("json.is_valid", "takes time without bound"),
    ("to_number", "takes time without bound: use digits.number"),
    ("json.unmarshal", "takes time without bound: texts that hold JSON are unfolded before"),
    ("yaml.unmarshal", "takes time without bound"),
    ("bits.lsh", "takes memory without bound"),
    ("numbers.range", "takes memory without bound"),
    ("numbers.range_step", "takes memory without bound"),
    ("strings.render_template", "takes memory without bound"),
    ("time.now_ns", "answers differently each time: use input.now"),
    ("rand.intn", "answers differently each time"),
    ("uuid.rfc4122", "answers differently each time"),
    ("http.send", "leaves the evaluation"),
    ("opa.runtime", "leaves the evaluation"),
    ("net.lookup_ip_addr", "leaves the evaluation"),
];

/// Everything that is wrong with the Rego text of a file, whose package must be `package`. Wants a large stack.
pub(super) fn check(file: &str, rego: &str, package: &str) -> Vec<Problem> {
    if rego.len() > LONGEST {
        return vec![Problem::new(file, 0, format!("has more than {LONGEST} bytes"))];
    }
    let bare = bare(rego);
    if let Some(line) = exponent(&bare) {
        return vec![Problem::new(file, line, "has a number with an exponent: write it out")];
    }
    if let Some(line) = too_many_brackets(&bare) {
        return vec![Problem::new(file, line, format!("has brackets nested more than {BRACKETS} deep"))];
    }
    let mut engine = parser();
    match engine.add_policy(file.to_owned(), rego.to_owned()) {
        Ok(found) if found != format!("data.{package}") => {
            return vec![Problem::new(file, 1, format!("must say `package {package}`"))];
        }
        Ok(_) => {}
        Err(error) => return vec![located(file, &error.to_string())],
    }
    let tree = engine.get_modules().first().map(serde_json::to_value);
    let Some(Ok(tree)) = tree else {
        return vec![Problem::new(file, 0, "cannot be read as Rego")];
    };
    if let Some(line) = too_deep(&tree) {
        return vec![Problem::new(file, line, "is nested too deeply, or has a chain of operators that is too long")];
    }
    let mut problems = Vec::new();
    let mut wrong = |line: usize, message: String| problems.push(Problem::new(file, line, message));
    imports(&tree, &mut wrong);
    let rules = list(&tree, "rules");
    rules.iter().for_each(|rule| walk(rule, &mut wrong));
    recursion(rules, &mut wrong);
    problems
}

/// What the language looks at: the text with all that stands in texts and comments blank.
fn bare(rego: &str) -> String {
    // What ends the text or comment that this is in.
    let mut inside = None;
    let mut escaped = false;
    let blank = |c: char| match inside {
        Some(end) => {
            // No quoted text goes on behind the end of its line.
            if (c == end && !escaped) || (c == '\n' && end != '`') {
                inside = None;
            }
            escaped = c == '\\' && end == '"' && !escaped;
            if c == '\n' { c } else { ' ' }
        }
        None => {
            match c {
                '"' | '`' => (inside, escaped) = (Some(c), false),
                '#' => inside = Some('\n'),
                _ => {}
            }
            c
        }
    };
    rego.chars().map(blank).collect()
}

/// The line on which brackets are nested deeper than they may be.
fn too_many_brackets(bare: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let deep = |line: &str| {
        line.chars().any(|c| {
            match c {
                '[' | '{' | '(' => depth += 1,
                ']' | '}' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > BRACKETS
        })
    };
    bare.lines().position(deep).map(|at| at + 1)
}

/// The line on which a number has an exponent: the parser would write it out, however great it is.
fn exponent(bare: &str) -> Option<usize> {
    let is_power = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['e', 'E']);
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    bare.lines().position(|line| line.split(|c| !is_part(c)).any(is_power)).map(|at| at + 1)
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The line of a node, or of the first one below it that has one.
fn line(value: &Value) -> usize {
    let own = value.pointer("/span/line").or_else(|| value.get("line")).and_then(Value::as_u64);
    let below = || match value {
        Value::Object(members) => members.values().map(line).find(|line| *line > 0),
        Value::Array(items) => items.iter().map(line).find(|line| *line > 0),
        _ => None,
    };
    own.and_then(|line| usize::try_from(line).ok()).or_else(below).unwrap_or(0)
}

/// The line at which the tree goes deeper than it may. Goes by a list of its own, and not by recursion.
fn too_deep(tree: &Value) -> Option<usize> {
    let mut left = vec![(tree, 0, 0)];
    while let Some((value, depth, at)) = left.pop() {
        if depth > DEEPEST {
            return Some(at);
        }
        let own = value.pointer("/span/line").and_then(Value::as_u64).and_then(|line| usize::try_from(line).ok());
        let at = own.unwrap_or(at);
        match value {
            Value::Object(members) => left.extend(members.values().map(|member| (member, depth + 1, at))),
            Value::Array(items) => left.extend(items.iter().map(|item| (item, depth + 1, at))),
            _ => {}
        }
    }
    None
}

/// Names that begin with `rego.` or `future.` turn on parts of the language; everything else is called by its full name.
fn imports(tree: &Value, wrong: &mut impl FnMut(usize, String)) {
    for import in list(tree, "imports") {
        let path = import.get("refr").map(names).unwrap_or_default();
        if !path.first().is_some_and(|first| first == "rego" || first == "future") {
            wrong(line(import), "imports nothing: what is in data.lib is called by its full name".to_owned());
        }
    }
}

/// The names of a reference, `data.lib.days.since`; empty for what is none, and cut before a place that is computed.
fn names(expression: &Value) -> Vec<String> {
    if let Some(variable) = expression.get("Var") {
        return variable.get("value").and_then(Value::as_str).map(str::to_owned).into_iter().collect();
    }
    let Some(dot) = expression.get("RefDot") else { return Vec::new() };
    let mut path = dot.get("refr").map(names).unwrap_or_default();
    let field = dot.pointer("/field/1").and_then(Value::as_str);
    if let (false, Some(field)) = (path.is_empty(), field) {
        path.push(field.to_owned());
    }
    path
}

/// The name that a rule defines.
fn defined(rule: &Value) -> Option<String> {
    fn first(expression: &Value) -> Option<String> {
        if let Some(name) = names(expression).into_iter().next() {
            return Some(name);
        }
        first(expression.pointer("/RefBrack/refr").or_else(|| expression.pointer("/RefDot/refr"))?)
    }
    let head = rule.pointer("/Spec/head").and_then(Value::as_object).and_then(|head| head.values().next());
    first(head.or_else(|| rule.get("Default"))?.get("refr")?)
}

/// Looks at every node below a rule.
fn walk(value: &Value, wrong: &mut impl FnMut(usize, String)) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, wrong)),
        Value::Object(members) => {
            if members.contains_key("with_mods") {
                wrong(line(value), "`with` is for tests: a rule judges what it is given".to_owned());
            }
            if let Some(call) = members.get("Call") {
                let called = call.get("fcn").map(names).unwrap_or_default().join(".");
                if let Some((_, why)) = REFUSED.iter().find(|(name, _)| *name == called) {
                    wrong(line(call), format!("{called} is not allowed: it {why}"));
                }
            }
            let path = names(value);
            if path.first().is_some_and(|first| first == "data") {
                if path.get(1).is_none_or(|second| second != "lib") {
                    wrong(line(value), "of data there is data.lib alone, by its full name".to_owned());
                }
                return;
            }
            members.values().for_each(|member| walk(member, wrong));
        }
        _ => {}
    }
}

/// Refuses names that lead back to themselves, and chains of them that are too long.
fn recursion(rules: &[Value], wrong: &mut impl FnMut(usize, String)) {
    let known: BTreeSet<String> = rules.iter().filter_map(defined).collect();
    let mut leads: BTreeMap<String, (usize, BTreeSet<String>)> = BTreeMap::new();
    for rule in rules {
        let Some(name) = defined(rule) else { continue };
        let (_, to) = leads.entry(name).or_insert_with(|| (line(rule), BTreeSet::new()));
        let head = rule.pointer("/Spec/head").and_then(Value::as_object).and_then(|head| head.values().next());
        // A head's own reference is no mention of what it defines.
        let head = head.and_then(Value::as_object).into_iter().flatten().filter(|(name, _)| *name != "refr");
        let rest = ["/Spec/bodies", "/Default/value"].into_iter().filter_map(|part| rule.pointer(part));
        head.map(|(_, part)| part).chain(rest).for_each(|part| mentioned(part, &known, to));
    }
    // Names whose own names are all known by length, over and over: what is left leads back to itself.
    let mut lengths: BTreeMap<&String, usize> = BTreeMap::new();
    loop {
        let before = lengths.len();
        for (name, (_, to)) in &leads {
            let longest = to.iter().map(|other| lengths.get(other).copied()).collect::<Option<Vec<usize>>>();
            if let Some(longest) = longest {
                lengths.insert(name, 1 + longest.into_iter().max().unwrap_or(0));
            }
        }
        if lengths.len() == before {
            break;
        }
    }
    for (name, (at, _)) in &leads {
        match lengths.get(name) {
            None => wrong(*at, format!("{name} leads back to itself, or to a name that does")),
            Some(length) if *length > LONGEST_CHAIN => {
                wrong(*at, format!("{name} leads through {length} names, and {LONGEST_CHAIN} are the most"));
            }
            Some(_) => {}
        }
    }
}

/// The names of `known` that an expression mentions.
fn mentioned(value: &Value, known: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, known, found)),
        Value::Object(members) => {
            if let Some(name) = members.get("Var").and_then(|variable| variable.get("value")).and_then(Value::as_str)
                && known.contains(name)
            {
                found.insert(name.to_owned());
            }
            members.values().for_each(|member| mentioned(member, known, found));
        }
        _ => {}
    }
}
