//! Functions that read Infracast's findings: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    infracast_get_finding, infracast_list_findings, infracast_list_scored_findings, infracast_stream_findings, runtime,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &infracast_get_finding::ROUTE,
            &infracast_list_findings::ROUTE,
            &infracast_list_scored_findings::ROUTE,
            &infracast_stream_findings::ROUTE,
        ],
        &[],
    )
}
