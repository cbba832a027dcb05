//! `GET /api/v1/tenants/{tenantID}/resources/{id}/related`: what a resource hangs together with, and the findings there.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::resource_openapi as openapi;
use posture_shared::dialects::native::resources::{parse_as_of, related};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::related_resources;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-related-resources",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/resources/{id}/related",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_related_resources,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let as_of = parse_as_of(&call.query)?;
    let id = call.parameter("id")?;
    Ok(related(&related_resources(ledger, &call.caller.tenant, id, as_of).await?))
}
