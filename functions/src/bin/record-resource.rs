//! The function `record-resource`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::record_resource::TRIGGER)
}
