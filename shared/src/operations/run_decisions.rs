//! The job that decides about more findings than a request can wait for: slice by slice, from the state in which they were selected.
//!
//! A worker may be killed at any point, and two may even work at once: what it decides bears the request's name, so whoever
//! comes to a finding again knows that it is done. What passes by then, is gone, or was decided by somebody else since the state
//! that the request selects from, is left.

use super::decide_findings::intents;
use super::open_runs::each_open_run;
use super::run_expiries::all_tenants;
use super::select_findings::{opened, with_keys};
use crate::domain::asff::decide::{DECIDED_SINCE, is_decided_by};
use crate::domain::bulk::{Bulk, LONGEST_REQUEST, Pinned, Tally};
use crate::domain::query::Filter;
use crate::domain::run::Run;
use crate::domain::{
    Actor, Attempt, Caller, Decision, Error, Finding, Instant, Ordinal, Outcome, Rejection, Ruling, TenantId, Terms,
    asff,
};
use crate::ledger::{Reader, When, Writer};
use crate::secrets;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Findings between two checkpoints: some commits, and seconds at the most.
const SLICE: usize = 100;

/// The code by which a finding says that this request has decided about it before.
const DONE: &str = "DecidedBefore";

/// Reads a request that was kept: what is to hold, and of which findings. It is read as when it was accepted.
pub type Read = fn(&str) -> Result<(Ruling, Filter), Error>;

/// Takes on a decision about the findings that a request selects of a state. The same request again is the same job.
/// [`Error::Invalid`] names `field` when it is too long to be kept.
pub async fn start_decision(
    writer: &Writer,
    caller: &Caller,
    attempt: Option<&Attempt>,
    request: &str,
    (total, from): (u64, Pinned),
    field: &str,
) -> Result<Run, Error> {
    if request.len() > LONGEST_REQUEST {
        let why = format!(
            "makes a request of {} bytes, and one about so many findings may have {LONGEST_REQUEST}; shorten it",
            request.len()
        );
        return Err(Error::invalid(field, why));
    }
    let name = match attempt {
        Some(attempt) => attempt.id.clone(),
        None => secrets::hex(&secrets::random::<16>()?),
    };
    let bulk = Bulk {
        request: request.to_owned(),
        key_name: caller.key_name.clone(),
        accounts: caller.accounts.clone(),
        attempt: name.clone(),
        from,
        total,
        after: None,
        tally: Tally::default(),
    };
    writer.run_add(&caller.tenant, Run::deciding(&name, bulk, writer.clock().now())).await
}

/// The job that a request has become when it was sent before, if it has.
pub async fn decision_begun(
    reader: &Reader,
    tenant: &TenantId,
    attempt: Option<&Attempt>,
) -> Result<Option<Run>, Error> {
    match attempt.filter(|attempt| attempt.since.is_some()) {
        Some(attempt) => reader.run_get(tenant, &Run::decision_id(&attempt.id)).await,
        None => Ok(None),
    }
}

/// Works on the decisions of `own` and of every tenant that ever had a key, like [`run_decisions`].
pub async fn run_decisions_of_all(
    writer: &Writer,
    own: &TenantId,
    read: Read,
    enough: impl Fn() -> bool + Copy,
) -> Result<usize, Error> {
    run_decisions(writer, &all_tenants(writer, own).await?, read, enough).await
}

/// Works on every decision of these tenants that has not ended, until they have or `enough` says so; how many ended.
///
/// Errors: the first one, after all had their turn. The decision is left for the next worker, and has failed after five errors in
/// a row without a slice between them.
pub async fn run_decisions(
    writer: &Writer,
    tenants: &BTreeSet<TenantId>,
    read: Read,
    enough: impl Fn() -> bool + Copy,
) -> Result<usize, Error> {
    let list = |tenant| writer.run_list_decisions(tenant);
    let work = |tenant, run| work(writer, tenant, run, read, enough);
    each_open_run("decision", tenants, (|| writer.clock().now(), enough), list, work).await
}

/// Works on one decision; whether it has ended by that.
async fn work(
    writer: &Writer,
    tenant: &TenantId,
    run: Run,
    read: Read,
    enough: impl Fn() -> bool,
) -> Result<bool, Error> {
    if run.has_ended() {
        // Its worker died before it could say so.
        return writer.run_forget(tenant, &run.id).await.map(|()| false);
    }
    let Some(taken) = run.taken(writer.clock().now()) else { return Ok(false) };
    let Some(taken) = writer.run_put(tenant, taken).await? else { return Ok(false) };
    if taken.has_ended() {
        return writer.run_forget(tenant, &taken.id).await.map(|()| true);
    }
    let mut worker = Worker { writer, tenant, run: Some(taken) };
    let result = worker.slices(read, enough).await;
    let Some(run) = worker.run.take() else { return result };
    let left = run.left(result.as_ref().copied(), writer.clock().now());
    let (id, has_ended) = (left.id.clone(), left.has_ended());
    let put = writer.run_put(tenant, left).await;
    result?;
    if put?.is_some() && has_ended {
        writer.run_forget(tenant, &id).await?;
    }
    Ok(has_ended)
}

/// A worker with its lease; without `run` it has lost it to another one.
struct Worker<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    run: Option<Run>,
}

impl Worker<'_> {
    /// Goes through the findings that are left; whether that was all.
    async fn slices(&mut self, read: Read, enough: impl Fn() -> bool) -> Result<bool, Error> {
        let Some(run) = &self.run else { return Ok(false) };
        // Whoever was at it before may have made decisions that no checkpoint knows of.
        let mut is_redone = run.failures > 0;
        let lost = || Error::internal(format!("the run {} is no decision", run.id));
        let mut bulk = Bulk::clone(run.decision.as_deref().ok_or_else(lost)?);
        let (ruling, filter) = read(&bulk.request)?;
        let (caller, from) = (bulk.caller(self.tenant), bulk.from);
        let when = When::Pinned { seq: from.seq, at: from.at, chain: Some(from.chain) };
        let opened = opened(self.writer, &caller, filter, when).await.map_err(no_more)?;
        let uids = opened.uids()?.clone();
        let candidates: Vec<Ordinal> = opened.view.select(&opened.filter)?;
        let ahead: Vec<Ordinal> = candidates.into_iter().filter(|ordinal| bulk.is_ahead(*ordinal)).collect();
        let terms = Terms { among: Some(Arc::new(opened.filter)), attempt: Some(bulk.attempt()), ..Terms::default() };
        let view = with_keys(self.writer, self.tenant, opened.view, &ahead).await?;
        for slice in ahead.chunks(SLICE) {
            let keys = slice.iter().map(|ordinal| view.key(*ordinal)).collect::<Result<_, Error>>()?;
            let intents = intents(&caller, keys, ruling.clone(), &terms, once);
            let outcomes = self.writer.submit(self.tenant, intents).await?;
            for (ordinal, outcome) in slice.iter().zip(outcomes) {
                let outcome = match outcome {
                    Outcome::Rejected(rejection) if rejection.code == DONE => Outcome::Changed,
                    Outcome::Rejected(rejection)
                        if is_redone
                            && rejection.code == DECIDED_SINCE
                            && self.has_decided(*ordinal, &ruling, &bulk.attempt()).await? =>
                    {
                        Outcome::Changed
                    }
                    other => other,
                };
                bulk.tally.count(uids.finding(*ordinal).to_string(), &outcome);
            }
            bulk.after = slice.last().map(|ordinal| ordinal.0);
            is_redone = false;
            if !self.advance(&bulk).await? {
                return Ok(false);
            }
            if enough() {
                break;
            }
        }
        Ok(ahead.last().is_none_or(|last| !bulk.is_ahead(*last)))
    }

    /// Whether this request has decided about a finding before somebody else did.
    async fn has_decided(&self, ordinal: Ordinal, ruling: &Ruling, attempt: &Attempt) -> Result<bool, Error> {
        for document in self.writer.documents_of(self.tenant, ordinal).await? {
            if is_decided_by(&document.finding()?, ruling, attempt) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Moves the checkpoint; `false` when another worker has taken over.
    async fn advance(&mut self, bulk: &Bulk) -> Result<bool, Error> {
        let Some(run) = self.run.take() else { return Ok(false) };
        let moved = run.decided(bulk.clone(), self.writer.clock().now());
        self.run = self.writer.run_put(self.tenant, moved).await?;
        Ok(self.run.is_some())
    }
}

/// What a run says that cannot select any more: no client sees the cursor by which it keeps its state.
fn no_more(error: Error) -> Error {
    match error {
        Error::Invalid { .. } => {
            Error::Conflict("the table was restored to before the state that it selects from".to_owned())
        }
        other => other,
    }
}

/// Decides about a finding, and tells what this request has decided before from what held already.
fn once(current: Option<&Finding>, ruling: &Ruling, terms: &Terms, actor: &Actor, at: Instant) -> Decision {
    if let (Some(current), Some(attempt)) = (current, &terms.attempt)
        && is_decided_by(current, ruling, attempt)
    {
        let (id, code) = (current.key().id, DONE.to_owned());
        return Decision::Rejected(Rejection { id, code, message: String::new() });
    }
    asff::decide(current, ruling, terms, actor, at)
}
