//! Datadog's numbers (datadog-posture-management-findings, Rate Limits and Query parameters).

/// Findings of a page, unless the client says otherwise.
pub const DEFAULT_LIMIT: u32 = 100;

/// The most findings of a page.
pub const MAX_LIMIT: u32 = 1000;

/// Requests a minute that a key without a rate of its own is good for.
pub const REQUESTS_PER_MINUTE: u32 = 100;

/// What the limit is called in X-RateLimit-Name. Ours.
pub const RATE_NAME: &str = "posture_management_findings";

/// The most bytes of JSON that a row of a list may have, so that a whole page fits into an answer. Ours.
pub const ROW_BYTES: usize = 4096;
