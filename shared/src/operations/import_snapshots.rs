//! Imports snapshots of Security Hub's own state: findings of its events, or read by its GetFindings.
//!
//! A snapshot is applied whole, in two steps that are two changes: what a producer could have imported, then what only
//! a customer's update could have set.

use super::account_limits::{check_current, check_sent};
use super::import_findings::key_of;
use crate::domain::asff::{self, Door};
use crate::domain::json::Object;
use crate::domain::{Caller, Decision, Error, Finding, Instant, Outcome, Seen, Snapshot, TenantId};
use crate::ledger::{Intent, Sent, Writer};
use std::sync::Arc;

/// Applies snapshots in their order; one outcome each. Twice, late or out of order ends in the same state.
pub async fn import_snapshots(
    writer: &Writer,
    tenant: &TenantId,
    caller: Option<&Caller>,
    snapshots: &[Snapshot],
) -> Result<Vec<Outcome>, Error> {
    let caller = caller.map(|caller| Arc::new(caller.clone()));
    let mut rejected: Vec<Option<Outcome>> = Vec::with_capacity(snapshots.len());
    let mut intents = Vec::with_capacity(snapshots.len() * 2);
    for snapshot in snapshots {
        match asff::validate(&snapshot.finding, Door::Snapshot)
            .and_then(|sent| caller.as_ref().map_or(Ok(()), |caller| check_sent(caller, &sent)).map(|()| sent))
        {
            Ok(sent) => {
                intents.extend(steps(caller.as_ref(), Arc::new(sent), snapshot.time.clone()));
                rejected.push(None);
            }
            Err(rejection) => rejected.push(Some(Outcome::Rejected(rejection))),
        }
    }
    let mut steps = Vec::new();
    if !intents.is_empty() {
        steps = writer.submit(tenant, intents).await?;
    }
    let mut steps = steps.into_iter();
    let both = |steps: &mut std::vec::IntoIter<Outcome>| Some(merged(steps.next()?, steps.next()?));
    let outcomes: Option<Vec<Outcome>> =
        rejected.into_iter().map(|outcome| outcome.or_else(|| both(&mut steps))).collect();
    outcomes.ok_or_else(|| Error::internal("a snapshot lacks an outcome"))
}

fn steps(caller: Option<&Arc<Caller>>, sent: Arc<Object>, time: Option<String>) -> [Intent; 2] {
    let key = key_of(&sent);
    let seen = Seen::of(&sent, time.as_deref());
    let short = Sent { hash: asff::producer_hash(&sent, Door::Snapshot), seen_hash: asff::seen_hash(&seen), seen };
    let (sent_again, time_again) = (Arc::clone(&sent), time.clone());
    let check = |caller: Option<Arc<Caller>>| {
        move |current: Option<&Finding>| caller.as_ref().map_or(Ok(()), |caller| check_current(caller, current))
    };
    let (may, may_again) = (check(caller.cloned()), check(caller.cloned()));
    let first = move |current: Option<&Finding>, seen: Option<&Seen>, at: Instant| match may(current) {
        Ok(()) => asff::snapshot_import(current, seen, &sent, time.as_deref(), at),
        Err(rejection) => Decision::Rejected(rejection),
    };
    let second = move |current: Option<&Finding>, seen: Option<&Seen>, at: Instant| match may_again(current) {
        Ok(()) => asff::snapshot_update(current, seen, &sent_again, time_again.as_deref(), at),
        Err(rejection) => Decision::Rejected(rejection),
    };
    [
        Intent { key: key.clone(), sent: Some(short.clone()), decide: Arc::new(first) },
        Intent { key, sent: Some(short), decide: Arc::new(second) },
    ]
}

/// What became of a snapshot, given what became of its two steps.
fn merged(first: Outcome, second: Outcome) -> Outcome {
    match (first, second) {
        (Outcome::Rejected(rejection), _) | (_, Outcome::Rejected(rejection)) => Outcome::Rejected(rejection),
        (Outcome::Created, _) | (_, Outcome::Created) => Outcome::Created,
        (Outcome::Changed, _) | (_, Outcome::Changed) => Outcome::Changed,
        (Outcome::Unchanged, Outcome::Unchanged) => Outcome::Unchanged,
    }
}
