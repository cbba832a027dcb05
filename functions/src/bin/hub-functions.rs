//! The function that brings Security Hub's SDK along: Lambda's `_HANDLER` says which
//! one this process is.

use posture_functions::{runtime, synchronise_hubs};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(&[], &[&synchronise_hubs::TRIGGER])
}
