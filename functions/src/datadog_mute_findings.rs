//! `PATCH /api/v2/posture_management/findings`: mute or unmute findings, as earlier clients ask for it.

use crate::{Handler, Route, datadog};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::datadog::mute_findings::Generation;
use posture_shared::dialects::datadog::openapi;
use posture_shared::domain::Scope;
use posture_shared::ledger::Ahead;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "datadog-mute-findings",
    method: Method::PATCH,
    path: "/api/v2/posture_management/findings",
    also: &["/datadog/api/v2/posture_management/findings"],
    dialect: Dialect::Datadog,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: openapi::mute_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(datadog::mute(ledger, call, Generation::Findings))),
};
