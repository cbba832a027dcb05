//! `GET /api/v1/tenants/{tenantID}/accounts`: how a tenant's AWS accounts are called.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::accounts::list;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_account_settings;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-accounts",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/accounts",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::FINDINGS,
    describe: openapi::list_accounts,
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    Ok(list(&list_account_settings(ledger, &call.caller).await?))
}
