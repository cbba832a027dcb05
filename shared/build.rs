//! Takes the rules, the shared modules and the shapes of resources into the program.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let rules = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../rules");
    let mut out = String::new();
    let (mut shapes, mut library, mut folders) = (String::new(), String::new(), String::new());
    for file in sorted(&rules.join("shapes"))? {
        let name = name(&file);
        let kind = name.trim_end_matches(".json").replace('.', "::");
        writeln!(shapes, "    ({kind:?}, include_str!({:?})),", file.canonicalize()?)?;
    }
    for file in sorted(&rules.join("lib"))? {
        writeln!(library, "    ({:?}, include_str!({:?})),", format!("lib/{}", name(&file)), file.canonicalize()?)?;
    }
    for folder in sorted(&rules)?.iter().filter(|folder| folder.join("rule.yaml").exists()) {
        writeln!(folders, "    ({:?}, &[", name(folder))?;
        for file in sorted(folder)? {
            writeln!(folders, "        ({:?}, include_str!({:?})),", name(&file), file.canonicalize()?)?;
        }
        writeln!(folders, "    ]),")?;
    }
    writeln!(out, "/// Members of resources, by AWS type.\npub(super) const SHAPES: &[(&str, &str)] = &[\n{shapes}];")?;
    writeln!(out, "const LIBRARY: &[(&str, &str)] = &[\n{library}];")?;
    writeln!(out, "type Files = &'static [(&'static str, &'static str)];")?;
    writeln!(out, "const RULES: &[(&str, Files)] = &[\n{folders}];")?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rules.rs"), out)?;
    println!("cargo::rerun-if-changed={}", rules.display());
    Ok(())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
