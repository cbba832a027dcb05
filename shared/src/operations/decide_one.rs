//! Decides about one finding, and shows what it is then.
//!
//! What a decision needs to know of its finding can be read before it is known whether the caller may decide: nothing of it
//! shows, and if somebody commits in between, everything is read anew.

use super::account_limits::within;
use super::decide_findings::{decide_finding, findings_of, intents, refusal};
use super::get_finding_by_name::{NamedQuery, get_finding_by_name};
use super::get_findings::get_finding_by_uid;
use super::patchable::{Pushed, pushed};
use super::select_findings::select_by_ids;
use crate::domain::finding::PRODUCT_ARN;
use crate::domain::query::Filter;
use crate::domain::{
    AsOf, Caller, Error, Finding, FindingKey, Outcome, Ruling, TenantId, Terms, Uid, Uids, Wanted, asff,
};
use crate::ledger::{Became, Found, Reader, Ready, When, Writer};

/// A finding that may be decided about, as it was when it was looked at.
#[derive(Debug, Clone)]
pub struct Prepared {
    uid: Uid,
    ready: Ready,
    pushed: Pushed,
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
    /// The finding as it was.
    pub fn finding(&self) -> &Finding {
        &self.ready.found().finding
    }

    /// What the tenant has pushed, which was asked for beside it.
    pub fn pushed(&self) -> &Pushed {
        &self.pushed
    }
}

/// Reads what a decision about a finding needs, in two rounds warm; `None` where it is not found by its uid or by the Id that an
/// audit of our own has given it, or not so fast.
pub async fn prepare_decision(reader: &Reader, tenant: &TenantId, wanted: &Wanted) -> Result<Option<Prepared>, Error> {
    let (ready, pushed) = tokio::join!(prepared(reader, tenant, wanted), pushed(reader, tenant));
    Ok(ready?.map(|(uid, ready)| Prepared { uid, ready, pushed }))
}

async fn prepared(reader: &Reader, tenant: &TenantId, wanted: &Wanted) -> Result<Option<(Uid, Ready)>, Error> {
    let (uids, ready): (Uids, Option<Ready>) = match wanted {
        Wanted::Uid(uid) => {
            if reader.uids_known(tenant).is_some_and(|uids| uids.ordinal(*uid).is_none()) {
                return Ok(None);
            }
            // What is read for the number that a forged uid claims goes nowhere.
            let ready = Box::pin(reader.ready_numbered(tenant, uid.claimed()));
            let read = tokio::try_join!(reader.uids(tenant), ready)?;
            if read.0.ordinal(*uid).is_none() {
                return Ok(None);
            }
            read
        }
        Wanted::Named(name) => {
            let key = FindingKey { product_arn: PRODUCT_ARN.to_owned(), id: name.clone() };
            tokio::try_join!(reader.uids(tenant), Box::pin(reader.ready_keyed(tenant, &key)))?
        }
    };
    Ok(ready.map(|ready| (uids.finding(ready.found().ordinal), ready)))
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
    let ready = match (prepared, wanted) {
        (Some(Prepared { uid, ready, pushed: _ }), _) => Some((uid, ready)),
        (None, Wanted::Named(name)) => named(writer, meant, name).await?,
        (None, Wanted::Uid(_)) => None,
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
async fn named(reader: &Reader, meant: &Meant<'_>, name: &str) -> Result<Option<(Uid, Ready)>, Error> {
    let Meant { among, field, caller, .. } = meant;
    let query = NamedQuery { name: name.to_owned(), among: among.clone(), when: When::Now, field };
    let (found, _, uids) = get_finding_by_name(reader, &caller.tenant, &query).await?.ok_or_else(absent)?;
    // What went wrong here goes wrong again in the ordinary way, or is mended there.
    let ready = Box::pin(reader.ready_numbered(&caller.tenant, found.ordinal)).await.unwrap_or_default();
    Ok(ready.map(|ready| (uids.finding(found.ordinal), ready)))
}

fn absent() -> Error {
    Error::NotFound("there is no such finding".to_owned())
}
