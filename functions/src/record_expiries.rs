//! Trigger: a schedule, upon which acceptances that have run out are added to the history.
//!
//! What the event holds does not matter. What a run does not finish, the next one goes on with.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::run_expiries_of_all;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No slice is begun after this, so that the function ends within its time of 29 seconds.
const LONGEST: Duration = Duration::from_secs(15);

/// The trigger. Reads evaluate expiry by themselves, so that the history may be late by the schedule's rate.
pub static TRIGGER: Trigger = Trigger {
    function: "record-expiries",
    woken_by: WokenBy::Schedule("rate(15 minutes)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let recorded = run_expiries_of_all(ledger, &wake.tenant, || began.elapsed() > LONGEST).await?;
    Ok(json!({"recorded": recorded}))
}
