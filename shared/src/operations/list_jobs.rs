//! A tenant's jobs, as they stand.

use crate::domain::{Error, Instant, Job, Synchronisation, Telling, TenantId};
use crate::ledger::Reader;

/// The tenant's jobs by kind, and the instant as of which [`Job::state_at`] tells how they stand.
pub async fn list_jobs(reader: &Reader, tenant: &TenantId) -> Result<(Vec<Job>, Instant), Error> {
    Ok((reader.job_list(tenant).await?, reader.clock().now()))
}

/// How far each Security Hub that is read has been read, by account and region.
pub async fn list_hubs(reader: &Reader, tenant: &TenantId) -> Result<Vec<Synchronisation>, Error> {
    reader.hub_list(tenant).await
}

/// How far each Security Hub has been told of decisions made here.
pub async fn list_telling(reader: &Reader, tenant: &TenantId) -> Result<Telling, Error> {
    reader.telling_get(tenant).await
}
