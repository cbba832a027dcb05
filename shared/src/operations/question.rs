//! A question about findings, opened: the state that it is asked of, and what its filter needs to know beside it.

use crate::domain::query::{Clause, Filter, Match, Test};
use crate::domain::{Accounts, Column, Error, Family, Named, TenantId, Uid, Uids};
use crate::ledger::{Need, Reader, View, When};
use std::collections::BTreeSet;

/// Which findings, and as of when.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// Which findings.
    pub filter: Filter,
    /// Only of accounts in the groups of these uids.
    pub groups: Option<BTreeSet<Uid>>,
    /// As of when.
    pub when: When,
    /// Whether the answer shows names of accounts.
    pub names: bool,
}

/// What a question is answered from.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The state.
    pub view: View,
    /// How uids are made.
    pub uids: Uids,
    /// Names of accounts, if the question needs them.
    pub accounts: Accounts,
    /// The filter, with everything in it that had to be looked up.
    pub filter: Filter,
}

impl Question {
    /// Reads the state, with the columns of the filter and of `families`, and beside it in the same round whatever else
    /// is needed.
    pub async fn open(
        &self,
        reader: &Reader,
        tenant: &TenantId,
        families: impl IntoIterator<Item = Family>,
    ) -> Result<Opened, Error> {
        let families = self.filter.columns().into_iter().map(Column::family).chain(families);
        let need = Need::all(families.chain([Family::Core]));
        let accounts = async {
            match self.names || self.groups.is_some() {
                true => reader.account_list(tenant).await.map(Accounts::of),
                false => Ok(Accounts::default()),
            }
        };
        let (view, uids, accounts) =
            tokio::try_join!(reader.view(tenant, self.when, &need), reader.uids(tenant), accounts)?;
        let mut filter = self.filter.clone();
        filter.resolve(&uids);
        if let Some(groups) = &self.groups {
            filter = filter.and_one_of(of_groups(groups, &accounts, &uids));
        }
        Ok(Opened { view, uids, accounts, filter })
    }
}

/// The findings of accounts in some groups. An account that nobody has put into a group is in the default one.
fn of_groups(groups: &BTreeSet<Uid>, accounts: &Accounts, uids: &Uids) -> Vec<Filter> {
    let is_among = |group: &str| groups.contains(&uids.named(Named::Group, group));
    let within = accounts.iter().filter(|account| is_among(&account.group)).map(|account| account.id.clone());
    let mut filters = vec![Filter::of([Clause::on(Column::AwsAccountId, Test::one_of(within))])];
    if is_among(crate::domain::account::DEFAULT_GROUP) {
        let elsewhere = accounts.iter().map(|account| Match::Equals(account.id.clone()));
        filters.push(Filter::of([Clause::on(Column::AwsAccountId, Test::none(elsewhere))]));
    }
    filters
}
