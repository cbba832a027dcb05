//! `GET /api/v1/tenants/{tenantID}/audit-log`: the decisions of a tenant, newest first.

use crate::feeds::{all_decisions, decision};
use crate::{Call, Handler, Output, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::audit_log::{FORMATS, PAGES, parse, render};
use posture_shared::dialects::native::decision_openapi;
use posture_shared::dialects::{Dialect, export};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{DecisionsQuery, list_decisions};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-decisions",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/audit-log",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::UIDS,
    describe: decision_openapi::list_decisions,
    handler: Handler::Streams(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Output, Error> {
    let request = parse(&call.query)?;
    let format = export::parse(call.header("accept"), &call.query, &FORMATS, &PAGES)?;
    let (limit, tenant) = (request.limit as usize, call.caller.tenant);
    let query = DecisionsQuery { from: request.from, to: request.to, before: request.before, limit };
    if let Some(format) = format {
        return all_decisions(ledger, tenant, query, format).await;
    }
    let (page, uids) = list_decisions(ledger, &tenant, &query).await?;
    let rows = page.recorded.iter().map(|one| decision(one, &uids));
    Ok(render(rows, page.next.map(|next| (next.at, next.ordinal))).into())
}
