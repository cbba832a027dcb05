//! The decisions of a tenant, newest first: who decided what about which finding, when and why.

use crate::domain::{Error, Instant, Ordinal, TenantId, Uids};
use crate::ledger::{DecisionPlace, Decisions, Reader};

/// A question for a page of decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecisionsQuery {
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Only those that lie before this finding's at this instant.
    pub before: Option<(Instant, Ordinal)>,
    /// Rows of a page.
    pub limit: usize,
}

/// A page of decisions, and how the findings' uids are made.
pub async fn list_decisions(
    reader: &Reader,
    tenant: &TenantId,
    query: &DecisionsQuery,
) -> Result<(Decisions, Uids), Error> {
    let DecisionsQuery { from, to, before, limit } = *query;
    let before = before.map(|(at, ordinal)| DecisionPlace { at, ordinal });
    tokio::try_join!(reader.decisions(tenant, (from, to), before, limit), reader.uids(tenant))
}
