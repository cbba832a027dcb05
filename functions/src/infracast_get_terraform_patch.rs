//! `GET /api/v1/tenants/{tenantID}/findings/{findingID}/terraform-patch`: a patch for the Terraform that was pushed.

use crate::infracast::asked;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::infracast::terraform_patch::render;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::get_terraform_patch;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-get-terraform-patch",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings/{findingID}/terraform-patch",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_terraform_patch,
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    // A patch is for what is there now.
    let asked = asked(ledger, &call, &[]).await?;
    let patch = get_terraform_patch(ledger, &call.caller.tenant, &asked.finding).await?;
    Ok(render(&asked.row(Some(true)), &patch.root, &patch.diff, patch.caution.as_deref()))
}
