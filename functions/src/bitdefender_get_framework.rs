//! `GET /v1/cspm/system_compliance/{id}`: one framework that rules check.

use crate::bitdefender::{checking, one_query};
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::resource::compliance_id;
use posture_shared::dialects::bitdefender::{envelope, listing, system_compliance};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{ListQuery, list_frameworks};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-framework",
    method: Method::GET,
    path: "/v1/cspm/system_compliance/{id}",
    also: &["/cspm/system_compliance/{id}"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_framework,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = listing::parse_text(call.parameter("id")?, &call.query)?;
    let asked = [system_compliance::asked_one(&request.id)?];
    let query = ListQuery { ids: None, ..one_query(ledger, &call.caller.tenant, &request).await? };
    let listed = list_frameworks(ledger, &call.caller.tenant, &query, &asked, compliance_id).await?;
    let versions = listed.rows.iter().filter_map(|(_, row)| row.controls.keys().next());
    let newest = system_compliance::newest(versions).and_then(|place| listed.rows.get(place));
    let (id, row) = newest.ok_or_else(system_compliance::absent)?;
    Ok(envelope::one(&system_compliance::framework(id, &checking(row), &call.base)))
}
