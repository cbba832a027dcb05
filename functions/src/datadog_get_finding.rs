//! `GET /api/v2/posture_management/findings/{finding_id}`: one finding.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::datadog::get_finding::{FIELD, not_found, parse, render};
use posture_shared::dialects::datadog::openapi;
use posture_shared::dialects::datadog::{Asked, Listed};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{get_finding_by_uid, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "datadog-get-finding",
    method: Method::GET,
    path: "/api/v2/posture_management/findings/{finding_id}",
    also: &["/datadog/api/v2/posture_management/findings/{finding_id}"],
    dialect: Dialect::Datadog,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_finding,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let asked = Asked { path: &call.path, query: &call.query, user_agent: call.header("user-agent") };
    let request = parse(call.parameter(FIELD)?, &asked)?;
    let when = when(ledger, &call.caller.tenant, request.as_of_field, request.as_of).await?;
    let found = get_finding_by_uid(ledger, &call.caller.tenant, request.uid, when).await?;
    let (found, _, uids) = found.ok_or_else(not_found)?;
    render(&request, &Listed { uid: uids.finding(found.ordinal), finding: &found.finding })
}
