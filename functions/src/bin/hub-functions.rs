//! The function that brings Security Hub's SDK along: Lambda's `_HANDLER` names it.

use posture_functions::{runtime, synchronise_hubs};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(&[], &[&synchronise_hubs::TRIGGER])
}
