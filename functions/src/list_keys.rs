//! `GET /api/v1/tenants/{tenantID}/keys`: a tenant's keys.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::auth;
use posture_shared::dialects::native::keys::list;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-keys",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/keys",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::list_keys,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    Ok(list(&auth::list_keys(ledger, &call.caller.tenant).await?))
}
