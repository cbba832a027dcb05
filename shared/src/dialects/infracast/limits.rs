//! Infracast's numbers (infracast-findings, Query Parameters).

/// Findings of a page, unless the client says otherwise.
pub const DEFAULT_PER_PAGE: u32 = 50;

/// The most findings of a page.
pub const MAX_PER_PAGE: u32 = 500;

/// The most bytes of JSON that a row of a list may have, so that a whole page fits into an answer. Ours.
pub const ROW_BYTES: usize = 4096;
