//! Follows the changes of findings from a place in the log on, each told once and in order.
//!
//! Nothing is kept between two looks but the place: what a change tells is read from the log and from the document that it
//! wrote, so that whoever goes on later is told the same.

use super::list_changes::{begin, newest_position};
use super::question::newest_versions;
use crate::domain::query::Filter;
use crate::domain::{
    Acceptance, Column, Error, Family, Finding, Instant, Kind, Ordinal, Place, Position, Row, Source, Standing,
    TenantId, Uid, Uids, Vocabulary,
};
use crate::ledger::{Need, Reader, Recorded, When};
use std::collections::BTreeMap;

/// Changes that one look reads at most.
const MOST: usize = 100;
/// What the log has former values of, or tells by itself.
const JUDGED: [Column; 6] =
    [Column::Result, Column::Severity, Column::Status, Column::Presence, Column::ExpiresAt, Column::EverFailed];

/// What somebody follows, and how far it is told.
#[derive(Debug, Clone)]
pub struct Following {
    tenant: TenantId,
    filter: Filter,
    /// Columns that the filter looks at, and whose former values the log does not have.
    unjudged: Vec<Column>,
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
    /// Begins at a place, or with what happens from now on. [`Error::Invalid`] names `field` when the place is none of this log's.
    pub async fn begin(
        reader: &Reader,
        tenant: &TenantId,
        mut filter: Filter,
        place: Option<Place>,
        field: &str,
    ) -> Result<Self, Error> {
        let position = async {
            match place {
                None => newest_position(reader, tenant).await,
                Some(place) => begin(reader, tenant, place, field).await,
            }
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
        let unjudged = filter.columns().into_iter().filter(|column| !JUDGED.contains(column)).collect();
        Ok(Self { tenant: tenant.clone(), filter, unjudged, uids, position })
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
        let mut told = Vec::new();
        let mut unreported: BTreeMap<(u64, Instant), Vec<(usize, Ordinal)>> = BTreeMap::new();
        for change in found.recorded {
            let (ordinal, is_report) = (change.ordinal, change.actor.source.is_report());
            let Some(one) = self.told(reader, change).await? else { continue };
            if !is_report {
                let Position { at, seq, .. } = one.position;
                unreported.entry((seq, at)).or_default().push((told.len(), ordinal));
            }
            told.push(one);
        }
        // Who decides does not report: when a producer last did stands in the columns.
        for ((seq, at), those) in unreported {
            let state = When::Pinned { seq, at, chain: None };
            let need = Need::of([Family::Core, Family::Seen], those.iter().map(|(_, ordinal)| *ordinal));
            let view = reader.view_held(&self.tenant, state, &need).await?;
            for (place, ordinal) in those {
                let Some(one) = told.get_mut(place) else { continue };
                one.last_seen = view.cell(ordinal, Column::LastSeen)?.int().map_or(at, Instant);
            }
        }
        self.position = found.reached;
        Ok((told, found.has_more))
    }

    /// What is told of a change, as if a producer had reported it; `None` when it is none of those that are followed.
    async fn told(&self, reader: &Reader, mut change: Recorded) -> Result<Option<Told>, Error> {
        let at = change.position.at;
        let finding = change.finding.take().filter(|_| change.actor.source != Source::Told);
        let Some(finding) = finding else { return Ok(None) };
        let passes = |finding: &Finding| self.filter.accepts(finding, &Row::of(finding, at), at);
        let mut is_told = false;
        let mut before = None;
        if change.kind != Kind::Created {
            let recorded = former(finding.clone(), &change);
            is_told = passes(&recorded);
            let evaluated = recorded.evaluated(at);
            is_told = is_told || passes(&evaluated);
            before = Some(evaluated.standing);
        }
        let finding = finding.evaluated(at);
        is_told = is_told || passes(&finding);
        // The log has only what was judged before; the document before it has the rest.
        if !is_told && before.is_some() && self.unjudged.iter().any(|column| change.columns.contains_key(column)) {
            let document = reader.before_change(&self.tenant, &change).await?;
            is_told = document.is_some_and(|recorded| passes(&recorded) || passes(&recorded.evaluated(at)));
        }
        if !is_told {
            return Ok(None);
        }
        let uid = self.uids.finding(change.ordinal);
        Ok(Some(Told { position: change.position, uid, before, finding, last_seen: at }))
    }
}

/// A finding with what is judged of it as it was recorded before a change.
fn former(mut finding: Finding, change: &Recorded) -> Finding {
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
    if let Some(cell) = change.before.get(&Column::ExpiresAt) {
        let ended = cell.int().map(Instant);
        let nobody = || Acceptance {
            justification: String::new(),
            approved_by: None,
            review_date: None,
            expires_at: None,
            by: String::new(),
            at: change.position.at,
        };
        own.acceptance = ended.map(|ended| Acceptance { expires_at: Some(ended), ..nobody() });
    }
    own.ever_failed = own.ever_failed && !change.columns.contains_key(&Column::EverFailed);
    finding
}

fn word<T: Vocabulary>(change: &Recorded, column: Column) -> Option<T> {
    change.before.get(&column)?.text().and_then(T::from_word)
}
