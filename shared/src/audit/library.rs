//! The modules that rules share, and which of them a rule names.

use super::engine::{add, bare};
use super::problem::Problem;
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

/// The shared modules.
pub(super) struct Library(Vec<Module>);

/// A module that rules share.
#[derive(Clone)]
struct Module {
    file: Arc<str>,
    text: Arc<str>,
    /// The last part of its package, by which others name it.
    name: String,
    /// Which ones it names itself.
    named: BTreeSet<usize>,
}

/// Some of the modules, parsed once for all rules that name the same ones.
pub(super) struct Modules {
    modules: Vec<Module>,
    parsed: OnceLock<Result<regorus::Engine, Problem>>,
}

impl Library {
    /// Pairs of file name and text.
    pub(super) fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let read = |(file, text): (&str, &str)| {
            let package = text.lines().find_map(|line| line.strip_prefix("package ")).unwrap_or_default();
            let name = package.trim().rsplit('.').next().unwrap_or_default().to_owned();
            Module { file: file.into(), text: text.into(), name, named: BTreeSet::new() }
        };
        let mut library = Self(files.into_iter().map(read).collect());
        let named: Vec<BTreeSet<usize>> = library.0.iter().map(|module| library.in_text(&module.text)).collect();
        for (module, named) in library.0.iter_mut().zip(named) {
            module.named = named;
        }
        library
    }

    /// The modules that a rule names, and those that these name.
    pub(super) fn named_by(&self, rego: &str) -> BTreeSet<usize> {
        let mut named = BTreeSet::new();
        let mut left: Vec<usize> = self.in_text(rego).into_iter().collect();
        while let Some(place) = left.pop() {
            if named.insert(place) {
                left.extend(self.0.get(place).into_iter().flat_map(|module| &module.named));
            }
        }
        named
    }

    /// The modules that a text names itself. One that speaks of the library in another way than as `data.lib.<name>` may mean any.
    fn in_text(&self, text: &str) -> BTreeSet<usize> {
        let mut named = BTreeSet::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("lib") {
            rest = after;
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if before.ends_with(is_word) || after.starts_with(is_word) || before.ends_with("package ") {
                continue;
            }
            let name = after.strip_prefix('.').filter(|_| before.ends_with("data."));
            let name = name.map(|after| after.split(|c| !is_word(c)).next().unwrap_or_default());
            let meant = |module: &Module| name.is_none_or(|name| name == module.name);
            named.extend(self.0.iter().enumerate().filter(|(_, module)| meant(module)).map(|(place, _)| place));
        }
        named
    }

    /// Some of them.
    pub(super) fn modules(&self, places: &BTreeSet<usize>) -> Modules {
        let modules = places.iter().filter_map(|place| self.0.get(*place)).cloned().collect();
        Modules { modules, parsed: OnceLock::new() }
    }
}

impl Modules {
    /// An evaluator that knows them and no rule yet.
    pub(super) fn parsed(&self) -> Result<regorus::Engine, Problem> {
        let parsed = self.parsed.get_or_init(|| {
            let mut engine = bare()?;
            for Module { file, text, .. } in &self.modules {
                add(&mut engine, file, text)?;
            }
            Ok(engine)
        });
        parsed.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::Library;

    /// Only what may be meant is taken, and never less.
    #[test]
    fn a_rule_has_the_modules_that_it_names() {
        let library = Library::new([
            ("a.rego", "package lib.a\n\nx := data.lib.b.y\n"),
            ("b.rego", "package lib.b\n\ny := 1\n"),
            ("c.rego", "package lib.c\n\nz := 1\n"),
        ]);
        for (rego, named) in [
            ("violations contains 1 if data.lib.a.x", vec![0, 1]),
            ("violations contains 1 if data.lib.b.y", vec![1]),
            ("violations contains 1 if data.lib.c", vec![2]),
            ("violations contains 1", vec![]),
            ("# The library.\nviolations contains 1 if data.lib.ab.x", vec![]),
            ("violations contains 1 if data.lib[input.name]", vec![0, 1, 2]),
            ("violations contains 1 if data[\"lib\"].a.x", vec![0, 1, 2]),
            ("import data.lib\nviolations contains 1 if lib.a.x", vec![0, 1, 2]),
        ] {
            assert_eq!(library.named_by(rego).into_iter().collect::<Vec<_>>(), named, "{rego}");
        }
    }
}
