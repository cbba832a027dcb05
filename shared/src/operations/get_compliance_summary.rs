//! Summarises how well a tenant complies, from counts of findings as of one instant; no document is read.

use super::question::newest_versions;
use crate::domain::compliance::{Alike, Summary};
use crate::domain::finding::Vocabulary;
use crate::domain::framework::Control;
use crate::domain::query::{Clause, Filter, Test};
use crate::domain::{AsOf, Cell, Column, Error, Family, MappingQuery, Presence, Severity, Status, TenantId, Verdict};
use crate::ledger::{Need, Reader, When};

/// How well a tenant complies as of an instant, and the state that was asked. With a framework in the query only
/// findings that map to it count. One round when warm.
pub async fn get_compliance_summary(
    reader: &Reader,
    tenant: &TenantId,
    asked: &MappingQuery,
    when: When,
) -> Result<(Summary, AsOf), Error> {
    let view = reader.view(tenant, when, &Need::all([Family::Core])).await?;
    let active = Filter::of([Clause::on(Column::Presence, Test::one_of([Presence::Active.word()]))]);
    let columns = [Column::Controls, Column::Result, Column::Status, Column::Severity];
    let groups = view.groups(&active, &columns)?;
    let alike = groups.iter().filter_map(|(cells, group)| alike(cells, group.count));
    Ok((Summary::of(alike, &newest_versions(&view)?, asked), view.as_of()))
}

/// A group's cells, in the order in which they were asked for; `None` when it was never judged.
fn alike(cells: &[Cell], count: u32) -> Option<Alike> {
    let [controls, result, status, severity] = cells else { return None };
    Some(Alike {
        controls: controls.texts().iter().filter_map(|text| Control::from_text(text)).collect(),
        result: Verdict::from_word(result.text()?)?,
        status: status.text().and_then(Status::from_word),
        severity: Severity::from_word(severity.text()?)?,
        count,
    })
}
