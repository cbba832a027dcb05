//! Functions about resources and their versions: Lambda's `_HANDLER` says which one this process is.

use posture_functions::{get_related_resources, get_resource, import_resources, list_resources, runtime};

fn main() -> Result<(), lambda_runtime::Error> {
    runtime::run_named(
        &[&get_related_resources::ROUTE, &get_resource::ROUTE, &import_resources::ROUTE, &list_resources::ROUTE],
        &[],
    )
}
