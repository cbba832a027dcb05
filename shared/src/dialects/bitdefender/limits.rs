//! The numbers of this API (CONTRACTS 4.1 and 4.3).

/// Rows of a page of `/cspm/checks`, and of every other list but one, when the client names no number.
pub const DEFAULT_ROWS: usize = 500;
/// Rows of a page of `/cspm/finding_changes` when the client names no number.
pub const DEFAULT_CHANGES: usize = 300;
/// The most rows of a page.
pub const MOST_ROWS: usize = 1_000;
/// The longest query, in bytes, that a cursor carries. Of a longer one the client sends the filters beside it, as our
/// own links do; otherwise URLs would grow beyond what gateways take.
pub const CARRIED_QUERY: usize = 2_000;
