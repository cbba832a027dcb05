//! The rules that the program brings along.

use super::load::{RuleSource, SourceFile, made};
use super::metadata::{Metadata, Rule};
use super::problem::Problem;
use crate::domain::framework::Control;

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
pub fn built_in() -> Result<Vec<Rule>, Problem> {
    let rules = RULES.iter().map(|(metadata, rego, digest, controls)| {
        let metadata: Metadata =
            serde_json::from_str(metadata).map_err(|error| Problem::new("the catalogue", 0, error.to_string()))?;
        let control = |(framework, version, control): &(&str, Option<&str>, &str)| Control {
            framework: (*framework).to_owned(),
            version: version.map(str::to_owned),
            control: (*control).to_owned(),
        };
        Ok(made(metadata, rego, (*digest).to_owned(), controls.iter().map(control).collect()))
    });
    rules.collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{built_in, built_in_sources};
    use crate::audit::load::load;

    /// What the build has read of the rules is what the program reads in their files.
    #[test]
    fn the_catalogue_is_its_files() {
        let rules = built_in().unwrap();
        let read: Vec<_> = built_in_sources().map(|source| load(&source).unwrap()).collect();
        assert_eq!(rules, read);
        assert!(rules.iter().all(|rule| !rule.controls.is_empty()));
    }
}
