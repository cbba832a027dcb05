//! `GET /v1/cspm/system_compliance` and `/v1/cspm/system_compliance/{id}`: frameworks that rules check (CONTRACTS 4.4).
//!
//! Each version of a framework is one of its own. What findings do not say is null: a control's `description`, and a
//! section's title. In a path a framework may be spelled in any way; without a version it is the newest one.

use super::cursor::Endpoint;
use super::limits::DEFAULT_ROWS;
use super::listing::BY_TEXT;
use super::parameters::path_encoded;
use crate::domain::framework::{Control, FrameworkQuery, compare_versions, title};
use crate::domain::{Error, Uid};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The list.
pub static SYSTEM_COMPLIANCE: Endpoint =
    Endpoint { path: "/v1/cspm/system_compliance", parameters: BY_TEXT, default_rows: DEFAULT_ROWS };

/// A rule that checks a control.
#[derive(Debug, Clone, Copy)]
pub struct Checking<'a> {
    /// Its uid.
    pub uid: Uid,
    /// Its name.
    pub name: &'a str,
    /// The number of its version.
    pub version: i64,
}

/// A framework: its controls, each with the rules that check it.
pub fn framework(id: &str, controls: &[(&Control, Vec<Checking<'_>>)], base: &str) -> Value {
    let rules: BTreeSet<Uid> = controls.iter().flat_map(|(_, rules)| rules.iter().map(|rule| rule.uid)).collect();
    let rules = rules.iter().map(|uid| json!({"id": uid.to_string(), "type": "rule"}));
    let named = controls.first().map_or(id.to_owned(), |(control, _)| title_of(control));
    let shown = controls.iter().filter(|(control, _)| !control.control.is_empty());
    let shown = shown.map(|(control, rules)| {
        let rules = rules
            .iter()
            .map(|Checking { uid, name, version }| json!({"id": uid.to_string(), "name": name, "version": version}));
        json!({
            "id": control.control,
            "description": null,
            "section_id": control.section(),
            "section_title": null,
            "rules": rules.collect::<Vec<_>>(),
        })
    });
    json!({
        "id": id,
        "type": "system_compliance",
        "attributes": {"title": named, "controls": shown.collect::<Vec<_>>()},
        "relationships": {"rules": {"data": rules.collect::<Vec<_>>()}},
        "links": {"self": format!("{base}{}/{}", SYSTEM_COMPLIANCE.path, path_encoded(id))},
    })
}

/// `CIS AWS Foundations Benchmark 1.5`.
fn title_of(control: &Control) -> String {
    match &control.version {
        Some(version) => format!("{} {version}", title(&control.framework)),
        None => title(&control.framework).to_owned(),
    }
}

/// The frameworks of these ids; [`Error::Invalid`] names the parameter at fault.
pub fn asked<'a>(ids: impl IntoIterator<Item = &'a String>) -> Result<Vec<FrameworkQuery>, Error> {
    let why = "must be ids of frameworks, for example nist-sp-800-53-r5";
    ids.into_iter().map(|id| FrameworkQuery::parse(id).ok_or_else(|| Error::invalid("id", why))).collect()
}

/// The framework of a path's `{id}`.
pub fn asked_one(id: &str) -> Result<FrameworkQuery, Error> {
    FrameworkQuery::parse(id).ok_or_else(absent)
}

/// Which of several versions of a framework is the newest, each told by its controls.
pub fn newest<'a>(versions: impl Iterator<Item = &'a Control>) -> Option<usize> {
    let version = |control: &'a Control| control.version.as_deref().unwrap_or_default();
    versions.enumerate().max_by(|(_, a), (_, b)| compare_versions(version(a), version(b))).map(|(place, _)| place)
}

/// The error for a framework that is not there.
pub fn absent() -> Error {
    super::listing::absent("framework")
}
