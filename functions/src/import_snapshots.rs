//! `POST /api/v1/tenants/{tenantID}/snapshots`: the hub's own state, in envelopes or bare.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Writer;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "import-snapshots",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/snapshots",
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsImport),
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(_ledger: &Writer, _call: Call) -> Result<Reply, Error> {
    Err(Error::internal("import-snapshots waits for its operation"))
}
