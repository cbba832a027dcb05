//! `GET /v1/setting/scans/{id}`: one account that is scanned.

use crate::bitdefender::one_query;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing, scans};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_scans;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-scan",
    method: Method::GET,
    path: "/v1/setting/scans/{id}",
    also: &["/setting/scans/{id}"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_scan,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = listing::parse_one(call.parameter("id")?, &call.query)?;
    let query = one_query(ledger, &call.caller.tenant, &request).await?;
    let listed = list_scans(ledger, &call.caller.tenant, &query).await?;
    let (id, row) = listed.rows.first().ok_or_else(|| listing::absent("scan"))?;
    Ok(envelope::one(&scans::scan(id, &row.account, &row.name, row.group, row.since, &call.base)))
}
