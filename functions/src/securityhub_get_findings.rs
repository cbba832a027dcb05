//! `POST /findings`: GetFindings.

use crate::{Call, Handler, Route};
use lambda_http::http::Method;
use posture_shared::dialects::as_of::{self, AS_OF};
use posture_shared::dialects::securityhub::get_findings::{parse, render};
use posture_shared::dialects::securityhub::openapi;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Reader};
use posture_shared::operations::{FindingsQuery, Question, get_findings, when};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "securityhub-get-findings",
    method: Method::POST,
    path: "/findings",
    also: &[],
    dialect: Dialect::SecurityHub,
    scope: Some(Scope::FindingsRead),
    ahead: Ahead::FINDINGS,
    describe: openapi::get_findings,
    handler: Handler::ReadsAhead(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Reader, call: Call) -> Result<Reply, Error> {
    let request = parse(&call.body)?;
    let query = FindingsQuery {
        question: Question {
            filter: request.filter,
            when: when(ledger, &call.caller.tenant, AS_OF, as_of::parse(&call.query)?).await?,
            ..Question::default()
        },
        sort: request.sort,
        limit: request.limit as usize,
        token: request.token,
        fingerprint: request.fingerprint,
        token_field: "NextToken",
        ..FindingsQuery::default()
    };
    let page = get_findings(ledger, &call.caller.tenant, &query).await?;
    let findings = page.findings.into_iter().map(|found| found.finding);
    Ok(render(findings, page.next.as_deref()))
}
