//! Takes the rules, the shared modules and the shapes of resources into the program.
//!
//! What a rule says of itself is taken as JSON, which is read in a fraction of the time that its YAML takes, and its controls in their
//! canonical spelling: functions read all rules while somebody waits.

use framework::Control;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

#[expect(dead_code, reason = "the program uses what is left")]
#[path = "src/domain/framework"]
mod framework {
    mod known;
    mod names;
    mod spelling;

    pub use known::Control;
}

/// The members of `rule.yaml` that lists show.
const BRIEF: [&str; 7] = ["key", "params", "resource_type", "rule_id", "severity", "title", "version"];

fn main() -> Result<(), Box<dyn Error>> {
    let rules = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../rules");
    let (mut out, mut briefs) = (String::new(), Vec::new());
    let (mut shapes, mut library, mut folders, mut rules_made) =
        (String::new(), String::new(), String::new(), String::new());
    for file in sorted(&rules.join("shapes"))? {
        let name = name(&file);
        let kind = name.trim_end_matches(".json").replace('.', "::");
        writeln!(shapes, "    ({kind:?}, include_str!({:?})),", file.canonicalize()?)?;
    }
    for file in sorted(&rules.join("lib"))? {
        writeln!(library, "    ({:?}, include_str!({:?})),", format!("lib/{}", name(&file)), file.canonicalize()?)?;
    }
    for folder in sorted(&rules)?.iter().filter(|folder| folder.join("rule.yaml").exists()) {
        let (yaml, rego) =
            (fs::read_to_string(folder.join("rule.yaml"))?, fs::read_to_string(folder.join("rule.rego"))?);
        // What is no YAML is told of by whoever reads it as a rule.
        let metadata: Value = yaml_serde::from_str(&yaml).unwrap_or_default();
        let digest = Sha256::digest(format!("{yaml}\u{0}{rego}"));
        let digest = digest.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let file = folder.join("rule.rego").canonicalize()?;
        let text = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap_or_default();
        writeln!(
            rules_made,
            "    Shipped {{\n        key: {:?},\n        rule_id: {:?},",
            text("key"),
            text("rule_id")
        )?;
        writeln!(rules_made, "        metadata: {:?},", metadata.to_string())?;
        writeln!(rules_made, "        rego: include_str!({file:?}),\n        digest: {digest:?},")?;
        writeln!(rules_made, "        controls: &{:?},\n    }},", controls(&metadata))?;
        briefs.push(
            BRIEF.iter().filter_map(|name| Some((*name, metadata.get(name)?.clone()))).collect::<BTreeMap<_, _>>(),
        );
        writeln!(folders, "    ({:?}, &[", name(folder))?;
        for file in sorted(folder)? {
            writeln!(folders, "        ({:?}, include_str!({:?})),", name(&file), file.canonicalize()?)?;
        }
        writeln!(folders, "    ]),")?;
    }
    writeln!(out, "/// Members of resources, by AWS type.\npub(super) const SHAPES: &[(&str, &str)] = &[\n{shapes}];")?;
    writeln!(out, "const LIBRARY: &[(&str, &str)] = &[\n{library}];")?;
    writeln!(out, "type Files = &'static [(&'static str, &'static str)];")?;
    writeln!(out, "const FOLDERS: &[(&str, Files)] = &[\n{folders}];")?;
    let briefs = serde_json::to_string(&briefs)?;
    writeln!(out, "/// What lists show of every rule, as JSON.\nconst SHOWN: &str = {briefs:?};")?;
    writeln!(out, "static SHIPPED: &[Shipped] = &[\n{rules_made}];")?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("rules.rs"), out)?;
    println!("cargo::rerun-if-changed={}", rules.display());
    Ok(())
}

/// The controls that a rule names, in order and each once: framework, version, control. One that is unknown is told of by whoever checks
/// the rule.
fn controls(metadata: &Value) -> Vec<(String, Option<String>, String)> {
    let frameworks = metadata.get("controls").and_then(Value::as_object).into_iter().flatten();
    let named =
        frameworks.flat_map(|(framework, ids)| ids.as_array().into_iter().flatten().map(move |id| (framework, id)));
    let controls: BTreeSet<Control> =
        named.filter_map(|(framework, id)| Control::of_known(framework, id.as_str()?)).collect();
    controls.into_iter().map(|control| (control.framework, control.version, control.control)).collect()
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
