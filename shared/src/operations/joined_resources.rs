//! The resources that rules join to those of a scope, read from the inventory.

use crate::audit::{Coverage, Related, Rule};
use crate::domain::inventory::{KnownScope, Scope};
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::Reader;

/// What these rules join to resources of a scope, now or as of an instant; `None` where that takes more than `most` requests to the
/// store.
pub(super) async fn joined_resources<'a>(
    reader: &Reader,
    tenant: &TenantId,
    rules: impl Iterator<Item = &'a Rule> + Clone,
    scope: &Scope,
    (known, coverage): (&[KnownScope], &Coverage),
    at: Option<Instant>,
    most: usize,
) -> Result<Option<Related>, Error> {
    let mut related = Related::new(coverage.clone());
    let mut requests = 0_usize;
    for (other, kinds) in Related::wanted(rules.clone(), scope, known) {
        let mut walk = reader.inventory_walk(tenant, &other, Some(&kinds), None, at);
        while let Some(items) = walk.next().await? {
            items.iter().for_each(|item| related.add(item, rules.clone()));
            requests = requests.saturating_add(1);
            if requests >= most {
                return Ok(None);
            }
        }
    }
    Ok(Some(related))
}
