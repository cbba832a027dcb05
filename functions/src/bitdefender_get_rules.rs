//! `GET /v1/cspm/rules`: the rules that findings are judged by.

use crate::bitdefender::{list_query, place};
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing::parse, resource::row_size, rules};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{list_rules, page_seal};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-rules",
    method: Method::GET,
    path: "/v1/cspm/rules",
    also: &["/cspm/rules"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_rules,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let request = parse(&rules::RULES, &call.query, &seal)?;
    let listed = list_rules(ledger, tenant, &list_query(ledger, tenant, &request).await?, row_size).await?;
    let rows = listed.rows.iter().map(|(id, row)| rules::rule(id, row.version, &row.finding, &call.base));
    Ok(envelope::page(&request.page, &place(&listed), &rows.collect::<Vec<_>>(), &call.base, &seal))
}
