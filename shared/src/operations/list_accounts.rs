//! Which AWS accounts a caller has to do with.

use crate::domain::{Caller, Column, Error, Family, Instant};
use crate::ledger::{Need, Reader, When};

/// The accounts that a caller has to do with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// Their ids, ascending: the key's own list, else those that somebody named, else those of findings.
    pub ids: Vec<String>,
    /// When the tenant's first finding was seen; now, when there is none.
    pub since: Instant,
}

/// The accounts that a caller has to do with (DESIGN §5).
pub async fn list_accounts(reader: &Reader, caller: &Caller) -> Result<Concerned, Error> {
    let need = Need::all([Family::Core, Family::Times]);
    let (named, view) =
        tokio::join!(reader.account_list(&caller.tenant), reader.view(&caller.tenant, When::Now, &need));
    let (named, view) = (named?, view?);
    let first = view.distinct(Column::FirstSeen)?.into_iter().filter_map(|cell| cell.int()).min();
    let since = first.map_or(view.at, Instant);
    let ids = match &caller.accounts {
        Some(accounts) => accounts.iter().cloned().collect(),
        None if !named.is_empty() => named.into_iter().map(|account| account.id).collect(),
        None => {
            let seen = view.distinct(Column::AwsAccountId)?;
            seen.iter().filter_map(|cell| cell.text().map(str::to_owned)).collect()
        }
    };
    Ok(Concerned { ids, since })
}
