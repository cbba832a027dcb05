//! Functions that decide about one of Infracast's findings, or are told of its Terraform: Lambda's `_HANDLER` says which
//! one this process is.

use posture_functions::{infracast_accept_finding, infracast_resolve_finding, runtime, set_terraform};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[&infracast_accept_finding::ROUTE, &infracast_resolve_finding::ROUTE, &set_terraform::ROUTE],
        &[],
    )
}
