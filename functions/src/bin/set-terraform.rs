//! The function `set-terraform`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::set_terraform::ROUTE)
}
