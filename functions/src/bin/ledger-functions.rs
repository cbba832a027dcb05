//! Functions of Security Hub's dialect and our own, and what schedules and queues wake: Lambda's `_HANDLER` says which
//! one this process is.

use posture_functions::{
    create_key, decide_findings, fold_ledgers, get_docs, get_finding_history, get_job, get_openapi,
    get_related_resources, get_resource, import_hub_events, import_resources, import_snapshots, list_accounts,
    list_changes, list_decisions, list_jobs, list_keys, list_resources, record_expiries, record_resource, revoke_key,
    run_decisions, runtime, securityhub_batch_import_findings, securityhub_batch_update_findings,
    securityhub_describe_hub, securityhub_get_finding_history, securityhub_get_findings,
    securityhub_list_enabled_products, set_account, verify_ledgers,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &create_key::ROUTE,
            &decide_findings::ROUTE,
            &get_docs::ROUTE,
            &get_finding_history::ROUTE,
            &get_job::ROUTE,
            &get_openapi::ROUTE,
            &get_related_resources::ROUTE,
            &get_resource::ROUTE,
            &import_resources::ROUTE,
            &import_snapshots::ROUTE,
            &list_accounts::ROUTE,
            &list_changes::ROUTE,
            &list_decisions::ROUTE,
            &list_jobs::ROUTE,
            &list_keys::ROUTE,
            &list_resources::ROUTE,
            &revoke_key::ROUTE,
            &securityhub_batch_import_findings::ROUTE,
            &securityhub_batch_update_findings::ROUTE,
            &securityhub_describe_hub::ROUTE,
            &securityhub_get_finding_history::ROUTE,
            &securityhub_get_findings::ROUTE,
            &securityhub_list_enabled_products::ROUTE,
            &set_account::ROUTE,
        ],
        &[
            &fold_ledgers::TRIGGER,
            &import_hub_events::TRIGGER,
            &record_expiries::TRIGGER,
            &record_resource::TRIGGER,
            &run_decisions::TRIGGER,
            &verify_ledgers::TRIGGER,
        ],
    )
}
