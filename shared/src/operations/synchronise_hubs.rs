//! Synchronises with Security Hub: reads the findings of hubs, page by page, and takes them as the hub's own snapshots.
//!
//! Each hub, an account in a region, has a worker's lease and a checkpoint of its own. A page's findings are taken before the
//! checkpoint moves behind it, and taking them twice changes nothing, so a worker may be killed at any point. Chosen where the
//! contract is silent:
//!
//! - The findings that were updated last come first. What changes while a walk goes on moves to its front, where it has been: if
//!   pages are counted from there, findings come twice, and if they are told by their last finding, nothing is passed over. What
//!   moved is read by the next walk, which begins before the beginning of this one.
//! - A reading bears the last millisecond before the second in which its request was made: events name whole seconds, and one
//!   of that second may tell of something later. Of the same UpdatedAt the event wins then.
//! - Nothing is closed for not being there: a hub deletes what was not updated for 90 days, and a walk may have been denied.

use super::hubs::{Hubs, known_as};
use super::import_snapshots::import_readings;
use crate::domain::inventory::Scope;
use crate::domain::synchronisation::{Heard, Tally};
use crate::domain::{Error, Instant, JobState, Outcome, Snapshot, Synchronisation, TenantId};
use crate::ledger::Writer;
use crate::upstream::{Aws, Hub, Refusal, Why};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The longest pause that a worker waits for by itself; after a longer one another worker goes on.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often a worker waits for a hub.
const MOST_WAITS: u32 = 6;
/// Refused findings that are told one by one.
const MOST_TOLD: usize = 100;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is due.
    Due,
    /// What was updated since the last walk, or everything where there was none, of every hub.
    Now,
    /// Everything, of every hub.
    Whole,
}

/// What a synchronisation found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Synchronised {
    /// What became of what was read.
    pub tally: Tally,
    /// Hubs that were read to the end.
    pub hubs: BTreeSet<Scope>,
    /// Hubs that could not be read, with the reason.
    pub unread: BTreeMap<Scope, String>,
    /// Findings that were not taken, with the reason, as far as they are told one by one.
    pub rejected: Vec<String>,
    /// Whether nothing is left that could be read now.
    pub done: bool,
}

/// Who hears how many findings are read.
pub type Hear<'a> = &'a (dyn Fn(u64) + Sync);

/// Reads hubs until all are read as far as `extent` says, or `enough` says so.
///
/// Errors: of the ledger, after all hubs had their turn. What AWS refuses is in the answer, and keeps no other hub from being read.
pub async fn synchronise_hubs(
    writer: &Writer,
    tenant: &TenantId,
    hubs: &Hubs,
    extent: Extent,
    hear: Hear<'_>,
    enough: impl Fn() -> bool + Sync,
) -> Result<Synchronised, Error> {
    let (alone, found) = (hubs.alone, Synchronised::default());
    let mut worker = Worker { writer, tenant, extent, alone, hear, found, pause: None };
    let known = writer.hub_list(tenant).await?;
    let known: BTreeMap<Scope, Synchronisation> = known.into_iter().map(|hub| (hub.scope(), hub)).collect();
    let (mut left, mut failed) = (Vec::new(), None);
    worker.found.done = true;
    for (scope, aws) in known_as(hubs, &mut worker.found.unread).await {
        let now = writer.clock().now();
        if extent != Extent::Due || known.get(&scope).is_none_or(|hub| hub.is_due(now)) {
            left.push((scope.clone(), aws.hub(&scope.account, &scope.region, hubs.pace), aws.clone(), 0));
        }
    }
    while !left.is_empty() && !enough() {
        let mut waiting = Vec::new();
        for (scope, hub, aws, waits) in left {
            if enough() {
                waiting.push((scope, hub, aws, waits));
                continue;
            }
            match worker.work(&scope, &hub, &aws, &enough).await {
                Ok(Left::Ended) => {}
                Ok(Left::Waiting(pause)) => {
                    if pause <= LONGEST_PAUSE && waits < MOST_WAITS {
                        worker.pause = Some(worker.pause.map_or(pause, |shortest| shortest.min(pause)));
                        waiting.push((scope, hub, aws, waits + 1));
                    } else {
                        worker.found.done = false;
                    }
                }
                Err(error) => {
                    tracing::warn!(tenant = %tenant, account = scope.account, region = scope.region, %error, "a hub was left");
                    failed = failed.or(Some(error));
                }
            }
        }
        if let Some(pause) = worker.pause.take().filter(|_| !waiting.is_empty() && !enough()) {
            tokio::time::sleep(pause).await;
        }
        left = waiting;
    }
    worker.found.done &= left.is_empty();
    failed.map_or(Ok(worker.found), Err)
}

/// How a worker leaves a hub.
enum Left {
    /// Read, or not to be read now, or somebody else's.
    Ended,
    /// To be asked again after a pause.
    Waiting(Duration),
}

struct Worker<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    extent: Extent,
    alone: bool,
    hear: Hear<'a>,
    found: Synchronised,
    /// The shortest pause that somebody asked for.
    pause: Option<Duration>,
}

impl Worker<'_> {
    /// Reads a hub until its end, or as far as it goes.
    async fn work(&mut self, scope: &Scope, hub: &Hub, aws: &Aws, enough: impl Fn() -> bool) -> Result<Left, Error> {
        let now = self.writer.clock().now();
        let known = self.writer.hub_get(self.tenant, scope).await?;
        // Somebody else may have read it meanwhile.
        if self.extent == Extent::Due && !known.is_due(now) {
            return Ok(Left::Ended);
        }
        let known = if self.alone && known.state == JobState::Running { known.rested(now) } else { known };
        let Some(taken) = known.taken(now, self.extent == Extent::Whole) else { return self.busy(scope) };
        let Some(mut held) = self.writer.hub_put(self.tenant, taken).await? else { return self.busy(scope) };
        self.found.unread.remove(scope);
        if let Err(refusal) = aws.check().await {
            return self.leave(held, heard_of(&refusal, 0)).await;
        }
        loop {
            let Some(walk) = held.walk.clone() else { return Ok(Left::Ended) };
            let asked = before_the_second(self.writer.clock().now());
            let heard = match hub.page(walk.since, walk.token.as_deref()).await {
                Ok(page) => {
                    let tally = match self.take(scope, page.findings, asked).await {
                        Ok(tally) => tally,
                        Err(error) => return self.drop_it(held, error).await,
                    };
                    page.next.map_or(Heard::Last(tally), |next| Heard::Page { tally, next })
                }
                Err(refusal) => heard_of(&refusal, walk.waits),
            };
            let next = held.after(heard.clone(), self.writer.clock().now());
            if next.state != JobState::Running {
                return self.leave(held, heard).await;
            }
            if enough() {
                self.found.done = false;
                let rested = next.rested(self.writer.clock().now());
                self.writer.hub_put(self.tenant, rested).await?;
                return Ok(Left::Ended);
            }
            match self.writer.hub_put(self.tenant, next).await? {
                Some(put) => held = put,
                None => return self.busy(scope),
            }
        }
    }

    /// Somebody else has it, and will read it to the end.
    fn busy(&mut self, scope: &Scope) -> Result<Left, Error> {
        self.found.unread.insert(scope.clone(), "somebody else is reading it".to_owned());
        Ok(Left::Ended)
    }

    /// Records that it goes no further now, and why.
    async fn leave(&mut self, held: Synchronisation, heard: Heard) -> Result<Left, Error> {
        let scope = held.scope();
        let next = held.after(heard.clone(), self.writer.clock().now());
        match &next.error {
            None => drop(self.found.hubs.insert(scope)),
            Some(reason) => drop(self.found.unread.insert(scope, reason.clone())),
        }
        self.writer.hub_put(self.tenant, next).await?;
        Ok(match heard {
            Heard::Wait { ms, .. } => Left::Waiting(Duration::from_millis(ms.unsigned_abs())),
            _ => Left::Ended,
        })
    }

    /// Leaves it to the next worker, because the ledger failed; the lease may outlive that.
    async fn drop_it(&mut self, held: Synchronisation, error: Error) -> Result<Left, Error> {
        let rested = held.rested(self.writer.clock().now());
        if let Err(again) = self.writer.hub_put(self.tenant, rested).await {
            tracing::warn!(tenant = %self.tenant, error = %again, "a hub could not be left; its lease runs out");
        }
        Err(error)
    }

    /// Takes the findings of a page.
    async fn take(&mut self, scope: &Scope, findings: Vec<serde_json::Value>, asked: Instant) -> Result<Tally, Error> {
        let time = asked.to_string();
        let snapshots: Vec<Snapshot> =
            findings.into_iter().map(|finding| Snapshot { finding, time: Some(time.clone()) }).collect();
        let mut tally = Tally { read: snapshots.len() as u64, ..Tally::default() };
        let outcomes = import_readings(self.writer, self.tenant, &snapshots).await?;
        // One that cannot be decided about keeps no other from being read; where none can, it is the table.
        if let (true, Some(Err(error))) = (outcomes.len() > 1 && outcomes.iter().all(Result::is_err), outcomes.first())
        {
            return Err(error.clone());
        }
        for (outcome, snapshot) in outcomes.into_iter().zip(&snapshots) {
            let (id, why) = match outcome {
                Ok(Outcome::Created) => {
                    tally.created += 1;
                    continue;
                }
                Ok(Outcome::Changed) => {
                    tally.changed += 1;
                    continue;
                }
                Ok(Outcome::Unchanged) => {
                    tally.unchanged += 1;
                    continue;
                }
                Ok(Outcome::Rejected(rejection)) => (rejection.id, rejection.message),
                Err(error) => {
                    let id = snapshot.finding.get("Id").and_then(serde_json::Value::as_str).unwrap_or_default();
                    (id.to_owned(), error.to_string())
                }
            };
            tally.rejected += 1;
            if self.found.rejected.len() < MOST_TOLD {
                let Scope { account, region } = scope;
                self.found.rejected.push(format!("{account}/{region} {id}: {why}"));
            }
        }
        self.found.tally.add(tally);
        (self.hear)(self.found.tally.read);
        Ok(tally)
    }
}

/// What a refusal means for a walk that was told to wait so many times in a row.
fn heard_of(refusal: &Refusal, waits: u32) -> Heard {
    let reason = refusal.to_string();
    match refusal.why {
        Why::Throttled => {
            let pause = refusal.pause.unwrap_or_default().as_millis();
            let ours = 2_000_i64.saturating_mul(1 << waits.min(8));
            Heard::Wait { ms: i64::try_from(pause).unwrap_or(i64::MAX).max(ours), reason }
        }
        Why::Denied | Why::Unsupported if !refusal.is_about_the_page() => Heard::Closed(reason),
        _ if refusal.is_about_the_page() => Heard::Stale(reason),
        _ => Heard::Lost(reason),
    }
}

/// The last instant before the second of an instant.
fn before_the_second(at: Instant) -> Instant {
    Instant(at.0.div_euclid(1000) * 1000 - 1)
}

#[cfg(test)]
mod tests {
    use super::before_the_second;
    use crate::domain::Instant;

    #[test]
    fn an_event_of_the_same_second_is_later() {
        let second = Instant(1_700_000_000_000);
        for ms in [0, 1, 999] {
            assert_eq!(before_the_second(second.plus(ms)), second.plus(-1));
        }
    }
}
