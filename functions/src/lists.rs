//! Infracast's lists: a page of one, or all of it as a file.

use crate::export::Rows;
use crate::{Call, Output};
use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::export::Format;
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::export::{self, head, line};
use posture_shared::dialects::infracast::list_findings::{List, parse, render};
use posture_shared::domain::{Error, Finding, TenantId, Uids};
use posture_shared::ledger::Reader;
use posture_shared::operations::{Export, FindingsQuery, Found, Pushed, Question, get_findings, pushed, when};

/// A page of one of the lists, or all of it as a file.
pub(crate) async fn answer(ledger: &Reader, call: Call, list: List) -> Result<Output, Error> {
    let request = parse(list, &call.query)?;
    let format = export::parse(call.header("accept"), &call.query)?;
    let tenant = &call.caller.tenant;
    let question = Question {
        filter: request.filter.clone(),
        when: when(ledger, tenant, AS_OF, request.as_of).await?,
        uids: true,
        ..Question::default()
    };
    let query = FindingsQuery {
        question,
        first: request.first,
        sort: request.sort.clone(),
        limit: request.per_page as usize,
        start: request.start(),
        whole: true,
        ..FindingsQuery::default()
    };
    if let Some(format) = format {
        return file(ledger, tenant, &query, format, list).await;
    }
    let (page, pushed) = tokio::join!(get_findings(ledger, tenant, &query), pushed(ledger, tenant));
    let page = page?;
    let (uids, view) = (page.opened.uids()?, &page.opened.view);
    let patchable = patchable(ledger, &pushed, &page.findings).await;
    let rows = listed(uids, &page.findings, patchable);
    Ok(render(&request, rows, page.total, view.as_of(), page.opened.filter.mapping()).into())
}

async fn file(
    ledger: &Reader,
    tenant: &TenantId,
    query: &FindingsQuery,
    format: Format,
    list: List,
) -> Result<Output, Error> {
    let (export, pushed) = tokio::join!(Export::open(ledger, tenant, query), pushed(ledger, tenant));
    let export = export?;
    let head = head(format, list, export.opened().view.as_of(), export.total());
    crate::export::export(head, File { ledger: ledger.clone(), pushed, export, format, list }).await
}

/// A list that goes out as a file.
struct File {
    ledger: Reader,
    pushed: Pushed,
    export: Export,
    format: Format,
    list: List,
}

impl Rows for File {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        let found = self.export.next().await?;
        let patchable = match self.format {
            Format::Ndjson => patchable(&self.ledger, &self.pushed, &found).await,
            Format::Csv | Format::Ocsf => vec![None; found.len()],
        };
        let opened = self.export.opened();
        let rows = listed(opened.uids()?, &found, patchable);
        let lines: String = rows.map(|row| line(self.format, self.list, &row, opened.filter.mapping())).collect();
        Ok((!found.is_empty()).then_some(lines))
    }
}

async fn patchable(ledger: &Reader, pushed: &Pushed, found: &[Found]) -> Vec<Option<bool>> {
    let findings: Vec<&Finding> = found.iter().map(|found| &found.finding).collect();
    pushed.patchable(ledger, &findings).await
}

fn listed<'a>(
    uids: &'a Uids,
    found: &'a [Found],
    patchable: Vec<Option<bool>>,
) -> impl Iterator<Item = Listed<'a>> + use<'a> {
    found.iter().zip(patchable).map(|(found, patchable)| Listed {
        uid: uids.finding(found.ordinal),
        finding: &found.finding,
        last_seen: found.last_seen,
        patchable,
    })
}
