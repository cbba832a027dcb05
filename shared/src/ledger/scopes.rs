//! What was told of scopes: which types there are, which were read completely, and which could not be read.

use super::failure::throttled;
use super::item::Item;
use super::store::{Condition, ConditionalPut, Range};
use super::tenants::from_item;
use super::{Reader, Writer, keys};
use crate::domain::inventory::{Coverage, KnownScope, Scope, Unread};
use crate::domain::{Error, Instant, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Races that a change of a scope may lose.
const MAX_RACES: usize = 8;

/// What was told of a scope.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Told {
    covered: BTreeMap<String, Instant>,
    pub kinds: BTreeSet<String>,
    #[serde(default)]
    unread: BTreeMap<String, Unread>,
}

impl Writer {
    /// Records that types of a scope were read completely. Of two instants the later one counts.
    pub async fn inventory_cover(&self, tenant: &TenantId, coverage: &Coverage) -> Result<(), Error> {
        self.inventory_read(tenant, coverage, &BTreeMap::new()).await
    }

    /// Records what a reading of a scope has read completely, and what it could not read: that is not known completely any
    /// more, whoever called it so before.
    pub async fn inventory_read(
        &self,
        tenant: &TenantId,
        coverage: &Coverage,
        unread: &BTreeMap<String, Unread>,
    ) -> Result<(), Error> {
        let is_of =
            |name: &str, kind: &str| name == kind || name.strip_prefix(kind).is_some_and(|r| r.starts_with('.'));
        let merge = |told: &mut Told| {
            for (kind, at) in &coverage.types {
                let known = told.covered.entry(kind.clone()).or_insert(*at);
                *known = (*known).max(*at);
                told.unread.retain(|name, unread| !is_of(name, kind) || unread.at > *at);
            }
            for (name, why) in unread {
                told.covered.remove(name);
                told.unread.insert(name.clone(), why.clone());
            }
        };
        self.scope_change(tenant, &coverage.scope, None, &merge).await
    }

    /// Records that a type of a scope is not known completely any more.
    pub async fn inventory_uncover(&self, tenant: &TenantId, scope: &Scope, kind: &str) -> Result<(), Error> {
        let merge = |told: &mut Told| {
            told.covered.remove(kind);
        };
        self.scope_change(tenant, scope, None, &merge).await
    }

    /// Changes what is covered of a scope, and records the scope if nobody has. Who has just read its item hands over `read`: the item, if
    /// there is one.
    pub(super) async fn scope_change(
        &self,
        tenant: &TenantId,
        scope: &Scope,
        mut read: Option<Option<&Item>>,
        change: &(dyn Fn(&mut Told) + Sync),
    ) -> Result<(), Error> {
        let place = keys::scope(tenant, scope);
        for _ in 0..MAX_RACES {
            let item = match read.take() {
                Some(item) => item.cloned(),
                None => self.store.get(&place, true).await?,
            };
            let revision: Option<u64> = item.as_ref().map(|item| item.number("revision")).transpose()?;
            let before: Told = item.as_ref().map(from_item).transpose()?.unwrap_or_default();
            let mut after = before.clone();
            change(&mut after);
            let condition = match revision {
                Some(_) if after == before => return Ok(()),
                Some(revision) => Condition::Number("revision", revision),
                None => Condition::Absent,
            };
            let mut item = super::tenants::to_item(Item::new(&place), &after)?;
            item.put_number("revision", revision.unwrap_or(0).saturating_add(1));
            if self.store.put(ConditionalPut { item, condition }).await? {
                return Ok(());
            }
        }
        Err(throttled())
    }
}

impl Reader {
    /// Every scope of which there are, or were, resources, and what is covered of it.
    pub async fn inventory_scopes(&self, tenant: &TenantId) -> Result<Vec<KnownScope>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::scope_partition(tenant), &range).await?;
        let one = |item: &Item| {
            let sk = item.sk()?;
            let parts = sk.split_once('#').ok_or_else(|| Error::internal(format!("{sk} is no scope's key")))?;
            let scope = Scope { account: parts.0.to_owned(), region: parts.1.to_owned() };
            let Told { covered, kinds, unread } = from_item(item)?;
            Ok(KnownScope { scope, covered, kinds, unread })
        };
        items.iter().map(one).collect()
    }
}
