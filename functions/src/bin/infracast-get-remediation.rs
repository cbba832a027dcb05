//! The function `infracast-get-remediation`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_get_remediation::ROUTE)
}
