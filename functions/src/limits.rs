//! The rate-limit hook: every request passes here after its key was found good and before its answer goes out.
//!
//! A key has a rate of its own, or else that of the route. Requests are counted in the table, a minute at a time, with
//! one request to it, and with none where there is no limit. The counting waits for nothing: a container that knows the
//! key counts while it reads the key anew. It counts nothing before the secret was proven, or else whoever knows a key's
//! name could use up its rate.
//!
//! When the table does not count, requests pass: a limit protects the service and must not be what stops it.

use crate::Route;
use posture_shared::auth::Presented;
use posture_shared::dialects::{Dialect, datadog};
use posture_shared::domain::rate::PERIOD;
use posture_shared::domain::{Error, Instant, KeyRecord, Rate, TenantId};
use posture_shared::ledger::Writer;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many keys are remembered at once in one container. Beyond it remembering starts anew.
const MAX_KEYS: usize = 10_000;

const PERIOD_MS: i64 = PERIOD as i64 * 1000;

/// Counts requests per key and minute.
#[derive(Debug, Default)]
pub struct Gate {
    known: Mutex<HashMap<(TenantId, String), Known>>,
}

/// What a container remembers of a key that has a limit.
#[derive(Debug)]
struct Known {
    record: KeyRecord,
    minute: i64,
    used: u64,
}

/// How many requests a minute a key is good for on a route; `None` means any number.
pub fn limit_of(route: &Route, record: &KeyRecord) -> Option<u32> {
    let default = match route.dialect {
        Dialect::Datadog => Some(datadog::limits::REQUESTS_PER_MINUTE),
        Dialect::SecurityHub | Dialect::Bitdefender | Dialect::Infracast | Dialect::Native => None,
    };
    record.rate_per_minute.or(default)
}

/// The error for a request that is one too many.
pub fn exceeded(rate: Rate) -> Error {
    Error::Throttled { message: format!("more than {} requests a minute", rate.limit), retry_after: rate.reset }
}

impl Gate {
    /// The key that a request says it is by, as it was when this container last saw it under a limit.
    pub fn recall(&self, presented: &Presented) -> Option<KeyRecord> {
        let known = self.known();
        known.get(&(presented.tenant.clone(), presented.name.clone())).map(|known| known.record.clone())
    }

    /// Remembers a key that has a limit.
    pub fn remember(&self, record: &KeyRecord) {
        let mut known = self.known();
        if known.len() >= MAX_KEYS {
            known.clear();
        }
        let fresh = || Known { record: record.clone(), minute: i64::MIN, used: 0 };
        known.entry((record.tenant.clone(), record.name.clone())).or_insert_with(fresh).record = record.clone();
    }

    /// Counts a request of a key. `None` without a limit, and when the table does not count. Once a rate is used up, no
    /// more is asked of the table until the next minute.
    pub async fn count(&self, ledger: &Writer, key: &Presented, limit: Option<u32>, now: Instant) -> Option<Rate> {
        let limit = limit?;
        let minute = now.0.div_euclid(PERIOD_MS);
        let reset = PERIOD - u32::try_from(now.0.rem_euclid(PERIOD_MS) / 1000).unwrap_or(0);
        let rate = |used| Rate { limit, used, reset };
        if let Some(used) = self.used(key, minute).filter(|used| *used >= limit.into()) {
            return Some(rate(used.saturating_add(1)));
        }
        match ledger.request_count(&key.tenant, &key.name, now).await {
            Ok(used) => {
                self.note(key, minute, used);
                Some(rate(used))
            }
            Err(error) => {
                tracing::warn!(tenant = %key.tenant, key = key.name, %error, "a request could not be counted");
                None
            }
        }
    }

    fn used(&self, key: &Presented, minute: i64) -> Option<u64> {
        let known = self.known();
        let known = known.get(&(key.tenant.clone(), key.name.clone()))?;
        (known.minute == minute).then_some(known.used)
    }

    fn note(&self, key: &Presented, minute: i64, used: u64) {
        if let Some(known) = self.known().get_mut(&(key.tenant.clone(), key.name.clone())) {
            let before = if known.minute == minute { known.used } else { 0 };
            (known.minute, known.used) = (minute, used.max(before));
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(TenantId, String), Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
