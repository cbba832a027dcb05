//! `message`: what a finding is about, in the Markdown between `%%%` of the document's sample.
//!
//! The description is the finding's, the rationale says which controls its rule checks, the remediation is the
//! rule's. A section of which nothing is known is left out.

use crate::domain::framework::{Control, controls_of, title};
use crate::domain::json::{self, Object};
use std::collections::BTreeMap;

/// The message of a finding.
pub(super) fn of(asff: &Object) -> String {
    let text = |path: &str| json::text_at(asff, path).map(str::trim).filter(|text| !text.is_empty());
    let description = text("Description").or_else(|| text("Title")).map(str::to_owned);
    let sections = [
        ("Description", description),
        ("Rationale", rationale(&controls_of(asff))),
        ("Remediation", remediation(text("Remediation.Recommendation.Text"), text("Remediation.Recommendation.Url"))),
    ];
    let sections = sections.into_iter().filter_map(|(name, text)| Some(format!("## {name}\n\n{}", text?)));
    format!("%%%\n{}\n%%%", sections.collect::<Vec<_>>().join("\n\n"))
}

fn rationale(controls: &[Control]) -> Option<String> {
    let mut frameworks: BTreeMap<(&str, Option<&str>), Vec<&str>> = BTreeMap::new();
    for Control { framework, version, control } in controls {
        let names = frameworks.entry((framework, version.as_deref())).or_default();
        names.extend(Some(control.as_str()).filter(|control| !control.is_empty()));
    }
    let lines = frameworks.into_iter().map(|((framework, version), controls)| {
        let version = version.map(|version| format!(" {version}")).unwrap_or_default();
        let controls = if controls.is_empty() { String::new() } else { format!(": {}", controls.join(", ")) };
        format!("- {}{version}{controls}", title(framework))
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    (!lines.is_empty()).then(|| format!("The rule checks what these ask for:\n\n{lines}"))
}

fn remediation(text: Option<&str>, url: Option<&str>) -> Option<String> {
    match (text, url) {
        (Some(text), Some(url)) => Some(format!("{text}\n\nSee [the recommendation][1].\n\n[1]: {url}")),
        (Some(text), None) => Some(text.to_owned()),
        (None, Some(url)) => Some(format!("See [the recommendation][1].\n\n[1]: {url}")),
        (None, None) => None,
    }
}
