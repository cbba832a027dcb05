//! `GET /v1/cspm/resources`: the resources that findings are about.

use crate::bitdefender::{list_query, place};
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing::parse, resource, resources};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{list_resources, page_seal};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-resources",
    method: Method::GET,
    path: "/v1/cspm/resources",
    also: &["/cspm/resources"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::get_resources,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let request = parse(&resources::RESOURCES, &call.query, &seal)?;
    let listed =
        list_resources(ledger, tenant, &list_query(ledger, tenant, &request).await?, resource::is_listed).await?;
    let rows = listed.rows.iter().map(|(id, row)| resources::resource(id, row, &call.base));
    Ok(envelope::page(&request.page, &place(&listed), &rows.collect::<Vec<_>>(), &call.base, &seal))
}
