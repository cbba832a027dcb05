//! One finding by its uid, with the names that its answer shows.

use super::get_findings::get_finding_by_uid;
use crate::domain::{Accounts, Error, TenantId, Uid, Uids};
use crate::ledger::{Found, Reader, When};

/// A finding with what names it.
#[derive(Debug, Clone)]
pub struct NamedFinding {
    /// The finding, evaluated at the instant of the state.
    pub found: Found,
    /// How uids are made.
    pub uids: Uids,
    /// How accounts are called.
    pub accounts: Accounts,
}

/// One finding by its uid, as of an instant; `None` for a uid that is none of this tenant's. Names are read beside it.
pub async fn get_named_finding(
    reader: &Reader,
    tenant: &TenantId,
    uid: Uid,
    when: When,
) -> Result<Option<NamedFinding>, Error> {
    if reader.uids_known(tenant).is_some_and(|uids| uids.ordinal(uid).is_none()) {
        return Ok(None);
    }
    let (found, accounts) = tokio::join!(get_finding_by_uid(reader, tenant, uid, when), reader.account_list(tenant));
    let Some((found, _, uids)) = found? else { return Ok(None) };
    Ok(Some(NamedFinding { found, uids, accounts: Accounts::of(accounts?) }))
}
