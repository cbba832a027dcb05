//! The function `securityhub-list-enabled-products`.

fn main() -> Result<(), lambda_runtime::Error> {
    posture_functions::runtime::run(&posture_functions::securityhub_list_enabled_products::ROUTE)
}
