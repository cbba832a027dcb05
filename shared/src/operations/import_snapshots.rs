//! Imports snapshots of Security Hub's own state: findings of its events, or read by its GetFindings.
//!
//! A snapshot is applied whole, in two steps that are two changes: what a producer could have imported, then what only
//! a customer's update could have set. Where the contracts are silent we chose:
//!
//! - The hub itself may do both, and its own words say who did it. A caller needs `findings:import` for the first and
//!   `findings:write` for the second, which is recorded under the caller's identity; Note.UpdatedBy stays as it was
//!   sent. The creation of a finding is one change, the producer's.
//! - What was read with GetFindings bears the time of the request. Where that alone has moved, nothing is recorded: the same
//!   finding, read again and again, would fill the log with instants of reading, and the next reading puts right whatever an event
//!   that came late in between made of it.
//! - Without `findings:write` a snapshot is taken as BatchImportFindings takes the producer's part of it, also when it
//!   creates the finding. [`Imported`] counts what was left out.

use super::account_limits::{check_current, check_sent};
use super::import_findings::{intent, key_of, submit_accepted};
use crate::domain::asff::{self, Door};
use crate::domain::json::Object;
use crate::domain::{Caller, Decision, Error, Finding, Instant, Outcome, Rejection, Scope, Seen, Snapshot, TenantId};
use crate::ledger::{Intent, Sent, Writer};
use std::sync::Arc;

/// How often a batch is tried in halves: enough to find three that cannot be applied among 500.
const FAILURES: usize = 30;

/// How often a batch goes on that the table had no room for, or others were faster than: a queue that gives it back whole comes
/// nearer to calling all of it dead.
const REFUSALS: usize = 5;

/// What became of snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// One outcome for each, in their order.
    pub outcomes: Vec<Outcome>,
    /// Of how many, refused ones not counted, the customers' part was left out for want of `findings:write`.
    pub parts_left_out: usize,
}

/// Applies snapshots in their order. Twice, late or out of order ends in the same state. `caller` is who sends them,
/// `None` the hub itself.
pub async fn import_snapshots(
    writer: &Writer,
    tenant: &TenantId,
    caller: Option<&Caller>,
    snapshots: &[Snapshot],
) -> Result<Imported, Error> {
    match caller.filter(|caller| !caller.may(Scope::FindingsWrite)) {
        Some(caller) => import_producers_parts(writer, caller, snapshots).await,
        None => {
            let outcomes = import_whole(writer, tenant, caller, snapshots).await?;
            Ok(Imported { outcomes, parts_left_out: 0 })
        }
    }
}

/// Applies the hub's own snapshots in their order, and finds those out that cannot be: one that fails for whatever reason costs
/// no other one its place. A half that failed is tried again in halves, a few times at most.
///
/// [`Error::Throttled`] when the table takes no more now.
pub async fn import_apart(
    writer: &Writer,
    tenant: &TenantId,
    snapshots: &[Snapshot],
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    apart(writer, tenant, &Sender { caller: None, tells_time: true }, snapshots).await
}

async fn apart(
    writer: &Writer,
    tenant: &TenantId,
    from: &Sender,
    snapshots: &[Snapshot],
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    let mut results = Vec::with_capacity(snapshots.len());
    let (mut left, mut failures, mut refusals) = (vec![snapshots], 0, 0);
    while let Some(these) = left.pop() {
        match import_from(writer, tenant, from, these).await {
            Ok(outcomes) => results.extend(outcomes.into_iter().map(Ok)),
            // What is done stays done, so each time there is less to do.
            Err(Error::Throttled { .. }) if refusals < REFUSALS => {
                refusals += 1;
                left.push(these);
            }
            Err(error @ Error::Throttled { .. }) => return Err(error),
            Err(error) if these.len() < 2 => results.extend(these.iter().map(|_| Err(error.clone()))),
            Err(error) if failures >= FAILURES => {
                // It is the table, and not what was sent.
                let rest = these.len() + left.iter().map(|those| those.len()).sum::<usize>();
                results.extend((0..rest).map(|_| Err(error.clone())));
                return Ok(results);
            }
            Err(error) => {
                failures += 1;
                tracing::warn!(tenant = %tenant, snapshots = these.len(), %error, "a batch failed and is tried in halves");
                let (first, second) = these.split_at(these.len() / 2);
                left.extend([second, first]);
            }
        }
    }
    Ok(results)
}

/// Applies what was read of a hub, as [`import_apart`] does; what is as it was known writes nothing.
pub async fn import_readings(
    writer: &Writer,
    tenant: &TenantId,
    snapshots: &[Snapshot],
) -> Result<Vec<Result<Outcome, Error>>, Error> {
    apart(writer, tenant, &Sender { caller: None, tells_time: false }, snapshots).await
}

/// Both parts of each snapshot, from the hub or a caller who may bring both.
async fn import_whole(
    writer: &Writer,
    tenant: &TenantId,
    caller: Option<&Caller>,
    snapshots: &[Snapshot],
) -> Result<Vec<Outcome>, Error> {
    let from = Sender { caller: caller.cloned().map(Arc::new), tells_time: true };
    import_from(writer, tenant, &from, snapshots).await
}

async fn import_from(
    writer: &Writer,
    tenant: &TenantId,
    from: &Sender,
    snapshots: &[Snapshot],
) -> Result<Vec<Outcome>, Error> {
    // What comes without a time was read just now: once for both steps and every try, so that they have one place
    // among the finding's snapshots.
    let at = writer.clock().now();
    let now = at.to_string();
    let mut rejected: Vec<Option<Outcome>> = Vec::with_capacity(snapshots.len());
    let mut intents = Vec::with_capacity(snapshots.len() * 2);
    for snapshot in snapshots {
        match from.accepted(snapshot) {
            Ok(sent) => {
                let time = snapshot.time.as_ref().unwrap_or(&now);
                intents.extend(steps(from, &sent, time, at));
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

/// The producer's part of each snapshot, as an import call would bring it.
async fn import_producers_parts(writer: &Writer, caller: &Caller, snapshots: &[Snapshot]) -> Result<Imported, Error> {
    let own = Arc::new(caller.clone());
    let from = Sender { caller: Some(Arc::clone(&own)), tells_time: true };
    let mut checked = Vec::with_capacity(snapshots.len());
    let mut cut = Vec::with_capacity(snapshots.len());
    for snapshot in snapshots {
        let sent = from.accepted(snapshot);
        let part = sent.as_ref().map(asff::producers_part);
        cut.push(matches!((&sent, &part), (Ok(sent), Ok(part)) if part.len() < sent.len()));
        checked.push(part.map(|part| intent(&own, part)).map_err(Clone::clone));
    }
    let outcomes = submit_accepted(writer, caller, checked).await?;
    let is_left_out = |(outcome, cut): &(&Outcome, &bool)| **cut && !matches!(outcome, Outcome::Rejected(_));
    let parts_left_out = outcomes.iter().zip(&cut).filter(is_left_out).count();
    Ok(Imported { outcomes, parts_left_out })
}

/// Who sends snapshots: a caller, or the hub itself.
#[derive(Clone)]
struct Sender {
    caller: Option<Arc<Caller>>,
    /// Whether the time of a snapshot that says nothing new is recorded.
    tells_time: bool,
}

impl Sender {
    /// The finding of a snapshot, if it is one and may come from there.
    fn accepted(&self, snapshot: &Snapshot) -> Result<Object, Rejection> {
        let sent = asff::validate(&snapshot.finding, Door::Snapshot)?;
        self.caller.as_ref().map_or(Ok(()), |caller| check_sent(caller, &sent))?;
        Ok(sent)
    }

    /// The decision about a finding, unless it may not be touched from there.
    fn decided(&self, current: Option<&Finding>, decide: impl FnOnce() -> Decision) -> Decision {
        let allowed = self.caller.as_ref().map_or(Ok(()), |caller| check_current(caller, current));
        allowed.map_or_else(Decision::Rejected, |()| decide())
    }

    /// A decision about the customers' part, recorded under the caller's identity. The hub's snapshot tells its own.
    fn signed(&self, mut decision: Decision) -> Decision {
        if let (Some(caller), Decision::Write(write)) = (&self.caller, &mut decision) {
            write.actor.identity = caller.identity();
        }
        decision
    }
}

fn steps(from: &Sender, sent: &Object, time: &str, at: Instant) -> [Intent; 2] {
    let key = key_of(sent);
    let snapshot = Arc::new(asff::Snapshot::read(sent, Some(time), at));
    let seen = snapshot.seen().clone();
    let tells_time = from.tells_time;
    let short =
        Sent { hash: snapshot.hash().to_owned(), seen_hash: asff::seen_hash(&seen), seen: seen.clone(), tells_time };
    let (from, from_again, again) = (from.clone(), from.clone(), Arc::clone(&snapshot));
    let first = move |current: Option<&Finding>, newest: Option<&Seen>, at: Instant| {
        let decision = from.decided(current, || snapshot.import(current, newest, at));
        match decision {
            Decision::Observed if !tells_time && newest.is_some_and(|newest| newest.texts == seen.texts) => {
                Decision::Unchanged
            }
            decision => decision,
        }
    };
    let second = move |current: Option<&Finding>, seen: Option<&Seen>, at: Instant| {
        from_again.signed(from_again.decided(current, || again.update(current, seen, at)))
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
