//! A stream of findings under way: it looks at the log, tells what is new, and ends in time.

use crate::{Output, Rest};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use posture_shared::dialects::infracast::Listed;
use posture_shared::dialects::infracast::stream::{Event, closing, event, head, heartbeat};
use posture_shared::domain::{Caller, Error, Finding};
use posture_shared::ledger::Reader;
use posture_shared::operations::{Following, pushed};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long a stream goes on. It is paid for while it is open, also when nobody reads it any more.
const LONGEST: Duration = Duration::from_secs(300);
/// What is left of an invocation when its stream ends.
const SPARE: Duration = Duration::from_secs(3);
/// How often the log is looked at.
const LOOK: Duration = Duration::from_millis(400);
/// How often the key is looked at: one that is revoked reads on until then.
const PROOF: Duration = Duration::from_secs(5);
/// How long nothing is sent at most. Gateways end what is silent for 30 seconds, and clients for 90.
const SILENCE: Duration = Duration::from_secs(15);
/// After how long a client connects again, in milliseconds.
const RETRY_MS: u32 = 1000;
/// The same, where something went wrong.
const RETRY_LATER_MS: u32 = 5000;

/// A stream under way.
struct Watch {
    ledger: Reader,
    /// Whose key has begun it.
    caller: Caller,
    following: Following,
    /// When it ends.
    until: Instant,
    /// When it last sent anything.
    spoke: Instant,
    /// When it looks at the log again.
    look: Instant,
    /// When its key was last seen to be good.
    proven: Instant,
    has_ended: bool,
}

/// An answer that tells what is followed; its invocation may take so long, if that is bounded.
pub(crate) fn watch(ledger: &Reader, caller: Caller, following: Following, remaining: Option<Duration>) -> Output {
    let now = Instant::now();
    let until = now + remaining.map_or(LONGEST, |left| left.saturating_sub(SPARE).min(LONGEST));
    let head = head(RETRY_MS, following.position());
    let ledger = ledger.clone();
    let watch = Watch { ledger, caller, following, until, spoke: now, look: now, proven: now, has_ended: false };
    let next = |mut watch: Watch| async { watch.piece().await.map(|text| (Ok(Bytes::from(text)), watch)) };
    Output { reply: head, rest: Some(Rest { pieces: stream::unfold(watch, next).boxed(), is_endless: true }) }
}

impl Watch {
    /// What is sent next, when there is something; `None` at its end.
    async fn piece(&mut self) -> Option<String> {
        while !self.has_ended {
            if Instant::now() >= self.until {
                self.has_ended = true;
                return Some(closing(RETRY_MS));
            }
            sleep_until(self.look.min(self.until)).await;
            if self.proven + PROOF <= Instant::now() {
                match self.is_live().await {
                    Ok(true) => self.proven = Instant::now(),
                    // Whoever connects again is told what is wrong with the key.
                    Ok(false) | Err(_) => {
                        self.has_ended = true;
                        return Some(closing(RETRY_MS));
                    }
                }
            }
            let events = match self.events().await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, tenant = self.caller.tenant.as_str(), "a stream ended early");
                    self.has_ended = true;
                    return Some(closing(RETRY_LATER_MS));
                }
            };
            let is_due = self.spoke + SILENCE <= Instant::now();
            if !events.is_empty() || is_due {
                self.spoke = Instant::now();
                return Some(events + &heartbeat(self.following.position()));
            }
        }
        None
    }

    /// Whether the key is still good.
    async fn is_live(&self) -> Result<bool, Error> {
        let Caller { tenant, key_name, .. } = &self.caller;
        let record = self.ledger.key_get(tenant, key_name).await?;
        Ok(record.is_some_and(|record| record.is_live(self.ledger.clock().now())))
    }

    /// The events since the last look.
    async fn events(&mut self) -> Result<String, Error> {
        let (told, has_more) = self.following.next(&self.ledger).await?;
        self.look = Instant::now() + if has_more { Duration::ZERO } else { LOOK };
        let findings: Vec<&Finding> = told.iter().map(|told| &told.finding).collect();
        let patchable = match findings.is_empty() {
            true => Vec::new(),
            false => pushed(&self.ledger, &self.caller.tenant).await.patchable(&self.ledger, &findings).await,
        };
        let asked = self.following.filter().mapping();
        let events = told.iter().zip(patchable).filter_map(|(told, patchable)| {
            let shown = Listed { uid: told.uid, finding: &told.finding, last_seen: told.last_seen, patchable };
            event(&Event { position: told.position, before: told.before.as_ref(), shown }, asked)
        });
        Ok(events.collect())
    }
}
