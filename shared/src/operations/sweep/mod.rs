//! Reads the inventory from AWS: what AWS Config knows of the types that rules look at, and what it does not know of an account.
//!
//! A sweep goes type by type, and what it writes may be written twice: it needs no checkpoint. Each type is called covered when
//! all of it is written, so that whoever goes on after a sweep that was killed passes over what is covered since. A type
//! that could not be read is not covered any more, with the reason, until somebody reads it; what is known of its resources stays.
//!
//! A resource that AWS Config no longer lists is asked for by its key before it counts as gone, because lists and queries lag
//! behind. Of what an aggregator collects nobody says which types an account records: a type counts as recorded throughout an
//! account when there is any resource of it there.

mod account;
mod resources;
mod settle;

use super::auditor::Auditor;
use crate::domain::inventory::{Coverage, KnownScope, Scope, Unread};
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::Writer;
use crate::upstream::{Aws, Refusal, Report};
use std::collections::{BTreeMap, BTreeSet};

/// What is read, and by whom.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// Who reads.
    pub aws: Aws,
    /// The regions whose AWS Config is asked, and of which an account's settings are read; the reader's own if there are none.
    pub regions: Vec<String>,
    /// The aggregator that is asked instead of each region's AWS Config.
    pub aggregator: Option<String>,
}

/// What a sweep found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Swept {
    /// The account that asked.
    pub account: String,
    /// Items that were read.
    pub read: u64,
    /// Resources that are new, or there again.
    pub created: u64,
    /// Resources that are otherwise than before.
    pub changed: u64,
    /// Resources that are as before.
    pub unchanged: u64,
    /// Resources that are no more.
    pub deleted: u64,
    /// Items that were not taken.
    pub rejected: u64,
    /// Types of scopes that are covered now, one for each pair.
    pub covered: u64,
    /// What could not be read, with the reason.
    pub unread: BTreeSet<String>,
    /// What else is to be known, such as that a region records nothing.
    pub notes: BTreeSet<String>,
    /// Whether it went through everything.
    pub done: bool,
}

impl Swept {
    /// Adds what was found in another account; the account that asked stays.
    pub fn add(&mut self, more: Self) {
        let Self { account: _, read, created, changed, unchanged, deleted, rejected, covered, unread, notes, done } =
            more;
        self.read += read;
        self.created += created;
        self.changed += changed;
        self.unchanged += unchanged;
        self.deleted += deleted;
        self.rejected += rejected;
        self.covered += covered;
        self.unread.extend(unread);
        self.notes.extend(notes);
        self.done &= done;
    }
}

/// Who hears how many of how many resources are read.
pub type Hear<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// Reads everything that was not read since an instant, until `enough` says so.
///
/// Errors: of the ledger, and when AWS does not even say whose credentials these are. What else AWS refuses is in the answer.
pub async fn sweep_inventory(
    writer: &Writer,
    tenant: &TenantId,
    sweep: &Sweep,
    since: Option<Instant>,
    hear: Hear<'_>,
    enough: impl Fn() -> bool + Sync,
) -> Result<Swept, Error> {
    let refused =
        |refusal: Refusal| Error::Conflict(format!("AWS does not say whose credentials these are: {refusal}"));
    let account = sweep.aws.account().await.map_err(refused)?;
    let known = writer.inventory_scopes(tenant).await?;
    let regions = if sweep.regions.is_empty() { vec![sweep.aws.region().to_owned()] } else { sweep.regions.clone() };
    let mut wanted = Auditor::of_tenant(writer, tenant).await?.needed_kinds();
    wanted.retain(|kind| kind != account::KIND);
    let mut sweeper = Sweeper {
        writer,
        tenant,
        aws: &sweep.aws,
        account: account.clone(),
        regions,
        at: writer.clock().now(),
        since,
        known: known.into_iter().map(|known| (known.scope.clone(), known)).collect(),
        wanted,
        report: None,
        everywhere: BTreeMap::new(),
        hear,
        expected: 0,
        swept: Swept { account, ..Swept::default() },
    };
    sweeper.swept.done = sweeper.everything(sweep.aggregator.as_deref(), &enough).await?;
    Ok(sweeper.swept)
}

struct Sweeper<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    aws: &'a Aws,
    /// The account whose credentials are used.
    account: String,
    regions: Vec<String>,
    /// When the sweep began.
    at: Instant,
    /// What is covered since then is not read again.
    since: Option<Instant>,
    known: BTreeMap<Scope, KnownScope>,
    /// The types that rules look at.
    wanted: BTreeSet<String>,
    /// The credential report, once somebody has asked for it.
    report: Option<Result<Report, Refusal>>,
    /// Of types that are in no region: whether any region told of them, else why not.
    everywhere: BTreeMap<String, Result<(), String>>,
    hear: Hear<'a>,
    expected: u64,
    swept: Swept,
}

impl Sweeper<'_> {
    /// Goes through everything; whether it came to the end.
    async fn everything(
        &mut self,
        aggregator: Option<&str>,
        enough: &(impl Fn() -> bool + Sync),
    ) -> Result<bool, Error> {
        let regions = self.regions.clone();
        let mut recorders = BTreeMap::new();
        for region in &regions {
            let recorded = self.aws.recorders(region).await;
            if aggregator.is_none() && !self.region(region, &recorded, enough).await? {
                return Ok(false);
            }
            recorders.insert(region.clone(), recorded);
        }
        if let Some(aggregator) = aggregator
            && !self.aggregated(aggregator, enough).await?
        {
            return Ok(false);
        }
        self.settle_everywhere().await?;
        self.account_facts(&recorders).await?;
        Ok(true)
    }

    /// Whether a type of a scope was read lately.
    fn is_fresh(&self, scope: &Scope, kind: &str) -> bool {
        let (Some(since), Some(known)) = (self.since, self.known.get(scope)) else { return false };
        let is_of = |name: &String| name == kind || name.strip_prefix(kind).is_some_and(|rest| rest.starts_with('.'));
        known.covered.get(kind).is_some_and(|read| *read >= since) && !known.unread.keys().any(is_of)
    }

    /// A scope of the account whose credentials are used.
    fn own(&self, region: &str) -> Scope {
        Scope { account: self.account.clone(), region: region.to_owned() }
    }

    /// The credential report, read once.
    async fn report(&mut self) -> Result<Report, Refusal> {
        if self.report.is_none() {
            self.report = Some(self.aws.credential_report().await);
        }
        self.report.clone().unwrap_or_else(|| Ok(Report::default()))
    }

    /// Calls types of scopes covered.
    async fn cover(&mut self, scopes: &BTreeSet<Scope>, kind: &str) -> Result<(), Error> {
        for scope in scopes {
            let coverage = Coverage { scope: scope.clone(), types: [(kind.to_owned(), self.at)].into() };
            self.writer.inventory_cover(self.tenant, &coverage).await?;
            self.swept.covered += 1;
        }
        Ok(())
    }

    /// Records that types of a scope could not be read.
    async fn doubt(&mut self, scope: &Scope, kinds: &BTreeSet<String>, reason: &str) -> Result<(), Error> {
        if kinds.is_empty() {
            return Ok(());
        }
        let unread = Unread { at: self.at, reason: reason.to_owned() };
        let unread = kinds.iter().map(|kind| (kind.clone(), unread.clone())).collect();
        let nothing = Coverage { scope: scope.clone(), types: BTreeMap::new() };
        self.writer.inventory_read(self.tenant, &nothing, &unread).await?;
        let Scope { account, region } = scope;
        let names = if kinds.len() > 3 {
            format!("{} types", kinds.len())
        } else {
            kinds.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
        };
        self.swept.unread.insert(format!("{account}/{region} {names}: {reason}"));
        Ok(())
    }
}
