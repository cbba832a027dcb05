//! Functions that say how to mend what Infracast's findings tell of, and are told of the Terraform that it is in:
//! Lambda's `_HANDLER` says which one this process is.

use posture_functions::{infracast_get_remediation, infracast_get_terraform_patch, runtime, set_terraform};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[&infracast_get_remediation::ROUTE, &infracast_get_terraform_patch::ROUTE, &set_terraform::ROUTE],
        &[],
    )
}
