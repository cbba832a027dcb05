//! The function `securityhub-batch-update-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::securityhub_batch_update_findings::ROUTE)
}
