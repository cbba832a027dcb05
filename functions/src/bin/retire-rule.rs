//! The function `retire-rule`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::retire_rule::ROUTE)
}
