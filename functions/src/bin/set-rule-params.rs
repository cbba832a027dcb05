//! The function `set-rule-params`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::set_rule_params::ROUTE)
}
