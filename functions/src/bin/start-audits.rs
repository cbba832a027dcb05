//! The function `start-audits`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::start_audits::TRIGGER)
}
