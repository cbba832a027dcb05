//! `POST /api/v1/tenants/{tenantID}/snapshots`: findings as Security Hub had them, in its events or bare.
//!
//! What customers set (Note, Workflow, VerificationState, UserDefinedFields, and their values of Severity and the other
//! shared members) is taken only if the key has `findings:write` too; the answer counts where it was left out.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::openapi;
use posture_shared::dialects::native::snapshots::{parse, render};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::import_snapshots;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "import-snapshots",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/snapshots",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsImport),
    ahead: Ahead::FINDINGS,
    describe: openapi::import_snapshots,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let snapshots = parse(&call.body)?;
    let imported = import_snapshots(ledger, &call.caller.tenant, Some(&call.caller), &snapshots).await?;
    Ok(render(&imported.outcomes, imported.parts_left_out))
}
