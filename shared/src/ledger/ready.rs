//! One finding with everything that a change of it is decided from and committed on, read in two rounds; and such a change, in one.
//!
//! This is the way of what nobody contends for. Where a commit came between, or anything is not as the log has it, the
//! writer's ordinary way finds out why.

use super::commit::{Before, Committed, Draft, Known};
use super::items::{FindingItem, Head};
use super::round::{Round, Weighed};
use super::rules::Lists;
use super::writer::Intent;
use super::{Found, Need, Reader, View, When, Writer, keys};
use crate::domain::{AsOf, Column, Error, Family, Finding, FindingKey, Instant, Ordinal, Outcome, TenantId};
use crate::tally::carried;
use std::collections::HashMap;
use std::sync::Arc;

/// A finding that is ready to be changed.
#[derive(Debug, Clone)]
pub struct Ready {
    head: Head,
    known: Known,
    key: FindingKey,
    /// When a producer last reported it.
    last_seen: Option<Instant>,
    found: Found,
}

/// What looking for a finding by its producer's names comes to.
#[derive(Debug)]
pub enum Keyed {
    /// It is ready.
    Ready(Box<Ready>),
    /// Nothing has these names in this state, whose columns were not loaded.
    Absent(View),
    /// That takes a second look.
    Unsure,
}

/// What became of a finding that was ready, and what it is then.
#[derive(Debug, Clone)]
pub struct Became {
    /// What became of the intent.
    pub outcome: Outcome,
    /// The finding.
    pub found: Found,
    /// The state that it is of.
    pub state: AsOf,
}

impl Ready {
    /// The finding as it is, evaluated.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Its producer's names.
    pub fn key(&self) -> &FindingKey {
        &self.key
    }
}

impl Reader {
    /// Makes the finding of a number ready; `None` when there is none, or when that takes a second look.
    pub async fn ready_numbered(&self, tenant: &TenantId, ordinal: Ordinal) -> Result<Option<Ready>, Error> {
        let need = Need::of([Family::Core, Family::Seen, Family::Ids], [ordinal]);
        let (head, view) = tokio::try_join!(self.head(tenant), self.view(tenant, When::Now, &need))?;
        if ordinal.0 >= view.count() || !is_at(&view, &head) {
            return Ok(None);
        }
        let Some(at) = view.document_at(ordinal)? else { return Ok(None) };
        let key = view.key(ordinal)?;
        let (place, documents) = (keys::finding(tenant, &key), [(ordinal, at)]);
        let (item, mut documents) =
            tokio::try_join!(self.store.get(&place, true), self.documents_exact(tenant, &documents, true))?;
        let (Some(item), Some(document)) = (item, documents.remove(&ordinal)) else { return Ok(None) };
        ready(head, &view, FindingItem::from_item(&item)?, key, (ordinal, document.finding()?))
    }

    /// Makes the finding of its producer's names ready.
    pub async fn ready_keyed(&self, tenant: &TenantId, key: &FindingKey) -> Result<Keyed, Error> {
        let (place, nothing) = (keys::finding(tenant, key), Need::default());
        let (head, item, view) =
            tokio::try_join!(self.head(tenant), self.store.get(&place, true), self.view(tenant, When::Now, &nothing))?;
        let Some(item) = item else { return Ok(Keyed::Absent(view)) };
        let item = FindingItem::from_item(&item)?;
        if item.ordinal.0 >= view.count() || !is_at(&view, &head) {
            return Ok(Keyed::Unsure);
        }
        let need = Need::of([Family::Core, Family::Seen], [item.ordinal]);
        let documents = [(item.ordinal, item.document_at)];
        let (view, mut documents) =
            tokio::try_join!(self.view_again(tenant, &view, &need), self.documents_exact(tenant, &documents, true))?;
        let Some(document) = documents.remove(&item.ordinal) else { return Ok(Keyed::Unsure) };
        let ordinal = item.ordinal;
        let ready = ready(head, &view, item, key.clone(), (ordinal, document.finding()?))?;
        Ok(ready.map_or(Keyed::Unsure, |ready| Keyed::Ready(Box::new(ready))))
    }
}

/// Whether a view ends where the head is.
fn is_at(view: &View, head: &Head) -> bool {
    head.seq > 0 && (view.seq, view.chain) == (head.seq, head.chain)
}

/// A finding is ready if its item is as the log has it.
fn ready(
    head: Head,
    view: &View,
    item: FindingItem,
    key: FindingKey,
    (ordinal, mut finding): (Ordinal, Finding),
) -> Result<Option<Ready>, Error> {
    if item.ordinal != ordinal || view.document_at(ordinal)? != Some(item.document_at) || finding.key() != key {
        return Ok(None);
    }
    let seen = view.seen(ordinal)?;
    let last_seen = view.cell(ordinal, Column::LastSeen)?.int().map(Instant);
    crate::domain::asff::lay_over(&mut finding, &seen);
    let found = Found {
        ordinal,
        finding: finding.clone().evaluated(view.at),
        last_seen: last_seen.unwrap_or(item.document_at),
    };
    let known = Known { item, newest: None, document: Some((finding, seen)) };
    Ok(Some(Ready { head, known, key, last_seen, found }))
}

impl Writer {
    /// Carries an intent out on a finding that is ready, as [`Writer::submit`] does; `None` when somebody else was faster or is at it
    /// in this process, and nothing was done.
    pub async fn submit_ready(&self, tenant: &TenantId, ready: Ready, intent: Intent) -> Result<Option<Became>, Error> {
        let (writer, tenant, lane) = (self.clone(), tenant.clone(), self.lane(tenant));
        // A task of its own, so that a caller who goes away leaves nothing between a commit and what follows it.
        let task = tokio::spawn(carried(async move {
            let Ok(_turn) = lane.turn.try_lock() else { return Ok(None) };
            writer.change_ready(&tenant, ready, &intent).await
        }));
        task.await.map_err(Error::internal)?
    }

    async fn change_ready(&self, tenant: &TenantId, ready: Ready, intent: &Intent) -> Result<Option<Became>, Error> {
        let Ready { head, known, key, last_seen, found } = ready;
        let board = HashMap::from([(key.clone(), Before { known: Some(known), stray: None })]);
        let mut round = Round {
            draft: Draft::after(head, self.clock.now()),
            board,
            rules: Lists::default(),
            memory: Arc::clone(&self.rules),
            pending: Vec::new(),
        };
        let Weighed::Settled(outcome) = self.weigh(tenant, &mut round, intent).await? else { return Ok(None) };
        let mut head = round.draft.head.clone();
        if !round.draft.is_empty() {
            let (next, grown) = (Draft::after(head.clone(), round.draft.at), round.draft.grown());
            match self.commit(tenant, std::mem::replace(&mut round.draft, next)).await? {
                Committed::Done(newer) => head = newer,
                Committed::Lost | Committed::Throttled => return Ok(None),
            }
            round.rules.settle(&self.rules, tenant, grown);
            self.fold_if_due(tenant, &head).await;
        }
        let known = round.board.remove(&key).and_then(|before| before.known);
        let Some(Known { item, document: Some((finding, _)), .. }) = known else {
            return Err(Error::internal("a finding that was decided about is not there"));
        };
        let now = self.clock.now().max(head.at);
        let last_seen = last_seen.unwrap_or(item.document_at);
        let found = Found { ordinal: found.ordinal, finding: finding.evaluated(now), last_seen };
        Ok(Some(Became { outcome, found, state: AsOf { at: now, seq: Some(head.seq) } }))
    }
}
