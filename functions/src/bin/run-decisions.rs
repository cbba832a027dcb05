//! The function `run-decisions`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::run_decisions::TRIGGER)
}
