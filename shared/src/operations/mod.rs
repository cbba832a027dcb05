//! What callers can do, whatever dialect they speak.

mod account_limits;
mod answer_size;
pub mod cursor;
pub mod decide_findings;
pub mod get_compliance_summary;
pub mod get_finding_by_name;
pub mod get_finding_changes;
pub mod get_finding_history;
pub mod get_findings;
pub mod import_findings;
pub mod import_snapshots;
pub mod list_account_settings;
pub mod list_accounts;
pub mod list_jobs;
pub mod question;
pub mod record_expiries;
pub mod run_expiries;
pub mod set_account;
pub mod update_findings;

pub use decide_findings::accept_finding;
pub use get_compliance_summary::get_compliance_summary;
pub use get_finding_by_name::{NamedQuery, get_finding_by_name};
pub use get_finding_changes::{ChangesPage, ChangesQuery, get_finding_changes};
pub use get_finding_history::{HistoryPage, HistoryQuery, get_finding_history};
pub use get_findings::{FindingsPage, FindingsQuery, get_finding, get_finding_by_uid, get_findings};
pub use import_findings::import_findings;
pub use import_snapshots::{Imported, import_snapshots};
pub use list_account_settings::list_account_settings;
pub use list_accounts::{Concerned, list_accounts};
pub use list_jobs::list_jobs;
pub use question::{Opened, Question, when};
pub use record_expiries::record_expiries;
pub use run_expiries::{Slice, run_expiries, run_expiries_of_all};
pub use set_account::set_account;
pub use update_findings::update_findings;
