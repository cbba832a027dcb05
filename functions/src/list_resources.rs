//! `GET /api/v1/tenants/{tenantID}/resources`: a tenant's resources, by account, region, type and id.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::resource_openapi as openapi;
use posture_shared::dialects::native::resources::{list, parse_list};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_inventory;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-resources",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/resources",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::list_resources,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let query = parse_list(&call.query)?;
    Ok(list(&list_inventory(ledger, &call.caller.tenant, &query).await?))
}
