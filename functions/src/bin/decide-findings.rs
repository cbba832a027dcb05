//! The function `decide-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::decide_findings::ROUTE)
}
