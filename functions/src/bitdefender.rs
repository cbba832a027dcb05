//! What the handlers of Bitdefender's lists have in common: their questions, and where pages stand.

use posture_shared::dialects::as_of::AS_OF;
use posture_shared::dialects::bitdefender::Place;
use posture_shared::dialects::bitdefender::limits::MOST_ROWS;
use posture_shared::dialects::bitdefender::listing::{List, One};
use posture_shared::dialects::bitdefender::system_compliance::Checking;
use posture_shared::domain::framework::Control;
use posture_shared::domain::{Error, TenantId};
use posture_shared::ledger::Reader;
use posture_shared::operations::{FrameworkRow, ListQuery, Listed, RuleName, when};

/// The question for a page. Frameworks are selected by more than their ids.
pub(crate) async fn list_query(ledger: &Reader, tenant: &TenantId, request: &List) -> Result<ListQuery, Error> {
    let page = &request.page;
    Ok(ListQuery {
        when: when(ledger, tenant, AS_OF, page.values.as_of()).await?,
        ids: request.ids.clone(),
        limit: page.limit,
        token: page.token.clone(),
        fingerprint: page.fingerprint,
        token_field: "page_cursor",
    })
}

/// The question for one thing.
pub(crate) async fn one_query(ledger: &Reader, tenant: &TenantId, request: &One) -> Result<ListQuery, Error> {
    let when = when(ledger, tenant, AS_OF, request.as_of).await?;
    Ok(ListQuery { when, ids: Some([request.id.clone()].into()), limit: MOST_ROWS, ..ListQuery::default() })
}

/// Where a page stands.
pub(crate) fn place<T>(listed: &Listed<T>) -> Place {
    Place { total: listed.total, start: listed.start, at: listed.at, next: listed.next.clone() }
}

/// The controls of a framework with the rules that check them.
pub(crate) fn checking(row: &FrameworkRow) -> Vec<(&Control, Vec<Checking<'_>>)> {
    let named = |rule| {
        let RuleName { uid, name, version }: &RuleName = rule;
        Checking { uid: *uid, name, version: *version }
    };
    row.controls.iter().map(|(control, rules)| (control, rules.iter().map(named).collect())).collect()
}
