//! `GET /v1/cspm/checks/{id}`: one check.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::bitdefender::get_check::{absent, parse, render};
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::resource::{Names, rule_of};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{get_named_finding, when};
use std::collections::BTreeMap;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-check",
    method: Method::GET,
    path: "/v1/cspm/checks/{id}",
    also: &["/cspm/checks/{id}"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_check,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let (uid, as_of) = parse(call.parameter("id")?, &call.query)?;
    let when = when(ledger, &call.caller.tenant, AS_OF, as_of).await?;
    let named = get_named_finding(ledger, &call.caller.tenant, uid, when).await?.ok_or_else(absent)?;
    let finding = &named.found.finding;
    let versions = &BTreeMap::from([(rule_of(&finding.asff).to_owned(), named.rule_version)]);
    let names = Names { uids: &named.uids, accounts: &named.accounts, versions };
    render(named.found.ordinal, finding, &names, &call.base)
}
