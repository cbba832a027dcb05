//! `GET /api/v1/tenants/{tenantID}/jobs/{id}`: how an audit run stands.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::jobs::run;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::get_audit;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-job",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/jobs/{id}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::get_job,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let found = get_audit(ledger, &call.caller.tenant, call.parameter("id")?).await?;
    Ok(run(&call.caller.tenant, &found, ledger.clock().now()))
}
