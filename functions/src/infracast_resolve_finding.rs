//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/resolve`: say that a finding is fixed.

use crate::{Call, Handler, Route, infracast};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::resolve_finding::parse;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-resolve-finding",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/resolve",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: openapi::resolve_finding,
    handler: Handler::Decides(
        |ledger, call| Box::pin(infracast::prepare(ledger, call)),
        |ledger, call| Box::pin(handle(ledger, call)),
    ),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let ruling = parse(&call.body)?;
    infracast::decide(ledger, &call, ruling).await
}
