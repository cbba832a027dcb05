//! Programs: each function is in one of the few that are built for Lambda.

use crate::checkout::{files, read};
use crate::consistency::{Function, differences, functions, none};
use std::collections::BTreeMap;

/// The program that has a function: by names of functions' files, those of programs.
pub fn programs() -> BTreeMap<String, Vec<String>> {
    let mut programs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in files("functions/src/bin", ".rs") {
        let program = path.trim_start_matches("functions/src/bin/").trim_end_matches(".rs").to_owned();
        let text = read(&path);
        for part in text.split('&').skip(1) {
            let named = part.split_once("::ROUTE").or_else(|| part.split_once("::TRIGGER")).map(|(file, _)| file);
            if let Some(file) = named.filter(|file| file.chars().all(|c| c == '_' || c.is_ascii_alphanumeric())) {
                programs.entry(file.to_owned()).or_default().push(program.clone());
            }
        }
    }
    programs
}

#[test]
fn every_function_is_in_one_program() {
    let programs = programs();
    let have = programs.keys().cloned().collect();
    let want = functions().iter().map(Function::file).collect();
    let edit = "the programs in functions/src/bin";
    let mut problems = differences(&have, &want, &format!("remove from {edit}"), &format!("add to one of {edit}"));
    problems
        .extend(programs.iter().filter(|(_, all)| all.len() > 1).map(|(name, all)| format!("{name} is in {all:?}")));
    none(&problems);
}
