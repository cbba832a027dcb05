//! Trigger: a schedule, upon which findings are read from Security Hub: of every hub all that there is once a day, and every hour what was
//! updated since.
//!
//! The schedule is quicker than that, so that a walk which one call does not finish, or leaves behind when it is killed, goes on
//! before its token grows old. A call that finds nothing due asks AWS for no more than who it is.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::{Extent, Synchronised, synchronise_hubs};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No page is asked for after this, so that the function ends within its time of 900 seconds.
const LONGEST: Duration = Duration::from_secs(600);

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "synchronise-hubs",
    woken_by: WokenBy::Schedule("rate(5 minutes)"),
    reads_aws: true,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let hubs = wake.hubs.ok_or_else(|| Error::Conflict("nobody said how Security Hub is read".to_owned()))?;
    let enough = || began.elapsed() > LONGEST;
    let found = synchronise_hubs(ledger, &wake.tenant, &hubs, Extent::Due, &|_| {}, enough).await?;
    let Synchronised { tally, hubs, unread, rejected, done } = found;
    for (hub, reason) in &unread {
        tracing::warn!(account = hub.account, region = hub.region, reason, "a hub could not be read");
    }
    for what in &rejected {
        tracing::warn!(what, "a finding was refused");
    }
    Ok(json!({
        "read": tally.read,
        "created": tally.created,
        "changed": tally.changed,
        "rejected": tally.rejected,
        "hubs": hubs.len(),
        "unread": unread.len(),
        "done": done,
    }))
}
