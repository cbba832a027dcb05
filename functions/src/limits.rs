//! The rate-limit hook: every request passes here after its key was found good and before its handler runs.
//!
//! No route has a limit yet. Requests are counted per key and minute all the same, so that a limit is one comparison.

use crate::Route;
use posture_shared::domain::{Caller, Error, Instant, TenantId};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// How many keys are counted at once in one container. Beyond it the counts start anew.
const MAX_KEYS: usize = 10_000;

const MINUTE_MS: i64 = 60_000;

/// Counts requests per key in the present minute.
#[derive(Debug, Default)]
pub struct Gate {
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    minute: i64,
    requests: HashMap<(TenantId, String), u32>,
}

impl Gate {
    /// Counts a request and lets it pass; [`Error::Throttled`] when its key has used up the minute's share.
    pub fn pass(&self, route: &Route, caller: &Caller, now: Instant) -> Result<(), Error> {
        let seen = self.count(caller, now);
        match limit(route) {
            Some(limit) if seen > limit => Err(Error::Throttled {
                message: format!("more than {limit} requests a minute"),
                retry_after: 60 - u32::try_from(now.0.rem_euclid(MINUTE_MS) / 1000).unwrap_or(0),
            }),
            _ => Ok(()),
        }
    }

    fn count(&self, caller: &Caller, now: Instant) -> u32 {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.0.div_euclid(MINUTE_MS);
        if window.minute != minute || window.requests.len() > MAX_KEYS {
            *window = Window { minute, requests: HashMap::new() };
        }
        let seen = window.requests.entry((caller.tenant.clone(), caller.key_name.clone())).or_default();
        *seen = seen.saturating_add(1);
        *seen
    }
}

/// How many requests a minute a key may make on a route; `None` is without limit.
fn limit(_route: &Route) -> Option<u32> {
    None
}
