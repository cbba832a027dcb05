//! Retires a rule of a tenant's own: runs judge by it no more, and the next one marks its findings as gone.

use super::rule_sheets::{absent, get_rule_sheet};
use crate::domain::audit_rule::{Deed, OwnRule, RuleSheet};
use crate::domain::{Caller, Error};
use crate::ledger::Writer;

/// Races that a change may lose.
const MAX_RACES: usize = 8;

/// Retires a rule; the rule as it is then. Once more changes nothing.
///
/// Errors: [`Error::NotFound`] when the tenant has no such rule of its own.
pub async fn retire_rule(writer: &Writer, caller: &Caller, key: &str) -> Result<RuleSheet, Error> {
    for _ in 0..MAX_RACES {
        let own = writer.own_rule_list(&caller.tenant).await?;
        let known = own.into_iter().find(|own| own.key == key).ok_or_else(absent)?;
        let now = Deed { at: writer.clock().now(), by: caller.identity() };
        let is_done = known.retired.is_some();
        if is_done || writer.own_rule_put(&caller.tenant, OwnRule { retired: Some(now), ..known }).await?.is_some() {
            return get_rule_sheet(writer, &caller.tenant, key, None).await;
        }
    }
    Err(Error::Conflict("others change this rule at the same moment; ask again".to_owned()))
}
