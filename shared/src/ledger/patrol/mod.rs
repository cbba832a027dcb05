//! Patrols: verification in slices, each within a function's time and memory, and a place that is kept between them.
//!
//! A visit first verifies what was committed since the last one. Then it goes on with a *rotation*, which in the course of days goes
//! through everything: the log from nothing, the findings in the order of their numbers, the expiries. What is verified of a finding
//! rests on its own documents and on the log entries that wrote them, so that no slice needs what another one has learned, and
//! nothing but the place is kept: of the log a number of entries is held at a time, of findings some rows.
//!
//! The place is no proof. It says where to go on; whoever can write the table can move it. What it leaves out the next rotation
//! goes through, and that a log is still the one that it was shows by an anchor.

mod expiries;
mod findings;
mod index;
mod log;

use super::anchor::Anchor;
use super::export::HexHash;
use super::item::Item;
use super::items::Head;
use super::problems::Problems;
use super::store::{Condition, ConditionalPut};
use super::tenants::{from_item, to_item};
use super::verify::described;
use super::{Reader, Writer, keys};
use crate::domain::{Error, Instant, TenantId};
use index::Index;
use serde::{Deserialize, Serialize};

/// A rotation begins at least so long after the last one began, unless that one found something wrong: 7 days.
const ROTATION_MS: i64 = 7 * 86_400_000;
/// An anchor is made at most so often: 22 hours, so that a daily visit which comes a little early has its anchor.
const ANCHOR_MS: i64 = 22 * 3_600_000;

/// How far a tenant's ledger was verified.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Patrol {
    /// The log was verified up to here.
    verified: Mark,
    /// A commit that was verified and then was no longer in the log.
    lost: Option<Mark>,
    rotation: Rotation,
    /// Whether the last rotation found something wrong.
    doubtful: bool,
    /// The newest commit that was anchored, and when that was.
    anchored: Option<(u64, Instant)>,
    #[serde(skip)]
    revision: u64,
}

/// A commit, and the head as it was then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Mark {
    seq: u64,
    at: Instant,
    next_ordinal: u32,
    chain: HexHash,
    log_bytes: u64,
    /// The sort key of the newest entry that was read. Behind the commit's own only where entries cannot be read.
    read: String,
    /// Whether nothing was wrong on the way here. What was wrong and is put right may have left another mark.
    is_sound: bool,
}

/// A rotation under way, or the last one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Rotation {
    began: Instant,
    place: Place,
    /// What was found wrong since it began, also by the way.
    problems: u64,
}

/// Where a rotation stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    /// The log was gone through again up to here.
    Log(Mark),
    /// Findings below this number were gone through.
    Findings(u32),
    /// Expiries up to this sort key were gone through.
    Expiries(String),
    /// It has ended.
    #[default]
    Resting,
}

impl Default for Mark {
    /// Before the first commit.
    fn default() -> Self {
        Self::of(&Head::default(), String::new(), true)
    }
}

impl Mark {
    fn of(head: &Head, read: String, is_sound: bool) -> Self {
        let Head { seq, at, next_ordinal, chain, log_bytes } = *head;
        Self { seq, at, next_ordinal, chain: HexHash(chain), log_bytes, read, is_sound }
    }

    fn head(&self) -> Head {
        let Self { seq, at, next_ordinal, chain: HexHash(chain), log_bytes, read: _, is_sound: _ } = *self;
        Head { seq, at, next_ordinal, chain, log_bytes }
    }
}

impl Patrol {
    /// The place of a ledger that nobody has verified. Going through the log for the first time is part of the first rotation.
    fn first(now: Instant) -> Self {
        let rotation = Rotation { began: now, place: Place::Findings(0), problems: 0 };
        Self { rotation, ..Self::default() }
    }

    /// Whether something was found wrong that nobody knows to be right again.
    fn is_doubtful(&self) -> bool {
        self.doubtful || self.rotation.problems > 0
    }

    /// Begins the next rotation if it is time for one.
    fn rotate(&mut self, now: Instant) {
        let Rotation { began, place, problems: _ } = &self.rotation;
        let rests = *place == Place::Resting;
        let is_due = self.is_doubtful() || now.0 - began.0 >= ROTATION_MS || *began > now;
        if rests && is_due {
            self.doubtful = self.is_doubtful();
            self.rotation = Rotation { began: now, place: Place::Log(Mark::default()), problems: 0 };
        }
    }

    fn is_anchor_due(&self, now: Instant) -> bool {
        let is_due = |(seq, at): (u64, Instant)| seq < self.verified.seq && (now.0 - at.0 >= ANCHOR_MS || at > now);
        self.verified.seq > 0 && !self.is_doubtful() && self.anchored.is_none_or(is_due)
    }
}

/// A visit to a ledger: it is verified as it was when the visit began, whatever is committed meanwhile.
#[derive(Debug)]
pub struct Visit<'a> {
    reader: &'a Reader,
    tenant: &'a TenantId,
    now: Instant,
    patrol: Patrol,
    /// What the head's item says; absent when there is none or it cannot be read.
    head: Option<Head>,
    /// The state that is verified.
    tip: Head,
    /// The index of that state, once somebody has looked for it; absent inside where none fits.
    index: Option<Option<Index>>,
    stage: Stage,
    /// What was wrong with head and place themselves.
    first_problems: Vec<String>,
}

/// What a visit does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Looks at the head and the place.
    Opening,
    /// Verifies what was committed since.
    News,
    /// Goes on with the rotation.
    Rotation,
}

/// What was verified in one go.
#[derive(Debug, Default)]
pub struct Slice {
    /// What is wrong, in plain words; the last line says how many are not listed.
    pub problems: Vec<String>,
    /// How many there are.
    pub count: u64,
    /// An anchor, where it was time for one.
    pub anchor: Option<Anchor>,
    /// The most rows of findings that were held at a time.
    pub rows: usize,
    /// Where to go on.
    next: Patrol,
}

impl Slice {
    fn of(next: Patrol, problems: Problems, rows: usize) -> Self {
        let mut next = next;
        let count = problems.count();
        next.rotation.problems += count;
        if next.rotation.place == Place::Resting {
            next.doubtful = next.rotation.problems > 0;
        }
        Self { problems: problems.into_list(), count, anchor: None, rows, next }
    }
}

impl Writer {
    /// Begins a visit; `None` when there is nothing to verify, which takes one round of two requests.
    pub async fn visit<'a>(&'a self, tenant: &'a TenantId) -> Result<Option<Visit<'a>>, Error> {
        let (place, head) = (keys::patrol(tenant), keys::head(tenant));
        let (place, head) = tokio::join!(self.store.get(&place, true), self.store.get(&head, true));
        let (place, head) = (place?, head?);
        let head = head.as_ref().map(Head::from_item);
        if place.is_none() && head.is_none() {
            return Ok(None);
        }
        let mut first_problems = Vec::new();
        let head = match head {
            Some(Ok(head)) => Some(head),
            Some(Err(error)) => {
                first_problems.push(format!("the head cannot be read: {error}"));
                None
            }
            None => None,
        };
        let now = self.clock.now().max(head.as_ref().map_or(Instant(0), |head| head.at));
        let mut patrol = match place.as_ref().map(patrol_of) {
            Some(Ok(patrol)) => patrol,
            Some(Err(error)) => {
                first_problems.push(format!("how far verification came cannot be read, it begins anew: {error}"));
                let revision = place.as_ref().and_then(|item| item.number_if_any("revision")).unwrap_or(0);
                Patrol { revision, ..Patrol::first(now) }
            }
            None => Patrol::first(now),
        };
        patrol.rotate(now);
        let is_quiet = first_problems.is_empty()
            && head.as_ref() == Some(&patrol.verified.head())
            && patrol.lost.is_none()
            && patrol.rotation.place == Place::Resting
            && !patrol.is_anchor_due(now);
        if is_quiet {
            return Ok(None);
        }
        let tip = head.clone().unwrap_or_default();
        let reader: &Reader = self;
        let stage = Stage::Opening;
        Ok(Some(Visit { reader, tenant, now, patrol, head, tip, index: None, stage, first_problems }))
    }

    /// Keeps the place behind a slice, for this visit and the next. `false`: another visit is at it, and this one is over.
    pub async fn visited(&self, visit: &mut Visit<'_>, slice: Slice) -> Result<bool, Error> {
        let condition = match slice.next.revision {
            0 => Condition::Absent,
            seen => Condition::Number("revision", seen),
        };
        let next = Patrol { revision: slice.next.revision.saturating_add(1), ..slice.next };
        let mut item = to_item(Item::new(&keys::patrol(visit.tenant)), &next)?;
        item.put_number("revision", next.revision);
        let is_kept = self.store.put(ConditionalPut { item, condition }).await?;
        visit.patrol = next;
        Ok(is_kept)
    }
}

fn patrol_of(item: &Item) -> Result<Patrol, Error> {
    Ok(Patrol { revision: item.number("revision")?, ..from_item(item)? })
}

impl Visit<'_> {
    /// Verifies the next slice; `None` when nothing is left to do. What it found must be told before [`Writer::visited`] keeps the
    /// place behind it, so that nothing is passed over by whoever is killed in between.
    pub async fn next(&mut self) -> Result<Option<Slice>, Error> {
        if self.stage == Stage::Opening {
            let opening = self.open().await?;
            self.stage = Stage::News;
            if opening.count > 0 {
                return Ok(Some(opening));
            }
        }
        if self.stage == Stage::News {
            if self.tip.seq > self.patrol.verified.seq {
                return self.news().await.map(Some);
            }
            self.stage = Stage::Rotation;
        }
        if self.patrol.is_anchor_due(self.now) {
            return Ok(Some(self.anchor()));
        }
        let place = self.patrol.rotation.place.clone();
        match place {
            Place::Resting => Ok(None),
            Place::Log(mark) => self.log_again(&mark).await.map(Some),
            Place::Findings(first) => self.findings(first).await.map(Some),
            Place::Expiries(behind) => self.expiries(&behind).await.map(Some),
        }
    }

    /// Whether everything that was committed before it began is verified, and only the rotation goes on.
    pub fn is_up_to_date(&self) -> bool {
        self.stage == Stage::Rotation && !self.patrol.is_anchor_due(self.now)
    }

    /// Lets go of what is held in memory.
    pub fn rest(&mut self) {
        self.index = None;
    }

    /// Compares the head with what was verified, and asks whether that is still in the log.
    async fn open(&mut self) -> Result<Slice, Error> {
        let mut problems = Problems::default();
        std::mem::take(&mut self.first_problems).into_iter().for_each(|problem| problems.add(problem));
        let mut next = self.patrol.clone();
        let verified = next.verified.clone();
        if verified.seq > 0 && self.head.as_ref() != Some(&verified.head()) {
            let is_in_log = self.is_in_log(&verified).await?;
            let is_behind = self.tip.seq <= verified.seq;
            if !verified.is_sound && self.head.is_some() && (is_behind || !is_in_log) {
                // It was told what was wrong, and what is wrong now is told by verifying all of it.
                next.verified = Mark::default();
            } else if !is_in_log {
                next.lost = Some(verified);
                next.verified = Mark::default();
            } else if is_behind {
                problems.add(format!(
                    "the head says {}; the log was verified up to {}",
                    described(&self.tip),
                    described(&verified.head())
                ));
                self.tip = verified.head();
            }
        }
        if let Some(lost) = &next.lost {
            if self.is_in_log(lost).await? {
                next.lost = None;
            } else {
                problems.add(format!(
                    "the log has no commit {} of {} with chain {} any more, which was verified before; after a restore \
                     posture verify --repair lets verification begin anew",
                    lost.seq,
                    lost.at,
                    lost.chain.0.hex()
                ));
            }
        }
        self.patrol = next.clone();
        Ok(Slice::of(next, problems, 0))
    }

    async fn is_in_log(&self, mark: &Mark) -> Result<bool, Error> {
        let entry = self.reader.store.get(&keys::log_entry(self.tenant, mark.at), true).await?;
        let entry = entry.as_ref().and_then(|item| super::Entry::from_item(item).ok());
        Ok(entry.is_some_and(|entry| (entry.seq, entry.chain) == (mark.seq, mark.chain.0)))
    }

    fn anchor(&self) -> Slice {
        let Mark { seq, at, chain: HexHash(chain), .. } = self.patrol.verified;
        let anchor = Anchor::sign(&self.reader.masters, self.tenant, seq, at, chain);
        let next = Patrol { anchored: Some((seq, self.now)), ..self.patrol.clone() };
        Slice { anchor: Some(anchor), ..Slice::of(next, Problems::default(), 0) }
    }
}
