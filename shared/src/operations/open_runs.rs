//! Work on what is open, tenant by tenant: nobody's failure keeps the others from their turn.

use crate::domain::run::Run;
use crate::domain::{Error, Instant, TenantId};
use crate::tally::{self, Gauge};
use std::collections::BTreeSet;

/// Lets `work` have every run that `list` knows of, until `enough` says so; how many ended by that. `what` they are is for the log.
///
/// Errors: the first one, after all had their turn.
pub(super) async fn each_open_run<'a, Listed, Worked>(
    what: &'static str,
    tenants: &'a BTreeSet<TenantId>,
    (now, enough): (impl Fn() -> Instant, impl Fn() -> bool),
    list: impl Fn(&'a TenantId) -> Listed,
    work: impl Fn(&'a TenantId, Run) -> Worked,
) -> Result<usize, Error>
where
    Listed: Future<Output = Result<Vec<Run>, Error>>,
    Worked: Future<Output = Result<bool, Error>>,
{
    let (mut ended, mut failed) = (0, None);
    for tenant in tenants {
        let runs = match list(tenant).await {
            Ok(runs) => runs,
            Err(error) => {
                tracing::warn!(tenant = %tenant, %error, what, "the open runs of a tenant could not be read");
                failed = failed.or(Some(error));
                continue;
            }
        };
        for run in runs {
            tally::gauge(Gauge::JobAge, run.started_at.seconds_until(now()));
            if enough() {
                break;
            }
            match work(tenant, run).await {
                Ok(done) => ended += usize::from(done),
                Err(error) => {
                    tracing::warn!(tenant = %tenant, %error, what, "a run was interrupted");
                    failed = failed.or(Some(error));
                }
            }
        }
    }
    failed.map_or(Ok(ended), Err)
}
