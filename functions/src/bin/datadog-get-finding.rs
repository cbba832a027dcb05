//! The function `datadog-get-finding`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::datadog_get_finding::ROUTE)
}
