//! The function `get-rule`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::get_rule::ROUTE)
}
