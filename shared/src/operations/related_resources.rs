//! What a resource hangs together with: by AWS Config's relationships of both, and by ids of one in the other's
//! configuration; each with the open findings about it.

use super::find_resource::find_resource;
use super::question::{Question, when};
use crate::domain::finding::Vocabulary;
use crate::domain::inventory::{ConfigurationItem, Findings, KnownScope, Neighbours, References, Related, Relation};
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{AsOf, Column, Error, Family, Presence, Status, TenantId};
use crate::ledger::Reader;
use std::collections::{BTreeMap, BTreeSet};

/// Requests to the store that the search for relations takes at most, about a megabyte each.
const MAX_REQUESTS: usize = 60;
/// Resources in an answer, which must stay within a function's 6 MB.
const MAX_RELATED: usize = 500;
/// Findings of one resource that are named; the others are counted.
const MAX_NAMED: usize = 20;

/// The resource and its neighbours, now or as of an instant.
pub async fn related_resources(
    reader: &Reader,
    tenant: &TenantId,
    id: &str,
    as_of: Option<AsOf>,
) -> Result<Neighbours, Error> {
    let at = as_of.map(|as_of| as_of.at);
    let item = find_resource(reader, tenant, id, at).await?;
    let mut scopes = reader.inventory_scopes(tenant).await?;
    scopes.sort_by_key(|known| distance(&item, known));
    let (own, references) = (item.key(), item.references());
    let mut related: Vec<Related> = Vec::new();
    let (mut requests, mut complete) = (0, true);
    'scopes: for known in &scopes {
        let mut walk = reader.inventory_walk(tenant, &known.scope, None, None, at);
        while let Some(found) = walk.next().await? {
            requests += 1;
            for other in found.into_iter().filter(|other| other.key() != own) {
                let outward = links(&item, &references, &other, false);
                let inward = links(&other, &other.references(), &item, true);
                let relations: BTreeSet<Relation> = outward.into_iter().chain(inward).collect();
                if !relations.is_empty() {
                    related.push(resolved(other, relations));
                }
            }
            if requests >= MAX_REQUESTS || related.len() >= MAX_RELATED {
                complete = false;
                break 'scopes;
            }
        }
    }
    related.extend(unresolved(&item, &related));
    related.truncate(MAX_RELATED);
    let all: Vec<Option<&ConfigurationItem>> =
        std::iter::once(Some(&item)).chain(related.iter().map(|related| related.item.as_ref())).collect();
    let mut findings = findings_about(reader, tenant, &all, as_of).await?.into_iter();
    let own = findings.next().unwrap_or_default();
    for (related, findings) in related.iter_mut().zip(findings) {
        related.findings = findings;
    }
    Ok(Neighbours { item, findings: own, related, complete })
}

/// Near scopes first: most relations stay within their own.
fn distance(item: &ConfigurationItem, known: &KnownScope) -> (bool, bool) {
    (known.scope.account != item.account, known.scope.region != item.region)
}

fn resolved(item: ConfigurationItem, relations: BTreeSet<Relation>) -> Related {
    let named = (item.kind.clone(), item.id.clone());
    Related { relations: relations.into_iter().collect(), named, item: Some(item), findings: Findings::default() }
}

/// How one resource says that it hangs together with another.
fn links(from: &ConfigurationItem, references: &References<'_>, to: &ConfigurationItem, inward: bool) -> Vec<Relation> {
    let said = from.relationships.iter().filter(|link| {
        let same_kind = link.kind.is_empty() || link.kind == to.kind;
        let by_name = link.id.is_empty() && link.name.is_some() && link.name == to.name;
        same_kind && (link.id == to.id || by_name)
    });
    let mut relations: Vec<Relation> = said.map(|link| Relation { inward, name: link.relationship.clone() }).collect();
    if relations.is_empty() && references.name(to) {
        relations.push(Relation { inward, name: "references".to_owned() });
    }
    relations
}

/// What the resource says it hangs together with, and the inventory does not have.
fn unresolved(item: &ConfigurationItem, related: &[Related]) -> Vec<Related> {
    let is_there = |kind: &str, id: &str, name: Option<&String>| {
        let found = related.iter().filter_map(|related| related.item.as_ref());
        found.into_iter().any(|other| {
            (kind.is_empty() || other.kind == kind)
                && (other.id == id || (id.is_empty() && other.name.as_ref() == name))
        })
    };
    let mut missing: BTreeMap<(String, String), Vec<Relation>> = BTreeMap::new();
    for link in &item.relationships {
        if !is_there(&link.kind, &link.id, link.name.as_ref()) {
            let id = if link.id.is_empty() { link.name.clone().unwrap_or_default() } else { link.id.clone() };
            let relation = Relation { inward: false, name: link.relationship.clone() };
            missing.entry((link.kind.clone(), id)).or_default().push(relation);
        }
    }
    let one = |(named, relations)| Related { relations, named, item: None, findings: Findings::default() };
    missing.into_iter().map(one).collect()
}

/// The open findings about each of some resources, by whichever of its names their producers used.
async fn findings_about(
    reader: &Reader,
    tenant: &TenantId,
    items: &[Option<&ConfigurationItem>],
    as_of: Option<AsOf>,
) -> Result<Vec<Findings>, Error> {
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, item) in items.iter().enumerate() {
        for name in item.iter().flat_map(|item| item.names()) {
            named.entry(name).or_default().push(place);
        }
    }
    let open = [Status::Open, Status::NeedsReview].map(Status::word);
    let filter = Filter::of([
        Clause::on(Column::Presence, Test::one_of([Presence::Active.word()])),
        Clause::on(Column::Status, Test::one_of(open)),
        Clause::on(Column::ResourceIds, Test::one_of(named.keys().cloned())),
    ]);
    let question =
        Question { filter, when: when(reader, tenant, "as_of", as_of).await?, uids: true, ..Question::default() };
    let opened = question.open(reader, tenant, [Family::Ids]).await?;
    let uids = opened.uids()?;
    let mut findings = vec![Findings::default(); items.len()];
    for ordinal in opened.view.select(&opened.filter)? {
        let ids = opened.view.cell(ordinal, Column::ResourceIds)?;
        let places: BTreeSet<usize> = ids.texts().iter().filter_map(|id| named.get(id)).flatten().copied().collect();
        for found in places {
            let Some(of) = findings.get_mut(found) else { continue };
            of.count += 1;
            if of.first.len() < MAX_NAMED {
                let id = opened.view.cell(ordinal, Column::Id)?.text().unwrap_or_default().to_owned();
                of.first.push((id, uids.finding(ordinal)));
            }
        }
    }
    Ok(findings)
}
