//! `PATCH /findings/batchupdate`: BatchUpdateFindings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::securityhub::batch_update_findings::{parse, render};
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::asff::Update;
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::update_findings;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-batch-update-findings",
    method: Method::PATCH,
    path: "/findings/batchupdate",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::FINDINGS,
    describe: openapi::batch_update_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.body)?;
    let update = Update::parse(&request.change)?;
    let outcomes = update_findings(ledger, &call.caller, request.keys.clone(), update).await?;
    let answered: Vec<_> = request.keys.into_iter().zip(outcomes).collect();
    Ok(render(&answered, &request.duplicated))
}
