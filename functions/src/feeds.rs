//! Our own feeds: a row of each, and all of one as a file.

use crate::Output;
use crate::export::{Rows, export};
use posture_shared::dialects::export::{Format, head, line};
use posture_shared::dialects::native::{audit_log, changes};
use posture_shared::domain::{AsOf, Error, Instant, Place, Position, TenantId, Uids};
use posture_shared::ledger::Reader;
use posture_shared::operations::{
    DecisionsQuery, LogQuery, RecordedChange, list_changes, list_decisions, newest_position,
};

/// Rows that a file's next piece reads.
const STRETCH: usize = 200;

/// A change as a row of the feed of changes.
pub(crate) fn change<'a>(one: &'a RecordedChange, uids: &Uids) -> changes::Row<'a> {
    changes::Row {
        position: one.position,
        uid: uids.finding(one.ordinal),
        kind: one.kind,
        actor: &one.actor,
        before: &one.before,
        columns: &one.columns,
        finding: one.finding.as_ref(),
    }
}

/// A change as a row of the audit log.
pub(crate) fn decision<'a>(one: &'a RecordedChange, uids: &Uids) -> audit_log::Row<'a> {
    audit_log::Row {
        uid: uids.finding(one.ordinal),
        at: one.position.at,
        actor: &one.actor,
        before: &one.before,
        finding: one.finding.as_ref(),
    }
}

/// All changes that a query means, up to the newest commit: what happens while they go out is not theirs.
pub(crate) async fn all_changes(
    ledger: &Reader,
    tenant: TenantId,
    query: LogQuery,
    format: Format,
) -> Result<Output, Error> {
    let (to, state) = newest(ledger, &tenant, query.to).await?;
    let query = Some(LogQuery { to: Some(to), limit: STRETCH, ..query });
    let head = head(format, "changes", &state, None, &changes::COLUMNS);
    export(head, Changes { ledger: ledger.clone(), tenant, query, format }).await
}

/// All decisions that a query means, from the newest commit back.
pub(crate) async fn all_decisions(
    ledger: &Reader,
    tenant: TenantId,
    query: DecisionsQuery,
    format: Format,
) -> Result<Output, Error> {
    let (to, state) = newest(ledger, &tenant, query.to).await?;
    let query = Some(DecisionsQuery { to: Some(to), limit: STRETCH, ..query });
    let head = head(format, "audit-log", &state, None, &audit_log::COLUMNS);
    export(head, Decisions { ledger: ledger.clone(), tenant, query, format }).await
}

/// The instant of the newest commit or an earlier one, and how the state at that commit is named. Clocks have no say: the one that
/// wrote may be ahead of ours.
async fn newest(ledger: &Reader, tenant: &TenantId, to: Option<Instant>) -> Result<(Instant, String), Error> {
    let Position { at, seq, .. } = newest_position(ledger, tenant).await?;
    Ok((to.map_or(at, |to| to.min(at)), AsOf { at, seq: Some(seq) }.to_string()))
}

/// Changes that are still to come.
struct Changes {
    ledger: Reader,
    tenant: TenantId,
    /// What is read next.
    query: Option<LogQuery>,
    format: Format,
}

impl Rows for Changes {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let (page, uids) = list_changes(&self.ledger, &self.tenant, &query).await?;
        self.query = page.has_more.then_some(LogQuery { after: Some(Place::Behind(page.reached)), ..query });
        let shown = page.recorded.iter().map(|one| changes::shown(&change(one, &uids)));
        Ok(Some(shown.map(|row| line(self.format, &row, &changes::COLUMNS)).collect()))
    }
}

/// Decisions that are still to come.
struct Decisions {
    ledger: Reader,
    tenant: TenantId,
    /// What is read next.
    query: Option<DecisionsQuery>,
    format: Format,
}

impl Rows for Decisions {
    async fn next(&mut self) -> Result<Option<String>, Error> {
        let Some(query) = self.query.take() else { return Ok(None) };
        let (page, uids) = list_decisions(&self.ledger, &self.tenant, &query).await?;
        let next = page.next.map(|next| (next.at, next.ordinal));
        self.query = next.map(|before| DecisionsQuery { before: Some(before), ..query });
        let shown = page.recorded.iter().map(|one| audit_log::shown_row(&decision(one, &uids)));
        Ok(Some(shown.map(|row| line(self.format, &row, &audit_log::COLUMNS)).collect()))
    }
}
