//! Retires a rule of a tenant's own: runs judge by it no more, and the next one marks its findings as gone.

use super::rule_sheets::{absent, own_sheet};
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
        let retired = match known.retired {
            Some(_) => Some(known),
            None => {
                let now = Deed { at: writer.clock().now(), by: caller.identity() };
                writer.own_rule_put(&caller.tenant, OwnRule { retired: Some(now), ..known }).await?
            }
        };
        if let Some(retired) = retired {
            return own_sheet(writer, &caller.tenant, retired, None).await;
        }
    }
    Err(Error::Conflict("others change this rule at the same moment; ask again".to_owned()))
}
