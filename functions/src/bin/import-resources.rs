//! The function `import-resources`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::import_resources::ROUTE)
}
