//! `DELETE /api/v1/tenants/{tenantID}/keys/{name}`: revoke a key.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::auth;
use posture_shared::dialects::native::keys::one;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "revoke-key",
    method: Method::DELETE,
    path: "/api/v1/tenants/{tenantID}/keys/{name}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::revoke_key,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let name = call.parameter("name")?;
    Ok(one(&auth::revoke_key(ledger, &call.caller.tenant, Some(&call.caller), name).await?))
}
