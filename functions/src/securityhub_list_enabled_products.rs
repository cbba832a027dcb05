//! `GET /productSubscriptions`: ListEnabledProductsForImport.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::securityhub::hub::DEFAULT_REGION;
use posture_shared::dialects::securityhub::list_enabled_products::{parse, render};
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_accounts;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-list-enabled-products",
    method: Method::GET,
    path: "/productSubscriptions",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::list_enabled_products,
    handler: Handler::Reads(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(call.query("MaxResults"), call.query("NextToken"))?;
    let accounts = list_accounts(ledger, &call.caller).await?;
    render(&request, call.caller.region.as_deref().unwrap_or(DEFAULT_REGION), &accounts.ids)
}
