//! `GET /api/v1/tenants/{tenantID}/findings/stream`: findings as they change, as server-sent events.

use crate::watch::watch;
use crate::{Call, Handler, Output, Route};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::stream::{LAST_EVENT_ID, parse};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::Following;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-stream-findings",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/stream",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::UIDS,
    describe: openapi::stream_findings,
    handler: Handler::Streams(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Output, Error> {
    let request = parse(call.header(LAST_EVENT_ID), &call.query)?;
    let Call { caller, remaining, .. } = call;
    let following = Following::begin(ledger, &caller.tenant, request.filter, request.after, LAST_EVENT_ID).await?;
    Ok(watch(ledger, caller, following, remaining))
}
