//! `DELETE /api/v1/tenants/{tenantID}/rules/{key}`: retire a rule of the tenant's own.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::rule_openapi as openapi;
use posture_shared::dialects::native::rules::one;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::retire_rule;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "retire-rule",
    method: Method::DELETE,
    path: "/api/v1/tenants/{tenantID}/rules/{key}",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::Admin),
    ahead: Ahead::NOTHING,
    describe: openapi::retire_rule,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    one(&retire_rule(ledger, &call.caller, call.parameter("key")?).await?)
}
