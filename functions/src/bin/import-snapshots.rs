//! The function `import-snapshots`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::import_snapshots::ROUTE)
}
