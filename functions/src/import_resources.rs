//! `PUT /api/v1/tenants/{tenantID}/resources`: resources into the inventory, as AWS Config has them or in our own form.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::resource_openapi as openapi;
use posture_shared::dialects::native::resources::{imported, parse};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::import_resources;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "import-resources",
    method: Method::PUT,
    path: "/api/v1/tenants/{tenantID}/resources",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsImport),
    ahead: Ahead::NOTHING,
    describe: openapi::import_resources,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let sent = parse(&call.body)?;
    Ok(imported(&import_resources(ledger, &call.caller, &sent).await?))
}
