//! Functions that have to do with rules and patches, which bring interpreter and parsers along: Lambda's `_HANDLER` says which one this
//! process is.

use posture_functions::{
    get_rule, infracast_accept_finding, infracast_get_finding, infracast_get_remediation,
    infracast_get_terraform_patch, infracast_list_findings, infracast_list_scored_findings, infracast_resolve_finding,
    infracast_run_audit, infracast_stream_findings, list_rules, retire_rule, run_audits, runtime, set_rule,
    set_rule_params, set_terraform, start_audits, sweep_inventory,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &get_rule::ROUTE,
            &infracast_accept_finding::ROUTE,
            &infracast_get_finding::ROUTE,
            &infracast_get_remediation::ROUTE,
            &infracast_get_terraform_patch::ROUTE,
            &infracast_list_findings::ROUTE,
            &infracast_list_scored_findings::ROUTE,
            &infracast_resolve_finding::ROUTE,
            &infracast_run_audit::ROUTE,
            &infracast_stream_findings::ROUTE,
            &list_rules::ROUTE,
            &retire_rule::ROUTE,
            &set_rule::ROUTE,
            &set_rule_params::ROUTE,
            &set_terraform::ROUTE,
        ],
        &[&run_audits::TRIGGER, &start_audits::TRIGGER, &sweep_inventory::TRIGGER],
    )
}
