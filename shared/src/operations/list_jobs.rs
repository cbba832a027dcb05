//! A tenant's jobs, as they stand.

use crate::domain::{Error, Instant, Job, TenantId};
use crate::ledger::Reader;

/// The tenant's jobs by kind, and the instant as of which [`Job::state_at`] tells how they stand.
pub async fn list_jobs(reader: &Reader, tenant: &TenantId) -> Result<(Vec<Job>, Instant), Error> {
    Ok((reader.job_list(tenant).await?, reader.clock().now()))
}
