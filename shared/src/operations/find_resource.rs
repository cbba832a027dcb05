//! Finds a resource by its key, its ARN, or its place in the graph.
//!
//! Most ids end in AWS Config's own id of the resource, and are found by asking for that. Where they do not, as a user's
//! name, the resources of that type in that region are looked through.

use super::question::when;
use crate::domain::inventory::{Asked, ConfigurationItem, ItemKey, KnownScope};
use crate::domain::resource_type::{ResourceType, resource_name};
use crate::domain::{AsOf, Error, Instant, TenantId};
use crate::ledger::Reader;
use std::collections::BTreeSet;

/// Requests to the store that looking through takes at most.
const MAX_REQUESTS: usize = 60;

/// The resource, now or as of an instant; [`Error::Invalid`] for one in the future. [`Error::NotFound`] when there is none, [`Error::Conflict`] with their keys
/// when there are several.
pub async fn find_resource(
    reader: &Reader,
    tenant: &TenantId,
    id: &str,
    at: Option<Instant>,
) -> Result<ConfigurationItem, Error> {
    let absent = || Error::NotFound("there is no such resource".to_owned());
    when(reader, tenant, "as_of", at.map(|at| AsOf { at, seq: None })).await?;
    let asked = Asked::parse(id).ok_or_else(absent)?;
    if let Asked::Key(key) = &asked {
        return reader.inventory_get(tenant, key, at).await?.ok_or_else(absent);
    }
    let mut scopes = reader.inventory_scopes(tenant).await?;
    scopes.retain(|known| may_hold(&asked, known));
    let mut found = by_id(reader, tenant, &asked, &scopes, at).await?;
    if found.is_empty() {
        found = looked_through(reader, tenant, &asked, &scopes, at).await?;
    }
    if found.len() > 1 {
        let keys: Vec<String> = found.iter().map(|item| item.key().text()).collect();
        return Err(Error::Conflict(format!("several resources are called so; ask for one of {}", keys.join(", "))));
    }
    found.pop().ok_or_else(absent)
}

/// Whether a scope can hold what is asked for.
fn may_hold(asked: &Asked, known: &KnownScope) -> bool {
    match asked {
        Asked::Key(key) => key.scope() == known.scope,
        Asked::Node { region, .. } => *region == known.scope.region,
        Asked::Arn(arn) => {
            let part = |place: usize| arn.split(':').nth(place).filter(|part| !part.is_empty());
            // A resource without a region in its ARN may be recorded in any.
            let is = |part: Option<&str>, own: &str| part.is_none_or(|part| part == own);
            is(part(4), &known.scope.account) && is(part(3), &known.scope.region)
        }
    }
}

/// The types of a scope that what is asked for can be of.
fn kinds_of(asked: &Asked, known: &KnownScope) -> BTreeSet<String> {
    let of_service = |service: &str| {
        let is_it = |kind: &&String| ResourceType::parse(kind).service() == service;
        let of: BTreeSet<String> = known.kinds.iter().filter(is_it).cloned().collect();
        // Some ARNs have another word for their service than types do.
        if of.is_empty() { known.kinds.clone() } else { of }
    };
    match asked {
        Asked::Key(key) => [key.kind.clone()].into(),
        Asked::Node { kind, .. } => {
            known.kinds.iter().filter(|known| ResourceType::parse(known) == *kind).cloned().collect()
        }
        Asked::Arn(arn) => of_service(arn.split(':').nth(2).unwrap_or_default()),
    }
}

async fn by_id(
    reader: &Reader,
    tenant: &TenantId,
    asked: &Asked,
    scopes: &[KnownScope],
    at: Option<Instant>,
) -> Result<Vec<ConfigurationItem>, Error> {
    let ids: BTreeSet<&str> = match asked {
        Asked::Key(key) => [key.id.as_str()].into(),
        Asked::Arn(arn) => [arn.as_str(), resource_name(arn)].into(),
        Asked::Node { path, .. } => path.splitn(4, ':').nth(3).into_iter().collect(),
    };
    let mut keys = Vec::new();
    for known in scopes {
        for kind in kinds_of(asked, known) {
            let (account, region) = (&known.scope.account, &known.scope.region);
            keys.extend(ids.iter().map(|id| ItemKey {
                account: account.clone(),
                region: region.clone(),
                kind: kind.clone(),
                id: (*id).to_owned(),
            }));
        }
    }
    let found: Vec<ConfigurationItem> = match at {
        None => reader.inventory_get_many(tenant, &keys).await?.into_values().collect(),
        Some(_) => {
            let each = keys.iter().map(|key| reader.inventory_get(tenant, key, at));
            futures_util::future::try_join_all(each).await?.into_iter().flatten().collect()
        }
    };
    Ok(found.into_iter().filter(|item| asked.is(item)).collect())
}

async fn looked_through(
    reader: &Reader,
    tenant: &TenantId,
    asked: &Asked,
    scopes: &[KnownScope],
    at: Option<Instant>,
) -> Result<Vec<ConfigurationItem>, Error> {
    let mut found = Vec::new();
    let mut requests = 0;
    for known in scopes {
        let kinds = kinds_of(asked, known);
        let mut walk = reader.inventory_walk(tenant, &known.scope, Some(&kinds), None, at);
        while let Some(items) = walk.next().await? {
            found.extend(items.into_iter().filter(|item| asked.is(item)));
            requests += 1;
            if requests >= MAX_REQUESTS {
                return Err(Error::invalid("id", "there are too many resources to look for it; ask by its key"));
            }
        }
    }
    Ok(found)
}
