//! Who may name whom: the arrows of ARCHITECTURE.md, and the words that have one place.

use crate::checkout::{files, read};
use crate::source::{Named, paths, without_texts};
use std::collections::BTreeSet;

/// Which modules of `shared` a module may name beside itself and [`OPEN`].
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("dialects", &["domain"]),
    ("ledger", &["domain"]),
    ("auth", &["domain", "ledger"]),
    ("audit", &["domain", "terraform"]),
    ("terraform", &["domain"]),
    ("upstream", &["domain"]),
    ("operations", &["domain", "ledger", "audit", "upstream", "terraform"]),
    ("config", &["domain"]),
    ("clock", &["domain"]),
    ("secrets", &["domain"]),
    ("seal", &["domain"]),
    ("tally", &[]),
];

/// Open to every module: they decide nothing about findings.
const OPEN: &[&str] = &["config", "clock", "secrets", "seal", "tally"];

/// What functions may name of `shared`. Of the ledger it is the types in a handler's signature, which say what rights
/// its function needs, and what is read ahead of it.
const FOR_FUNCTIONS: &[&str] = &[
    "auth",
    "dialects",
    "domain",
    "operations",
    "clock",
    "config",
    "secrets",
    "tally",
    "ledger::Ahead",
    "ledger::Reader",
    "ledger::Writer",
    "ledger::Table",
    "ledger::When",
    "upstream",
];

/// Words that have one place: the path they begin or contain, where they may stand, and what to do instead.
const PLACES: &[(&[&str], &[&str], &str)] = &[
    (&["aws_sdk_dynamodb"], &["shared/src/ledger/", "tests/"], "ask the ledger"),
    (&["aws_sdk_securityhub"], &["shared/src/upstream/"], "ask upstream"),
    (&["aws_sigv4"], &["shared/src/upstream/", "tests/"], "ask upstream"),
    (&["hcl_edit"], &["shared/src/terraform/"], "ask terraform"),
    (&["roxmltree"], &["shared/src/upstream/", "tests/"], "ask upstream"),
    (&["dynoxide_rs"], &["local/", "tests/"], "functions talk to DynamoDB"),
    (&["dynoxide"], &["local/", "tests/"], "functions talk to DynamoDB"),
    (&["lambda_http"], &["functions/", "local/", "tests/"], "shared would survive a move off Lambda"),
    (&["lambda_runtime"], &["functions/"], "shared would survive a move off Lambda"),
    (&["env", "var"], &["shared/src/config.rs"], "ask Settings"),
    (&["env", "vars"], &["shared/src/config.rs"], "ask Settings"),
    (&["env", "var_os"], &["shared/src/config.rs"], "ask Settings"),
    (&["Utc", "now"], &["shared/src/clock.rs"], "ask the Clock"),
    (&["Local", "now"], &["shared/src/clock.rs"], "ask the Clock"),
    (&["SystemTime", "now"], &["shared/src/clock.rs"], "ask the Clock"),
    (&["OffsetDateTime", "now_utc"], &["shared/src/clock.rs"], "ask the Clock"),
];

/// Files that may be longer than [`MAX_LINES`], and how long.
const LONG: &[(&str, usize)] = &[
    // Tables of cases.
    ("tests/suite/hostile.rs", 650),
];

const MAX_LINES: usize = 450;

fn sources() -> Vec<String> {
    ["shared/src", "functions/src", "local/src", "tests"].iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// Whether a file holds tests only.
fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs") || path.starts_with("tests/")
}

fn none(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn modules_name_only_those_that_their_arrows_point_to() {
    let sources = sources().into_iter().filter(|path| !is_test(path));
    none(&sources.flat_map(|path| arrow_problems(&path, &read(&path))).collect::<Vec<_>>());
}

/// What a file of `shared`, `functions` or `local` names beyond its arrows.
fn arrow_problems(path: &str, text: &str) -> Vec<String> {
    let mut named = BTreeSet::new();
    for found in paths(text) {
        named.extend(if path.starts_with("shared/src/") { top_module(path, &found) } else { of_shared(&found) });
    }
    let allowed = |target: &String| match path.strip_prefix("shared/src/") {
        Some(inside) => {
            let own = inside.split(['/', '.']).next().unwrap_or_default();
            let arrows = ARROWS.iter().find(|(module, _)| *module == own).map_or(&[][..], |(_, arrows)| arrows);
            own == "lib" || target == own || OPEN.contains(&target.as_str()) || arrows.contains(&target.as_str())
        }
        // The program opens, exports and verifies the ledger.
        None if path.starts_with("local/") => true,
        None => FOR_FUNCTIONS.iter().any(|allowed| target == allowed || target.split("::").next() == Some(allowed)),
    };
    let wrong = named.iter().filter(|target| !allowed(target));
    wrong.map(|target| format!("edit {path}: it names {target}; see ARROWS in tests/suite/layering.rs")).collect()
}

/// The module at the top of `shared` that a path in a file of it names, if it names one.
fn top_module(path: &str, named: &Named) -> Option<String> {
    let inside = path.strip_prefix("shared/src/")?.strip_suffix(".rs")?;
    let mut here: Vec<&str> = inside.split('/').filter(|part| *part != "mod" && *part != "lib").collect();
    let mut rest = named.as_slice();
    if rest.first()? == "crate" {
        here.clear();
        rest = &rest[1..];
    } else if rest.first()? == "super" {
        while rest.first().is_some_and(|part| part == "super") {
            here.pop();
            rest = &rest[1..];
        }
    } else {
        return None;
    }
    here.first().map_or_else(|| rest.first().cloned(), |top| Some((*top).to_owned()))
}

/// What a path of another crate names of `shared`: a module, or for the ledger the name in it.
fn of_shared(named: &Named) -> Option<String> {
    let rest = named.strip_prefix(&["posture_shared".to_owned()])?;
    match rest.first()?.as_str() {
        "ledger" => Some(rest.iter().take(2).cloned().collect::<Vec<_>>().join("::")),
        module => Some(module.to_owned()),
    }
}

#[test]
fn an_arrow_too_many_is_named() {
    for (path, text, target) in [
        ("shared/src/dialects/securityhub/x.rs", "use crate::ledger::Writer;", "ledger"),
        ("shared/src/dialects/securityhub/x.rs", "fn f() { super::super::super::ledger::g() }", "ledger"),
        ("shared/src/domain/x.rs", "use crate::{clock, dialects::Reply};", "dialects"),
        ("shared/src/ledger/mod.rs", "use super::auth;", "auth"),
        ("functions/src/x.rs", "use posture_shared::ledger::{Writer, Store};", "ledger::Store"),
        ("functions/src/x.rs", "use posture_shared::seal;", "seal"),
    ] {
        let problems = arrow_problems(path, text);
        assert!(problems.len() == 1 && problems[0].contains(&format!("names {target};")), "{text}: {problems:?}");
    }
    for (path, text) in [
        ("shared/src/dialects/securityhub/x.rs", "use super::super::Reply; use crate::domain::Error;"),
        (
            "shared/src/domain/x.rs",
            "//! crate::ledger\nuse crate::clock; #[cfg(test)] mod tests { use crate::ledger; }",
        ),
        ("functions/src/x.rs", "use posture_shared::ledger::{Writer, When}; use posture_shared::operations::go;"),
    ] {
        assert_eq!(arrow_problems(path, text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn words_stand_in_their_one_place() {
    let sources = sources().into_iter().filter(|path| !is_test(path));
    none(&sources.flat_map(|path| place_problems(&path, &read(&path))).collect::<Vec<_>>());
}

fn place_problems(path: &str, text: &str) -> Vec<String> {
    let named = paths(text);
    let is_named = |words: &[&str]| named.iter().any(|found| found.windows(words.len()).any(|part| part == words));
    let misplaced = PLACES
        .iter()
        .filter(|(words, places, _)| !places.iter().any(|place| path.starts_with(place)) && is_named(words));
    misplaced
        .map(|(words, places, instead)| {
            format!("edit {path}: {} belongs to {}; {instead}", words.join("::"), places.join(", "))
        })
        .collect()
}

#[test]
fn a_word_in_the_wrong_place_is_named() {
    for (path, text) in [
        ("local/src/server.rs", "use aws_sdk_dynamodb::Client;"),
        ("functions/src/app.rs", "use std::env; fn f() { env::var(\"X\"); }"),
        ("shared/src/operations/sweep/mod.rs", "use aws_sdk_securityhub::Client;"),
        ("shared/src/auth/mod.rs", "fn f() { chrono::Utc::now(); }"),
        ("shared/src/seal.rs", "use lambda_http::Request;"),
        ("functions/src/app.rs", "fn f() { std::time::SystemTime::now(); }"),
    ] {
        assert_eq!(place_problems(path, text).len(), 1, "{path}: {text}");
    }
    assert!(place_problems("shared/src/ledger/store.rs", "use aws_sdk_dynamodb::Client;").is_empty());
    assert!(place_problems("functions/src/app.rs", "// Utc::now\nfn f() { \"env::var\"; env!(\"X\"); }").is_empty());
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut problems = Vec::new();
    for path in sources() {
        let text = read(&path);
        let most = LONG.iter().find(|(long, _)| *long == path).map_or(MAX_LINES, |(_, most)| *most);
        let lines = text.lines().count();
        if lines > most {
            problems.push(format!("split {path}: it has {lines} lines, and {most} are the most"));
        }
        if !text.starts_with("//! ") {
            problems.push(format!("edit {path}: it must open with one //! sentence"));
        }
        if without_texts(&text).split_whitespace().collect::<String>().contains("[allow(") {
            problems.push(format!("edit {path}: write #[expect(…, reason = \"…\")] and not #[allow]"));
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        if ["utils.rs", "util.rs", "common.rs", "helpers.rs", "misc.rs"].contains(&name) {
            problems.push(format!("rename {path} after what is in it"));
        }
    }
    for (path, most) in LONG {
        if read(path).lines().count() <= MAX_LINES {
            problems.push(format!("edit LONG in tests/suite/layering.rs: {path} no longer needs its {most} lines"));
        }
    }
    none(&problems);
}

/// A handler is parse, operate, render: what it must not know has other places.
#[test]
fn handlers_know_no_status_and_no_key() {
    let mut problems = Vec::new();
    for route in posture_functions::ROUTES {
        let path = format!("functions/src/{}.rs", route.function.replace('-', "_"));
        let text = read(&path);
        // What the handlers of keys are about lies in auth.
        let about_keys = route.function.ends_with("-key") || route.function.ends_with("-keys");
        for word in ["StatusCode", "status:", "Response", "auth::", "secrets::", "Masters"] {
            if without_texts(&text).contains(word) && !(about_keys && word == "auth::") {
                problems.push(format!("edit {path}: a handler knows no {word}"));
            }
        }
        if text.lines().count() > 60 {
            problems.push(format!(
                "edit {path}: a handler is about 25 lines; the rest belongs to the dialect or an operation"
            ));
        }
    }
    none(&problems);
}
