//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/accept`: accept a risk.

use crate::{Call, Handler, Route, infracast};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::accept_finding::{REVIEW_DATE, parse};
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::check_end;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-accept-finding",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/accept",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: openapi::accept_finding,
    handler: Handler::Decides(
        |ledger, call| Box::pin(infracast::prepare(ledger, call)),
        |ledger, call| Box::pin(handle(ledger, call)),
    ),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let ruling = parse(&call.body)?;
    check_end(ledger, call.attempt.as_ref(), &ruling, REVIEW_DATE)?;
    infracast::decide(ledger, &call, ruling).await
}
