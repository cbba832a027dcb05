//! How quickly a hub is asked: as it allows, half as often whenever it refuses for want of pace, and quicker again bit by bit.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many times as slow as allowed it gets.
const SLOWEST: u32 = 16;

/// How quickly a hub is asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What lies between the beginnings of two requests at least.
    pub between: Duration,
    /// The pause after the first attempt of a request; each further one is twice as long.
    pub pause: Duration,
}

impl Pace {
    /// For GetFindings: a hub allows 3 requests a second in an account and region.
    pub const READING: Self = Self { between: Duration::from_millis(334), pause: Duration::from_secs(1) };
    /// For BatchUpdateFindings: it allows 10.
    pub const TELLING: Self = Self { between: Duration::from_millis(100), pause: Duration::from_secs(1) };
}

/// The pace of one hub now.
#[derive(Debug)]
pub(super) struct Pacer {
    pace: Pace,
    now: Mutex<Now>,
}

#[derive(Debug)]
struct Now {
    /// When it may be asked next.
    next: Instant,
    /// What lies between two requests.
    between: Duration,
}

impl Pacer {
    pub fn new(pace: Pace) -> Self {
        Self { pace, now: Mutex::new(Now { next: Instant::now(), between: pace.between }) }
    }

    /// Waits until the hub may be asked.
    pub async fn keep(&self) {
        let free = {
            let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
            let free = now.next.max(Instant::now());
            now.next = free + now.between;
            free
        };
        tokio::time::sleep_until(free).await;
    }

    /// Twice as slow where the hub refused for want of pace, a tenth quicker where it did not.
    pub fn adapt(&self, throttled: bool) {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = if throttled { now.between * 2 } else { now.between * 9 / 10 };
        now.between = wanted.max(self.pace.between).min(self.pace.between * SLOWEST);
        if throttled {
            now.next = now.next.max(Instant::now() + now.between);
        }
    }

    /// The pause after a failed attempt, counted from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        self.pace.pause.saturating_mul(1 << attempt.saturating_sub(1).min(6))
    }
}
