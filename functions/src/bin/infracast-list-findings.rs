//! The function `infracast-list-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_list_findings::ROUTE)
}
