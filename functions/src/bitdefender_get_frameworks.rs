//! `GET /v1/cspm/system_compliance`: the frameworks that rules check.

use crate::bitdefender::{checking, list_query, place};
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::resource::compliance_id;
use posture_shared::dialects::bitdefender::{envelope, listing::parse, system_compliance};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{ListQuery, list_frameworks, page_seal};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-frameworks",
    method: Method::GET,
    path: "/v1/cspm/system_compliance",
    also: &["/cspm/system_compliance"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_frameworks,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let request = parse(&system_compliance::SYSTEM_COMPLIANCE, &call.query, &seal)?;
    let asked = system_compliance::asked(request.ids.iter().flatten())?;
    let query = ListQuery { ids: None, ..list_query(ledger, tenant, &request).await? };
    let listed = list_frameworks(ledger, tenant, &query, &asked, compliance_id).await?;
    let rows = listed.rows.iter().map(|(id, row)| system_compliance::framework(id, &checking(row), &call.base));
    Ok(envelope::page(&request.page, &place(&listed), &rows.collect::<Vec<_>>(), &call.base, &seal))
}
