//! `POST /v1/cspm/vm/update`: set status or severity of checks.

use crate::{Call, Handler, Route, decisions};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::get_check::was_check;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::update_checks::{EXPIRES_AT, parse, render};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::{check_end, findings_of};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-update-checks",
    method: Method::POST,
    path: "/v1/cspm/vm/update",
    also: &["/cspm/vm/update"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: openapi::update_checks,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.body)?;
    check_end(ledger, call.attempt.as_ref(), &request.ruling, EXPIRES_AT)?;
    let meant = findings_of(ledger, &call.caller, &request.ids, was_check).await?;
    let (rows, stopped) = decisions::decide(ledger, &call, meant, request.ruling, None).await?;
    Ok(render(&rows, stopped.as_ref()))
}
