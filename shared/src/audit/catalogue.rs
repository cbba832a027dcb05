//! The rules that the program brings along.

use super::load::{RuleSource, SourceFile, load};
use super::metadata::Rule;
use super::problem::Problem;

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

/// The shared modules, as pairs of file name and text.
pub fn library() -> &'static [(&'static str, &'static str)] {
    LIBRARY
}

/// The files of every rule, by key.
pub fn built_in_sources() -> impl Iterator<Item = RuleSource> {
    RULES.iter().map(|(folder, files)| {
        let file = |(name, text): &(&str, &str)| SourceFile { name: (*name).to_owned(), text: (*text).to_owned() };
        RuleSource { folder: (*folder).to_owned(), files: files.iter().map(file).collect() }
    })
}

/// Every rule, by key. They were checked when the program was tested.
pub fn built_in() -> Result<Vec<Rule>, Vec<Problem>> {
    built_in_sources().map(|source| load(&source)).collect()
}
