//! The function `securityhub-batch-import-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::securityhub_batch_import_findings::ROUTE)
}
