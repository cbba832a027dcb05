//! Trigger: a schedule, upon which audit runs that have not ended are worked on.
//!
//! What one call does not finish, the next one goes on with; two at once do no harm.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::run_audits_of_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No stretch is begun after this, so that the function ends within its time of 120 seconds.
const LONGEST: Duration = Duration::from_secs(80);

/// The trigger. A run begins at most as late as the schedule's rate.
pub static TRIGGER: Trigger = Trigger {
    function: "run-audits",
    woken_by: WokenBy::Schedule("rate(1 minute)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let ended = run_audits_of_all(ledger, &wake.tenant, || began.elapsed() > LONGEST).await?;
    Ok(json!({"ended": ended}))
}
