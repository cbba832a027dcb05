//! Functions that read in Bitdefender's and Datadog's dialects, and Infracast's summary: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    bitdefender_get_check, bitdefender_get_checks, bitdefender_get_finding_changes, bitdefender_get_framework,
    bitdefender_get_frameworks, bitdefender_get_resource, bitdefender_get_resources, bitdefender_get_rule,
    bitdefender_get_rules, bitdefender_get_scan, bitdefender_get_scans, datadog_get_finding, datadog_list_findings,
    infracast_get_compliance_summary, runtime,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &bitdefender_get_check::ROUTE,
            &bitdefender_get_checks::ROUTE,
            &bitdefender_get_finding_changes::ROUTE,
            &bitdefender_get_framework::ROUTE,
            &bitdefender_get_frameworks::ROUTE,
            &bitdefender_get_resource::ROUTE,
            &bitdefender_get_resources::ROUTE,
            &bitdefender_get_rule::ROUTE,
            &bitdefender_get_rules::ROUTE,
            &bitdefender_get_scan::ROUTE,
            &bitdefender_get_scans::ROUTE,
            &datadog_get_finding::ROUTE,
            &datadog_list_findings::ROUTE,
            &infracast_get_compliance_summary::ROUTE,
        ],
        &[],
    )
}
