//! Functions that read findings in Security Hub's dialect, and their history in our own: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    get_finding_history, list_changes, list_decisions, runtime, securityhub_describe_hub,
    securityhub_get_finding_history, securityhub_get_findings, securityhub_list_enabled_products,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &get_finding_history::ROUTE,
            &list_changes::ROUTE,
            &list_decisions::ROUTE,
            &securityhub_describe_hub::ROUTE,
            &securityhub_get_finding_history::ROUTE,
            &securityhub_get_findings::ROUTE,
            &securityhub_list_enabled_products::ROUTE,
        ],
        &[],
    )
}
