//! `GET /v1/cspm/checks`: the list of checks.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::bitdefender::Place;
use posture_shared::dialects::bitdefender::get_checks::{parse, render};
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::resource::{Names, row_size, rule_of};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{FindingsQuery, Question, get_findings, newest_versions, page_seal, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-checks",
    method: Method::GET,
    path: "/v1/cspm/checks",
    also: &["/cspm/checks"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_checks,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let request = parse(&call.query, &seal)?;
    let when = when(ledger, tenant, AS_OF, request.page.values.as_of()).await?;
    let query = FindingsQuery {
        question: Question { filter: request.filter, groups: request.groups, when, names: true, uids: true },
        among: request.among,
        limit: request.page.limit,
        row_size: Some(row_size),
        token: request.page.token.clone(),
        fingerprint: request.page.fingerprint,
        token_field: "page_cursor",
        ..FindingsQuery::default()
    };
    let page = get_findings(ledger, tenant, &query).await?;
    let (uids, accounts) = (page.opened.uids()?, &page.opened.accounts);
    let rules = page.findings.iter().map(|found| rule_of(&found.finding.asff));
    let versions = &newest_versions(&page.opened.view, rules)?;
    let next = page.next.zip(page.next_begins.map(|ordinal| uids.finding(ordinal).to_string()));
    let place = Place { total: page.total, start: page.start, at: page.opened.view.at, next };
    let findings = page.findings.iter().map(|found| (found.ordinal, &found.finding));
    let names = Names { uids, accounts, versions };
    Ok(render(&request.page, &place, findings, &names, &call.base, &seal))
}
