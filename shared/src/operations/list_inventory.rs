//! Lists resources, by account, region, type and id.
//!
//! A cursor is the key of the last row, so that a resource that is there all the while comes exactly once, whatever is
//! written meanwhile.

use super::cursor::foreign;
use super::question::when;
use crate::domain::inventory::{ConfigurationItem, ItemKey, KnownScope, Page, Query};
use crate::domain::resource_type::ResourceType;
use crate::domain::{AsOf, Error, TenantId};
use crate::ledger::Reader;
use crate::seal::Seal;
use crate::secrets::sha256_hex;
use std::collections::BTreeSet;

/// Requests to the store of one page, about a megabyte each. A search that finds little ends its page early.
const MAX_REQUESTS: usize = 24;

/// A page of resources. [`Error::Invalid`] for a cursor that is not of this question, and for an instant in the future.
pub async fn list_inventory(reader: &Reader, tenant: &TenantId, query: &Query) -> Result<Page, Error> {
    when(reader, tenant, "as_of", query.at.map(|at| AsOf { at, seq: None })).await?;
    let seal = Seal::new(reader.masters(), tenant, "resources");
    let fingerprint = fingerprint(query);
    let after = query.cursor.as_deref().map(|cursor| opened(&seal, cursor, &fingerprint)).transpose()?;
    let sealed = |key: &ItemKey| seal.seal(format!("{fingerprint}{}", key.text()).as_bytes());
    let mut scopes = reader.inventory_scopes(tenant).await?;
    scopes.retain(|known| after.as_ref().is_none_or(|after| known.scope >= after.scope()) && is_asked(query, known));
    scopes.sort_by(|a, b| a.scope.cmp(&b.scope));
    let search = query.search.as_ref().map(|search| search.to_lowercase());
    let mut rows: Vec<ConfigurationItem> = Vec::new();
    let mut requests = 0;
    for known in &scopes {
        let after = after.as_ref().filter(|after| after.scope() == known.scope);
        let kinds = kinds_of(query, known);
        let mut walk = reader.inventory_walk(tenant, &known.scope, kinds.as_ref(), after, query.at);
        if search.is_none() && query.at.is_none() {
            walk = walk.in_steps_of(query.limit.saturating_add(1));
        }
        while let Some(found) = walk.next().await? {
            requests += 1;
            let passed = found.last().map(ConfigurationItem::key);
            rows.extend(found.into_iter().filter(|item| search.as_ref().is_none_or(|text| has_text(item, text))));
            if rows.len() > query.limit {
                rows.truncate(query.limit);
                let next = rows.last().map(|item| sealed(&item.key()));
                return Ok(Page { items: rows, next });
            }
            if let Some(passed) = passed.filter(|_| requests >= MAX_REQUESTS) {
                return Ok(Page { items: rows, next: Some(sealed(&passed)) });
            }
        }
    }
    Ok(Page { items: rows, next: None })
}

fn is_asked(query: &Query, known: &KnownScope) -> bool {
    let is = |asked: &Option<String>, value: &String| asked.as_ref().is_none_or(|asked| asked == value);
    is(&query.account, &known.scope.account) && is(&query.region, &known.scope.region)
}

/// The types of a scope that are asked for, in whatever spelling; `None` for all.
fn kinds_of(query: &Query, known: &KnownScope) -> Option<BTreeSet<String>> {
    let is_asked = |kind: &&String| query.kinds.contains(&ResourceType::parse(kind));
    (!query.kinds.is_empty()).then(|| known.kinds.iter().filter(is_asked).cloned().collect())
}

fn has_text(item: &ConfigurationItem, text: &str) -> bool {
    let tags = item.tags.iter().flat_map(|(key, value)| [key, value]);
    let mut texts = [Some(&item.id), item.name.as_ref(), item.arn.as_ref()].into_iter().flatten().chain(tags);
    texts.any(|found| found.to_lowercase().contains(text))
}

fn fingerprint(query: &Query) -> String {
    let Query { kinds, account, region, search, at, limit: _, cursor: _ } = query;
    let kinds: Vec<String> = kinds.iter().map(ResourceType::dotted).collect();
    sha256_hex(format!("{kinds:?}{account:?}{region:?}{search:?}{at:?}").as_bytes())
}

fn opened(seal: &Seal, cursor: &str, fingerprint: &str) -> Result<ItemKey, Error> {
    let text = seal.open(cursor).and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text.as_deref().and_then(|text| ItemKey::parse(text.strip_prefix(fingerprint)?));
    key.ok_or_else(|| foreign("cursor"))
}
