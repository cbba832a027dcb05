//! `GET /v1/cspm/rules/{id}`: one rule.

use crate::bitdefender::one_query;
use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::{envelope, listing, resource::row_size, rules};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::list_rules;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-rule",
    method: Method::GET,
    path: "/v1/cspm/rules/{id}",
    also: &["/cspm/rules/{id}"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_rule,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = listing::parse_one(call.parameter("id")?, &call.query)?;
    let query = one_query(ledger, &call.caller.tenant, &request).await?;
    let listed = list_rules(ledger, &call.caller.tenant, &query, row_size).await?;
    let (id, row) = listed.rows.first().ok_or_else(|| listing::absent("rule"))?;
    Ok(envelope::one(&rules::rule(id, row.version, &row.finding, &call.base)))
}
