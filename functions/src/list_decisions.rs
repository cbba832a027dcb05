//! `GET /api/v1/tenants/{tenantID}/audit-log`: the decisions of a tenant, newest first.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::audit_log::{Row, parse, render};
use posture_shared::dialects::native::decision_openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Reader;
use posture_shared::operations::{DecisionsQuery, list_decisions};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-decisions",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/audit-log",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    describe: decision_openapi::list_decisions,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.query)?;
    let query =
        DecisionsQuery { from: request.from, to: request.to, before: request.before, limit: request.limit as usize };
    let (page, uids) = list_decisions(ledger, &call.caller.tenant, &query).await?;
    let rows = page.recorded.iter().map(|one| Row {
        uid: uids.finding(one.ordinal),
        at: one.at,
        actor: &one.actor,
        before: &one.before,
        finding: one.finding.as_ref(),
    });
    Ok(render(rows, page.next.map(|next| (next.at, next.ordinal))))
}
