//! The function `datadog-mute-security-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::datadog_mute_security_findings::ROUTE)
}
