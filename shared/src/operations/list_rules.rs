//! Lists rules: what findings judge by, each in its newest version as of one instant.
//!
//! The newest version of a rule is the one with the highest number among those that findings judge by. Where its text has
//! changed and then gone back, that is the earlier number again, as soon as no finding judges by the later one: number
//! and text are always of one version. Rules of findings that are gone count as well, since net changes name them.

use super::get_findings::{Room, RowSize};
use super::listing::{ListQuery, Listed, Walk};
use super::question::Question;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{Cell, Column, Error, Family, Finding, Named, Ordinal, TenantId};
use crate::ledger::{Reader, View};
use std::collections::BTreeMap;

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleRow {
    /// The number of its newest version, from 1 on.
    pub version: i64,
    /// The first finding that was judged by that version, which tells what the rule says.
    pub finding: Finding,
}

/// A page of rules, by ascending uids. `row_size` is what the rule of a finding takes in the answer.
pub async fn list_rules(
    reader: &Reader,
    tenant: &TenantId,
    query: &ListQuery,
    row_size: RowSize,
) -> Result<Listed<RuleRow>, Error> {
    let walk = Walk::open(reader, tenant, query)?;
    let question = Question { when: walk.when(), uids: true, ..Question::default() };
    let opened = walk.told(question.open(reader, tenant, [Family::Seen]).await)?;
    let newest = newest(&opened.view, &Filter::default())?;
    let uids = opened.uids()?;
    let rows = newest.into_iter().map(|(name, rule)| (uids.named(Named::Rule, &name).to_string(), rule));
    let part = walk.part(rows.collect());
    let ordinals: Vec<Ordinal> = part.rows.iter().map(|(_, (_, first))| *first).collect();
    let mut room = Room::new(Some(row_size));
    let found = reader.documents_while(tenant, &opened.view, &ordinals, |found| room.takes(found)).await?;
    let versions = part.rows.iter().map(|(_, (version, _))| *version);
    let rows = versions.zip(found).map(|(version, found)| RuleRow { version, finding: found.finding });
    let rows = rows.collect();
    Ok(walk.page(&opened.view, part, rows))
}

/// The number of the newest version of each rule among these, as of a view.
pub fn newest_versions<'a>(
    view: &View,
    rules: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, i64>, Error> {
    let filter = Filter::of([Clause::on(Column::GeneratorId, Test::one_of(rules))]);
    Ok(newest(view, &filter)?.into_iter().map(|(name, (version, _))| (name, version)).collect())
}

/// The newest version of each rule that findings of a filter judge by, and the first finding that does.
fn newest(view: &View, filter: &Filter) -> Result<BTreeMap<String, (i64, Ordinal)>, Error> {
    let mut newest: BTreeMap<String, (i64, Ordinal)> = BTreeMap::new();
    for (cells, group) in view.groups(filter, &[Column::GeneratorId, Column::RuleVersion])? {
        let [Cell::Text(name), version] = cells.as_slice() else { continue };
        let version = version.int().unwrap_or(1);
        let known = newest.entry(name.clone()).or_insert((version, group.first));
        if version > known.0 {
            *known = (version, group.first);
        }
    }
    Ok(newest)
}
