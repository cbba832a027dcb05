//! Functions that judge resources, which bring Rego's interpreter along: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{run_audits, runtime, set_rule};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(&[&set_rule::ROUTE], &[&run_audits::TRIGGER])
}
