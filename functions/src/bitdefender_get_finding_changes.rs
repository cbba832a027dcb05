//! `GET /v1/cspm/finding_changes`: net changes over an interval.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::config::Settings;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::bitdefender::Place;
use posture_shared::dialects::bitdefender::finding_changes::{parse, render};
use posture_shared::dialects::bitdefender::openapi;
use posture_shared::dialects::bitdefender::resource::{Names, row_size};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader, When};
use posture_shared::operations::{ChangesQuery, MOST_LOG, Question, get_finding_changes, page_seal, when};
use std::collections::BTreeMap;

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "bitdefender-get-finding-changes",
    method: Method::GET,
    path: "/v1/cspm/finding_changes",
    also: &["/cspm/finding_changes"],
    dialect: Dialect::Bitdefender,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::get_finding_changes,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let tenant = &call.caller.tenant;
    let seal = page_seal(ledger, tenant);
    let max_days = Settings::from_environment().bitdefender_max_days()?;
    let request = parse(&call.query, &seal, ledger.clock().now(), max_days)?;
    // What `as_of` names is no state of the future, while an end may well lie there.
    when(ledger, tenant, AS_OF, request.as_of).await?;
    let end = request.end(ledger.now(tenant, request.from).await?)?;
    let when = end.map_or(When::Now, When::named);
    let query = ChangesQuery {
        question: Question { filter: request.filter, groups: request.groups, when, names: true, uids: true },
        from: request.from,
        kind: Some(request.kind),
        severities: request.severities,
        most_log: MOST_LOG,
        limit: request.page.limit,
        row_size: Some(row_size),
        token: request.page.token.clone(),
        fingerprint: request.page.fingerprint,
        token_field: "page_cursor",
    };
    let page = get_finding_changes(ledger, tenant, &query).await?;
    let names = Names { uids: page.opened.uids()?, accounts: &page.opened.accounts, versions: &BTreeMap::new() };
    let begins = page.next_begins.map(|change| names.uids.change(change.ordinal, change.at).to_string());
    let place = Place { total: page.total, start: page.start, at: page.opened.view.at, next: page.next.zip(begins) };
    let changes = page.changes.iter().map(|(change, found)| (change, &found.finding));
    Ok(render(&request.page, &place, changes, &names, &call.base, &seal))
}
