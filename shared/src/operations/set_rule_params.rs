//! Sets parameters of a rule, the catalogue's or a tenant's own, for the tenant's runs.

use super::rule_sheets::get_rule_sheet;
use super::tenant_rules::taken;
use crate::audit::params;
use crate::domain::audit_rule::{Deed, MOST_PARAMS, RuleParams, RuleSheet};
use crate::domain::json::Object;
use crate::domain::{Caller, Error};
use crate::ledger::Writer;

/// Sets these parameters in place of those that were set before; the rule as it is then. What is left out, or null, has its default.
///
/// Errors: [`Error::NotFound`] when there is no such rule; [`Error::Invalid`] names the parameter that does not fit.
pub async fn set_rule_params(
    writer: &Writer,
    caller: &Caller,
    key: &str,
    mut values: Object,
) -> Result<RuleSheet, Error> {
    let mut sheet = get_rule_sheet(writer, &caller.tenant, key, None).await?;
    values.retain(|_, value| !value.is_null());
    for (name, value) in &values {
        let field = || format!("params.{}", name.chars().take(64).collect::<String>());
        let Some(param) = sheet.row.params.get(name) else {
            let known: Vec<&str> = sheet.row.params.keys().map(String::as_str).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("there are {}", known.join(", ")) };
            return Err(Error::invalid(field(), format!("is no parameter of this rule; {known}")));
        };
        params::check(param, value).map_err(|why| Error::invalid(field(), why))?;
    }
    if serde_json::to_string(&values).map_err(Error::internal)?.len() > MOST_PARAMS {
        return Err(Error::invalid("params", format!("must have at most {MOST_PARAMS} bytes")));
    }
    let before = sheet.row.set.as_ref().map(|_| &sheet.row.values);
    if before == Some(&values) {
        return Ok(sheet);
    }
    let set = Deed { at: writer.clock().now(), by: caller.identity() };
    let record = RuleParams { key: sheet.row.key.clone(), values, set };
    writer.rule_params_put(&caller.tenant, &record).await?;
    sheet.row.values = taken(&sheet.row.params, &record.values);
    sheet.row.set = Some(record.set);
    Ok(sheet)
}
