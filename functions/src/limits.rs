//! The rate-limit hook: every request passes here after its key was found good and before its handler runs.
//!
//! A key may have a rate of its own; there is no limit for all keys yet. Each container counts for itself, so a key may
//! get its rate once per container.

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
    /// Counts a request and lets it pass; [`Error::Throttled`] when its key has used up its `rate` a minute.
    pub fn pass(&self, caller: &Caller, rate: Option<u32>, now: Instant) -> Result<(), Error> {
        let seen = self.count(caller, now);
        match rate {
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

    use super::Gate;
    use posture_shared::domain::{Caller, Error, Instant, TenantId};

    fn caller(key_name: &str) -> Caller {
        let tenant = TenantId::parse("t").unwrap();
        Caller { tenant, key_name: key_name.to_owned(), scopes: [].into(), accounts: None, region: None }
    }

    /// DESIGN §5: limits are per key and minute.
    #[test]
    fn a_key_gets_its_rate_in_each_minute_and_no_other_key_pays() {
        let gate = Gate::default();
        let at = |ms: i64| Instant(1_700_000_040_000 + ms);
        let pass = |key: &str, ms: i64| gate.pass(&caller(key), Some(2), at(ms));
        assert_eq!((pass("a", 0), pass("a", 1)), (Ok(()), Ok(())));
        let Err(Error::Throttled { retry_after, .. }) = pass("a", 15_000) else { panic!("let a third pass") };
        assert_eq!(retry_after, 45);
        assert_eq!((pass("b", 15_000), pass("a", 60_000)), (Ok(()), Ok(())));
        assert_eq!(gate.pass(&caller("a"), None, at(60_001)), Ok(()));
    }
}
