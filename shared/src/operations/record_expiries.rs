//! Records acceptances that have run out. Reads evaluate expiry by themselves; this only adds it to the history.

use crate::domain::asff;
use crate::domain::{Error, Finding, FindingKey, Instant, Outcome, Seen, TenantId};
use crate::ledger::{Intent, Writer};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Records every acceptance that ended between `from` and now, both included; how many it recorded.
/// Running it twice, or over an interval again, records nothing twice.
pub async fn record_expiries(writer: &Writer, tenant: &TenantId, from: Instant) -> Result<usize, Error> {
    let due = writer.expiries(tenant, from, writer.clock().now()).await?;
    let due: Vec<(FindingKey, Instant)> = due.into_iter().map(|expiry| (expiry.key, expiry.expires_at)).collect();
    record(writer, tenant, &due).await
}

/// Records the ends of acceptances that are still in force; how many those were.
pub(super) async fn record(writer: &Writer, tenant: &TenantId, due: &[(FindingKey, Instant)]) -> Result<usize, Error> {
    let unique: BTreeSet<(&FindingKey, Instant)> = due.iter().map(|(key, end)| (key, *end)).collect();
    if unique.is_empty() {
        return Ok(0);
    }
    let early = Arc::new(AtomicBool::new(false));
    let intents = unique.into_iter().map(|(key, end)| {
        let early = Arc::clone(&early);
        let decide = move |current: Option<&Finding>, _: Option<&Seen>, at: Instant| {
            if end > at {
                early.store(true, Ordering::SeqCst);
            }
            asff::expire(current, end, at)
        };
        Intent { key: key.clone(), sent: None, decide: Arc::new(decide) }
    });
    let outcomes = writer.submit(tenant, intents.collect()).await?;
    if early.load(Ordering::SeqCst) {
        // What was due is not due any more. To pass it by would be to miss it.
        return Err(Error::Conflict("the clock was set back while the job ran".to_owned()));
    }
    for outcome in &outcomes {
        if let Outcome::Rejected(rejection) = outcome {
            tracing::warn!(tenant = %tenant, id = rejection.id, reason = rejection.message, "an expiry was not recorded");
        }
    }
    Ok(outcomes.iter().filter(|outcome| **outcome == Outcome::Changed).count())
}
