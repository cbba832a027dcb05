//! The function `infracast-stream-findings`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::infracast_stream_findings::ROUTE)
}
