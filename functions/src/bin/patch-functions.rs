//! Functions of Infracast's dialect, which bring interpreter and parsers along, for patches: Lambda's `_HANDLER` says which
//! one this process is.

use posture_functions::{
    infracast_accept_finding, infracast_get_finding, infracast_get_remediation, infracast_get_terraform_patch,
    infracast_list_findings, infracast_list_scored_findings, infracast_resolve_finding, infracast_stream_findings,
    runtime, set_terraform,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &infracast_accept_finding::ROUTE,
            &infracast_get_finding::ROUTE,
            &infracast_get_remediation::ROUTE,
            &infracast_get_terraform_patch::ROUTE,
            &infracast_list_findings::ROUTE,
            &infracast_list_scored_findings::ROUTE,
            &infracast_resolve_finding::ROUTE,
            &infracast_stream_findings::ROUTE,
            &set_terraform::ROUTE,
        ],
        &[],
    )
}
