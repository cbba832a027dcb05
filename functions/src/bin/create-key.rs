//! The function `create-key`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::create_key::ROUTE)
}
