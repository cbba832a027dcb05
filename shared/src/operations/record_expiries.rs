//! Records acceptances that have run out. Reads evaluate expiry by themselves; this only adds it to the history.

use crate::domain::asff;
use crate::domain::{Error, Finding, Instant, Outcome, Seen, TenantId};
use crate::ledger::{Intent, Writer};
use std::sync::Arc;

/// Records every acceptance that ended between `from` and now, both included; how many it recorded.
/// Running it twice, or over an interval again, records nothing twice.
pub async fn record_expiries(writer: &Writer, tenant: &TenantId, from: Instant) -> Result<usize, Error> {
    let due = writer.expiries(tenant, from, writer.clock().now()).await?;
    let intents = due.into_iter().map(|expiry| {
        let expires_at = expiry.expires_at;
        let decide =
            move |current: Option<&Finding>, _: Option<&Seen>, at: Instant| asff::expire(current, expires_at, at);
        Intent { key: expiry.key, sent: None, decide: Arc::new(decide) }
    });
    let intents: Vec<Intent> = intents.collect();
    if intents.is_empty() {
        return Ok(0);
    }
    let outcomes = writer.submit(tenant, intents).await?;
    Ok(outcomes.iter().filter(|outcome| **outcome == Outcome::Changed).count())
}
