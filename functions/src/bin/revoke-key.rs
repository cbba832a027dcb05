//! The function `revoke-key`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::revoke_key::ROUTE)
}
