//! Functions that decide about one of Infracast's findings: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{infracast_accept_finding, infracast_resolve_finding, runtime};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(&[&infracast_accept_finding::ROUTE, &infracast_resolve_finding::ROUTE], &[])
}
