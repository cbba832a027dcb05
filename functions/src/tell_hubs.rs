//! Trigger: a schedule, upon which Security Hub is told of decisions made here.
//!
//! The stack has it only where an operator wants that. A call that finds nothing decided asks AWS nothing.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::{Extent, ToldHubs, tell_hubs};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No request is made after this, so that the function ends within its time of 300 seconds.
const LONGEST: Duration = Duration::from_secs(200);

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "tell-hubs",
    woken_by: WokenBy::Schedule("rate(5 minutes)"),
    reads_aws: true,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let hubs = wake.hubs.ok_or_else(|| Error::Conflict("nobody said how Security Hub is told".to_owned()))?;
    let enough = || began.elapsed() > LONGEST;
    let ToldHubs { tally, hubs, untold, passed_over, done } =
        tell_hubs(ledger, &wake.tenant, &hubs, Extent::Due, enough).await?;
    for (hub, reason) in &untold {
        tracing::warn!(account = hub.account, region = hub.region, reason, "a hub could not be told");
    }
    for what in &passed_over {
        tracing::warn!(what, "a hub was not told of a finding");
    }
    Ok(json!({
        "told": tally.told,
        "unknown": tally.unknown,
        "refused": tally.refused,
        "hubs": hubs.len(),
        "untold": untold.len(),
        "done": done,
    }))
}
