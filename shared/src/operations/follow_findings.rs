//! Follows the changes of findings from a place in the log on, each told once and in order.
//!
//! Nothing is kept between two looks but the place: what a change tells is read from the log and from the document that it
//! wrote, so that whoever goes on later is told the same.

use super::list_changes::no_place;
use super::question::newest_versions;
use crate::domain::query::Filter;
use crate::domain::{
    AsOf, Column, Error, Family, Finding, Instant, Kind, Position, Row, Source, Standing, TenantId, Uid, Uids,
    Vocabulary,
};
use crate::ledger::{Need, Reader, Recorded, When};

/// Changes that one look reads at most.
const MOST: usize = 100;

/// Where to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    /// With what happens from now on.
    Now,
    /// Behind a place that an earlier answer named.
    Behind(Position),
    /// With what happened after a state that an earlier answer named.
    After(AsOf),
}

/// What somebody follows, and how far it is told.
#[derive(Debug, Clone)]
pub struct Following {
    tenant: TenantId,
    filter: Filter,
    uids: Uids,
    position: Position,
}

/// A change of a finding that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The place right behind it.
    pub position: Position,
    /// The finding.
    pub uid: Uid,
    /// Our own fields of it before; `None` when it was not there.
    pub before: Option<Standing>,
    /// The finding from then on, evaluated at that instant.
    pub finding: Finding,
    /// When a producer last reported it until then.
    pub last_seen: Instant,
}

impl Following {
    /// Begins. [`Error::Invalid`] names `field` when what it begins with is none of this log's.
    pub async fn begin(
        reader: &Reader,
        tenant: &TenantId,
        mut filter: Filter,
        begin: Begin,
        field: &str,
    ) -> Result<Self, Error> {
        let position = async {
            let position = match begin {
                Begin::Now => reader.position(tenant, None).await?,
                Begin::After(state) => reader.position(tenant, Some(state)).await?,
                Begin::Behind(place) => reader.changes(tenant, place, Some(place.at), 0).await?.map(|_| place),
            };
            position.ok_or_else(|| no_place(field))
        };
        let newest = async {
            match filter.asks_newest() {
                true => newest_versions(&reader.view(tenant, When::Now, &Need::all([Family::Core])).await?).map(Some),
                false => Ok(None),
            }
        };
        let (position, newest, uids) = tokio::try_join!(position, newest, reader.uids(tenant))?;
        filter.resolve(&uids);
        if let Some(newest) = newest {
            filter.settle(&newest);
        }
        Ok(Self { tenant: tenant.clone(), filter, uids, position })
    }

    /// How far it is told.
    pub fn position(&self) -> Position {
        self.position
    }

    /// The filter, with everything in it that had to be looked up.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// The next changes that the filter accepts before or after them, and whether there may be more right behind.
    pub async fn next(&mut self, reader: &Reader) -> Result<(Vec<Told>, bool), Error> {
        let found = reader.changes(&self.tenant, self.position, None, MOST).await?;
        let found = found.ok_or_else(|| Error::internal("the log has lost a place that was told"))?;
        let (reached, has_more) = (found.reached, found.has_more);
        let mut told: Vec<(Told, bool)> = found.recorded.into_iter().filter_map(|one| self.told(one)).collect();
        let unsure: Vec<_> = told.iter().filter(|(_, is_sure)| !is_sure).map(|(told, _)| told.uid).collect();
        if !unsure.is_empty() {
            // Who decides does not report: when a producer last did stands in the newest columns.
            let ordinals: Vec<_> = unsure.iter().filter_map(|uid| self.uids.ordinal(*uid)).collect();
            let need = Need::of([Family::Core, Family::Seen], ordinals);
            let view = reader.view(&self.tenant, When::Now, &need).await?;
            for (told, _) in told.iter_mut().filter(|(_, is_sure)| !is_sure) {
                let Some(ordinal) = self.uids.ordinal(told.uid) else { continue };
                let seen = view.cell(ordinal, Column::LastSeen)?.int().map(Instant);
                told.last_seen = seen.map_or(told.last_seen, |seen| seen.min(told.position.at));
            }
        }
        self.position = reached;
        Ok((told.into_iter().map(|(told, _)| told).collect(), has_more))
    }

    /// What is told of a change, and whether its finding was reported with it; `None` when it is none of those that are followed.
    fn told(&self, one: Recorded) -> Option<(Told, bool)> {
        let at = one.position.at;
        let before = (one.kind != Kind::Created).then(|| former(&one)).flatten();
        let finding = one.finding?.evaluated(at);
        let passes = |finding: &Finding| self.filter.accepts(finding, &Row::of(finding, at), at);
        if !passes(&finding) && !before.as_ref().is_some_and(passes) {
            return None;
        }
        let is_reported = matches!(one.actor.source, Source::Import | Source::Audit);
        let uid = self.uids.finding(one.ordinal);
        let before = before.map(|former| former.standing);
        Some((Told { position: one.position, uid, before, finding, last_seen: at }, is_reported))
    }
}

/// The finding with what is judged of it as it was before a change.
fn former(change: &Recorded) -> Option<Finding> {
    let mut finding = change.finding.clone()?;
    let own = &mut finding.standing;
    if let Some(result) = word(change, Column::Result) {
        own.result = result;
    }
    if let Some(severity) = word(change, Column::Severity) {
        own.severity = severity;
    }
    if let Some(presence) = word(change, Column::Presence) {
        own.presence = presence;
    }
    if change.before.contains_key(&Column::Status) {
        own.status = word(change, Column::Status);
    }
    own.ever_failed = own.ever_failed && !change.columns.contains_key(&Column::EverFailed);
    Some(finding)
}

fn word<T: Vocabulary>(change: &Recorded, column: Column) -> Option<T> {
    change.before.get(&column)?.text().and_then(T::from_word)
}
