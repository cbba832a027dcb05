//! `POST /findings/import`: BatchImportFindings.
//!
//! The documented answer counts successes and failures only; the header `x-posture-outcomes` adds, as JSON, how many
//! findings were created, changed and unchanged.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::snapshots::counts;
use posture_shared::dialects::securityhub::batch_import_findings::{parse, render};
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::import_findings;
use serde_json::Value;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-batch-import-findings",
    method: Method::POST,
    path: "/findings/import",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsImport),
    ahead: Ahead::NOTHING,
    describe: openapi::batch_import_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let findings = parse(&call.body)?;
    let outcomes = import_findings(ledger, &call.caller, &findings).await?;
    let counts = Value::Object(counts(&outcomes)).to_string();
    Ok(render(&outcomes).with_header("x-posture-outcomes", counts))
}
