//! `PUT /api/v1/tenants/{tenantID}/accounts/{id}`: name an AWS account.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::accounts::{one, parse, parse_id};
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::set_account;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "set-account",
    method: Method::PUT,
    path: "/api/v1/tenants/{tenantID}/accounts/{id}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::set_account,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let account = parse(parse_id(call.parameter("id")?)?, &call.body)?;
    set_account(ledger, &call.caller, &account).await?;
    Ok(one(&account))
}
