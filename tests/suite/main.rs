//! Every integration test, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; tests in loops say in which case"
)]

mod access;
mod account_limits;
mod ahead;
mod answers;
mod as_of;
mod bench;
mod bitdefender;
mod bitdefender_get_check;
mod bitdefender_get_checks;
mod bitdefender_get_finding_changes;
mod bitdefender_get_framework;
mod bitdefender_get_frameworks;
mod bitdefender_get_resource;
mod bitdefender_get_resources;
mod bitdefender_get_rule;
mod bitdefender_get_rules;
mod bitdefender_get_scan;
mod bitdefender_get_scans;
mod bitdefender_update_checks;
mod checkout;
mod consistency;
mod cors;
mod create_key;
mod datadog_get_finding;
mod datadog_list_findings;
mod datadog_mute_findings;
mod datadog_mute_security_findings;
mod decide_findings;
mod denial;
mod events;
mod expiry;
mod get_docs;
mod get_job;
mod get_openapi;
mod get_related_resources;
mod get_resource;
mod get_rule;
mod hostile;
mod house;
mod idempotency;
mod import_hub_events;
mod import_resources;
mod import_snapshots;
mod infracast;
mod infracast_accept_finding;
mod infracast_get_compliance_summary;
mod infracast_get_finding;
mod infracast_get_remediation;
mod infracast_get_terraform_patch;
mod infracast_list_findings;
mod infracast_list_scored_findings;
mod infracast_resolve_finding;
mod infracast_run_audit;
mod layering;
mod limits;
mod list_accounts;
mod list_decisions;
mod list_jobs;
mod list_keys;
mod list_resources;
mod list_rules;
mod model;
mod record_expiries;
mod record_resource;
mod reserved_names;
mod retire_rule;
mod revoke_key;
mod rules;
mod run_audits;
mod set_account;
mod set_rule;
mod set_rule_params;
mod set_terraform;
mod signer;
mod source;
mod start_audits;
mod sweep_inventory;
mod template;
mod tenants;
mod verify;
