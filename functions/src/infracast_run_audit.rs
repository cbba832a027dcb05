//! `POST /api/v1/tenants/{tenantID}/findings/run`: start an audit run.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::run_audit::{FRAMEWORK, parse, render};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::start_audit;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-run-audit",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/findings/run",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::AuditRun),
    ahead: Ahead::NOTHING,
    describe: openapi::run_audit,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let framework = parse(&call.body)?;
    let run = start_audit(ledger, &call.caller.tenant, framework.as_ref(), FRAMEWORK).await?;
    Ok(render(&run, ledger.clock().now()))
}
