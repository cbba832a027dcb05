//! Trigger: a schedule, upon which ledgers are folded whose readers would have to read too much log.
//!
//! What the event holds does not matter. Where nothing was committed since the last fold, it costs two requests a tenant.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::fold_ledgers;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No fold is begun after this, so that the function ends within its time of 300 seconds.
const LONGEST: Duration = Duration::from_secs(200);

/// The trigger. A commit has its fold within two days at the latest, whatever became of who committed it.
pub static TRIGGER: Trigger = Trigger {
    function: "fold-ledgers",
    woken_by: WokenBy::Schedule("rate(1 hour)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let folded = fold_ledgers(ledger, &wake.tenant, || began.elapsed() > LONGEST).await?;
    Ok(json!({"folded": folded}))
}
