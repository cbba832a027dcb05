//! What schedules, queues and events wake, but for what judges or asks Security Hub: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{
    fold_ledgers, import_hub_events, record_expiries, record_resource, run_decisions, runtime, start_audits,
    sweep_inventory, verify_ledgers,
};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[],
        &[
            &fold_ledgers::TRIGGER,
            &import_hub_events::TRIGGER,
            &record_expiries::TRIGGER,
            &record_resource::TRIGGER,
            &run_decisions::TRIGGER,
            &start_audits::TRIGGER,
            &sweep_inventory::TRIGGER,
            &verify_ledgers::TRIGGER,
        ],
    )
}
