//! Decisions made here: accepting a fail, until a date or for good.

use super::account_limits::within;
use crate::domain::asff;
use crate::domain::{Acceptance, Actor, Caller, Error, Finding, FindingKey, Instant, Outcome, Seen, Source};
use crate::ledger::{Intent, Writer};
use std::sync::Arc;

/// What somebody says when accepting a fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Why.
    pub justification: String,
    /// Who approved, if named.
    pub approved_by: Option<String>,
    /// The review date as it was given.
    pub review_date: Option<String>,
    /// From this instant on the finding needs review.
    pub expires_at: Option<Instant>,
}

/// Accepts a fail. Rejected when the finding is not there, of an account that the caller's key is not good for, or no
/// fail; accepting again replaces.
pub async fn accept_finding(
    writer: &Writer,
    caller: &Caller,
    key: FindingKey,
    reason: Reason,
) -> Result<Outcome, Error> {
    let by = caller.identity();
    let own = caller.clone();
    let actor = Actor { source: Source::Decision, identity: by.clone() };
    let decide = move |current: Option<&Finding>, _: Option<&Seen>, at: Instant| {
        let Reason { justification, approved_by, review_date, expires_at } = reason.clone();
        let acceptance = Acceptance { justification, approved_by, review_date, expires_at, by: by.clone(), at };
        asff::accept(within(&own, current), &acceptance, &actor, at)
    };
    let intent = Intent { key, sent: None, decide: Arc::new(decide) };
    let outcomes = writer.submit(&caller.tenant, vec![intent]).await?;
    outcomes.into_iter().next().ok_or_else(|| Error::internal("an acceptance lacks an outcome"))
}
