//! The function `infracast-accept-finding`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_accept_finding::ROUTE)
}
