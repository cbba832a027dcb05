//! `GET /v1/setting/scans`: the accounts that are scanned.

use crate::bitdefender::{list_query, place};
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing::parse, scans};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{list_scans, page_seal};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-scans",
    method: Method::GET,
    path: "/v1/setting/scans",
    also: &["/setting/scans"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_scans,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let request = parse(&scans::SCANS, &call.query, &seal)?;
    let listed = list_scans(ledger, tenant, &list_query(ledger, tenant, &request).await?).await?;
    let rows =
        listed.rows.iter().map(|(id, row)| scans::scan(id, &row.account, &row.name, row.group, row.since, &call.base));
    Ok(envelope::page(&request.page, &place(&listed), &rows.collect::<Vec<_>>(), &call.base, &seal))
}
