//! Trigger: a schedule, upon which decisions about many findings are carried out that have not ended.
//!
//! What one call does not finish, the next one goes on with; two at once do no harm.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::dialects::native::decisions::recall;
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::run_decisions_of_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No slice is begun after this, so that the function ends within its time of 120 seconds.
const LONGEST: Duration = Duration::from_secs(80);

/// The trigger. A decision begins at most as late as the schedule's rate.
pub static TRIGGER: Trigger = Trigger {
    function: "run-decisions",
    woken_by: WokenBy::Schedule("rate(1 minute)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let ended = run_decisions_of_all(ledger, &wake.tenant, recall, || began.elapsed() > LONGEST).await?;
    Ok(json!({"ended": ended}))
}
