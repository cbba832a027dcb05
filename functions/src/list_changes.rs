//! `GET /api/v1/tenants/{tenantID}/changes`: every change of a tenant, oldest first.

use crate::feeds::{all_changes, change};
use crate::{Call, Handler, Output, Route};
use lambda_http::http::Method;
use posture_shared::dialects::native::changes::{AFTER, FORMATS, PAGES, parse, render};
use posture_shared::dialects::native::feed_openapi;
use posture_shared::dialects::{Dialect, export};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{LogQuery, list_changes};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-changes",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/changes",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::UIDS,
    describe: feed_openapi::list_changes,
    handler: Handler::Streams(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Output, Error> {
    let request = parse(&call.query)?;
    let format = export::parse(call.header("accept"), &call.query, &FORMATS, &PAGES)?;
    let (limit, tenant) = (request.limit as usize, call.caller.tenant);
    let query = LogQuery { after: request.after, from: request.from, to: request.to, limit, field: AFTER };
    if let Some(format) = format {
        return all_changes(ledger, tenant, query, format).await;
    }
    let (page, uids) = list_changes(ledger, &tenant, &query).await?;
    let rows = page.recorded.iter().map(|one| change(one, &uids));
    Ok(render(rows, page.reached, page.has_more).into())
}
