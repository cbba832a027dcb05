//! The function `bitdefender-update-checks`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::bitdefender_update_checks::ROUTE)
}
