//! One finding by its uid, with the names that its answer shows.

use super::list_rules::newest_versions;
use crate::domain::{Accounts, Column, Error, Family, TenantId, Uid, Uids};
use crate::ledger::{Found, Need, Reader, View, When};

/// A finding with what names it.
#[derive(Debug, Clone)]
pub struct NamedFinding {
    /// The finding, evaluated at the instant of the state.
    pub found: Found,
    /// How uids are made.
    pub uids: Uids,
    /// How accounts are called.
    pub accounts: Accounts,
    /// The number of its rule's newest version, as [`newest_versions`] has it.
    pub rule_version: i64,
}

/// One finding by its uid, as of an instant; `None` for a uid that is none of this tenant's. Names are read beside it:
/// two rounds warm, three cold. One more, for the columns of all findings, when its rule has ever had a newer version
/// than the one that it was judged by: that one may be no finding's any more.
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
    let (ordinal, need) = (uid.claimed(), Need::of([Family::Core, Family::Seen], [uid.claimed()]));
    let (uids, accounts, view) =
        tokio::join!(reader.uids(tenant), reader.account_list(tenant), reader.view(tenant, when, &need));
    let (uids, accounts, view) = (uids?, accounts?, view?);
    if uids.ordinal(uid).is_none() || ordinal.0 >= view.count() {
        return Ok(None);
    }
    let rule = view.cell(ordinal, Column::GeneratorId)?;
    let rule = rule.text().unwrap_or_default();
    let places = [ordinal];
    let (mut found, highest) =
        tokio::try_join!(reader.documents(tenant, &view, &places), reader.highest_rule_version(tenant, rule))?;
    let Some(found) = found.pop() else { return Ok(None) };
    let own = view.cell(ordinal, Column::RuleVersion)?.int();
    let rule_version = match own {
        // There is no newer one to judge by.
        Some(own) if highest.map(i64::from) == Some(own) => own,
        _ => newest_version(reader, tenant, &view, rule).await?,
    };
    Ok(Some(NamedFinding { found, uids, accounts: Accounts::of(accounts), rule_version }))
}

/// The newest version that findings judge by, which takes the columns of all of them.
async fn newest_version(reader: &Reader, tenant: &TenantId, view: &View, rule: &str) -> Result<i64, Error> {
    let view = reader.view_again(tenant, view, &Need::all([Family::Core])).await?;
    Ok(newest_versions(&view, [rule])?.get(rule).copied().unwrap_or(1))
}
