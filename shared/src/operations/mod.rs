//! What callers can do, whatever dialect they speak.

pub mod asked;
pub mod cursor;
pub mod decide_findings;
pub mod get_finding_changes;
pub mod get_finding_history;
pub mod get_findings;
pub mod get_named_finding;
pub mod import_findings;
pub mod import_snapshots;
pub mod list_account_settings;
pub mod list_accounts;
pub mod list_frameworks;
pub mod list_jobs;
pub mod list_resources;
pub mod list_rules;
pub mod list_scans;
pub mod listing;
pub mod question;
pub mod record_expiries;
pub mod run_expiries;
pub mod set_account;
pub mod update_findings;

pub use asked::{asked_state, page_seal};
pub use decide_findings::accept_finding;
pub use get_finding_changes::{ChangesPage, ChangesQuery, get_finding_changes};
pub use get_finding_history::{HistoryPage, HistoryQuery, get_finding_history};
pub use get_findings::{FindingsPage, FindingsQuery, get_finding, get_finding_by_uid, get_findings};
pub use get_named_finding::{NamedFinding, get_named_finding};
pub use import_findings::import_findings;
pub use import_snapshots::import_snapshots;
pub use list_account_settings::list_account_settings;
pub use list_accounts::{Concerned, list_accounts};
pub use list_frameworks::{FrameworkRow, RuleName, list_frameworks};
pub use list_jobs::list_jobs;
pub use list_resources::list_resources;
pub use list_rules::{RuleRow, list_rules, newest_versions};
pub use list_scans::{Scan, list_scans};
pub use listing::{ListQuery, Listed};
pub use question::{Opened, Question};
pub use record_expiries::record_expiries;
pub use run_expiries::{Slice, run_expiries, run_expiries_of_all};
pub use set_account::set_account;
pub use update_findings::update_findings;

/// The most that a page of an answer may hold, in bytes of JSON: Lambda's answers end at 6 MB.
const PAGE_BYTES: usize = 4_500_000;
