//! `POST /findings/import`: BatchImportFindings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Writer;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-batch-import-findings",
    method: Method::POST,
    path: "/findings/import",
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsImport),
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(_ledger: &Writer, _call: Call) -> Result<Reply, Error> {
    Err(Error::internal("securityhub-batch-import-findings waits for its operation"))
}
