//! Runs: an item each, and what leads to those that have not ended. For audits that is one item per extent which names its newest
//! run, so that there is at most one at a time; for decisions one each, which expires once it has ended.

use super::failure::throttled;
use super::item::{Item, Key, TTL, expires_in};
use super::store::{Condition, ConditionalPut, Range, Transacted};
use super::tenants::{from_item, to_item};
use super::{Reader, Writer, keys};
use crate::domain::run::Run;
use crate::domain::{Error, TenantId};
use serde::{Deserialize, Serialize};

/// Races that a start may lose.
const MAX_RACES: usize = 8;
/// Runs that a list has.
const LISTED: usize = 50;

/// How long it is kept that a decision has ended, in seconds: a day.
const ENDED_SECONDS: i64 = 86_400;
/// How long it is kept what came out of a decision, in seconds: 30 days. What was decided is in the log for good.
const DECISION_SECONDS: i64 = 30 * 86_400;

/// The newest run of an extent.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Newest {
    id: String,
    revision: u64,
    /// It is known to have ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ended: bool,
}

impl Reader {
    /// A run by its id.
    pub async fn run_get(&self, tenant: &TenantId, id: &str) -> Result<Option<Run>, Error> {
        self.store.get(&keys::run(tenant, id), true).await?.as_ref().map(from_item).transpose()
    }

    /// The newest audits of each extent that have not ended.
    pub async fn run_list_open(&self, tenant: &TenantId) -> Result<Vec<Run>, Error> {
        let mut open = Vec::new();
        for id in self.runs_open(tenant, false).await? {
            open.extend(self.run_get(tenant, &id).await?.filter(|run| !run.has_ended()));
        }
        Ok(open)
    }

    /// The decisions that are not known to have ended, the one that was asked for first first.
    pub async fn run_list_decisions(&self, tenant: &TenantId) -> Result<Vec<Run>, Error> {
        let mut open = Vec::new();
        for id in self.runs_open(tenant, true).await? {
            open.extend(self.run_get(tenant, &id).await?);
        }
        open.sort_by_key(|run| run.started_at);
        Ok(open)
    }

    async fn runs_open(&self, tenant: &TenantId, decisions: bool) -> Result<Vec<String>, Error> {
        let range = Range { consistent: true, ..Range::default() };
        let (items, _) = self.store.query(&keys::newest_run_partition(tenant), &range).await?;
        let newest = items.iter().map(from_item).collect::<Result<Vec<Newest>, Error>>()?;
        let is_wanted = |newest: &Newest| !newest.ended && Run::is_decision(&newest.id) == decisions;
        Ok(newest.into_iter().filter(is_wanted).map(|newest| newest.id).collect())
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
            let pointer = Newest { id: run.id.clone(), revision, ended: false };
            // Else somebody else was first, or nobody knows; the next look tells.
            if let Some(first) = self.run_begin(tenant, &place, (pointer, condition), &run).await? {
                return Ok((first, true));
            }
        }
        Err(throttled())
    }

    /// Makes a decision's run, unless there is one of its id: then that one is the answer.
    pub async fn run_add(&self, tenant: &TenantId, run: Run) -> Result<Run, Error> {
        let place = keys::newest_run(tenant, &run.id);
        for _ in 0..MAX_RACES {
            if let Some(known) = self.run_get(tenant, &run.id).await? {
                return Ok(known);
            }
            let pointer = Newest { id: run.id.clone(), revision: 1, ended: false };
            if let Some(first) = self.run_begin(tenant, &place, (pointer, Condition::None), &run).await? {
                return Ok(first);
            }
        }
        Err(throttled())
    }

    /// Puts a run and what leads to it; `None` when that was not done, as far as is known.
    async fn run_begin(
        &self,
        tenant: &TenantId,
        place: &Key,
        (pointer, condition): (Newest, Condition),
        run: &Run,
    ) -> Result<Option<Run>, Error> {
        let revision = pointer.revision;
        let mut item = to_item(Item::new(place), &pointer)?;
        item.put_number("revision", revision);
        let first = Run { revision: 1, ..run.clone() };
        let puts = vec![
            ConditionalPut { item, condition },
            ConditionalPut { item: self.run_item(tenant, &first)?, condition: Condition::Absent },
        ];
        let token = crate::secrets::sha256_hex(format!("{tenant}{}{revision} {}", run.id, run.started_at.0).as_bytes());
        let token = token.get(..32).unwrap_or_default();
        Ok(match self.store.transact(puts, token).await? {
            Transacted::Done => Some(first),
            Transacted::Lost | Transacted::Throttled | Transacted::Unknown(_) => None,
        })
    }

    /// Notes that a decision's run has ended, so that nobody looks for work in it any more.
    pub async fn run_forget(&self, tenant: &TenantId, id: &str) -> Result<(), Error> {
        let pointer = Newest { id: id.to_owned(), revision: 2, ended: true };
        let mut item = to_item(Item::new(&keys::newest_run(tenant, id)), &pointer)?;
        item.put_number("revision", pointer.revision);
        item.put_number(TTL, expires_in(ENDED_SECONDS));
        self.store.put(ConditionalPut { item, condition: Condition::None }).await.map(drop)
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
        if run.decision.is_some() && run.has_ended() {
            item.put_number(TTL, expires_in(DECISION_SECONDS));
        }
        Ok(item)
    }
}
