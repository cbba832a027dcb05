//! The catalogue as a page of Markdown.

use super::metadata::Rule;
use crate::domain::Vocabulary;
use crate::domain::framework::{Control, title};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Controls of one framework that a line shows.
const SHOWN: usize = 6;

/// The page: what there is by framework, then every rule by service.
pub fn catalogue_page(rules: &[Rule]) -> String {
    let mut page = String::from(
        "# Rules\n\nWritten by `posture rules page`; do not edit. `posture rules show KEY` has the rest of each rule.\n\n",
    );
    let mut services: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    let mut frameworks: BTreeMap<String, usize> = BTreeMap::new();
    for rule in rules {
        let service = rule.metadata.key.split('.').next().unwrap_or_default();
        services.entry(service).or_default().push(rule);
        for framework in by_framework(rule).into_keys() {
            *frameworks.entry(framework).or_default() += 1;
        }
    }
    // Writing to a String cannot fail.
    let _ =
        writeln!(page, "{} rules over {} services.\n\n| framework | rules |\n|---|---|", rules.len(), services.len());
    for (framework, count) in frameworks {
        let (id, version) = framework.split_once('@').unwrap_or((&framework, ""));
        let _ = writeln!(page, "| {} {version} (`{framework}`) | {count} |", title(id));
    }
    for (service, rules) in services {
        let _ =
            writeln!(page, "\n## {service}\n\n| rule | id | severity | what fails | controls |\n|---|---|---|---|---|");
        for rule in rules {
            let metadata = &rule.metadata;
            let name = metadata.key.split_once('.').map_or(metadata.key.as_str(), |(_, name)| name);
            let controls = by_framework(rule).into_iter().map(|(framework, controls)| shown(&framework, &controls));
            let controls = controls.collect::<Vec<_>>().join("; ");
            let controls = metadata.unmapped.as_ref().unwrap_or(&controls);
            let (id, severity) = (&metadata.rule_id, metadata.severity.word());
            let _ = writeln!(page, "| {name} | `{id}` | {severity} | {} | {controls} |", metadata.title);
        }
    }
    page
}

fn by_framework(rule: &Rule) -> BTreeMap<String, Vec<&str>> {
    let mut frameworks: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for control in &rule.controls {
        let Control { control: id, .. } = control;
        frameworks.entry(control.framework_id()).or_default().push(id);
    }
    frameworks
}

fn shown(framework: &str, controls: &[&str]) -> String {
    let first = controls.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    let more = controls.len().saturating_sub(SHOWN);
    if more == 0 { format!("{framework}: {first}") } else { format!("{framework}: {first} and {more} more") }
}
