//! The function `infracast-resolve-finding`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_resolve_finding::ROUTE)
}
