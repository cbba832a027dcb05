//! Trigger: a schedule, upon which an audit run of every rule is asked for, in each tenant.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::start_audits;
use serde_json::{Value, json};

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "start-audits",
    woken_by: WokenBy::Schedule("rate(1 day)"),
    reads_aws: false,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    Ok(json!({"started": start_audits(ledger, &wake.tenant).await?}))
}
