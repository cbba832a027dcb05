//! The function `list-rules`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::list_rules::ROUTE)
}
