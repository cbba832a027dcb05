//! Trigger: a schedule, upon which resources and what is to be known of the account are read from AWS.
//!
//! Each call reads what nobody has read for most of a day. What one call does not finish, or leaves behind when it is
//! killed, the next one goes on with: what was read completely meanwhile is passed over.

use crate::{Trigger, Wake, WokenBy};
use posture_shared::domain::Error;
use posture_shared::ledger::Writer;
use posture_shared::operations::{Hubs, Sweep, Swept, sweep_inventory};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How old what was read may be before it is read again, in milliseconds: less than a day, so that it is read every day.
const FRESH_MS: i64 = 20 * 60 * 60 * 1000;
/// No type is begun after this, so that the function ends within its time of 900 seconds.
const LONGEST: Duration = Duration::from_secs(600);

/// The trigger.
pub static TRIGGER: Trigger = Trigger {
    function: "sweep-inventory",
    woken_by: WokenBy::Schedule("rate(1 hour)"),
    reads_aws: true,
    handler: |ledger, wake| Box::pin(handle(ledger, wake)),
};

async fn handle(ledger: &Writer, wake: Wake) -> Result<Value, Error> {
    let began = Instant::now();
    let sweep = wake.sweep.ok_or_else(|| Error::Conflict("nobody said how AWS is read".to_owned()))?;
    let since = ledger.clock().now().plus(-FRESH_MS);
    let enough = || began.elapsed() > LONGEST;
    let mut swept = sweep_inventory(ledger, &wake.tenant, &sweep, Some(since), &|_, _| {}, enough).await?;
    for (role, aws) in wake.hubs.iter().flat_map(Hubs::members) {
        if enough() {
            swept.done = false;
            break;
        }
        let theirs = Sweep { aws, regions: sweep.regions.clone(), aggregator: None };
        match sweep_inventory(ledger, &wake.tenant, &theirs, Some(since), &|_, _| {}, enough).await {
            Ok(more) => swept.add(more),
            // One account that cannot be read keeps no other from being read.
            Err(error @ Error::Conflict(_)) => drop(swept.unread.insert(format!("{role}: {error}"))),
            Err(error) => return Err(error),
        }
    }
    let Swept { read, created, changed, deleted, rejected, covered, unread, notes, done, .. } = swept;
    for what in notes.iter().chain(&unread) {
        tracing::warn!(what, "something could not be read from aws");
    }
    Ok(json!({
        "read": read,
        "created": created,
        "changed": changed,
        "deleted": deleted,
        "rejected": rejected,
        "covered": covered,
        "unread": unread.len(),
        "done": done,
    }))
}
