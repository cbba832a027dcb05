//! The functions that ask Security Hub: one brings its SDK along. Lambda's `_HANDLER` says which
//! one this process is.

use posture_functions::{runtime, synchronise_hubs, tell_hubs};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(&[], &[&synchronise_hubs::TRIGGER, &tell_hubs::TRIGGER])
}
