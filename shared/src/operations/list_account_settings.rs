//! How each AWS account of a tenant is called, and whether it is scanned.

use crate::domain::{Account, Caller, Column, Error, Family};
use crate::ledger::{Need, Reader, When};
use std::collections::BTreeMap;

/// The accounts that somebody has named and those that findings are about, by id, as far as the caller's key is good
/// for them. Those that nobody has named have the defaults of [`Account::unnamed`].
pub async fn list_account_settings(reader: &Reader, caller: &Caller) -> Result<Vec<Account>, Error> {
    let need = Need::all([Family::Core]);
    let (named, view) =
        tokio::join!(reader.account_list(&caller.tenant), reader.view(&caller.tenant, When::Now, &need));
    let seen = view?.distinct(Column::AwsAccountId)?;
    let seen = seen.iter().filter_map(|cell| cell.text()).map(Account::unnamed);
    let all = seen.chain(named?).map(|account| (account.id.clone(), account));
    // Of two with one id the later one stays, which is the named one.
    let by_id: BTreeMap<String, Account> = all.filter(|(id, _)| caller.may_name_account(id)).collect();
    Ok(by_id.into_values().collect())
}
