//! Audit runs: an item each, and one per extent that names its newest run, so that there is at most one at a time.

use super::item::Item;
use super::store::{Condition, ConditionalPut, Range, Transacted, throttled};
use super::tenants::{from_item, to_item};
use super::{Reader, Writer, keys};
use crate::domain::run::Run;
use crate::domain::{Error, TenantId};
use serde::{Deserialize, Serialize};

/// Races that a start may lose.
const MAX_RACES: usize = 8;
/// Runs that a list has.
const LISTED: usize = 50;

/// The newest run of an extent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Newest {
    id: String,
    revision: u64,
}

impl Reader {
    /// A run by its id.
    pub async fn run_get(&self, tenant: &TenantId, id: &str) -> Result<Option<Run>, Error> {
        self.store.get(&keys::run(tenant, id), true).await?.as_ref().map(from_item).transpose()
    }

    /// The newest runs of each extent that have not ended.
    pub async fn run_list_open(&self, tenant: &TenantId) -> Result<Vec<Run>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::newest_run_partition(tenant), &range).await?;
        let mut open = Vec::new();
        for item in &items {
            let Newest { id, .. } = from_item(item)?;
            open.extend(self.run_get(tenant, &id).await?.filter(|run| !run.has_ended()));
        }
        Ok(open)
    }

    /// The last runs of a tenant by id, at most 50.
    pub async fn run_list(&self, tenant: &TenantId) -> Result<Vec<Run>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::run_partition(tenant), &range).await?;
        let mut runs = items.iter().map(from_item).collect::<Result<Vec<Run>, Error>>()?;
        runs.sort_by_key(|run| std::cmp::Reverse(run.started_at));
        runs.truncate(LISTED);
        Ok(runs)
    }
}

impl Writer {
    /// Starts a run, unless one of the same extent has not ended: then that one is the answer, with `false`.
    pub async fn run_start(&self, tenant: &TenantId, run: Run) -> Result<(Run, bool), Error> {
        let place = keys::newest_run(tenant, Run::extent(run.framework.as_deref()));
        for _ in 0..MAX_RACES {
            let newest: Option<Newest> = self.store.get(&place, true).await?.as_ref().map(from_item).transpose()?;
            if let Some(newest) = &newest
                && let Some(known) = self.run_get(tenant, &newest.id).await?
                && (!known.has_ended() || known.id == run.id)
            {
                return Ok((known, false));
            }
            let condition =
                newest.as_ref().map_or(Condition::Absent, |seen| Condition::Number("revision", seen.revision));
            let revision = newest.map_or(1, |newest| newest.revision.saturating_add(1));
            let mut pointer = to_item(Item::new(&place), &Newest { id: run.id.clone(), revision })?;
            pointer.put_number("revision", revision);
            let first = Run { revision: 1, ..run.clone() };
            let puts = vec![
                ConditionalPut { item: pointer, condition },
                ConditionalPut { item: self.run_item(tenant, &first)?, condition: Condition::Absent },
            ];
            let token = crate::secrets::sha256_hex(format!("{tenant}{}{revision}", run.id).as_bytes());
            let token = token.get(..32).unwrap_or_default();
            // Else somebody else was first, or nobody knows; the next look tells.
            if let Transacted::Done = self.store.transact(puts, token).await? {
                return Ok((first, true));
            }
        }
        Err(throttled())
    }

    /// Records a run over the revision that `run` was made from; the run as recorded, or `None` when somebody else has recorded it since.
    pub async fn run_put(&self, tenant: &TenantId, run: Run) -> Result<Option<Run>, Error> {
        let condition = Condition::Number("revision", run.revision);
        let run = Run { revision: run.revision.saturating_add(1), ..run };
        let item = self.run_item(tenant, &run)?;
        let put = self.store.put(ConditionalPut { item, condition }).await?;
        Ok(put.then_some(run))
    }

    fn run_item(&self, tenant: &TenantId, run: &Run) -> Result<Item, Error> {
        let mut item = to_item(Item::new(&keys::run(tenant, &run.id)), run)?;
        item.put_number("revision", run.revision);
        Ok(item)
    }
}
