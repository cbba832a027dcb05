//! The clock: the one place that asks what time it is.

use crate::domain::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Tells the time. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds added to the machine's clock.
    shift: Arc<AtomicI64>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that shows `at` now and runs on from there.
    pub fn starting_at(at: Instant) -> Self {
        let clock = Self::default();
        clock.set(at);
        clock
    }

    /// Sets the clock to `at`; it runs on from there.
    pub fn set(&self, at: Instant) {
        self.shift.store(at.0.saturating_sub(Self::machine().0), Ordering::SeqCst);
    }

    /// What this clock shows.
    pub fn now(&self) -> Instant {
        Self::machine().plus(self.shift.load(Ordering::SeqCst))
    }

    /// What the machine's clock shows, whatever this clock was set to. Signatures are judged by it.
    pub fn machine() -> Instant {
        Instant(chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).timestamp_millis())
    }
}
