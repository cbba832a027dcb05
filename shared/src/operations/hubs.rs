//! Which hubs there are, and with whose credentials they are asked.

use crate::config::Settings;
use crate::domain::inventory::Scope;
use crate::upstream::{Aws, Pace, account_of_role};
use std::collections::BTreeMap;

/// Which hubs there are, and how they are asked.
#[derive(Debug, Clone)]
pub struct Hubs {
    /// Who reads.
    pub aws: Aws,
    /// The regions whose hubs are read in every account; the reader's own if there are none.
    pub regions: Vec<String>,
    /// Roles in other accounts, by their ARNs, whose hubs are read too.
    pub roles: Vec<String>,
    /// The external id with which the roles are taken on.
    pub external_id: Option<String>,
    /// How quickly a hub is asked.
    pub pace: Pace,
    /// How quickly it is told.
    pub telling: Pace,
    /// Whether nobody else can be at it, so that a lease is one of a worker that died.
    pub alone: bool,
}

impl Hubs {
    /// As settings say.
    pub fn of(aws: Aws, settings: &Settings) -> Self {
        let external_id = settings.member_external_id.clone();
        let (regions, roles) = (settings.hub_regions(), settings.member_roles());
        Self { aws, regions, roles, external_id, pace: Pace::READING, telling: Pace::TELLING, alone: false }
    }

    /// Who reads in other accounts: a role, and AWS as it sees it.
    pub fn members(&self) -> impl Iterator<Item = (&str, Aws)> {
        self.roles.iter().map(|role| (role.as_str(), self.aws.as_role(role, self.external_id.as_deref())))
    }
}

/// The account of one's own credentials. If AWS does not say, that is in `unread`.
pub(super) async fn own_account(hubs: &Hubs, unread: &mut BTreeMap<Scope, String>) -> Option<String> {
    let refusal = match hubs.aws.account().await {
        Ok(account) => return Some(account),
        Err(refusal) => refusal,
    };
    let nobody = Scope { account: "-".to_owned(), region: hubs.aws.region().to_owned() };
    unread.insert(nobody, format!("AWS does not say whose credentials these are: {refusal}"));
    None
}

/// Every hub with the credentials that it is asked with, by account, and in the order of the regions. What cannot be asked is in `unread`, with
/// the reason.
pub(super) async fn known_as(hubs: &Hubs, unread: &mut BTreeMap<Scope, String>) -> Vec<(Scope, Aws)> {
    let own = own_account(hubs, unread).await;
    known_to(hubs, own, unread)
}

/// The same, where one's own account is known, or known not to be.
pub(super) fn known_to(hubs: &Hubs, own: Option<String>, unread: &mut BTreeMap<Scope, String>) -> Vec<(Scope, Aws)> {
    let mut readers: BTreeMap<String, Aws> = own.map(|account| (account, hubs.aws.clone())).into_iter().collect();
    for role in &hubs.roles {
        match account_of_role(role) {
            // One's own account is read as oneself.
            Some(account) => {
                let reader = || hubs.aws.as_role(role, hubs.external_id.as_deref());
                readers.entry(account.to_owned()).or_insert_with(reader);
            }
            None => {
                let nowhere = Scope { account: role.clone(), region: "-".to_owned() };
                unread.insert(nowhere, "is no role's ARN such as arn:aws:iam::123456789012:role/name".to_owned());
            }
        }
    }
    let regions = if hubs.regions.is_empty() { vec![hubs.aws.region().to_owned()] } else { hubs.regions.clone() };
    let of = |(account, aws): (String, Aws)| {
        let scope = |region: &String| Scope { account: account.clone(), region: region.clone() };
        regions.iter().map(|region| (scope(region), aws.clone())).collect::<Vec<_>>()
    };
    readers.into_iter().flat_map(of).collect()
}
