//! `GET /api/v1/tenants/{tenantID}/jobs`: what is under way, how far, and what failed.

use super::super::Reply;
use super::super::infracast::run_audit::status;
use crate::domain::bulk::Tally;
use crate::domain::run::{Counts, Covered, Run};
use crate::domain::synchronisation::{Tally as Read, Walk};
use crate::domain::telling::{Listener, Tally as Told};
use crate::domain::{Bulk, Instant, Job, JobState, Synchronisation, Telling, TenantId};
use serde_json::{Value, json};

/// Everything of a tenant that runs in the background.
#[derive(Debug, Clone, Default)]
pub struct All {
    /// Jobs by kind.
    pub jobs: Vec<Job>,
    /// How far hubs have been read.
    pub hubs: Vec<Synchronisation>,
    /// How far they have been told.
    pub telling: Telling,
    /// Audit runs, and decisions about many findings.
    pub runs: Vec<Run>,
}

impl All {
    /// Each as it stands at `now`.
    pub fn shown<'a>(&'a self, tenant: &'a TenantId, now: Instant) -> impl Iterator<Item = Value> + 'a {
        let jobs = self.jobs.iter().map(move |job| shown(tenant, job, now));
        let hubs = self.hubs.iter().map(move |hub| shown_hub(tenant, hub, now));
        let told = self.telling.hubs.iter().map(move |hub| shown_listener(tenant, &self.telling, hub, now));
        jobs.chain(hubs).chain(told).chain(self.runs.iter().map(move |run| shown_run(tenant, run, now)))
    }
}

/// The answer to a request for all jobs, as they stand at `now`.
pub fn list(tenant: &TenantId, all: &All, now: Instant) -> Reply {
    Reply::json(200, &json!({"jobs": all.shown(tenant, now).collect::<Vec<_>>()}))
}

/// The answer to a request that became a job.
pub fn accepted(tenant: &TenantId, run: &Run, now: Instant) -> Reply {
    Reply::json(202, &shown_run(tenant, run, now))
}

/// The answer to a request for one run, as it stands at `now`.
pub fn run(tenant: &TenantId, run: &Run, now: Instant) -> Reply {
    Reply::json(200, &shown_run(tenant, run, now))
}

/// A run as it stands at `now`. Where it is in the inventory or among the findings is for its worker alone.
pub fn shown_run(tenant: &TenantId, run: &Run, now: Instant) -> Value {
    let Run {
        id,
        framework,
        frameworks,
        state: _,
        started_at,
        ended_at,
        lease_until,
        place: _,
        counts,
        covered,
        decision,
        ..
    } = run;
    if let Some(bulk) = decision {
        return shown_decision(tenant, run, bulk, now);
    }
    let Run { unread, failures: _, error, not_before: _, revision: _, .. } = run;
    let Counts { resources, passed, failed, not_applicable, unknown, created, changed, closed, rejected } = counts;
    let Covered { scopes, count, rules } = covered;
    let scopes = scopes.iter().map(|(account, region)| json!({"account_id": account, "region": region}));
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    json!({
        "tenant": tenant.as_str(),
        "kind": "audit",
        "job_id": id,
        "status": status(run, now),
        "state": run.state_at(now).name(),
        "framework": framework,
        "frameworks": frameworks,
        "started_at": started_at.to_string(),
        "ended_at": at(ended_at),
        "lease_until": at(lease_until),
        "counts": {
            "resources": resources,
            "passed": passed,
            "failed": failed,
            "not_applicable": not_applicable,
            "unknown": unknown,
            "created": created,
            "changed": changed,
            "closed": closed,
            "rejected": rejected,
        },
        "covered": {"scopes": scopes.collect::<Vec<_>>(), "count": count, "rules": rules},
        "unread": unread,
        "error": error,
    })
}

/// A decision about many findings as it stands at `now`.
fn shown_decision(tenant: &TenantId, run: &Run, bulk: &Bulk, now: Instant) -> Value {
    let Bulk { request, key_name, accounts: _, attempt: _, from, total, after: _, tally } = bulk;
    let Tally { decided, unchanged, left, named } = tally;
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    let reasons: Vec<Value> = left.iter().map(|(reason, count)| json!({"reason": reason, "count": count})).collect();
    let named: Vec<Value> = named.iter().map(|(uid, reason)| json!({"uid": uid, "reason": reason})).collect();
    json!({
        "tenant": tenant.as_str(),
        "kind": "decision",
        "job_id": run.id,
        "status": status(run, now),
        "state": run.state_at(now).name(),
        "request": serde_json::from_str::<Value>(request).unwrap_or_default(),
        "by": key_name,
        "as_of": from.as_of().to_string(),
        "started_at": run.started_at.to_string(),
        "ended_at": at(&run.ended_at),
        "lease_until": at(&run.lease_until),
        "counts": {
            "total": total,
            "changed": decided,
            "unchanged": unchanged,
            "left": tally.left(),
            "not_done": total.saturating_sub(tally.done()),
        },
        "left_by_reason": reasons,
        "left": named,
        "error": run.error,
    })
}

/// A job as it stands at `now`. Its checkpoint is for its worker alone.
fn shown(tenant: &TenantId, job: &Job, now: Instant) -> Value {
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

/// What synchronisations are called among jobs.
pub const SYNCHRONISE: &str = "synchronise-hubs";

/// The synchronisation with a hub as it stands at `now`. Where its walk is, is for its worker alone.
fn shown_hub(tenant: &TenantId, hub: &Synchronisation, now: Instant) -> Value {
    let Synchronisation {
        account,
        region,
        state: _,
        walk,
        read_at,
        whole_at,
        tally,
        next_at,
        lease_until,
        heard_at,
        error,
        revision: _,
    } = hub;
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    let began_at = walk.as_ref().map(|Walk { began_at, .. }| *began_at);
    let Read { read, created, changed, unchanged, rejected } = walk.as_ref().map_or(*tally, |walk| walk.tally);
    json!({
        "tenant": tenant.as_str(),
        "kind": SYNCHRONISE,
        "account_id": account,
        "region": region,
        "state": hub.state_at(now).name(),
        "done_until": at(read_at),
        "whole_until": at(whole_at),
        "started_at": at(&began_at.or(*read_at)),
        "heard_at": at(heard_at),
        "next_at": at(next_at),
        "lease_until": at(lease_until),
        "counts": {
            "read": read,
            "created": created,
            "changed": changed,
            "unchanged": unchanged,
            "rejected": rejected,
        },
        "error": error,
    })
}

/// What telling hubs is called among jobs.
pub const TELL: &str = "tell-hubs";

/// How far a hub has been told, as it stands at `now`.
fn shown_listener(tenant: &TenantId, telling: &Telling, hub: &Listener, now: Instant) -> Value {
    let Listener {
        account,
        region,
        seq: _,
        at: told_until,
        told_at,
        tally,
        tries: _,
        refuses_since: _,
        next_at,
        error,
    } = hub;
    let Told { told, unknown, refused } = tally;
    let state = match error {
        Some(_) => JobState::Failed,
        None if telling.is_leased(now) => JobState::Running,
        None => JobState::Done,
    };
    let at = |instant: &Option<Instant>| instant.map(|instant| instant.to_string());
    json!({
        "tenant": tenant.as_str(),
        "kind": TELL,
        "account_id": account,
        "region": region,
        "state": state.name(),
        "done_until": told_until.to_string(),
        "told_at": at(told_at),
        "next_at": at(next_at),
        "lease_until": at(&telling.lease_until),
        "counts": {"told": told, "unknown": unknown, "refused": refused},
        "error": error,
    })
}
