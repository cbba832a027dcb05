//! `POST /api/v1/tenants/{tenantID}/keys`: make a key; its secrets are shown this once.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::auth::{self, Wish};
use posture_shared::dialects::native::keys::{NewKey, created, parse};
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "create-key",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/keys",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::create_key,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let NewKey { name, scopes, accounts, expires_at, rate_per_minute } = parse(&call.body)?;
    let wish = Wish { name, scopes, accounts, expires_at, rate_per_minute };
    let tenant = &call.caller.tenant;
    created(tenant, &auth::create_key(ledger, tenant, Some(&call.caller), wish).await?)
}
