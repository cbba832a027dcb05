//! What callers can do, whatever dialect they speak.

pub mod cursor;
pub mod decide_findings;
pub mod get_finding_history;
pub mod get_findings;
pub mod import_findings;
pub mod import_snapshots;
pub mod list_accounts;
pub mod record_expiries;
pub mod update_findings;

pub use decide_findings::accept_finding;
pub use get_finding_history::{HistoryPage, HistoryQuery, get_finding_history};
pub use get_findings::{FindingsPage, FindingsQuery, get_finding, get_findings};
pub use import_findings::import_findings;
pub use import_snapshots::import_snapshots;
pub use list_accounts::{Accounts, list_accounts};
pub use record_expiries::record_expiries;
pub use update_findings::update_findings;

/// The most that a page of an answer may hold, in bytes of JSON: Lambda's answers end at 6 MB.
const PAGE_BYTES: usize = 4_500_000;
