//! `GET /api/v1/tenants/{tenantID}/compliance/summary`: compliance scores and counts of findings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::compliance_summary::{parse, render};
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{get_compliance_summary, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-compliance-summary",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/compliance/summary",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::get_compliance_summary,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.query)?;
    let when = when(ledger, &call.caller.tenant, AS_OF, request.as_of).await?;
    let (summary, as_of) = get_compliance_summary(ledger, &call.caller.tenant, &request.asked, when).await?;
    Ok(render(&summary, as_of))
}
