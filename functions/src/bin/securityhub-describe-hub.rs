//! The function `securityhub-describe-hub`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::securityhub_describe_hub::ROUTE)
}
