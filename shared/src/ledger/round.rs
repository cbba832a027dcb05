//! One pass over intents: each is decided on what is known of its finding, and what that brings goes into the next commit.

use super::commit::{Before, Draft, Known, stage};
use super::glance::{glance, look};
use super::rules::{Lists, Memory, Numbered, unnumbered};
use super::writer::Intent;
use crate::domain::{Decision, Error, FindingKey, HashAfter, Ordinal, Outcome, Rejection, TenantId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What is known of the findings that a batch concerns.
pub(super) type Board = HashMap<FindingKey, Before>;

/// One pass over intents, from a head on.
pub(super) struct Round {
    pub draft: Draft,
    pub board: Board,
    pub rules: Lists,
    pub memory: Arc<Memory>,
    /// Outcomes that hold only once the draft is committed.
    pub pending: Vec<(usize, Outcome)>,
}

/// What became of an intent.
pub(super) enum Weighed {
    /// This, once the draft is committed.
    Settled(Outcome),
    /// The draft touches the finding already; a change belongs into the next commit.
    Touched,
    /// The draft has no room for it.
    Full,
    /// The versions of this rule must be read first.
    Unread(String),
}

impl Round {
    /// Decides an intent and puts what it brings into the draft.
    pub fn weigh(&mut self, tenant: &TenantId, intent: &Intent) -> Result<Weighed, Error> {
        let before = self.board.entry(intent.key.clone()).or_default();
        let known = before.known.as_ref();
        let mut write = match glance(known, intent).unwrap_or_else(|| look(known, intent, self.draft.at)) {
            Decision::Unchanged => return Ok(Weighed::Settled(Outcome::Unchanged)),
            Decision::Rejected(rejection) => return Ok(Weighed::Settled(Outcome::Rejected(rejection))),
            // A finding occurs at most once in a commit.
            Decision::Write(_) if known.is_some_and(|known| self.draft.touches(known.item.ordinal)) => {
                return Ok(Weighed::Touched);
            }
            _ if self.draft.is_full() => return Ok(Weighed::Full),
            Decision::Observed
                if intent.sent.as_ref().is_some_and(|sent| !self.draft.has_room_to_observe(&sent.seen)) =>
            {
                return Ok(Weighed::Full);
            }
            Decision::Observed => {
                if let (Some(known), Some(sent)) = (before.known.as_mut(), &intent.sent) {
                    self.draft.observe(known.item.ordinal, &sent.seen);
                    known.see_again(&sent.seen);
                }
                return Ok(Weighed::Settled(Outcome::Unchanged));
            }
            Decision::Write(write) => write,
        };
        let document = known.and_then(|known| known.document.as_ref()).map(|(finding, _)| finding);
        let mut grows = None;
        match unnumbered(document, &write).map(|rule| self.rules.number(&self.memory, tenant, rule)) {
            None => {}
            Some(Numbered::Unread(id)) => return Ok(Weighed::Unread(id)),
            Some(Numbered::Known(number)) => write.finding.standing.rule_version = number,
            Some(Numbered::New(number, rule)) => {
                write.finding.standing.rule_version = number;
                grows = Some(rule);
            }
        }
        let ordinal = known.map_or(Ordinal(self.draft.next_ordinal), |known| known.item.ordinal);
        let outcome = if known.is_some() { Outcome::Changed } else { Outcome::Created };
        let sent = match write.hash {
            HashAfter::Set => intent.sent.as_ref().map(|sent| (sent.hash.clone(), sent.seen_hash.clone())),
            HashAfter::Keep => known.and_then(|known| known.item.sent.clone().zip(known.item.seen.clone())),
            HashAfter::Clear => None,
        };
        let Some((mut staged, after)) = stage(tenant, before, ordinal, self.draft.at, *write, sent)? else {
            return Ok(Weighed::Settled(Outcome::Rejected(too_large(&intent.key))));
        };
        staged.rule = grows.as_ref().map(|rule| rule.id.clone());
        if !self.draft.has_room_for(&staged) {
            return Ok(Weighed::Full);
        }
        let versions = grows.map(|rule| self.rules.grow(rule));
        self.draft.add(staged, versions);
        *before = Before { known: Some(after), stray: None };
        Ok(Weighed::Settled(outcome))
    }

    /// The rules whose numbers the intents will ask for and nobody remembers, as far as it can be foreseen.
    pub fn unread_rules(&self, tenant: &TenantId, intents: &[&Intent]) -> HashSet<String> {
        let of = |intent: &&Intent| {
            let known = known_of(&self.board, &intent.key);
            let Decision::Write(write) = glance(known, intent).unwrap_or_else(|| look(known, intent, self.draft.at))
            else {
                return None;
            };
            let document = known.and_then(|known| known.document.as_ref()).map(|(finding, _)| finding);
            match self.rules.number(&self.memory, tenant, unnumbered(document, &write)?) {
                Numbered::Unread(id) => Some(id),
                Numbered::Known(_) | Numbered::New(..) => None,
            }
        };
        intents.iter().filter_map(of).collect()
    }

    /// What was decided so far holds from now on.
    pub fn settle(&mut self, outcomes: &mut [Option<Outcome>]) {
        for (place, outcome) in self.pending.drain(..) {
            if let Some(slot) = outcomes.get_mut(place) {
                *slot = Some(outcome);
            }
        }
    }
}

fn too_large(key: &FindingKey) -> Rejection {
    Rejection {
        id: key.id.clone(),
        code: "FindingSizeExceeded".to_owned(),
        message: "Finding size exceeded: the finding does not fit into one item even when compressed".to_owned(),
    }
}

pub(super) fn known_of<'a>(board: &'a Board, key: &FindingKey) -> Option<&'a Known> {
    board.get(key).and_then(|before| before.known.as_ref())
}
