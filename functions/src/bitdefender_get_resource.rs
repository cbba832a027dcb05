//! `GET /v1/cspm/resources/{id}`: one resource.

use crate::bitdefender::one_query;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing, resource, resources};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_resources;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-resource",
    method: Method::GET,
    path: "/v1/cspm/resources/{id}",
    also: &["/cspm/resources/{id}"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::get_resource,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = listing::parse_text(call.parameter("id")?, &call.query)?;
    let query = one_query(ledger, &call.caller.tenant, &request).await?;
    let listed = list_resources(ledger, &call.caller.tenant, &query, resource::is_listed).await?;
    let (id, row) = listed.rows.first().ok_or_else(|| listing::absent("resource"))?;
    Ok(envelope::one(&resources::resource(id, row, &call.base)))
}
