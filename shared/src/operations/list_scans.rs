//! Lists AWS accounts as what is scanned: those that somebody has named, and those that findings are about as of one
//! instant. How they are called and whether they are scanned is always as of now.

use super::listing::{ListQuery, Listed, Walk};
use super::question::Question;
use crate::domain::query::Filter;
use crate::domain::{Account, Column, Error, Family, Instant, Named, Ordinal, TenantId, Uid};
use crate::ledger::Reader;
use std::collections::BTreeMap;

/// An account that is scanned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan {
    /// The account.
    pub account: Account,
    /// What it is called.
    pub name: String,
    /// The uid of its group.
    pub group: Uid,
    /// When its first finding was first seen; `None` while it has none.
    pub since: Option<Instant>,
}

/// A page of accounts, by ascending uids.
pub async fn list_scans(reader: &Reader, tenant: &TenantId, query: &ListQuery) -> Result<Listed<Scan>, Error> {
    let walk = Walk::open(reader, tenant, query)?;
    let question = Question { when: walk.when(), names: true, uids: true, ..Question::default() };
    let opened = walk.told(question.open(reader, tenant, [Family::Times]).await)?;
    let (view, accounts) = (&opened.view, &opened.accounts);
    // An account's first finding, and the first one that names it.
    let mut seen: BTreeMap<String, (Ordinal, Option<(Ordinal, String)>)> = BTreeMap::new();
    for (cells, group) in view.groups(&Filter::default(), &[Column::AwsAccountId, Column::AwsAccountName])? {
        let [id, name] = cells.as_slice() else { continue };
        let (Some(id), name) = (id.text(), name.text()) else { continue };
        let (first, named) = seen.entry(id.to_owned()).or_insert((group.first, None));
        *first = group.first.min(*first);
        if let Some(name) = name.filter(|_| named.as_ref().is_none_or(|(known, _)| group.first < *known)) {
            *named = Some((group.first, name.to_owned()));
        }
    }
    let uids = opened.uids()?;
    let mut scans = BTreeMap::new();
    let named = accounts.iter().map(|account| account.id.clone());
    for id in seen.keys().cloned().chain(named) {
        let (first, name) = seen
            .get(&id)
            .map_or((None, None), |(first, named)| (Some(*first), named.as_ref().map(|(_, name)| name.as_str())));
        let name = accounts.name(&id, name).to_owned();
        let since = match first {
            Some(first) => view.cell(first, Column::FirstSeen)?.int().map(Instant),
            None => None,
        };
        let group = uids.named(Named::Group, accounts.group(&id));
        let scan = Scan { account: accounts.get(&id), name, group, since };
        scans.insert(uids.named(Named::Account, &id).to_string(), scan);
    }
    let part = walk.part(scans);
    let rows = part.rows.iter().map(|(_, scan)| scan.clone()).collect();
    Ok(walk.page(view, part, rows))
}
