//! Lists resources: what findings that are still there are about, as of one instant.

use super::listing::{ListQuery, Listed, Walk};
use super::question::Question;
use crate::domain::finding::Vocabulary;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{Column, Error, Family, Finding, Ordinal, Presence, TenantId};
use crate::ledger::Reader;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A page of resources by ascending ASFF Ids, each with the first finding about it. `is_listed` gets the Id of a
/// resource and the account of a finding about it.
pub async fn list_resources(
    reader: &Reader,
    tenant: &TenantId,
    query: &ListQuery,
    is_listed: impl Fn(&str, &str) -> bool,
) -> Result<Listed<Arc<Finding>>, Error> {
    let walk = Walk::open(reader, tenant, query)?;
    let mut filter = Filter::of([Clause::on(Column::Presence, Test::one_of([Presence::Active.word()]))]);
    if let Some(ids) = &query.ids {
        filter = filter.and(Clause::on(Column::ResourceIds, Test::one_of(ids)));
    }
    let question = Question { filter, when: walk.when(), ..Question::default() };
    let opened = walk.told(question.open(reader, tenant, [Family::Ids, Family::Seen]).await)?;
    let view = &opened.view;
    let mut resources: BTreeMap<String, Ordinal> = BTreeMap::new();
    for (cells, group) in view.groups(&opened.filter, &[Column::ResourceIds, Column::AwsAccountId])? {
        let [ids, account] = cells.as_slice() else { continue };
        let account = account.text().unwrap_or_default();
        for id in ids.texts().iter().filter(|id| is_listed(id, account)) {
            let first = resources.entry(id.clone()).or_insert(group.first);
            *first = group.first.min(*first);
        }
    }
    let part = walk.part(resources);
    // One finding may be the first one about several resources.
    let ordinals: BTreeSet<Ordinal> = part.rows.iter().map(|(_, first)| *first).collect();
    let ordinals: Vec<Ordinal> = ordinals.into_iter().collect();
    let found = reader.documents(tenant, view, &ordinals).await?;
    let found: BTreeMap<Ordinal, Arc<Finding>> =
        found.into_iter().map(|found| (found.ordinal, Arc::new(found.finding))).collect();
    let finding = |first: &Ordinal| found.get(first).cloned();
    let rows = part.rows.iter().map(|(_, first)| finding(first)).collect::<Option<Vec<_>>>();
    let rows = rows.ok_or_else(|| Error::internal("the finding of a resource is not there"))?;
    Ok(walk.page(view, part, rows))
}
