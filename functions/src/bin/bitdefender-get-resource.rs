//! The function `bitdefender-get-resource`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::bitdefender_get_resource::ROUTE)
}
