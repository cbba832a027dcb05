//! The rules that the program brings along.

use super::load::{RuleSource, SourceFile, made};
use super::metadata::{Brief, Metadata, Rule};
use super::problem::Problem;
use crate::domain::framework::Control;
use serde::de::DeserializeOwned;
use std::sync::{Arc, LazyLock};

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The shared modules, as pairs of file name and text.
pub fn library() -> &'static [(&'static str, &'static str)] {
    LIBRARY
}

/// The files of every rule, by key. They lie apart from [`shipped`], so that a program which only judges does not carry them.
pub fn built_in_sources() -> impl Iterator<Item = RuleSource> {
    FOLDERS.iter().map(source)
}

/// The files of one rule.
pub fn built_in_source(key: &str) -> Option<RuleSource> {
    FOLDERS.iter().find(|(folder, _)| *folder == key).map(source)
}

fn source((folder, files): &(&str, Files)) -> RuleSource {
    let file = |(name, text): &(&str, &str)| SourceFile { name: (*name).to_owned(), text: (*text).to_owned() };
    RuleSource { folder: (*folder).to_owned(), files: files.iter().map(file).collect() }
}

/// A rule as the build has taken it in.
pub struct Shipped {
    /// Its key.
    pub key: &'static str,
    /// Its Infracast id.
    pub rule_id: &'static str,
    /// What it says of itself, as JSON.
    metadata: &'static str,
    rego: &'static str,
    digest: &'static str,
    /// Frameworks, versions and controls, in order.
    controls: &'static [(&'static str, Option<&'static str>, &'static str)],
}

static RULES: LazyLock<Result<Arc<Vec<Rule>>, Problem>> =
    LazyLock::new(|| SHIPPED.iter().map(Shipped::read).collect::<Result<_, _>>().map(Arc::new));

static BRIEFS: LazyLock<Result<Vec<Brief>, Problem>> = LazyLock::new(|| parsed(SHOWN));

impl Shipped {
    /// The controls that it checks, in order.
    pub fn controls(&self) -> Vec<Control> {
        let control = |(framework, version, control): &(&str, Option<&str>, &str)| Control {
            framework: (*framework).to_owned(),
            version: version.map(str::to_owned),
            control: (*control).to_owned(),
        };
        self.controls.iter().map(control).collect()
    }

    /// Reads it. Rules were checked when the program was tested.
    pub fn read(&self) -> Result<Rule, Problem> {
        let metadata: Metadata = parsed(self.metadata)?;
        Ok(made(metadata, self.rego, self.digest.to_owned(), self.controls()))
    }
}

/// What there is of every rule before it is read, by key: for whoever needs a few of them.
pub fn shipped() -> &'static [Shipped] {
    SHIPPED
}

fn parsed<T: DeserializeOwned>(metadata: &str) -> Result<T, Problem> {
    serde_json::from_str(metadata).map_err(|error| Problem::new("the catalogue", 0, error.to_string()))
}

/// What lists show of every rule, by key: an eighth of all that they say.
pub fn briefs() -> Result<&'static [Brief], Problem> {
    BRIEFS.as_deref().map_err(Clone::clone)
}

/// Every rule, by key, read once in the life of a process.
pub fn built_in() -> Result<Arc<Vec<Rule>>, Problem> {
    RULES.clone()
}
