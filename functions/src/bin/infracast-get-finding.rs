//! The function `infracast-get-finding`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_get_finding::ROUTE)
}
