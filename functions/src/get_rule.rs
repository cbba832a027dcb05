//! `GET /api/v1/tenants/{tenantID}/rules/{key}`: one rule of the audit with its files.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::rule_openapi as openapi;
use posture_shared::dialects::native::rules::{one, parse_version};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::get_rule_sheet;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "get-rule",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/rules/{key}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::get_rule,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let version = parse_version(call.query("version"))?;
    one(&get_rule_sheet(ledger, &call.caller.tenant, call.parameter("key")?, version).await?)
}
