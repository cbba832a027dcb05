//! The function `infracast-get-compliance-summary`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_get_compliance_summary::ROUTE)
}
