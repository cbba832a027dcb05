//! Functions that take findings in or decide about many: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    bitdefender_update_checks, datadog_mute_findings, datadog_mute_security_findings, decide_findings,
    import_snapshots, runtime, securityhub_batch_import_findings, securityhub_batch_update_findings,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &bitdefender_update_checks::ROUTE,
            &datadog_mute_findings::ROUTE,
            &datadog_mute_security_findings::ROUTE,
            &decide_findings::ROUTE,
            &import_snapshots::ROUTE,
            &securityhub_batch_import_findings::ROUTE,
            &securityhub_batch_update_findings::ROUTE,
        ],
        &[],
    )
}
