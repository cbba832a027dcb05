//! `GET /api/v1/tenants/{tenantID}/jobs`: a tenant's jobs.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::jobs::{All, list};
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{list_audits, list_hubs, list_jobs, list_telling};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-jobs",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/jobs",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::list_jobs,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let ((jobs, now), hubs, telling, runs) = tokio::try_join!(
        list_jobs(ledger, tenant),
        list_hubs(ledger, tenant),
        list_telling(ledger, tenant),
        list_audits(ledger, tenant)
    )?;
    Ok(list(tenant, &All { jobs, hubs, telling, runs }, now))
}
