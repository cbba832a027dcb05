//! Frameworks, their versions and controls: one spelling for what producers and clients spell in many ways (DESIGN §2).
//!
//! Chosen where the contract is silent:
//!
//! - An unknown framework is carried in lower case with `-` between words; a tail like `v2`, `r5` or `1.5` is its
//!   version, a number alone is part of its name (`seojk-21`).
//! - A control matches itself and what follows it in parentheses: `AC-2` matches `AC-2(1)`, never `AC-20`; `1.3` does
//!   not match `1.3.2`, which is a requirement of its own.
//! - Prowler cuts requirements to 63 characters: the last word of one that long may be half a control and is left out.
//! - A standard of Security Hub's own findings without requirements has the control that ProductFields names, and its
//!   best practices have the id of the security control.
//! - A section is what stands before the first `-`, `.` or `(` of a control, two places in `korean-isms-p`.
//! - At most 512 controls of a finding are read, and 128 bytes of a name.

mod known;
mod names;
mod spelling;
#[cfg(test)]
mod tests;

pub use known::{Control, FrameworkQuery};

use super::json::{self, Object};
use known::CONTROL_BYTES;
pub(super) use known::cut;
use names::Name;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Controls that are read of one finding.
const MOST_CONTROLS: usize = 512;
/// Prowler cuts requirements to so many characters.
const CUT_CHARS: usize = 63;
/// The longest name of a framework, in words.
const NAME_WORDS: usize = 6;

/// What people call a framework, given its canonical id; unknown ones are called by their id.
pub fn title(framework: &str) -> &str {
    names::title(framework)
}

/// The newest of some versions: `r4` before `r5`, `1.5` before `1.10` before `3.0`.
pub fn newest<'a>(versions: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    versions.into_iter().max_by(|a, b| compare_versions(a, b))
}

/// The order of versions: number by number, then by text.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let numbers = |text: &str| -> Vec<u64> {
        let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
        digits.map(|part| part.parse().unwrap_or(u64::MAX)).collect()
    };
    numbers(a).cmp(&numbers(b)).then_with(|| a.cmp(b))
}

/// The controls that a finding is about, in order and each once.
pub fn controls_of(asff: &Object) -> Vec<Control> {
    let mut controls = BTreeSet::new();
    for requirement in json::texts_at(asff, "Compliance.RelatedRequirements").iter().take(MOST_CONTROLS) {
        read_requirement(requirement, &mut controls);
    }
    let mut standards = json::texts_at(asff, "Compliance.AssociatedStandards.StandardsId");
    let fields = asff.get("ProductFields").and_then(serde_json::Value::as_object);
    let field = |name: &str| fields.and_then(|fields| fields.get(name)).and_then(serde_json::Value::as_str);
    for (standard, control) in [("StandardsGuideArn", "RuleId"), ("StandardsArn", "ControlId")] {
        let Some(name) = field(standard).and_then(Name::parse) else { continue };
        match field(control).filter(|control| !control.trim().is_empty()) {
            Some(control) => add(&mut controls, &name, control),
            None => standards.extend(field(standard).map(str::to_owned)),
        }
    }
    let security_control = json::text_at(asff, "Compliance.SecurityControlId");
    for name in standards.iter().take(MOST_CONTROLS).filter_map(|standard| Name::parse(standard)) {
        let is_named = |control: &Control| control.framework == name.id && control.version == name.version;
        if controls.iter().any(is_named) {
            continue;
        }
        let own = security_control.filter(|_| name.id == "aws-foundational-security-best-practices");
        add(&mut controls, &name, own.unwrap_or_default());
    }
    controls.into_iter().collect()
}

fn add(controls: &mut BTreeSet<Control>, name: &Name, control: &str) {
    if controls.len() < MOST_CONTROLS {
        let control = names::style(&name.id).canonical(cut(control, CONTROL_BYTES));
        let control: String = control.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        controls.insert(Control { framework: name.id.clone(), version: name.version.clone(), control });
    }
}

/// Reads one requirement: a framework, and behind it controls.
fn read_requirement(requirement: &str, controls: &mut BTreeSet<Control>) {
    let is_between = |c: char| c.is_whitespace() || c.is_control() || c == ',' || c == ';';
    // `PCI DSS v3.2.1/1.2.1`, as Security Hub writes it.
    if let Some((framework, control)) = requirement.split_once('/')
        && let Some(name) = Name::parse(framework).filter(|name| name.is_known || name.version.is_some())
    {
        return add(controls, &name, control);
    }
    let is_cut = requirement.chars().count() >= CUT_CHARS && !requirement.ends_with(is_between);
    let words: Vec<&str> = requirement.split(is_between).filter(|word| !word.is_empty()).collect();
    let Some((name, taken)) = named(&words) else { return };
    let mut left = words.get(taken..).unwrap_or_default();
    if is_cut && left.len() > 1 {
        left = left.split_last().map_or(left, |(_, whole)| whole);
    }
    if left.is_empty() {
        return add(controls, &name, "");
    }
    let mut half: Option<&str> = None;
    for word in left {
        if spelling::is_label(word) && left.len() > 1 {
            continue;
        }
        match half.take() {
            Some(half) => add(controls, &name, &format!("{half} {word}")),
            None if spelling::is_half(word) => half = Some(word),
            None => add(controls, &name, word),
        }
    }
    if let Some(half) = half {
        add(controls, &name, half);
    }
}

/// The framework that the words begin with, and how many words name it: the most that make a known one, else one.
fn named(words: &[&str]) -> Option<(Name, usize)> {
    let first = Name::parse(words.first()?);
    if first.as_ref().is_some_and(|name| name.is_known && name.version.is_some()) {
        return first.map(|name| (name, 1));
    }
    // A number at the end is a control and not a version: `CIS AWS 1.20`.
    let most = words.len().min(NAME_WORDS);
    let known = |count: &usize| {
        let name = Name::parse(&words.get(..*count)?.join(" ")).filter(|name| name.is_known)?;
        let ends_in_number = words.last().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let swallows = *count == words.len() && name.version.is_some() && ends_in_number;
        (!swallows).then_some((name, *count))
    };
    (2..=most).rev().find_map(|count| known(&count)).or_else(|| first.map(|name| (name, 1)))
}
