//! The function `infracast-get-terraform-patch`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_get_terraform_patch::ROUTE)
}
