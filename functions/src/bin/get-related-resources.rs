//! The function `get-related-resources`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::get_related_resources::ROUTE)
}
