//! `GET /api/v1/tenants/{tenantID}/rules`: the rules of the audit, the catalogue's and the tenant's own.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::rule_openapi as openapi;
use posture_shared::dialects::native::rules::list;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_rule_rows;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-rules",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/rules",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::list_rules,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    list(&list_rule_rows(ledger, &call.caller.tenant).await?)
}
