//! The function `synchronise-hubs`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::synchronise_hubs::TRIGGER)
}
