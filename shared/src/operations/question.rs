//! A question about findings, opened: the state that it is asked of, and what its filter needs to know beside it.

use crate::domain::as_of::AHEAD_MS;
use crate::domain::finding::Vocabulary;
use crate::domain::framework::Control;
use crate::domain::query::{Clause, Filter, Match, Test};
use crate::domain::{Accounts, AsOf, Cell, Column, Error, Family, Named, Newest, Presence, TenantId, Uid, Uids};
use crate::ledger::{Need, Reader, View, When};
use crate::secrets::hmac;
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
    /// Whether the answer or the order depends on uids.
    pub uids: bool,
}

/// What a question is answered from.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The state.
    pub view: View,
    uids: Option<Uids>,
    /// Names of accounts, if the question needs them.
    pub accounts: Accounts,
    /// The filter, with everything in it that had to be looked up.
    pub filter: Filter,
    /// Of what the filter depends on and the log does not hold: which accounts are in which groups.
    beside: Option<[u8; 32]>,
}

impl Opened {
    /// How uids are made. [`Error::Internal`] when the question did not say that it needs them.
    pub fn uids(&self) -> Result<&Uids, Error> {
        self.uids.as_ref().ok_or_else(|| Error::internal("a question without uids was answered with some"))
    }

    /// The fingerprint of a question whose own is `asked`: another one when accounts have changed their groups, so that
    /// a walk over groups ends with an error and never repeats or misses a row.
    pub fn fingerprint(&self, asked: &[u8; 32]) -> [u8; 32] {
        self.beside.map_or(*asked, |beside| hmac(asked, &[&beside]))
    }
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
        let uids = async {
            match self.uids || self.groups.is_some() || self.filter.names_uids() {
                true => reader.uids(tenant).await.map(Some),
                false => Ok(None),
            }
        };
        let (view, uids, accounts) = tokio::try_join!(reader.view(tenant, self.when, &need), uids, accounts)?;
        let mut filter = self.filter.clone();
        if let Some(uids) = &uids {
            filter.resolve(uids);
        }
        if filter.asks_newest() {
            filter.settle(&newest_versions(&view)?);
        }
        let mut beside = None;
        if let (Some(groups), Some(uids)) = (&self.groups, &uids) {
            filter = filter.and_one_of(of_groups(groups, &accounts, uids));
            let places = accounts.iter().flat_map(|account| [account.id.as_bytes(), account.group.as_bytes()]);
            beside = Some(hmac(b"groups", &places.collect::<Vec<_>>()));
        }
        Ok(Opened { view, uids, accounts, filter, beside })
    }
}

/// The state that a client asks for: the newest, unless it names another. [`Error::Invalid`] names `field` when it lies
/// ahead of the ledger's now, which no state does that an answer named.
pub async fn when(reader: &Reader, tenant: &TenantId, field: &str, as_of: Option<AsOf>) -> Result<When, Error> {
    let Some(as_of) = as_of else { return Ok(When::Now) };
    let now = reader.now(tenant, as_of.at.plus(-AHEAD_MS)).await?;
    Ok(When::named(as_of.check(field, now)?))
}

/// The newest version of each framework that findings map to: those that are there, else those that are gone. The
/// family `core` must have been loaded.
pub fn newest_versions(view: &View) -> Result<Newest, Error> {
    let active = Filter::of([Clause::on(Column::Presence, Test::one_of([Presence::Active.word()]))]);
    let among = |filter: &Filter| -> Result<Newest, Error> {
        let groups = view.groups(filter, &[Column::Controls])?;
        let cells = groups.keys().flatten();
        Ok(Newest::among(cells.flat_map(Cell::texts).filter_map(|text| Control::from_text(text))))
    };
    Ok(among(&active)?.or(among(&Filter::default())?))
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
