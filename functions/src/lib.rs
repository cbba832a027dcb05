//! The Lambda functions: one file per endpoint or trigger, and the one way from a request to its handler.

pub mod access;
pub mod app;
mod bitdefender;
pub mod call;
pub mod event;
pub mod limits;
pub mod route;
pub mod routes;
pub mod runtime;

pub mod bitdefender_get_check;
pub mod bitdefender_get_checks;
pub mod bitdefender_get_finding_changes;
pub mod bitdefender_get_framework;
pub mod bitdefender_get_frameworks;
pub mod bitdefender_get_resource;
pub mod bitdefender_get_resources;
pub mod bitdefender_get_rule;
pub mod bitdefender_get_rules;
pub mod bitdefender_get_scan;
pub mod bitdefender_get_scans;
pub mod create_key;
pub mod datadog_get_finding;
pub mod datadog_list_findings;
pub mod import_hub_events;
pub mod import_snapshots;
pub mod infracast_get_compliance_summary;
pub mod infracast_get_finding;
pub mod infracast_list_findings;
pub mod infracast_list_scored_findings;
pub mod list_accounts;
pub mod list_jobs;
pub mod list_keys;
pub mod record_expiries;
pub mod revoke_key;
pub mod securityhub_batch_import_findings;
pub mod securityhub_batch_update_findings;
pub mod securityhub_describe_hub;
pub mod securityhub_get_finding_history;
pub mod securityhub_get_findings;
pub mod securityhub_list_enabled_products;
pub mod set_account;

pub use app::App;
pub use call::Call;
pub use route::{Handler, Route, Trigger, Wake, WokenBy};
pub use routes::{ROUTES, TRIGGERS};
