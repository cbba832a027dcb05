//! The function `sweep-inventory`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::sweep_inventory::TRIGGER)
}
