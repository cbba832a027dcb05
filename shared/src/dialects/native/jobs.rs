//! `GET /api/v1/tenants/{tenantID}/jobs`: what is under way, how far, and what failed.

use super::super::Reply;
use crate::domain::{Instant, Job, TenantId};
use serde_json::{Value, json};

/// The answer to a request for all jobs, as they stand at `now`.
pub fn list(tenant: &TenantId, jobs: &[Job], now: Instant) -> Reply {
    Reply::json(200, &json!({"jobs": jobs.iter().map(|job| shown(tenant, job, now)).collect::<Vec<_>>()}))
}

/// A job as it stands at `now`. Its checkpoint is for its worker alone.
pub fn shown(tenant: &TenantId, job: &Job, now: Instant) -> Value {
    let Job { kind, state: _, checkpoint: _, done_until, lease_until, started_at, ended_at, error, revision: _ } = job;
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    json!({
        "tenant": tenant.as_str(),
        "kind": kind.name(),
        "state": job.state_at(now).name(),
        "done_until": at(done_until),
        "lease_until": at(lease_until),
        "started_at": at(started_at),
        "ended_at": at(ended_at),
        "error": error,
    })
}
