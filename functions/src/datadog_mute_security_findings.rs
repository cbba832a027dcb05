//! `PATCH /api/v2/security/findings/mute`: mute or unmute findings, as newer clients ask for it.

use crate::{Handler, Route, datadog};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::datadog::mute_findings::Generation;
use posture_shared::dialects::datadog::openapi;
use posture_shared::domain::Scope;
use posture_shared::ledger::Ahead;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "datadog-mute-security-findings",
    method: Method::PATCH,
    path: "/api/v2/security/findings/mute",
    also: &["/datadog/api/v2/security/findings/mute"],
    dialect: Dialect::Datadog,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: openapi::mute_security_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(datadog::mute(ledger, call, Generation::Security))),
};
