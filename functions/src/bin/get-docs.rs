//! The function `get-docs`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::get_docs::ROUTE)
}
