//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}`: one finding.

use crate::infracast::asked_and_pushed;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::get_finding::render;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-finding",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_finding,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let (asked, pushed) = asked_and_pushed(ledger, &call).await?;
    render(&asked.shown(ledger, &pushed).await, asked.state)
}
