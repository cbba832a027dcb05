//! The function `import-hub-events`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_trigger(&posture_functions::import_hub_events::TRIGGER)
}
