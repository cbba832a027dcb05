//! How much of its rate a key has used.

/// Seconds of a period.
pub const PERIOD: u32 = 60;

/// How much of its rate a key has used in the present period of [`PERIOD`] seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests of a period.
    pub limit: u32,
    /// Requests so far, this one included, whether or not they were answered.
    pub used: u64,
    /// Seconds until the next period begins: 1 to [`PERIOD`].
    pub reset: u32,
}

impl Rate {
    /// Requests that are left.
    pub fn remaining(&self) -> u32 {
        self.limit.saturating_sub(u32::try_from(self.used).unwrap_or(u32::MAX))
    }

    /// Whether this request is one too many.
    pub fn is_exceeded(&self) -> bool {
        self.used > u64::from(self.limit)
    }
}
