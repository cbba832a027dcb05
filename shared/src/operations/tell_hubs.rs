//! Tells Security Hub of decisions made here: follows the log, and sends each hub what the findings that somebody decided about have otherwise
//! than it has.
//!
//! What is sent follows from the newest state of a finding ([`asff::untold`]), and that the hub took it is recorded with the finding
//! ([`asff::told`]) before the place in the log moves. So a worker may be killed at any point: what was recorded is not sent again,
//! what was not is, and the same update twice does no harm. Chosen where the contract is silent:
//!
//! - A hub that is told for the first time is told what is decided from then on. [`Extent::Whole`] looks through the whole log.
//! - A finding that the hub does not have, or refuses, is passed over and said. What it did not take for reasons of its own, or refused in words
//!   that nobody knows, keeps its place; when that was so five times in a row, those that it still refuses are looked for and passed over, if it
//!   takes others. One that takes nothing keeps its place for a day.
//! - A hub that may not be told keeps its place for as long as that lasts, and says so each time: rights are given by people, late, and all
//!   that was decided until then would be lost to it.

use super::hubs::{Hubs, known_to, own_account};
use super::list_changes::newest_position;
use super::synchronise_hubs::Extent;
use crate::domain::inventory::Scope;
use crate::domain::json::{Object, text_at};
use crate::domain::telling::{Listened, Listener, MOST_TRIES, Tally, may_be_told, responsible};
use crate::domain::{Error, Family, Finding, FindingKey, Ordinal, Position, Seen, Telling, TenantId, asff};
use crate::ledger::{DecidedIn, Intent, Need, Reader, When, Writer};
use crate::upstream::{Aws, MOST_TOLD, Refusal, Teller, Why};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Findings that are said one by one.
const MOST_SAID: usize = 100;
/// How often a worker tells what the hub did not take for reasons of its own.
const ROUNDS: u32 = 3;
/// What a hub says of such a finding (CONTRACTS 1.7).
const PASSING: [&str; 2] = ["ConcurrentUpdateError", "InternalFailure"];
const NOT_FOUND: &str = "FindingNotFound";
/// Requests refused in words that nobody knows, and none taken, after which it is no single finding that is refused.
const MOST_REFUSED: usize = 32;

/// What became of telling hubs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// What became of findings.
    pub tally: Tally,
    /// Hubs that have been told everything.
    pub hubs: BTreeSet<Scope>,
    /// Hubs that could not be told, with the reason.
    pub untold: BTreeMap<Scope, String>,
    /// Findings that were passed over, with the reason, as far as they are said one by one.
    pub passed_over: Vec<String>,
    /// Whether nothing is left that could be told now.
    pub done: bool,
}

/// What a hub is to be told of a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Untold {
    /// The hub.
    pub hub: Scope,
    /// The finding.
    pub key: FindingKey,
    /// What BatchUpdateFindings is to set.
    pub members: Object,
    /// The newest decision about it.
    place: Position,
}

/// Tells hubs until all are told as far as `extent` says, or `enough` says so.
///
/// Errors: of the ledger. What AWS refuses is in the answer, and keeps no other hub from being told.
pub async fn tell_hubs(
    writer: &Writer,
    tenant: &TenantId,
    hubs: &Hubs,
    extent: Extent,
    enough: impl Fn() -> bool + Sync,
) -> Result<Told, Error> {
    let mut found = Told { done: true, ..Told::default() };
    let now = writer.clock().now();
    let known = writer.telling_get(tenant).await?;
    if known.is_leased(now) && !hubs.alone {
        found.done = false;
        return Ok(found);
    }
    if extent == Extent::Due && is_quiet(writer, tenant, &known, hubs).await? {
        return Ok(found);
    }
    // Whose findings fall to whom depends on it, so without it nobody is told.
    let Some(own) = own_account(hubs, &mut found.untold).await else {
        found.done = false;
        return Ok(found);
    };
    let hearers: BTreeMap<Scope, Aws> = known_to(hubs, Some(own.clone()), &mut found.untold).into_iter().collect();
    let mut telling = begun(writer, tenant, known, hearers.keys(), extent).await?;
    if extent == Extent::Due {
        telling.own = Some(own.clone());
    }
    let Some(telling) = writer.telling_put(tenant, telling.held(now)).await? else {
        found.done = false;
        return Ok(found);
    };
    let tellers = hearers.iter().map(|(scope, aws)| (scope.clone(), (aws, aws.teller(&scope.region, hubs.telling))));
    let (tellers, scopes) = (tellers.collect(), hearers.keys().cloned().collect());
    let mut worker = Worker { writer, tenant, own, scopes, tellers, telling, found };
    let ended = worker.work(&enough).await;
    match writer.telling_put(tenant, worker.telling.left()).await {
        Ok(_) => {}
        Err(error) if ended.is_ok() => return Err(error),
        Err(error) => tracing::warn!(%tenant, %error, "the telling of hubs could not be left; its lease runs out"),
    }
    ended.map(|()| worker.found)
}

/// Whether the log holds nothing new for the hubs that the settings name, for which AWS need not be asked.
async fn is_quiet(reader: &Reader, tenant: &TenantId, known: &Telling, hubs: &Hubs) -> Result<bool, Error> {
    let Some(own) = known.own.clone() else { return Ok(false) };
    let named = known_to(hubs, Some(own), &mut BTreeMap::new());
    let listeners: Option<Vec<&Listener>> = named.iter().map(|(scope, _)| known.hub(scope)).collect();
    // One that is not known yet gets its place first.
    let Some(listeners) = listeners else { return Ok(false) };
    let now = reader.clock().now();
    let places = listeners.into_iter().filter(|hub| hub.is_due(now)).map(Listener::place);
    let Some(from) = places.min_by_key(|place| place.at) else { return Ok(true) };
    Ok(reader.decided_behind(tenant, from).await?.reached == from)
}

/// What hubs would be told, of which nothing is sent or recorded: all that the log holds, or what is behind the places of the hubs. At most
/// `most`, and whether that is all.
pub async fn untold_hubs(
    reader: &Reader,
    tenant: &TenantId,
    hubs: &Hubs,
    extent: Extent,
    most: usize,
) -> Result<(Vec<Untold>, bool), Error> {
    let mut nobody = BTreeMap::new();
    let own = own_account(hubs, &mut nobody).await;
    let known = known_to(hubs, own.clone(), &mut nobody);
    if let Some((scope, reason)) = nobody.pop_first() {
        return Err(Error::Conflict(format!("{}: {reason}", scope.account)));
    }
    let scopes: Vec<Scope> = known.into_iter().map(|(scope, _)| scope).collect();
    let own = own.unwrap_or_default();
    let known = reader.telling_get(tenant).await?;
    let telling = begun(reader, tenant, known, scopes.iter(), extent).await?;
    let places: Vec<Position> = scopes.iter().filter_map(|scope| telling.hub(scope)).map(Listener::place).collect();
    let Some(mut from) = places.into_iter().min_by_key(|place| place.at) else { return Ok((Vec::new(), true)) };
    // A finding is where its newest decision is.
    let mut untold: BTreeMap<FindingKey, Untold> = BTreeMap::new();
    loop {
        let stretch = reader.decided_behind(tenant, from).await?;
        let found = messages(reader, tenant, &stretch, &scopes, &own).await?;
        let is_due = |one: &Untold| telling.hub(&one.hub).is_some_and(|hub| hub.at < one.place.at);
        untold.extend(found.into_iter().filter(is_due).map(|one| (one.key.clone(), one)));
        if untold.len() > most || !stretch.has_more {
            let is_all = untold.len() <= most;
            return Ok((untold.into_values().take(most).collect(), is_all));
        }
        from = stretch.reached;
    }
}

/// The hubs that there are, each with its place.
async fn begun<'a>(
    reader: &Reader,
    tenant: &TenantId,
    mut telling: Telling,
    scopes: impl Iterator<Item = &'a Scope>,
    extent: Extent,
) -> Result<Telling, Error> {
    let first = match telling.hubs.iter().map(Listener::place).min_by_key(|place| place.at) {
        _ if extent == Extent::Whole => Position::START,
        // A hub that comes later may have to tell what another still owes, which was responsible for it until now.
        Some(place) => place,
        None => newest_position(reader, tenant).await?,
    };
    for scope in scopes {
        if telling.hub(scope).is_none() {
            telling.hubs.push(Listener::new(scope, first));
        }
        let Some(hub) = telling.hub_mut(scope) else { continue };
        if extent == Extent::Whole {
            hub.move_to(Position::START);
        }
        if extent != Extent::Due {
            hub.next_at = None;
        }
    }
    telling.hubs.sort_by(|a, b| (&a.account, &a.region).cmp(&(&b.account, &b.region)));
    Ok(telling)
}

/// What there is to tell of the findings of a stretch, as they are now.
async fn messages(
    reader: &Reader,
    tenant: &TenantId,
    stretch: &DecidedIn,
    scopes: &[Scope],
    own: &str,
) -> Result<Vec<Untold>, Error> {
    if stretch.findings.is_empty() {
        return Ok(Vec::new());
    }
    let ordinals: Vec<Ordinal> = stretch.findings.keys().copied().collect();
    let need = Need::of([Family::Core, Family::Seen], ordinals.iter().copied());
    let view = reader.view(tenant, When::Now, &need).await?;
    let made = reader.documents_each(tenant, &view, &ordinals, |found| {
        let members = asff::untold(&found.finding)?;
        let (account, region) = home_of(&found.finding);
        let hub = responsible(scopes, own, account, region)?.clone();
        let key = found.finding.key();
        if !may_be_told(&key.id, account, &hub.account) {
            tracing::warn!(id = key.id, account, "its id does not say that it is of its account, so no hub is told");
            return None;
        }
        let place = *stretch.findings.get(&found.ordinal)?;
        Some(Untold { hub, key, members, place })
    });
    Ok(made.await?.into_iter().flatten().collect())
}

/// The account and region that a finding is of.
fn home_of(finding: &Finding) -> (&str, &str) {
    let text = |name| text_at(&finding.asff, name);
    let of_product = || text("ProductArn").and_then(|arn| arn.split(':').nth(3));
    (text("AwsAccountId").unwrap_or_default(), text("Region").or_else(of_product).unwrap_or_default())
}

struct Worker<'a> {
    writer: &'a Writer,
    tenant: &'a TenantId,
    own: String,
    scopes: Vec<Scope>,
    tellers: BTreeMap<Scope, (&'a Aws, Teller)>,
    telling: Telling,
    found: Told,
}

/// Findings that are told the same.
type Batch = (Object, Vec<FindingKey>);

impl Worker<'_> {
    /// Follows the log for all hubs that may be told, until its end.
    async fn work(&mut self, enough: &(impl Fn() -> bool + Sync)) -> Result<(), Error> {
        let mut left: BTreeSet<Scope> = self.scopes.iter().cloned().collect();
        let now = self.writer.clock().now();
        left.retain(|scope| self.telling.hub(scope).is_some_and(|hub| hub.is_due(now)));
        while !left.is_empty() {
            let places = left.iter().filter_map(|scope| self.telling.hub(scope)).map(Listener::place);
            let Some(from) = places.min_by_key(|place| place.at) else { return Ok(()) };
            let stretch = self.writer.decided_behind(self.tenant, from).await?;
            let mut all = messages(self.writer, self.tenant, &stretch, &self.scopes, &self.own).await?;
            for scope in left.clone() {
                let Some(at) = self.telling.hub(&scope).map(|hub| hub.at) else { continue };
                if at < stretch.reached.at {
                    let (own, others) = all.into_iter().partition(|one| one.hub == scope && one.place.at > at);
                    all = others;
                    let Some((heard, tally)) = self.tell(&scope, own, stretch.reached, enough).await? else {
                        self.found.done = false;
                        return Ok(());
                    };
                    self.keep(&scope, heard, tally, &mut left);
                }
            }
            let held = self.telling.held(self.writer.clock().now());
            match self.writer.telling_put(self.tenant, held).await? {
                Some(put) => self.telling = put,
                // Somebody else has it, and goes on.
                None => {
                    self.found.done = false;
                    return Ok(());
                }
            }
            if !stretch.has_more {
                self.found.hubs.extend(left);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Keeps what was heard of a hub.
    fn keep(&mut self, scope: &Scope, heard: Listened, tally: Tally, left: &mut BTreeSet<Scope>) {
        self.found.tally.add(tally);
        self.found.done &= !matches!(heard, Listened::Wait { .. });
        let now = self.writer.clock().now();
        let Some(hub) = self.telling.hub_mut(scope) else { return };
        hub.heard(heard, tally, now);
        if let Some(reason) = &hub.error {
            left.remove(scope);
            self.found.untold.insert(scope.clone(), reason.clone());
        }
    }

    /// Tells a hub; `None` when there is no more time.
    async fn tell(
        &mut self,
        scope: &Scope,
        messages: Vec<Untold>,
        reached: Position,
        enough: &(impl Fn() -> bool + Sync),
    ) -> Result<Option<(Listened, Tally)>, Error> {
        let mut tally = Tally::default();
        let mut batches = batches(messages.into_iter().map(|one| (one.members, one.key)));
        let aws = self.tellers.get(scope).map(|(aws, _)| *aws).filter(|_| !batches.is_empty());
        if let Some(aws) = aws
            && let Err(refusal) = aws.check().await
        {
            return Ok(Some((heard_of(&refusal), tally)));
        }
        let (hub, now) = (self.telling.hub(scope), self.writer.clock().now());
        let is_last_try = hub.is_none_or(|hub| hub.tries + 1 >= MOST_TRIES);
        let is_hopeless = hub.is_some_and(|hub| hub.is_hopeless(now));
        let mut takes_some = hub.is_none_or(Listener::takes_some);
        // What was refused by itself, which is passed over when all is done; and how many requests were refused in words that nobody knows.
        let (mut refused, mut riddles, mut last) = (Vec::<(FindingKey, String)>::new(), 0, String::new());
        for round in 1..=ROUNDS {
            let mut again = Vec::new();
            while let Some((members, keys)) = batches.pop_front() {
                if enough() || !self.hold().await? {
                    self.found.tally.add(tally);
                    return Ok(None);
                }
                let Some((_, teller)) = self.tellers.get(scope) else { break };
                let named: Vec<&FindingKey> = keys.iter().collect();
                let updated = match teller.update(&named, &members).await {
                    Ok(updated) => updated,
                    Err(refusal) => {
                        let is_known = refusal.is_about_the_page() && refusal.why != Why::Denied;
                        if !is_known && refusal.why != Why::Refused {
                            return Ok(Some((heard_of(&refusal), tally)));
                        }
                        if !is_known && !is_last_try {
                            return Ok(Some((Listened::Untaken(refusal.to_string()), tally)));
                        }
                        riddles += usize::from(!is_known);
                        let is_vain = riddles >= MOST_REFUSED && !takes_some;
                        if is_vain && !is_hopeless {
                            return Ok(Some((Listened::Closed(refusal.to_string()), tally)));
                        }
                        if keys.len() > 1 && !is_vain {
                            // Halves come after all else, so that what is taken is found early.
                            let (one, other) = keys.split_at(keys.len() / 2);
                            batches.push_back((members.clone(), one.to_vec()));
                            batches.push_back((members, other.to_vec()));
                        } else {
                            refused.extend(keys.into_iter().map(|key| (key, refusal.to_string())));
                        }
                        continue;
                    }
                };
                takes_some = true;
                let taken: Vec<FindingKey> =
                    keys.iter().filter(|key| updated.processed.contains(key)).cloned().collect();
                tally.told += taken.len() as u64;
                self.record(taken, &members).await?;
                for key in keys.into_iter().filter(|key| !updated.processed.contains(key)) {
                    match updated.unprocessed.iter().find(|(unprocessed, ..)| *unprocessed == key) {
                        Some((_, code, message)) if !PASSING.contains(&code.as_str()) => {
                            let is_gone = code == NOT_FOUND;
                            tally.unknown += u64::from(is_gone);
                            tally.refused += u64::from(!is_gone);
                            self.pass_over(scope, &key, &format!("{code}: {message}"));
                        }
                        Some((_, code, message)) => {
                            last = format!("{code}: {message}");
                            again.push((members.clone(), key));
                        }
                        None => {
                            "the answer does not name it".clone_into(&mut last);
                            again.push((members.clone(), key));
                        }
                    }
                }
            }
            if again.is_empty() || (round == ROUNDS && is_last_try) {
                if let Some((_, why)) = refused.last().filter(|_| riddles > 0 && !takes_some && !is_hopeless) {
                    return Ok(Some((Listened::Closed(why.clone()), tally)));
                }
                refused.extend(again.into_iter().map(|(_, key)| (key, last.clone())));
                tally.refused += refused.len() as u64;
                refused.iter().for_each(|(key, why)| self.pass_over(scope, key, why));
                return Ok(Some((Listened::Up(reached), tally)));
            }
            batches = self::batches(again.into_iter());
            if let Some((_, teller)) = self.tellers.get(scope).filter(|_| round < ROUNDS) {
                tokio::time::sleep(teller.pause(round)).await;
            }
        }
        let count = batches.iter().map(|(_, keys)| keys.len()).sum::<usize>();
        Ok(Some((Listened::Untaken(format!("{count} findings were not taken: {last}")), tally)))
    }

    /// Keeps the lease while there is something to do; whether it could be kept.
    async fn hold(&mut self) -> Result<bool, Error> {
        let now = self.writer.clock().now();
        if !self.telling.is_ending(now) {
            return Ok(true);
        }
        let put = self.writer.telling_put(self.tenant, self.telling.held(now)).await?;
        let is_held = put.is_some();
        self.telling = put.unwrap_or_else(|| self.telling.clone());
        Ok(is_held)
    }

    /// Records with the findings that the hub took what it was told.
    async fn record(&self, taken: Vec<FindingKey>, members: &Object) -> Result<(), Error> {
        if taken.is_empty() {
            return Ok(());
        }
        let members = Arc::new(members.clone());
        let intents = taken.into_iter().map(|key| {
            let members = Arc::clone(&members);
            let decide = move |current: Option<&Finding>, _: Option<&Seen>, at| asff::told(current, &members, at);
            Intent { key, sent: None, decide: Arc::new(decide) }
        });
        self.writer.submit(self.tenant, intents.collect()).await.map(drop)
    }

    fn pass_over(&mut self, scope: &Scope, key: &FindingKey, why: &str) {
        if self.found.passed_over.len() < MOST_SAID {
            self.found.passed_over.push(format!("{}/{} {}: {why}", scope.account, scope.region, key.id));
        }
    }
}

/// Findings that are told the same, as many as a request takes.
fn batches(told: impl Iterator<Item = (Object, FindingKey)>) -> VecDeque<Batch> {
    let mut alike: BTreeMap<String, Batch> = BTreeMap::new();
    for (members, key) in told {
        let text = serde_json::to_string(&members).unwrap_or_default();
        alike.entry(text).or_insert_with(|| (members, Vec::new())).1.push(key);
    }
    let all = alike.into_values();
    all.flat_map(|(members, keys)| {
        keys.chunks(MOST_TOLD).map(|some| (members.clone(), some.to_vec())).collect::<Vec<_>>()
    })
    .collect()
}

/// What a refusal means for a hub.
fn heard_of(refusal: &Refusal) -> Listened {
    let reason = refusal.to_string();
    match refusal.why {
        Why::Throttled => {
            let pause = refusal.pause.unwrap_or(Duration::from_secs(30)).as_millis();
            Listened::Wait { ms: i64::try_from(pause).unwrap_or(i64::MAX), reason }
        }
        Why::Denied | Why::Unsupported | Why::Absent => Listened::Closed(reason),
        Why::Refused | Why::Failed => Listened::Lost(reason),
    }
}
