//! `posture rules`: the rules of the audit: list them, show one, test their cases, add your own and set parameters.

use super::door::Door;
use super::{Ending, Failure, own_rules, print, tell};
use clap::{Args, Subcommand};
use posture_shared::audit::{self, Rule, RuleSource, SourceFile};
use posture_shared::config::Settings;
use posture_shared::domain::{Error, Vocabulary};
use serde_json::{Value, json};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder of rules that `test` reads where it is there.
const FOLDER: &str = "rules";
/// The folder of shared modules among the rules.
const LIBRARY: &str = "lib";

#[derive(Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the rules, one a line: a tenant's where a ledger is named, else those that the program brings along
    List {
        #[command(flatten)]
        door: Door,
    },
    /// Show one of them
    Show {
        /// Its key, or its rule id
        rule: String,
        #[command(flatten)]
        door: Door,
    },
    /// Add rules of your own, or their next versions
    Add {
        /// Folders of a rule, or of rules
        #[arg(required = true, value_name = "DIR")]
        folders: Vec<PathBuf>,
        #[command(flatten)]
        door: Door,
    },
    /// Retire a rule of your own; the next run marks its findings as gone
    Remove {
        /// Its key
        key: String,
        #[command(flatten)]
        door: Door,
    },
    /// Set parameters of a rule in place of those that were set; without any, all have their defaults
    Set {
        /// Its key
        key: String,
        /// Values: JSON, else text
        #[arg(value_name = "NAME=VALUE", value_parser = own_rules::value)]
        values: Vec<(String, Value)>,
        #[command(flatten)]
        door: Door,
    },
    /// Write the catalogue as a page of Markdown
    Page,
    /// Judge the cases of rules: of the folder, else of ./rules, else of those that the program brings along
    Test {
        /// A folder of rules, or the folder of one
        folder: Option<PathBuf>,
    },
}

impl Rules {
    pub(super) async fn run(self, settings: &Settings) -> Result<Ending, Failure> {
        match self.what {
            What::List { door } if door.is_named(settings) => own_rules::list(&door, settings).await,
            What::Show { rule, door } if door.is_named(settings) => own_rules::show(&door, settings, &rule).await,
            What::Add { folders, door } => {
                let sources = folders.iter().map(|folder| read_rules(folder)).collect::<Result<Vec<_>, _>>()?;
                let sources: Vec<RuleSource> = sources.into_iter().flatten().collect();
                if sources.is_empty() {
                    return Err(no_rule());
                }
                own_rules::add(&door, settings, sources).await
            }
            What::Remove { key, door } => own_rules::remove(&door, settings, &key).await,
            What::Set { key, values, door } => own_rules::set(&door, settings, &key, values).await,
            What::List { door: _ } => {
                for rule in built_in()?.iter() {
                    print(&line(rule))?;
                }
                Ok(Ending::Done)
            }
            What::Show { rule: wanted, door: _ } => {
                let rules = built_in()?;
                let named = |rule: &&Rule| rule.metadata.key == wanted || rule.metadata.rule_id == wanted;
                let rule = rules.iter().find(named);
                let absent =
                    || Failure::usage("rule", format!("there is no rule {wanted}; `posture rules list` has them"));
                print(&whole(rule.ok_or_else(absent)?))?;
                Ok(Ending::Done)
            }
            What::Page => {
                let page = audit::catalogue_page(&built_in()?);
                io::stdout().write_all(page.as_bytes()).map_err(|error| Error::internal(format!("stdout: {error}")))?;
                Ok(Ending::Done)
            }
            What::Test { folder } => test(folder),
        }
    }
}

fn built_in() -> Result<Arc<Vec<Rule>>, Error> {
    audit::built_in().map_err(Error::internal)
}

fn line(rule: &Rule) -> Value {
    let metadata = &rule.metadata;
    json!({
        "key": metadata.key,
        "rule_id": metadata.rule_id,
        "version": metadata.version,
        "severity": metadata.severity.word(),
        "resource_type": metadata.resource_type,
        "title": metadata.title,
    })
}

fn whole(rule: &Rule) -> Value {
    let metadata = &rule.metadata;
    let controls =
        rule.controls.iter().map(|control| json!({"framework": control.framework_id(), "control": control.control}));
    let steps = metadata.remediation.steps.iter().map(|step| json!({"action": step.action, "command": step.command}));
    let mut shown = line(rule);
    let more = json!({
        "description": metadata.description,
        "rationale": metadata.rationale,
        "ccss": metadata.ccss,
        "controls": controls.collect::<Vec<_>>(),
        "params": metadata.defaults(),
        "remediation": {"text": metadata.remediation.text, "url": metadata.remediation.url, "steps": steps.collect::<Vec<_>>()},
        "digest": rule.digest,
        "rego": rule.rego,
    });
    if let (Some(shown), Value::Object(more)) = (shown.as_object_mut(), more) {
        shown.extend(more);
    }
    shown
}

/// Judges every case; a line a problem on stderr, the sum on stdout.
fn test(folder: Option<PathBuf>) -> Result<Ending, Failure> {
    let local = Path::new(FOLDER);
    let folder = folder.or_else(|| local.is_dir().then(|| local.to_owned()));
    let (sources, library) = match &folder {
        Some(folder) => (read_rules(folder)?, read_library(folder)?),
        None => (audit::built_in_sources().collect(), Vec::new()),
    };
    let own: Vec<(&str, &str)> = library.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
    let library = if own.is_empty() { audit::library() } else { &own };
    let (mut cases, mut problems) = (0, 0);
    let mut rules: Vec<Rule> = Vec::new();
    for source in &sources {
        match audit::check(source, library) {
            Ok((rule, own)) => {
                cases += own.len();
                rules.push(rule);
            }
            Err(found) => {
                problems += found.len();
                found.iter().for_each(tell);
            }
        }
    }
    let twice = audit::check_together(&rules);
    twice.iter().for_each(tell);
    problems += twice.len();
    print(&json!({"rules": sources.len(), "cases": cases, "problems": problems}))?;
    if sources.is_empty() {
        return Err(no_rule());
    }
    Ok(if problems == 0 { Ending::Done } else { Ending::ProblemsFound })
}

fn no_rule() -> Failure {
    Failure::usage("folder", "has no rule: a rule is a folder with rule.yaml, rule.rego and cases.yaml")
}

/// The rules in a folder, by name; the folder itself when it is a rule.
fn read_rules(folder: &Path) -> Result<Vec<RuleSource>, Error> {
    if folder.join("rule.yaml").exists() {
        return Ok(vec![read_rule(folder)?]);
    }
    let is_rule =
        |path: &&PathBuf| path.is_dir() && files(path).is_ok_and(|files| files.iter().any(|file| is_rule_file(file)));
    files(folder)?.iter().filter(is_rule).map(|path| read_rule(path)).collect()
}

fn is_rule_file(path: &Path) -> bool {
    ["rule.yaml", "rule.rego", "cases.yaml"].iter().any(|name| path.ends_with(name))
}

fn read_rule(folder: &Path) -> Result<RuleSource, Error> {
    let folder = folder.canonicalize().map_err(|error| wrong(folder, &error))?;
    let files = files(&folder)?.iter().map(|path| read_file(path)).collect::<Result<_, _>>()?;
    Ok(RuleSource { folder: name(&folder), files })
}

/// The shared modules beside the rules, or beside the rule.
fn read_library(folder: &Path) -> Result<Vec<SourceFile>, Error> {
    let beside = [folder.join(LIBRARY), folder.join("..").join(LIBRARY)];
    let Some(library) = beside.iter().find(|path| path.is_dir()) else { return Ok(Vec::new()) };
    files(library)?.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> Result<SourceFile, Error> {
    let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
    Ok(SourceFile { name: name(path), text })
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| wrong(folder, &error))?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| wrong(folder, &error))?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn wrong(path: &Path, error: &io::Error) -> Error {
    Error::internal(format!("{}: {error}", path.display()))
}
