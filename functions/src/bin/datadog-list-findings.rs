//! The function `datadog-list-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::datadog_list_findings::ROUTE)
}
