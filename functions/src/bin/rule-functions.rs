//! Functions about rules and what they are asked of, but for those that judge: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{get_rule, infracast_run_audit, list_rules, retire_rule, runtime, set_rule_params};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &get_rule::ROUTE,
            &infracast_run_audit::ROUTE,
            &list_rules::ROUTE,
            &retire_rule::ROUTE,
            &set_rule_params::ROUTE,
        ],
        &[],
    )
}
