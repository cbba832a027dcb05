//! One finding by its uid, with the names that its answer shows.

use super::list_rules::newest_versions;
use crate::domain::{Accounts, Column, Error, Family, TenantId, Uid, Uids};
use crate::ledger::{Found, Need, Reader, When};

/// A finding with what names it.
#[derive(Debug, Clone)]
pub struct NamedFinding {
    /// The finding, evaluated at the instant of the state.
    pub found: Found,
    /// How uids are made.
    pub uids: Uids,
    /// How accounts are called.
    pub accounts: Accounts,
    /// The number of its rule's newest version.
    pub rule_version: i64,
}

/// One finding by its uid, as of an instant; `None` for a uid that is none of this tenant's. Names are read beside it:
/// two rounds warm, three cold. The rule's newest version at a past instant takes the columns of all findings.
pub async fn get_named_finding(
    reader: &Reader,
    tenant: &TenantId,
    uid: Uid,
    when: When,
) -> Result<Option<NamedFinding>, Error> {
    if reader.uids_known(tenant).is_some_and(|uids| uids.ordinal(uid).is_none()) {
        return Ok(None);
    }
    // What is read for the number that a forged uid claims goes nowhere.
    let (ordinal, families) = (uid.claimed(), [Family::Core, Family::Seen]);
    let is_now = when == When::Now;
    let need = if is_now { Need::of(families, [ordinal]) } else { Need::all(families) };
    let (uids, accounts, view) =
        tokio::join!(reader.uids(tenant), reader.account_list(tenant), reader.view(tenant, when, &need));
    let (uids, accounts, view) = (uids?, accounts?, view?);
    if uids.ordinal(uid).is_none() || ordinal.0 >= view.count() {
        return Ok(None);
    }
    let rule = view.cell(ordinal, Column::GeneratorId)?;
    let rule = rule.text().unwrap_or_default();
    let newest = async {
        match is_now {
            true => Ok(reader.newest_rule_version(tenant, rule).await?.map(i64::from)),
            false => Ok::<_, Error>(newest_versions(&view, [rule])?.get(rule).copied()),
        }
    };
    let places = [ordinal];
    let (mut found, newest) = tokio::try_join!(reader.documents(tenant, &view, &places), newest)?;
    let Some(found) = found.pop() else { return Ok(None) };
    Ok(Some(NamedFinding { found, uids, accounts: Accounts::of(accounts), rule_version: newest.unwrap_or(1) }))
}
