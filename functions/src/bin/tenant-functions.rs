//! Functions about what a tenant has beside its findings (keys, accounts, jobs), and the documents about all of it:
//! Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    create_key, get_docs, get_job, get_openapi, list_accounts, list_jobs, list_keys, revoke_key, runtime, set_account,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[
            &create_key::ROUTE,
            &get_docs::ROUTE,
            &get_job::ROUTE,
            &get_openapi::ROUTE,
            &list_accounts::ROUTE,
            &list_jobs::ROUTE,
            &list_keys::ROUTE,
            &revoke_key::ROUTE,
            &set_account::ROUTE,
        ],
        &[],
    )
}
