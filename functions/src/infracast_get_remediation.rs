//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/remediation`: how to mend it.

use crate::infracast::asked_and_pushed;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::remediation::render;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Reader;
use posture_shared::operations::get_remediation;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-remediation",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/remediation",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    describe: openapi::get_remediation,
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let (asked, pushed) = asked_and_pushed(ledger, &call).await?;
    let tenant = &call.caller.tenant;
    let remediation = get_remediation(ledger, tenant, &asked.finding, asked.as_of.map(|as_of| as_of.at)).await?;
    render(&asked.shown(ledger, &pushed).await, &remediation)
}
