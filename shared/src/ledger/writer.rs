//! Writing: intents are decided on the newest state, packed into commits, and decided again when a race is lost.
//!
//! Within a process one writer per tenant merges whatever is waiting, so that commits stay full.

use super::SETTLING;
use super::commit::{Before, Committed, Draft, Known, stage};
use super::glance::{glance, look, quiet};
use super::items::{Document, FindingItem, Head};
use super::rules::{Lists, Memory, Numbered, unnumbered};
use super::store::{pause, throttled};
use super::when::When;
use super::{Need, Reader, Writer, keys};
use crate::domain::{
    Decision, Error, Family, Finding, FindingKey, HashAfter, Instant, Ordinal, Outcome, Rejection, Seen, TenantId,
};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// Races lost or requests throttled in a row, by one commit, before the answer is a throttling error.
const ATTEMPTS: usize = 8;
/// Intents decided together: their findings are read in one round.
const WINDOW: usize = 400;

/// How a finding is decided: from its newest state (timestamps laid over), those timestamps, and the commit's instant.
/// It may be asked several times.
pub type Decide = dyn Fn(Option<&Finding>, Option<&Seen>, Instant) -> Decision + Send + Sync;

/// Something that somebody wants to happen to one finding.
#[derive(Clone)]
pub struct Intent {
    /// The finding.
    pub key: FindingKey,
    /// What a producer sent, by which an unchanged import is recognised without reading a document.
    pub sent: Option<Sent>,
    /// The decision.
    pub decide: Arc<Decide>,
}

/// What a producer sent, in short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Hash of everything but the timestamps.
    pub hash: String,
    /// The timestamps.
    pub seen: Seen,
    /// Hash of the timestamps.
    pub seen_hash: String,
    /// Whether a later envelope's time is worth an entry in the log where it alone has moved.
    pub tells_time: bool,
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent").field("key", &self.key).field("sent", &self.sent).finish_non_exhaustive()
    }
}

/// One request's intents, waiting for the tenant's writer.
#[derive(Debug)]
struct Job {
    intents: Vec<Intent>,
    answer: oneshot::Sender<Result<Vec<Outcome>, Error>>,
}

/// The waiting jobs of each tenant.
#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<TenantId, Arc<Lane>>>);

#[derive(Debug, Default)]
pub(super) struct Lane {
    waiting: Mutex<Vec<Job>>,
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// What is known of the findings that a batch concerns.
type Board = HashMap<FindingKey, Before>;

/// One pass over intents, from a head on.
pub(super) struct Round {
    pub draft: Draft,
    pub board: Board,
    pub rules: Lists,
    pub memory: Arc<Memory>,
    /// Outcomes that hold only once the draft is committed.
    pub pending: Vec<(usize, Outcome)>,
}

impl Reader {
    /// The newest commit; [`Head::default`] before the first.
    pub(super) async fn head(&self, tenant: &TenantId) -> Result<Head, Error> {
        let item = self.store.get(&keys::head(tenant), true).await?;
        item.as_ref().map_or(Ok(Head::default()), Head::from_item)
    }
}

impl Writer {
    /// Carries out intents in their order; one outcome each. What is acknowledged here is durable.
    ///
    /// [`Error::Throttled`] after eight races that one commit lost. A request of several commits may then be carried out in part:
    /// sending it again completes it.
    pub async fn submit(&self, tenant: &TenantId, intents: Vec<Intent>) -> Result<Vec<Outcome>, Error> {
        let lane = self.lane(tenant);
        let (answer, outcome) = oneshot::channel();
        lane.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Job { intents, answer });
        let writer = self.clone();
        let tenant = tenant.clone();
        // A task of its own, so that a caller who goes away takes nobody else's job along.
        let task = tokio::spawn(async move {
            let _turn = lane.turn.lock().await;
            let jobs = std::mem::take(&mut *lane.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !jobs.is_empty() {
                writer.carry_out(&tenant, jobs).await;
            }
        });
        match outcome.await {
            Ok(outcomes) => outcomes,
            Err(_) => Err(Error::internal(format!("the writer stopped: {:?}", task.await.err()))),
        }
    }

    pub(super) fn lane(&self, tenant: &TenantId) -> Arc<Lane> {
        let mut lanes = self.lanes.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(tenant.clone()).or_default())
    }

    async fn carry_out(&self, tenant: &TenantId, jobs: Vec<Job>) {
        let mut intents = Vec::new();
        let mut answers = Vec::new();
        for job in jobs {
            answers.push((job.intents.len(), job.answer));
            intents.extend(job.intents);
        }
        let mut outcomes: Vec<Option<Outcome>> = vec![None; intents.len()];
        let ended = self.decide_all(tenant, &intents, &mut outcomes).await;
        let mut outcomes = outcomes.into_iter();
        for (count, answer) in answers {
            let own: Option<Vec<Outcome>> = outcomes.by_ref().take(count).collect();
            let result = match (own, &ended) {
                (Some(own), _) => Ok(own),
                (None, Err(error)) => Err(error.clone()),
                (None, Ok(())) => Err(Error::internal("an intent was left undecided")),
            };
            // A caller who went away does not hear the answer; what was done stays done.
            let _ = answer.send(result);
        }
    }

    async fn decide_all(
        &self,
        tenant: &TenantId,
        intents: &[Intent],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<(), Error> {
        for (intents, outcomes) in intents.chunks(WINDOW).zip(outcomes.chunks_mut(WINDOW)) {
            let mut attempt = 0;
            let mut left = undecided(outcomes);
            while !self.attempt(tenant, intents, outcomes).await? {
                // Whoever got a commit through on the way has lost one race for the next.
                attempt = if undecided(outcomes) < left { 1 } else { attempt + 1 };
                left = undecided(outcomes);
                if attempt >= ATTEMPTS {
                    return Err(throttled());
                }
                pause(attempt - 1).await;
            }
        }
        Ok(())
    }

    /// Decides what is undecided on the newest state; `false` when a race was lost on the way.
    async fn attempt(
        &self,
        tenant: &TenantId,
        intents: &[Intent],
        outcomes: &mut [Option<Outcome>],
    ) -> Result<bool, Error> {
        let head = self.head(tenant).await?;
        let undecided = |outcomes: &[Option<Outcome>], place| matches!(outcomes.get(place), Some(None));
        let open: Vec<&Intent> =
            intents.iter().enumerate().filter(|(place, _)| undecided(outcomes, *place)).map(|(_, i)| i).collect();
        let board = self.board(tenant, &head, &open).await?;
        // What is newer than the head was left by a restore only if the head still is what it was: otherwise somebody
        // has committed in between, and a decision that writes nothing would not be told so by its commit.
        let is_ahead = board.values().any(|before| before.stray.is_some());
        if is_ahead {
            // A transaction may be seen torn for a moment, the finding before the head.
            for settling in [false, true] {
                if settling {
                    pause(SETTLING).await;
                }
                if self.head(tenant).await? != head {
                    return Ok(false);
                }
            }
        }
        let mut round = Round {
            draft: Draft::after(head, self.clock.now()),
            board,
            rules: Lists::default(),
            memory: Arc::clone(&self.rules),
            pending: Vec::new(),
        };
        let unread = round.unread_rules(tenant, &open);
        self.read_rules(tenant, &mut round.rules, unread).await?;
        let mut waiting: Vec<usize> = (0..intents.len()).filter(|place| undecided(outcomes, *place)).collect();
        loop {
            let mut later = Vec::new();
            // What concerns a finding that waits for the next commit waits with it, in order. The others do not wait,
            // so that commits stay full.
            let mut held: HashSet<&FindingKey> = HashSet::new();
            for place in waiting {
                let Some(intent) = intents.get(place) else { continue };
                if held.contains(&intent.key) {
                    later.push(place);
                    continue;
                }
                let mut weighed = self.weigh(tenant, &mut round, intent).await?;
                if matches!(weighed, Weighed::Full) {
                    // The full commit goes first, because a decision must know the instant of its own.
                    if !self.send_off(tenant, &mut round, outcomes).await? {
                        return Ok(false);
                    }
                    weighed = self.weigh(tenant, &mut round, intent).await?;
                }
                match weighed {
                    Weighed::Settled(outcome) => round.pending.push((place, outcome)),
                    Weighed::Touched | Weighed::Full | Weighed::Unread(_) => {
                        held.insert(&intent.key);
                        later.push(place);
                    }
                }
            }
            if round.draft.is_empty() {
                round.settle(outcomes);
            } else if !self.send_off(tenant, &mut round, outcomes).await? {
                return Ok(false);
            }
            if later.is_empty() {
                return Ok(true);
            }
            waiting = later;
        }
    }

    /// Weighs an intent, and reads its rule's list where that was not foreseen.
    pub(super) async fn weigh(&self, tenant: &TenantId, round: &mut Round, intent: &Intent) -> Result<Weighed, Error> {
        match round.weigh(tenant, intent)? {
            Weighed::Unread(id) => {
                self.read_rules(tenant, &mut round.rules, HashSet::from([id])).await?;
                round.weigh(tenant, intent)
            }
            weighed => Ok(weighed),
        }
    }

    /// Commits the round's draft and starts the next one; `false` when the race was lost.
    async fn send_off(
        &self,
        tenant: &TenantId,
        round: &mut Round,
        outcomes: &mut [Option<Outcome>],
    ) -> Result<bool, Error> {
        let next = Draft::after(round.draft.head.clone(), round.draft.at);
        let draft = std::mem::replace(&mut round.draft, next);
        let grown = draft.grown();
        match self.commit(tenant, draft).await? {
            Committed::Done(head) => {
                round.rules.settle(&self.rules, tenant, grown);
                round.settle(outcomes);
                self.fold_if_due(tenant, &head).await;
                round.draft = Draft::after(head, self.clock.now());
                Ok(true)
            }
            Committed::Lost | Committed::Throttled => Ok(false),
        }
    }

    /// Reads what the decisions on these intents depend on, all of it after the head.
    async fn board(&self, tenant: &TenantId, head: &Head, intents: &[&Intent]) -> Result<Board, Error> {
        let mut board: Board = intents.iter().map(|intent| (intent.key.clone(), Before::default())).collect();
        if head.seq == 0 {
            return Ok(board);
        }
        let places: HashMap<_, FindingKey> =
            board.keys().map(|key| (keys::finding(tenant, key), key.clone())).collect();
        let found = self.store.batch_get(&places.keys().cloned().collect::<Vec<_>>(), true).await?;
        for (place, item) in &found {
            if let Some(square) = places.get(place).and_then(|key| board.get_mut(key)) {
                let item = FindingItem::from_item(item)?;
                if item.ordinal.0 >= head.next_ordinal || item.document_at > head.at {
                    square.stray = Some(item.document_at);
                } else {
                    square.known = Some(Known { item, newest: None, document: None });
                }
            }
        }
        let unread: HashSet<&FindingKey> = intents
            .iter()
            .filter(|intent| {
                let known = known_of(&board, &intent.key);
                known.is_some() && glance(known, intent).is_none()
            })
            .map(|intent| &intent.key)
            .collect();
        let quiet = quiet(intents, |key| known_of(&board, key));
        if unread.is_empty() && quiet.is_empty() {
            return Ok(board);
        }
        let ordinals: Vec<(Ordinal, Instant)> = unread
            .iter()
            .filter_map(|key| known_of(&board, key))
            .map(|known| (known.item.ordinal, known.item.document_at))
            .collect();
        let concerned = ordinals.iter().map(|(ordinal, _)| *ordinal).chain(quiet.values().copied());
        let need = Need::of([Family::Core, Family::Seen], concerned);
        let pinned = When::Pinned { seq: head.seq, at: head.at, chain: Some(head.chain.short()) };
        let (documents, view) =
            tokio::join!(self.documents_exact(tenant, &ordinals, true), self.view(tenant, pinned, &need));
        let (mut documents, view) = (documents?, view?);
        for (key, ordinal) in quiet {
            let Some(known) = board.get_mut(key).and_then(|square| square.known.as_mut()) else { continue };
            known.newest = Some(view.seen(ordinal)?);
        }
        for key in unread {
            let Some(known) = board.get_mut(key).and_then(|square| square.known.as_mut()) else { continue };
            let document = documents.remove(&known.item.ordinal).map(|document: Document| document.finding());
            let mut finding = document.ok_or_else(|| Error::internal("a finding's newest document is not there"))??;
            let seen = view.seen(known.item.ordinal)?;
            crate::domain::asff::lay_over(&mut finding, &seen);
            known.document = Some((finding, seen));
        }
        Ok(board)
    }
}

/// How many intents have no outcome yet.
fn undecided(outcomes: &[Option<Outcome>]) -> usize {
    outcomes.iter().filter(|outcome| outcome.is_none()).count()
}

fn known_of<'a>(board: &'a Board, key: &FindingKey) -> Option<&'a Known> {
    board.get(key).and_then(|before| before.known.as_ref())
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
    fn weigh(&mut self, tenant: &TenantId, intent: &Intent) -> Result<Weighed, Error> {
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
    fn unread_rules(&self, tenant: &TenantId, intents: &[&Intent]) -> HashSet<String> {
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
    fn settle(&mut self, outcomes: &mut [Option<Outcome>]) {
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
