//! The function `get-finding-history`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::get_finding_history::ROUTE)
}
