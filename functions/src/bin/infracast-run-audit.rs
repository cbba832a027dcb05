//! The function `infracast-run-audit`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_run_audit::ROUTE)
}
