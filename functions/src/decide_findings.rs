//! `POST /api/v1/tenants/{tenantID}/findings/decisions`: one decision about many findings.

use crate::{Call, Handler, Route, decisions};
use lambda_http::http::Method;
use posture_shared::dialects::infracast::accept_finding::REVIEW_DATE;
use posture_shared::dialects::infracast::get_finding::{among, is_shown};
use posture_shared::dialects::native::decision_openapi;
use posture_shared::dialects::native::decisions::{Decide, FILTER, IDS, MOST_FINDINGS, Selected, parse, render};
use posture_shared::dialects::native::jobs::accepted;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Error, Scope};
use posture_shared::ledger::{Ahead, Writer};
use posture_shared::operations::{Chosen, check_end, decision_begun, select_by_filter, select_by_ids, start_decision};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "decide-findings",
    method: Method::POST,
    path: "/api/v1/tenants/{tenantID}/findings/decisions",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsWrite),
    ahead: Ahead::BOTH,
    describe: decision_openapi::decide_findings,
    handler: Handler::Writes(|ledger, call| Box::pin(handle(ledger, call))),
};

async fn handle(ledger: &Writer, call: Call) -> Result<Reply, Error> {
    let Decide { ruling, of } = parse(&call.body)?;
    let (caller, attempt) = (&call.caller, call.attempt.as_ref());
    check_end(ledger, attempt, &ruling, REVIEW_DATE)?;
    let shown = |run| accepted(&caller.tenant, &run, ledger.clock().now());
    let (meant, among) = match of {
        Selected::Ids(ids) => (select_by_ids(ledger, caller, &ids, &among(), is_shown, IDS).await?, None),
        Selected::Filter(filter) => {
            if let Some(run) = decision_begun(ledger, &caller.tenant, attempt).await? {
                return Ok(shown(run));
            }
            match select_by_filter(ledger, caller, attempt, *filter, MOST_FINDINGS).await? {
                Chosen::Few(meant, filter) => (meant, Some(filter)),
                Chosen::Many(total, state) => {
                    call.terms_of(MOST_FINDINGS)?;
                    let request = String::from_utf8_lossy(&call.body);
                    let run = start_decision(ledger, caller, attempt, &request, (total, state), FILTER).await?;
                    return Ok(shown(run));
                }
            }
        }
    };
    let (rows, stopped) = decisions::decide(ledger, &call, meant, ruling, among).await?;
    Ok(render(&rows, stopped.as_ref()))
}
