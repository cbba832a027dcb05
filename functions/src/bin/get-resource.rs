//! The function `get-resource`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::get_resource::ROUTE)
}
