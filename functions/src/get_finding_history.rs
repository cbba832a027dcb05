//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/history`: everything that ever happened to a finding.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::feed_openapi;
use posture_shared::dialects::native::history::{Row, parse, render};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope, Wanted};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{VersionsQuery, list_versions};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-finding-history",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/history",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: feed_openapi::get_finding_history,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.query)?;
    let query = VersionsQuery {
        wanted: Wanted::parse(call.parameter("findingID")?),
        from: request.from,
        to: request.to,
        before: request.before,
        limit: request.limit as usize,
        field: "findingID",
    };
    let page = list_versions(ledger, &call.caller.tenant, query).await?;
    let rows = page.versions.iter().map(|one| Row {
        at: one.at,
        kind: one.kind,
        actor: &one.actor,
        before: one.before.as_ref(),
        after: one.finding.as_ref(),
    });
    Ok(render(page.uid, rows, page.next))
}
