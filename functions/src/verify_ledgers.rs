//! Trigger: a schedule, upon which ledgers are verified, slice by slice, and their newest commits anchored.
//!
//! What the event holds does not matter. What one call does not finish, the next one goes on with.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::{Error, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Heard, Verification, verify_ledgers};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No slice is begun after this, so that the function ends within its time of 900 seconds.
const LONGEST: Duration = Duration::from_secs(600);

/// The trigger. It writes how far it came and nothing else.
pub static TRIGGER: Trigger = Trigger {
    function: "verify-ledgers",
    woken_by: WokenBy::Schedule("rate(1 day)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let verified = verify_ledgers(ledger, &wake.tenant, &tell, || began.elapsed() > LONGEST).await?;
    let Verification { slices, problems, anchors, rows: _, done } = verified;
    Ok(json!({"slices": slices, "problems": problems, "anchors": anchors, "done": done}))
}

/// Writes a line of log for what was found.
pub fn tell(tenant: &TenantId, heard: Heard<'_>) {
    match heard {
        Heard::Problem(problem) => tracing::error!(tenant = %tenant, problem, "the ledger is not what it should be"),
        Heard::Anchor(anchor) => {
            let (seq, at, chain) = (anchor.seq, anchor.at.to_string(), anchor.chain.hex());
            tracing::info!(tenant = %tenant, seq, at, chain, anchor = %anchor, "anchor");
        }
    }
}
