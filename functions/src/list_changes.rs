//! `GET /api/v1/tenants/{tenantID}/changes`: every change of a tenant, oldest first.

use crate::export::{Rows, export};
use crate::{Call, Handler, Output, Route};
use lambda_http::http::Method;
use posture_shared::dialects::Dialect;
use posture_shared::dialects::export::{Format, head, line, parse as format_of};
use posture_shared::dialects::native::changes::{AFTER, COLUMNS, FORMATS, Row, parse, render, shown};
use posture_shared::dialects::native::feed_openapi;
use posture_shared::domain::{Error, Scope, TenantId, Uids};
use posture_shared::ledger::{Reader, Recorded};
use posture_shared::operations::{LogQuery, list_changes};

/// The endpoint.
pub static ROUTE: Route = Route {
    function: "list-changes",
    method: Method::GET,
    path: "/api/v1/tenants/{tenantID}/changes",
    also: &[],
    dialect: Dialect::Native,
    scope: Some(Scope::FindingsRead),
    describe: feed_openapi::list_changes,
    handler: Handler::Streams(|ledger, call| Box::pin(handle(ledger, call))),
};

/// Rows that an export reads at a time.
const STRETCH: usize = 200;

async fn handle(ledger: &Reader, call: Call) -> Result<Output, Error> {
    let request = parse(&call.query)?;
    let format = format_of(call.header("accept"), &call.query, &FORMATS, &["limit"])?;
    let (limit, tenant) = (request.limit as usize, call.caller.tenant);
    let query = LogQuery { after: request.after, from: request.from, to: request.to, limit, field: AFTER };
    if let Some(format) = format {
        // What happens while it goes out is not its own.
        let now = ledger.clock().now();
        let query = LogQuery { to: Some(query.to.map_or(now, |to| to.min(now))), limit: STRETCH, ..query };
        let head = head(format, "changes", &now.to_string(), None, &COLUMNS);
        let file = File { ledger: ledger.clone(), tenant, query, format, has_more: true };
        return Ok(export(head, file));
    }
    let (page, uids) = list_changes(ledger, &tenant, &query).await?;
    let rows = page.recorded.iter().map(|one| row(one, &uids));
    Ok(render(rows, page.reached, page.has_more).into())
}

fn row<'a>(one: &'a Recorded, uids: &Uids) -> Row<'a> {
    Row {
        position: one.position,
        uid: uids.finding(one.ordinal),
        kind: one.kind,
        actor: &one.actor,
        before: &one.before,
        columns: &one.columns,
        finding: one.finding.as_ref(),
    }
}

/// The changes of an interval that go out as a file.
struct File {
    ledger: Reader,
    tenant: TenantId,
    query: LogQuery,
    format: Format,
    has_more: bool,
}

impl Rows for File {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        if !self.has_more {
            return Ok(None);
        }
        let (page, uids) = list_changes(&self.ledger, &self.tenant, &self.query).await?;
        self.has_more = page.has_more;
        self.query.after = Some(page.reached);
        let lines = page.recorded.iter().map(|one| line(self.format, &shown(&row(one, &uids)), &COLUMNS));
        Ok(Some(lines.collect()))
    }
}
