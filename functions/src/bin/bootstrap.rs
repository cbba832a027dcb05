//! Every function in one program: Lambda's `_HANDLER` says which it is.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run_named()
}
