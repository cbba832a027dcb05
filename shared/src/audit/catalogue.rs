//! The rules that the program brings along.

use super::load::{Frameworks, RuleSource, SourceFile, made};
use super::metadata::{Metadata, Rule};
use super::problem::Problem;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The shared modules, as pairs of file name and text.
pub fn library() -> &'static [(&'static str, &'static str)] {
    LIBRARY
}

/// The files of every rule, by key.
pub fn built_in_sources() -> impl Iterator<Item = RuleSource> {
    FOLDERS.iter().map(|(folder, files)| {
        let file = |(name, text): &(&str, &str)| SourceFile { name: (*name).to_owned(), text: (*text).to_owned() };
        RuleSource { folder: (*folder).to_owned(), files: files.iter().map(file).collect() }
    })
}

/// Every rule, by key. They were checked when the program was tested.
pub fn built_in() -> Result<Vec<Rule>, Vec<Problem>> {
    let mut frameworks = Frameworks::new();
    let mut rule = |(metadata, rego, digest): &(&str, &str, &str)| {
        let metadata: Metadata = serde_json::from_str(metadata)
            .map_err(|error| vec![Problem::new("the catalogue", 0, error.to_string())])?;
        made(metadata, ("the catalogue", ""), rego, (*digest).to_owned(), &mut frameworks)
    };
    RULES.iter().map(&mut rule).collect()
}
