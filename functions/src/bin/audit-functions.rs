//! Functions that have to do with rules and patches, which bring interpreter and parsers along: Lambda's `_HANDLER` says which one this
//! process is.

use posture_functions::*;

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
        &[
            &run_audits::TRIGGER,
            &start_audits::TRIGGER,
            &sweep_inventory::TRIGGER,
        ],
    )
}
