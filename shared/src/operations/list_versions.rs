//! The versions of a finding, newest first: what every one of its documents says, beside the one before it.

use super::get_finding_by_name::{NamedQuery, get_finding_by_name};
use crate::domain::query::Filter;
use crate::domain::{Error, Instant, Ordinal, TenantId, Uid, Uids, Wanted};
use crate::ledger::{Reader, Version, When};

/// Bytes of documents that a page compares. A changed field stands in it twice, as a text within JSON within an answer: four times as
/// much at worst, and Lambda's answers end at 6 MB.
const TEXT_BYTES: usize = 1_200_000;

/// A question for a page of a finding's versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionsQuery {
    /// Which finding.
    pub wanted: Wanted,
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Before this instant.
    pub before: Option<Instant>,
    /// Versions of a page.
    pub limit: usize,
    /// What names the finding, for errors.
    pub field: &'static str,
}

/// A page of a finding's versions.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionsPage {
    /// The finding.
    pub uid: Uid,
    /// Newest first.
    pub versions: Vec<Version>,
    /// Before which instant the next page lies; `None` after the last.
    pub next: Option<Instant>,
}

/// A page of a finding's versions; [`Error::NotFound`] for one that was never there. By its uid two rounds, whatever the tenant's
/// size.
pub async fn list_versions(reader: &Reader, tenant: &TenantId, query: VersionsQuery) -> Result<VersionsPage, Error> {
    let (uid, ordinal) = numbered(reader, tenant, &query).await?;
    let interval = (query.from, query.to);
    let mut found = reader.versions(tenant, ordinal, interval, query.before, query.limit, TEXT_BYTES).await?;
    let is_first_page = query.before.is_none() && query.to.is_none() && query.from.is_none();
    if is_first_page && found.versions.is_empty() {
        return Err(Error::NotFound("there is no such finding".to_owned()));
    }
    found.versions.truncate(query.limit);
    Ok(VersionsPage { uid, versions: found.versions, next: found.before })
}

async fn numbered(reader: &Reader, tenant: &TenantId, query: &VersionsQuery) -> Result<(Uid, Ordinal), Error> {
    let none = || Error::NotFound("there is no such finding".to_owned());
    match &query.wanted {
        Wanted::Uid(uid) => {
            let uids: Uids = reader.uids(tenant).await?;
            uids.ordinal(*uid).map(|ordinal| (*uid, ordinal)).ok_or_else(none)
        }
        Wanted::Named(name) => {
            let named =
                NamedQuery { name: name.clone(), among: Filter::default(), when: When::Now, field: query.field };
            let (found, _, uids) = get_finding_by_name(reader, tenant, &named).await?.ok_or_else(none)?;
            Ok((uids.finding(found.ordinal), found.ordinal))
        }
    }
}
