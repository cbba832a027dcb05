//! `PUT /api/v1/tenants/{tenantID}/terraform`: a root of Terraform, in place of what was pushed of it before.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::rule_openapi as openapi;
use posture_shared::dialects::native::terraform::{parse, pushed};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::push_terraform;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "set-terraform",
    method: Method::PUT,
    path: "/api/v1/tenants/{tenantID}/terraform",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsImport),
    ahead: Ahead::NOTHING,
    describe: openapi::set_terraform,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let (root, content) = parse(&call.body)?;
    Ok(pushed(&push_terraform(ledger, &call.caller, &root, content).await?))
}
