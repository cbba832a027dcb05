//! Decides about one finding, and shows what it is then.
//!
//! What a decision needs to know of its finding can be read before it is known whether the caller may decide: nothing of it
//! shows, and if somebody commits in between, everything is read anew.

use super::account_limits::within;
use super::decide_findings::{decide_finding, findings_of, intents, refusal};
use super::get_finding_by_name::{NamedQuery, get_finding_by_name, get_others_finding_by_name};
use super::get_findings::get_finding_by_uid;
use super::patchable::{Pushed, pushed};
use super::select_findings::select_by_ids;
use crate::domain::finding::PRODUCT_ARN;
use crate::domain::query::Filter;
use crate::domain::{
    AsOf, Caller, Error, Finding, FindingKey, Outcome, Ruling, TenantId, Terms, Uid, Uids, Wanted, asff,
};
use crate::ledger::{Became, Found, Keyed, Reader, Ready, View, When, Writer};

/// What was read for a decision before it was known whether the caller may decide.
#[derive(Debug, Clone)]
pub struct Prepared {
    looked: Looked,
    pushed: Pushed,
}

/// What a first look for a finding has come to.
#[derive(Debug, Clone)]
enum Looked {
    /// It may be decided about, as it was then.
    Ready(Uid, Box<Ready>),
    /// No audit of our own has filed one by this name in that state, which is without columns.
    Unfiled(View, Uids),
    /// It was not found by its uid, or not so fast.
    Unsure,
}

/// Which finding is meant, and by whom.
#[derive(Debug, Clone)]
pub struct Meant<'a> {
    /// The finding.
    pub wanted: Wanted,
    /// Among which findings a name is looked for.
    pub among: Filter,
    /// Whether a finding is one for the dialect.
    pub is_known: fn(&Finding) -> bool,
    /// What carries the id, for errors.
    pub field: &'static str,
    /// Who decides.
    pub caller: &'a Caller,
}

/// A finding after a decision about it.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Its uid.
    pub uid: Uid,
    /// The finding.
    pub found: Found,
    /// The state that it is of.
    pub state: AsOf,
}

impl Prepared {
    /// The finding as it was, where the first look has found it.
    pub fn finding(&self) -> Option<&Finding> {
        match &self.looked {
            Looked::Ready(_, ready) => Some(&ready.found().finding),
            Looked::Unfiled(..) | Looked::Unsure => None,
        }
    }

    /// What the tenant has pushed, which was asked for beside it.
    pub fn pushed(&self) -> &Pushed {
        &self.pushed
    }
}

/// Reads what a decision about a finding needs, in two rounds warm, if it is found by its uid or by the Id that an audit of our own has
/// given it.
pub async fn prepare_decision(reader: &Reader, tenant: &TenantId, wanted: &Wanted) -> Result<Prepared, Error> {
    let (looked, pushed) = tokio::join!(looked(reader, tenant, wanted), pushed(reader, tenant));
    Ok(Prepared { looked: looked?, pushed })
}

async fn looked(reader: &Reader, tenant: &TenantId, wanted: &Wanted) -> Result<Looked, Error> {
    match wanted {
        Wanted::Uid(uid) => {
            if reader.uids_known(tenant).is_some_and(|uids| uids.ordinal(*uid).is_none()) {
                return Ok(Looked::Unsure);
            }
            // What is read for the number that a forged uid claims goes nowhere.
            let ready = Box::pin(reader.ready_numbered(tenant, uid.claimed()));
            let (uids, ready) = tokio::try_join!(reader.uids(tenant), ready)?;
            let ready = ready.filter(|_| uids.ordinal(*uid).is_some());
            Ok(ready.map_or(Looked::Unsure, |ready| Looked::ready(&uids, Box::new(ready))))
        }
        Wanted::Named(name) => {
            let key = FindingKey { product_arn: PRODUCT_ARN.to_owned(), id: name.clone() };
            let (uids, keyed) = tokio::try_join!(reader.uids(tenant), Box::pin(reader.ready_keyed(tenant, &key)))?;
            Ok(match keyed {
                Keyed::Ready(ready) => Looked::ready(&uids, ready),
                Keyed::Absent(view) => Looked::Unfiled(view, uids),
                Keyed::Unsure => Looked::Unsure,
            })
        }
    }
}

impl Looked {
    fn ready(uids: &Uids, ready: Box<Ready>) -> Self {
        Self::Ready(uids.finding(ready.found().ordinal), ready)
    }
}

/// Decides about a finding; it as it is then. Errors as [`decide_finding`]'s, and [`Error::NotFound`] for one that the caller may not write or
/// the dialect does not know.
pub async fn decide_one(
    writer: &Writer,
    meant: &Meant<'_>,
    prepared: Option<Prepared>,
    ruling: Ruling,
    terms: &Terms,
) -> Result<Decided, Error> {
    let Meant { wanted, among, is_known, field, caller } = meant;
    let tenant = &caller.tenant;
    let may = |finding: &Finding| within(caller, Some(finding)).is_some() && is_known(finding);
    let ready = match (prepared.map(|prepared| prepared.looked), wanted) {
        (Some(Looked::Ready(uid, ready)), _) => Some((uid, *ready)),
        (looked, Wanted::Named(name)) => named(writer, meant, name, looked).await?,
        (_, Wanted::Uid(_)) => None,
    };
    if let Some((uid, ready)) = ready.filter(|(_, ready)| may(&ready.found().finding)) {
        let intent = intents(caller, vec![ready.key().clone()], ruling.clone(), terms, asff::decide).pop();
        let intent = intent.ok_or_else(|| Error::internal("a decision lacks its intent"))?;
        if let Some(Became { outcome, found, state }) = writer.submit_ready(tenant, ready, intent).await? {
            return match outcome {
                Outcome::Rejected(rejection) => Err(refusal(rejection)),
                Outcome::Created | Outcome::Changed | Outcome::Unchanged => Ok(Decided { uid, found, state }),
            };
        }
    }
    let found = match wanted {
        Wanted::Uid(uid) => findings_of(writer, caller, &[*uid], *is_known).await?,
        Wanted::Named(_) => {
            select_by_ids(writer, caller, std::slice::from_ref(wanted), among, *is_known, field).await?
        }
    };
    let (uid, key) = found.into_iter().next().ok_or_else(absent)?;
    decide_finding(writer, caller, key, ruling, terms).await?;
    let found = get_finding_by_uid(writer, tenant, uid, When::Now).await?;
    let (found, view, _) = found.ok_or_else(absent)?;
    Ok(Decided { uid, found, state: view.as_of() })
}

/// The finding of a name, ready to be decided about; `None` where that takes a second look. [`Error::NotFound`] when there is none.
async fn named(
    reader: &Reader,
    meant: &Meant<'_>,
    name: &str,
    looked: Option<Looked>,
) -> Result<Option<(Uid, Ready)>, Error> {
    let Meant { among, field, caller, .. } = meant;
    let tenant = &caller.tenant;
    let query = NamedQuery { name: name.to_owned(), among: among.clone(), when: When::Now, field };
    let found = match looked {
        Some(Looked::Unfiled(view, uids)) => {
            let found = get_others_finding_by_name(reader, tenant, &query, view, &uids).await?;
            found.map(|(found, _)| (found, uids))
        }
        _ => get_finding_by_name(reader, tenant, &query).await?.map(|(found, _, uids)| (found, uids)),
    };
    let (found, uids) = found.ok_or_else(absent)?;
    // What went wrong here goes wrong again in the ordinary way, or is mended there.
    let ready = Box::pin(reader.ready_numbered(tenant, found.ordinal)).await.unwrap_or_default();
    Ok(ready.map(|ready| (uids.finding(found.ordinal), ready)))
}

fn absent() -> Error {
    Error::NotFound("there is no such finding".to_owned())
}
