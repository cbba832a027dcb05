//! `GET /api/v1/tenants/{tenantID}/resources/{id}`: a resource and its configuration, now or at a past instant.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::resource_openapi as openapi;
use posture_shared::dialects::native::resources::{one, parse_as_of};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::find_resource;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-resource",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/resources/{id}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::get_resource,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let at = parse_as_of(&call.query)?.map(|as_of| as_of.at);
    Ok(one(&find_resource(ledger, &call.caller.tenant, call.parameter("id")?, at).await?))
}
