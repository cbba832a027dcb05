//! `GET /api/v1/tenants/{tenantID}/findings`: a page of findings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::list_findings::{List, parse, render};
use posture_shared::dialects::infracast::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Finding, Scope};
use posture_shared::ledger::Reader;
use posture_shared::operations::{FindingsQuery, Question, get_findings, pushed, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "infracast-list-findings",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/findings",
    also: &[],
    dialect: Dialect::Infracast,
    scope: Some(Scope::FindingsRead),
    describe: openapi::list_findings,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(answer(ledger, call, List::Plain))),
};

/// A page of one of the lists.
pub(crate) async fn answer(ledger: &Reader, call: Call, list: List) -> Result<Reply, Error> {
    let request = parse(list, &call.query)?;
    let query = FindingsQuery {
        question: Question {
            filter: request.filter.clone(),
            when: when(ledger, &call.caller.tenant, AS_OF, request.as_of).await?,
            ..Question::default()
        },
        first: request.first,
        sort: request.sort.clone(),
        limit: request.per_page as usize,
        start: request.start(),
        whole: true,
        ..FindingsQuery::default()
    };
    let tenant = &call.caller.tenant;
    let (page, pushed) = tokio::join!(get_findings(ledger, tenant, &query), pushed(ledger, tenant));
    let page = page?;
    let uids = &page.opened.uids;
    let findings: Vec<&Finding> = page.findings.iter().map(|found| &found.finding).collect();
    let patchable = pushed.patchable(ledger, &findings).await;
    let rows = page.findings.iter().zip(patchable).map(|(found, patchable)| Listed {
        uid: uids.finding(found.ordinal),
        finding: &found.finding,
        last_seen: found.last_seen,
        patchable,
    });
    Ok(render(&request, rows, page.total, page.opened.view.as_of(), page.opened.filter.mapping()))
}
