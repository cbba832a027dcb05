//! The function `datadog-mute-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::datadog_mute_findings::ROUTE)
}
