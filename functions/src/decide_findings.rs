//! `POST /api/v1/tenants/{tenantID}/findings/decisions`: one decision about many findings.

use crate::{Call, Handler, Route, decisions};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::accept_finding::REVIEW_DATE;
use posture_shared::dialects::infracast::get_finding::{among, is_shown};
use posture_shared::dialects::native::decision_openapi;
use posture_shared::dialects::native::decisions::{Decide, FILTER, IDS, MOST_FINDINGS, Selected, parse, render};
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::Writer;
use posture_shared::operations::{check_end, select_by_filter, select_by_ids};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "decide-findings",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/findings/decisions",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsWrite),
    describe: decision_openapi::decide_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let Decide { ruling, of } = parse(&call.body)?;
    check_end(ledger, &ruling, REVIEW_DATE)?;
    let meant = match of {
        Selected::Ids(ids) => select_by_ids(ledger, &call.caller, &ids, &among(), is_shown, IDS).await?,
        Selected::Filter(filter) => select_by_filter(ledger, &call.caller, *filter, MOST_FINDINGS, FILTER).await?,
    };
    let (rows, stopped) = decisions::decide(ledger, &call, meant, ruling).await?;
    Ok(render(&rows, stopped.as_ref()))
}
