//! Writing: intents are decided on the newest state, packed into commits, and decided again when a race is lost.
//!
//! Within a process one writer per tenant merges whatever is waiting, so that commits stay full.

use super::SETTLING;
use super::commit::{Before, Committed, Draft, Known};
use super::failure::throttled;
use super::glance::{glance, quiet};
use super::items::{Document, FindingItem, Head};
use super::round::{Board, Round, Weighed, known_of};
use super::rules::Lists;
use super::store::pause;
use super::when::When;
use super::{Need, Reader, Writer, keys};
use crate::domain::{Decision, Error, Family, Finding, FindingKey, Instant, Ordinal, Outcome, Seen, TenantId};
use crate::tally::Tally;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;
use tracing::Instrument;

/// Races lost or requests throttled in a row, by one commit, before the answer is a throttling error.
const ATTEMPTS: usize = 8;
/// Intents decided together: their findings are read in one round.
const WINDOW: usize = 400;
/// As many, while others write to the same log: one commit's worth of snapshots, which have two each.
const CONTENDED_WINDOW: usize = 100;
/// Intents whose rules are looked for before they are decided: about a commit's worth.
const FORESEEN: usize = 100;

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
    tally: Option<Tally>,
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
        lane.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(Job {
            intents,
            tally: Tally::current(),
            answer,
        });
        let writer = self.clone();
        let tenant = tenant.clone();
        // A task of its own, so that a caller who goes away takes nobody else's job along.
        let work = async move {
            let _turn = lane.turn.lock().await;
            let jobs = std::mem::take(&mut *lane.waiting.lock().unwrap_or_else(PoisonError::into_inner));
            if !jobs.is_empty() {
                writer.carry_out(&tenant, jobs).await;
            }
        };
        let task = tokio::spawn(work.in_current_span());
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
            answers.push((job.intents.len(), job.tally, job.answer));
            intents.extend(job.intents);
        }
        let mut outcomes: Vec<Option<Outcome>> = vec![None; intents.len()];
        let spent = Tally::default();
        let ended = spent.over(Box::pin(self.decide_all(tenant, &intents, &mut outcomes))).await;
        let mut outcomes = outcomes.into_iter();
        for (count, tally, answer) in answers {
            tally.iter().for_each(|tally| tally.absorb(spent.cost().share(count, intents.len())));
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
        let (mut attempt, mut left, mut window) = (0, undecided(outcomes), WINDOW);
        while left > 0 {
            let mut why = throttled();
            let ended = match self.attempt(tenant, intents, outcomes, window).await {
                // A table that takes no more is asked again like one that somebody else was faster at.
                Err(error @ Error::Throttled { .. }) => {
                    why = error;
                    Ended::Lost
                }
                ended => ended?,
            };
            // Whoever got a commit through on the way has lost one race for the next.
            let has_moved = undecided(outcomes) < left;
            left = undecided(outcomes);
            attempt = match ended {
                Ended::Done => 0,
                Ended::Lost if has_moved => 1,
                Ended::Lost => attempt + 1,
            };
            if attempt >= ATTEMPTS {
                return Err(why);
            }
            // Where others write, too, what is read and decided far ahead is read and decided in vain, and whoever looks less far
            // ahead wins.
            window = if attempt == 0 { (window * 2).min(WINDOW) } else { CONTENDED_WINDOW };
            if attempt > 0 {
                pause(attempt - 1).await;
            }
        }
        Ok(())
    }

    /// Decides what is undecided on the newest state, so many intents at most. What would make a commit that is not full is left
    /// to the next attempt where more comes behind it.
    async fn attempt(
        &self,
        tenant: &TenantId,
        intents: &[Intent],
        outcomes: &mut [Option<Outcome>],
        most: usize,
    ) -> Result<Ended, Error> {
        let head = self.head(tenant).await?;
        let all = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_none()).map(|(place, _)| place);
        let mut waiting: Vec<usize> = all.take(most.saturating_add(1)).collect();
        let has_more = waiting.len() > most;
        waiting.truncate(most);
        let open: Vec<&Intent> = waiting.iter().filter_map(|place| intents.get(*place)).collect();
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
                    return Ok(Ended::Lost);
                }
            }
        }
        let begun = head.seq;
        let mut round = Round {
            draft: Draft::after(head, self.clock.now()),
            board,
            rules: Lists::default(),
            memory: Arc::clone(&self.rules),
            pending: Vec::new(),
        };
        loop {
            let mut later = Vec::new();
            // What concerns a finding that waits for the next commit waits with it, in order. The others do not wait,
            // so that commits stay full.
            let mut held: HashSet<&FindingKey> = HashSet::new();
            for some in waiting.chunks(FORESEEN) {
                let soon: Vec<&Intent> = some.iter().filter_map(|place| intents.get(*place)).collect();
                let unread = round.unread_rules(tenant, &soon);
                self.read_rules(tenant, &mut round.rules, unread).await?;
                for (place, intent) in some.iter().zip(soon) {
                    if held.contains(&intent.key) {
                        later.push(*place);
                        continue;
                    }
                    let mut weighed = self.weigh(tenant, &mut round, intent).await?;
                    if matches!(weighed, Weighed::Full) {
                        // The full commit goes first, because a decision must know the instant of its own.
                        if !self.send_off(tenant, &mut round, outcomes).await? {
                            return Ok(Ended::Lost);
                        }
                        weighed = self.weigh(tenant, &mut round, intent).await?;
                    }
                    match weighed {
                        Weighed::Settled(outcome) => round.pending.push((*place, outcome)),
                        Weighed::Touched | Weighed::Full | Weighed::Unread(_) => {
                            held.insert(&intent.key);
                            later.push(*place);
                        }
                    }
                }
            }
            if round.draft.is_empty() {
                round.settle(outcomes);
            } else if has_more && round.draft.head.seq > begun {
                return Ok(Ended::Done);
            } else if !self.send_off(tenant, &mut round, outcomes).await? {
                return Ok(Ended::Lost);
            }
            if later.is_empty() {
                return Ok(Ended::Done);
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
            tokio::join!(self.documents_exact(tenant, &ordinals, true), self.view_held(tenant, pinned, &need));
        let (mut documents, view) = (documents?, view?);
        // In ascending order, so that a segment which is packed is unpacked once.
        let mut quiet: Vec<(&FindingKey, Ordinal)> = quiet.into_iter().collect();
        quiet.sort_unstable_by_key(|(_, ordinal)| *ordinal);
        let mut unread: Vec<&FindingKey> = unread.into_iter().collect();
        unread.sort_unstable_by_key(|key| known_of(&board, key).map(|known| known.item.ordinal));
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

/// How an attempt ended.
enum Ended {
    /// What was looked at is decided, but for what is left to the next one.
    Done,
    /// Somebody else was faster, or the table takes no more now.
    Lost,
}
