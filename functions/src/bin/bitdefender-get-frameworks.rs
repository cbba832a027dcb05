//! The function `bitdefender-get-frameworks`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::bitdefender_get_frameworks::ROUTE)
}
