//! `POST /findingHistory/get`: GetFindingHistory.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::{self, AS_OF};
use posture_shared::dialects::securityhub::get_finding_history::{parse, render};
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{HistoryQuery, get_finding_history, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-get-finding-history",
    method: Method::POST,
    path: "/findingHistory/get",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::NOTHING,
    describe: openapi::get_finding_history,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.body)?;
    let query = HistoryQuery {
        key: request.key,
        from: request.from,
        to: request.to,
        limit: request.limit as usize,
        token: request.token,
        fingerprint: request.fingerprint,
    }
    .as_of(when(ledger, &call.caller.tenant, AS_OF, as_of::parse(&call.query)?).await?);
    let page = get_finding_history(ledger, &call.caller.tenant, &query).await?;
    Ok(render(&query.key, &page.records, page.next.as_deref()))
}
