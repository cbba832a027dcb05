//! `PUT /api/v1/tenants/{tenantID}/rules/{key}/params`: set parameters of a rule for the tenant's runs.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::rule_openapi as openapi;
use posture_shared::dialects::native::rules::{one, parse_params};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::set_rule_params;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "set-rule-params",
    method: Method::PUT,
    path: "/api/v1/tenants/{tenantID}/rules/{key}/params",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::set_rule_params,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let values = parse_params(&call.body)?;
    one(&set_rule_params(ledger, &call.caller, call.parameter("key")?, values).await?)
}
