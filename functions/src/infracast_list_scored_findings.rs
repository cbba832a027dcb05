//! `GET /api/v1/tenants/{tenantID}/findings/scored`: a page of findings, the greatest risk first.

use crate::lists::answer;
use crate::{Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::infracast::list_findings::List;
use posture_shared::dialects::infracast::openapi;
use posture_shared::domain::Scope;
use posture_shared::ledger::Ahead;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-list-scored-findings",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/scored",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::list_scored_findings,
    handler: Handler::Streams(|ledger, call| Box::pin(answer(ledger, call, List::Scored))),
};
