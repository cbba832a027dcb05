//! `GET /api/v2/posture_management/findings`: a page of findings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::datadog::list_findings::{Page, parse, render};
use posture_shared::dialects::datadog::openapi;
use posture_shared::dialects::datadog::{Asked, Listed};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{FindingsQuery, Question, get_findings, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "datadog-list-findings",
    method: Method::GET,
    path: "/api/v2/posture_management/findings",
    also: &["/datadog/api/v2/posture_management/findings"],
    dialect: Dialect::Datadog,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::BOTH,
    describe: openapi::list_findings,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let asked = Asked { path: &call.path, query: &call.query, user_agent: call.header("user-agent") };
    let request = parse(&asked)?;
    let query = FindingsQuery {
        question: Question {
            filter: request.filter.clone(),
            when: when(ledger, &call.caller.tenant, request.as_of_field, request.as_of).await?,
            uids: true,
            ..Question::default()
        },
        sort: request.sort.clone(),
        limit: request.limit as usize,
        whole: true,
        token: request.token.clone(),
        fingerprint: request.fingerprint,
        token_field: request.token_field,
        ..FindingsQuery::default()
    };
    let page = get_findings(ledger, &call.caller.tenant, &query).await?;
    let uids = page.opened.uids()?;
    let findings =
        page.findings.iter().map(|found| Listed { uid: uids.finding(found.ordinal), finding: &found.finding });
    let (findings, as_of) = (findings.collect(), page.opened.view.as_of());
    Ok(render(&request, &Page { findings, total: page.total, start: page.start, next: page.next.as_deref(), as_of }))
}
