//! Tags of a finding: what its columns tell, and its resources' own tags (datadog-posture-management-findings, Sample
//! response).
//!
//! | tag | is |
//! |---|---|
//! | `cloud_provider:aws` | on every finding |
//! | `aws_account` | ASFF AwsAccountId |
//! | `scored` | `true` when the finding maps to a control |
//! | `framework` | each framework, in the document's spelling where it has one |
//! | `scope` | the service of each resource |
//! | any other | the resources' own tags |
//! | `control` | each control |
//! | `requirement` | the section of each control |
//!
//! Lists leave out from the end what does not fit into a row.

use crate::domain::column::Cell;
use crate::domain::framework::Control;
use crate::domain::query::Showing;
use crate::domain::resource_type::ResourceType;
use crate::domain::{Column, Finding, Instant};
use std::collections::BTreeSet;

/// Tags that come from a column.
pub(super) struct Source {
    /// What stands before the first `:`; `None` when that differs.
    pub key: Option<&'static str>,
    /// The column.
    pub column: Column,
    /// The tag for a text of the column; an empty one is none.
    pub shown: &'static Showing,
}

/// Tags of every finding.
pub(super) const ALWAYS: [&str; 1] = ["cloud_provider:aws"];

/// The tags of findings that map to a control and of those that do not.
pub(super) const SCORED: [&str; 2] = ["scored:true", "scored:false"];

/// The tags from columns, in their order.
pub(super) static SOURCES: [Source; 6] = [
    Source { key: Some("aws_account"), column: Column::AwsAccountId, shown: &ACCOUNT },
    Source { key: Some("framework"), column: Column::Controls, shown: &FRAMEWORK },
    Source { key: Some("scope"), column: Column::ResourceTypes, shown: &SCOPE },
    Source { key: None, column: Column::ResourceTags, shown: &OWN },
    Source { key: Some("control"), column: Column::Controls, shown: &CONTROL },
    Source { key: Some("requirement"), column: Column::Controls, shown: &REQUIREMENT },
];

/// Frameworks that the document spells otherwise than we do.
const FRAMEWORKS: [(&str, &str); 1] = [("soc2", "soc-2")];

static ACCOUNT: Showing = Showing { name: "aws_account", of: |text| format!("aws_account:{text}") };
static SCOPE: Showing = Showing { name: "scope", of: |text| format!("scope:{}", ResourceType::parse(text).service()) };
static OWN: Showing = Showing { name: "a resource's tag", of: |text| text.replacen('\u{1f}', ":", 1) };
/// The tag of a control's framework.
pub(super) static FRAMEWORK: Showing =
    Showing { name: "framework", of: |text| of_control(text, |control| framework(&control.framework)) };
static CONTROL: Showing = Showing {
    name: "control",
    of: |text| {
        of_control(
            text,
            |control| if is_named(control) { format!("control:{}", control.control) } else { String::new() },
        )
    },
};
static REQUIREMENT: Showing = Showing {
    name: "requirement",
    of: |text| {
        of_control(
            text,
            |control| if is_named(control) { format!("requirement:{}", control.section()) } else { String::new() },
        )
    },
};
/// Whether a mapping names a control.
pub(super) static IS_SCORED: Showing =
    Showing { name: "scored", of: |text| of_control(text, |control| is_named(control).to_string()) };

fn of_control(text: &str, shown: fn(&Control) -> String) -> String {
    Control::from_text(text).as_ref().map(shown).unwrap_or_default()
}

fn is_named(control: &Control) -> bool {
    !control.control.is_empty()
}

/// The tag of a framework, by its canonical id.
pub(super) fn framework(id: &str) -> String {
    let spelled = FRAMEWORKS.iter().find(|(ours, _)| *ours == id).map_or(id, |(_, theirs)| *theirs);
    format!("framework:{spelled}")
}

/// A finding's tags, each once.
pub(super) fn of(finding: &Finding) -> Vec<String> {
    let cell = |column: Column| -> Cell { column.of(finding, Instant(0)) };
    let is_scored = cell(Column::Controls).texts().iter().any(|text| (IS_SCORED.of)(text) == "true");
    let [scored, unscored] = SCORED;
    let mut tags: Vec<String> = ALWAYS.map(str::to_owned).to_vec();
    tags.push(if is_scored { scored } else { unscored }.to_owned());
    for Source { key: _, column, shown } in &SOURCES {
        tags.extend(cell(*column).texts().iter().map(|text| (shown.of)(text)));
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    tags.retain(|tag| !tag.is_empty() && known.insert(tag.clone()));
    tags
}
