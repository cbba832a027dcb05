//! The function `bitdefender-get-finding-changes`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::bitdefender_get_finding_changes::ROUTE)
}
