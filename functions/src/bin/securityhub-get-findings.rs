//! The function `securityhub-get-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::securityhub_get_findings::ROUTE)
}
