//! The job that records acceptances which have run out. Reads evaluate expiry by themselves; this only adds it to the
//! history.
//!
//! A worker decides on a stretch before it moves the checkpoint, and a decision is taken on the finding's newest state,
//! so a worker may be killed at any point, and two may even work at once: nothing is missed or recorded twice.

use super::record_expiries::record;
use crate::domain::{Error, Instant, Job, JobKind, JobState, TenantId};
use crate::ledger::{Reach, Reader, Stretch, Writer};
use std::collections::BTreeSet;

/// Stretches of a slice: about 2,000 acceptances, some seconds of work.
const STRETCHES: usize = 5;

/// What a slice did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Slice {
    /// Acceptances whose end it recorded.
    pub recorded: usize,
    /// Whether nothing is left to do, or another worker is at it.
    pub complete: bool,
}

/// Works on the tenant's job for a slice: takes its lease, records acceptances that have run out, moves the checkpoint
/// after each stretch, and leaves the job done, waiting for the next slice, or failed with the reason.
///
/// Three requests and no write when nothing happened since. Errors are those of the store, after the job was left as
/// failed; if not even that can be written, its lease runs out.
pub async fn run_expiries(writer: &Writer, tenant: &TenantId) -> Result<Slice, Error> {
    let now = writer.clock().now();
    let job = writer.job_get(tenant, JobKind::RecordExpiries).await?;
    let nothing = Slice { recorded: 0, complete: true };
    let Some(taken) = job.taken(now) else { return Ok(nothing) };
    let reach = job.checkpoint.as_deref().map(Reach::parse).unwrap_or_default();
    let first = writer.ran_out(tenant, &reach).await?;
    let idle = first.complete && first.due.is_empty();
    if idle && (job.state == JobState::Done || job.revision == 0) && first.next.knows_as_much_as(&reach) {
        return Ok(nothing);
    }
    if idle {
        // Nothing to do but to move the checkpoint: that needs no lease.
        let done = advanced(&taken, &first, now)?.left(Ok(true), now);
        return writer.job_put(tenant, done).await.map(|_| nothing);
    }
    let Some(taken) = writer.job_put(tenant, taken).await? else { return Ok(nothing) };
    let mut work = Work { writer, tenant, job: Some(taken), recorded: 0 };
    let result = work.stretches(first).await;
    work.leave(result.as_ref().copied()).await?;
    Ok(Slice { recorded: work.recorded, complete: result? })
}

/// The job at the end of a stretch.
fn advanced(job: &Job, stretch: &Stretch, now: Instant) -> Result<Job, Error> {
    let job = job.advanced(stretch.next.to_text()?, now);
    Ok(Job { done_until: if stretch.complete { Some(stretch.until) } else { job.done_until }, ..job })
}

/// A worker with its lease; without `job` it has lost it to another one.
struct Work<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    job: Option<Job>,
    recorded: usize,
}

impl Work<'_> {
    /// Works through stretches; whether that was all.
    async fn stretches(&mut self, first: Stretch) -> Result<bool, Error> {
        let mut stretch = first;
        for _ in 1..STRETCHES {
            if !self.stretch(&stretch).await? {
                return Ok(true);
            }
            if stretch.complete {
                return Ok(true);
            }
            stretch = self.writer.ran_out(self.tenant, &stretch.next).await?;
        }
        let held = self.stretch(&stretch).await?;
        Ok(stretch.complete || !held)
    }

    /// Records what is due in a stretch and moves the checkpoint past it; `false` when another worker has taken over.
    async fn stretch(&mut self, stretch: &Stretch) -> Result<bool, Error> {
        self.recorded += record(self.writer, self.tenant, &stretch.due).await?;
        let Some(job) = self.job.take() else { return Ok(false) };
        let job = advanced(&job, stretch, self.writer.clock().now())?;
        self.job = self.writer.job_put(self.tenant, job).await?;
        Ok(self.job.is_some())
    }

    async fn leave(&mut self, result: Result<bool, &Error>) -> Result<(), Error> {
        let Some(job) = self.job.take() else { return Ok(()) };
        let left = self.writer.job_put(self.tenant, job.left(result, self.writer.clock().now())).await;
        match (left, result) {
            (Err(error), Err(_)) => {
                tracing::warn!(tenant = %self.tenant, %error, "a failed job could not be left; its lease runs out");
                Ok(())
            }
            (left, _) => left.map(drop),
        }
    }
}

/// Works on the jobs of `own` and of every tenant that ever had a key, until they are complete or `enough` says so;
/// how many ends were recorded. A tenant whose job fails does not keep the others from theirs.
///
/// Errors: the first one, after all tenants had their turn.
pub async fn run_expiries_of_all(writer: &Writer, own: &TenantId, enough: impl Fn() -> bool) -> Result<usize, Error> {
    let tenants = all_tenants(writer, own).await?;
    let (mut recorded, mut failed) = (0, None);
    for tenant in &tenants {
        let mut complete = false;
        while !complete && !enough() {
            match run_expiries(writer, tenant).await {
                Ok(slice) => {
                    recorded += slice.recorded;
                    complete = slice.complete;
                }
                Err(error) => {
                    tracing::warn!(tenant = %tenant, %error, "a job failed");
                    failed = failed.or(Some(error));
                    complete = true;
                }
            }
        }
    }
    failed.map_or(Ok(recorded), Err)
}

/// `own` and every tenant that ever had a key.
pub(super) async fn all_tenants(reader: &Reader, own: &TenantId) -> Result<BTreeSet<TenantId>, Error> {
    let mut tenants: BTreeSet<TenantId> = reader.tenant_list().await?.into_iter().collect();
    tenants.insert(own.clone());
    Ok(tenants)
}
