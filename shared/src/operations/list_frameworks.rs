//! Lists frameworks: what the rules of findings check, as of one instant. Each version is one of its own.

use super::answer_size::PAGE_BYTES;
use super::listing::{ListQuery, Listed, Walk};
use super::question::Question;
use crate::domain::framework::{Control, FrameworkQuery};
use crate::domain::query::Filter;
use crate::domain::{Column, Error, Named, TenantId, Uid};
use crate::ledger::Reader;
use std::collections::BTreeMap;

/// What a rule takes in an answer at most, in bytes beside its name, and a control likewise.
const ROW_BYTES: usize = 160;

/// A rule that checks a control.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleName {
    /// Its uid.
    pub uid: Uid,
    /// ASFF GeneratorId.
    pub name: String,
    /// The number of its newest version that checks the control.
    pub version: i64,
}

/// A framework: its controls in order, each with the rules that check it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FrameworkRow {
    /// The controls. Where only the framework was named, its `control` is empty.
    pub controls: BTreeMap<Control, Vec<RuleName>>,
}

/// A page of those frameworks that `asked` names, or of all when it names none, by ascending ids as `id_of` writes them.
pub async fn list_frameworks(
    reader: &Reader,
    tenant: &TenantId,
    query: &ListQuery,
    asked: &[FrameworkQuery],
    id_of: impl Fn(&Control) -> String,
) -> Result<Listed<FrameworkRow>, Error> {
    let walk = Walk::open(reader, tenant, query)?;
    let question = Question { when: walk.when(), uids: true, ..Question::default() };
    let opened = walk.told(question.open(reader, tenant, []).await)?;
    let columns = [Column::Controls, Column::GeneratorId, Column::RuleVersion];
    let mut checked: BTreeMap<Control, BTreeMap<String, i64>> = BTreeMap::new();
    for (cells, _) in opened.view.groups(&Filter::default(), &columns)? {
        let [controls, name, version] = cells.as_slice() else { continue };
        let (name, version) = (name.text().unwrap_or_default(), version.int().unwrap_or(1));
        let is_asked = |control: &Control| asked.is_empty() || asked.iter().any(|framework| framework.matches(control));
        for control in controls.texts().iter().filter_map(|text| Control::from_text(text)).filter(is_asked) {
            let newest = checked.entry(control).or_default().entry(name.to_owned()).or_insert(version);
            *newest = version.max(*newest);
        }
    }
    let uids = opened.uids()?;
    let mut frameworks: BTreeMap<String, FrameworkRow> = BTreeMap::new();
    for (control, rules) in checked {
        let named = |(name, version): (String, i64)| RuleName { uid: uids.named(Named::Rule, &name), name, version };
        let framework = frameworks.entry(id_of(&control)).or_default();
        framework.controls.insert(control, rules.into_iter().map(named).collect());
    }
    let part = walk.part(frameworks);
    let rows = fitting(part.rows.iter().map(|(_, row)| row));
    Ok(walk.page(&opened.view, part, rows))
}

/// As many frameworks as fit into an answer; at least one.
fn fitting<'a>(rows: impl Iterator<Item = &'a FrameworkRow>) -> Vec<FrameworkRow> {
    let mut bytes = 0;
    let mut fit: Vec<FrameworkRow> = Vec::new();
    for row in rows {
        // Each rule once more among the framework's rules.
        let of_rule = |rule: &RuleName| rule.name.len() + 2 * ROW_BYTES;
        bytes += row.controls.values().flatten().map(of_rule).sum::<usize>() + row.controls.len() * ROW_BYTES;
        if bytes > PAGE_BYTES && !fit.is_empty() {
            break;
        }
        fit.push(row.clone());
    }
    fit
}
