//! `GET /api/v1/tenants/{tenantID}/audit-log`: the decisions of a tenant, newest first.

use crate::export::{Rows, export};
use crate::{Call, Handler, Output, Route};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::export::{Format, head, line, parse as format_of};
use posture_shared::dialects::native::audit_log::{COLUMNS, FORMATS, Row, parse, render, shown_row};
use posture_shared::dialects::native::decision_openapi;
use posture_shared::domain::{Error, Scope, TenantId, Uids};
use posture_shared::ledger::{Reader, Recorded};
use posture_shared::operations::{DecisionsQuery, list_decisions};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-decisions",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/audit-log",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    describe: decision_openapi::list_decisions,
    handler: Handler::Streams(|ledger, call| Box::pin(handle(ledger, call))),
};

/// Rows that an export reads at a time.
const STRETCH: usize = 200;

async fn handle(ledger: &Reader, call: Call) -> Result<Output, Error> {
    let request = parse(&call.query)?;
    let format = format_of(call.header("accept"), &call.query, &FORMATS, &["limit"])?;
    let (limit, tenant) = (request.limit as usize, call.caller.tenant);
    let query = DecisionsQuery { from: request.from, to: request.to, before: request.before, limit };
    if let Some(format) = format {
        let head = head(format, "audit-log", &ledger.clock().now().to_string(), None, &COLUMNS);
        let query = Some(DecisionsQuery { limit: STRETCH, ..query });
        return Ok(export(head, File { ledger: ledger.clone(), tenant, query, format }));
    }
    let (page, uids) = list_decisions(ledger, &tenant, &query).await?;
    let rows = page.recorded.iter().map(|one| row(one, &uids));
    Ok(render(rows, page.next.map(|next| (next.at, next.ordinal))).into())
}

fn row<'a>(one: &'a Recorded, uids: &Uids) -> Row<'a> {
    Row {
        uid: uids.finding(one.ordinal),
        at: one.position.at,
        actor: &one.actor,
        before: &one.before,
        finding: one.finding.as_ref(),
    }
}

/// The decisions of an interval that go out as a file.
struct File {
    ledger: Reader,
    tenant: TenantId,
    /// What is to be read next.
    query: Option<DecisionsQuery>,
    format: Format,
}

impl Rows for File {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let (page, uids) = list_decisions(&self.ledger, &self.tenant, &query).await?;
        let next = page.next.map(|next| (next.at, next.ordinal));
        self.query = next.map(|before| DecisionsQuery { before: Some(before), ..query });
        let lines = page.recorded.iter().map(|one| line(self.format, &shown_row(&row(one, &uids)), &COLUMNS));
        Ok(Some(lines.collect()))
    }
}
