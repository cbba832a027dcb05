//! Carries steps out on the ledger and on the model, and compares.

use super::ask::Ask;
use super::changes::compare as compare_changes;
use super::findings::key;
use super::naive::{Naive, Point, State};
use super::questions::{filter, order};
use super::steps::{Shot, Sketch, Step, Target, Trouble, When as Beside, change};
use super::table::{Table, client, log_after, perish};
use super::world::World;
use aws_sdk_dynamodb::Client;
use posture_local::faults::Fault;
use posture_shared::clock::Clock;
use posture_shared::domain::asff::{self, Door, Update};
use posture_shared::domain::json::differences;
use posture_shared::domain::{
    Caller, Error, Fate, FindingKey, Instant, Outcome, Rejection, Ruling, Snapshot, Status, Terms,
};
use posture_shared::ledger::{Found, When, Writer};
use posture_shared::operations::{
    FindingsQuery, HistoryQuery, Question, decide_findings, get_finding, get_finding_history, get_findings,
    import_findings, import_snapshots, record_expiries, update_findings,
};
use serde_json::Value;
use std::sync::Arc;

/// A ledger with two writers, and what the model says of it.
#[derive(Debug)]
pub struct Run {
    pub(super) world: World,
    client: Client,
    pub(super) writers: [Writer; 2],
    pub(super) clocks: [Clock; 2],
    pub(super) naive: Naive,
    lists: Vec<List>,
}

/// A list whose pages are fetched by and by.
#[derive(Debug, Clone)]
struct List {
    query: FindingsQuery,
    expected: Vec<State>,
    total: usize,
    fetched: usize,
}

/// A request that changes something.
#[derive(Debug, Clone)]
enum Request {
    Import(Vec<Value>),
    Snapshot(Vec<Snapshot>),
    Update(Vec<FindingKey>, Update),
    Accept(FindingKey, Ruling),
    Expire(Instant),
}

impl Run {
    /// An empty ledger.
    pub async fn new() -> Self {
        let world = World::new().await;
        let clocks = [world.clock.clone(), Clock::starting_at(world.clock.now().plus(-30_000))];
        let writers = [world.writer_with(clocks[0].clone()), world.writer_with(clocks[1].clone())];
        Self { client: client(&world), world, writers, clocks, naive: Naive::default(), lists: Vec::new() }
    }

    /// Carries a step out.
    pub async fn step(&mut self, step: Step) {
        match step {
            Step::Import { who, sent, trouble } => {
                let sent = sent.iter().map(Sketch::finding).collect();
                self.request(who, &Request::Import(sent), trouble).await;
            }
            Step::Bulk { who, first, count, sketch, trouble } => {
                let numbers = first..first + count;
                let sent = numbers.map(|n| Sketch { whom: (0, n), ..sketch.clone() }.finding()).collect();
                self.request(who, &Request::Import(sent), trouble).await;
            }
            Step::Snapshot { who, sent, trouble } => {
                // Without a time the ledger takes its own now, which the model could not know to the millisecond.
                let now = self.clocks[who].now().to_string();
                let time = |shot: &Shot| Some(shot.time().unwrap_or_else(|| now.clone()));
                let snapshot = |shot: &Shot| Snapshot { finding: shot.finding(), time: time(shot) };
                self.request(who, &Request::Snapshot(sent.iter().map(snapshot).collect()), trouble).await;
            }
            Step::Update { who, whom, change: which, trouble } => {
                let update = Update::parse(change(which).as_object().unwrap()).unwrap();
                let keys = whom.into_iter().map(|(product, n)| key(product, n)).collect();
                self.request(who, &Request::Update(keys, update), trouble).await;
            }
            Step::Accept { who, whom, end, trouble } => {
                // The end lies ahead of every clock that there is: callers check that.
                let expires_at = end.map(|ms| self.now(0).max(self.now(1)).plus(ms));
                let justification = "we can live with it".to_owned();
                let remarks = Some(justification);
                let reason = Ruling { remarks, expires_at, ..Ruling::of(Status::RiskAccepted) };
                self.request(who, &Request::Accept(key(whom.0, whom.1), reason), trouble).await;
            }
            Step::Expire { who, back, trouble } => {
                let from = self.clocks[who].now().plus(-back);
                self.request(who, &Request::Expire(from), trouble).await;
            }
            Step::Clock { who, ms } => self.clocks[who].set(self.clocks[who].now().plus(ms)),
            Step::Ripen { who, which, ms } => {
                let ends = self.naive.acceptances();
                if let Some((_, end)) = ends.get(which % ends.len().max(1)) {
                    self.clocks[who].set(end.plus(ms));
                }
            }
            Step::Fold { who } => {
                let covered = self.writers[who].fold(&self.world.tenant).await.unwrap();
                assert_eq!(covered, self.naive.tip(), "what a fold covers");
            }
            Step::Rebuild { who } => {
                let covered = self.writers[who].rebuild(&self.world.tenant).await.unwrap();
                assert_eq!(covered, self.naive.tip(), "what a rebuild covers");
            }
            Step::Perish { who, which } => {
                perish(&self.client, which).await;
                self.writers[who] = self.world.writer_with(self.clocks[who].clone());
            }
            Step::Restart { who } => self.writers[who] = self.world.writer_with(self.clocks[who].clone()),
            Step::List { who, filter, sort, limit, when } => self.list(who, filter, sort, limit, when).await,
            Step::Page { who, list } => {
                if !self.lists.is_empty() {
                    let list = self.lists.remove(list % self.lists.len());
                    if let Some(list) = self.page(who, list).await {
                        self.lists.push(list);
                    }
                }
            }
            Step::Look { who, whom, when } => self.look(who, whom, when).await,
            Step::History { who, whom, limit, between } => self.history(who, whom, limit, between).await,
            Step::Changes { who, filter: n, from, to } => self.changes(who, n, from, to).await,
            Step::Stumble { who, at } => {
                self.world.faults.plan(Fault::Before(at));
                let _ = get_findings(&self.writers[who], &self.world.tenant, &everything(10)).await;
                self.world.faults.plan(Fault::None);
            }
        }
    }

    /// Compares everything that can be asked for, on both writers and on a cold one.
    pub async fn finish(&mut self) {
        for list in std::mem::take(&mut self.lists) {
            let mut left = Some(list);
            while let Some(list) = left {
                left = self.page(0, list).await;
            }
        }
        for who in [0, 1] {
            self.compare_all(who).await;
        }
        self.writers[0] = self.world.writer_with(self.clocks[0].clone());
        self.compare_all(0).await;
        for state in self.naive.states(self.point(0)).iter().step_by(7) {
            self.compare_history(0, &state.finding.key(), 100, (None, None)).await;
        }
        Table::read(&self.world).await.audit(&self.world, &self.writers[0]).await;
    }

    /// Compares the newest state of every finding.
    pub async fn compare_all(&mut self, who: usize) {
        let query = everything(50);
        let mut list = self.open(who, query).await;
        while let Some(left) = list {
            list = self.page(who, left).await;
        }
    }

    pub(super) fn now(&self, who: usize) -> Instant {
        self.clocks[who].now().max(self.naive.tip_at())
    }

    fn point(&self, who: usize) -> Point {
        Point { seq: self.naive.tip(), at: self.now(who) }
    }

    /// Sends a request; if that fails, sends it again until it is answered, as clients do.
    async fn request(&mut self, who: usize, request: &Request, trouble: Trouble) {
        self.world.faults.plan(match trouble {
            Trouble::None => Fault::None,
            Trouble::Before(n) => Fault::Before(n),
            Trouble::After(n) => Fault::After(n),
        });
        if !self.send(who, request).await {
            self.world.faults.plan(Fault::None);
            assert!(self.send(who, request).await, "a request fails without a fault: {request:?}");
        }
        self.world.faults.plan(Fault::None);
    }

    /// Sends a request once and tells the model; whether it was answered.
    async fn send(&mut self, who: usize, request: &Request) -> bool {
        let caller = self.world.caller();
        let records = self.asks(who, request, &caller);
        let asks: Vec<Ask> = records.iter().flatten().flatten().cloned().collect();
        let started = self.clocks[who].now();
        let outcomes = self.outcomes(who, request, &caller).await;
        let ended = self.clocks[who].now();
        let before = self.naive.tip_at();
        let entries = log_after(&self.world, &self.client, (self.naive.tip() > 0).then_some(before)).await;
        let mut previous = before;
        for entry in &entries {
            let earliest = if entry.seq == 1 { started } else { started.max(previous.plus(1)) };
            let latest = ended.max(previous.plus(1));
            assert!((earliest..=latest).contains(&entry.at), "{} is not in {earliest}..={latest}", entry.at);
            previous = entry.at;
        }
        let expected = self.naive.absorb(&asks, &entries, outcomes.is_ok(), ended.max(before.plus(1)));
        let Ok(outcomes) = outcomes else {
            return false;
        };
        let expected: Vec<Outcome> = expected.into_iter().map(Option::unwrap).collect();
        match (request, outcomes) {
            (Request::Expire(_), Outcomes::Count(count)) => {
                assert_eq!(count, expected.iter().filter(|o| **o == Outcome::Changed).count(), "recorded expiries");
            }
            (_, Outcomes::Each(outcomes)) => assert_eq!(outcomes, merged(expected, &records), "{request:?}"),
            (_, Outcomes::Count(_)) => unreachable!("only expiries are counted"),
        }
        true
    }

    async fn outcomes(&self, who: usize, request: &Request, caller: &Caller) -> Result<Outcomes, Error> {
        let writer = &self.writers[who];
        let tenant = &self.world.tenant;
        Ok(Outcomes::Each(match request {
            Request::Import(sent) => import_findings(writer, caller, sent).await?,
            Request::Snapshot(sent) => import_snapshots(writer, tenant, Some(caller), sent).await?.outcomes,
            Request::Update(keys, update) => update_findings(writer, caller, keys.clone(), update.clone()).await?,
            Request::Accept(key, reason) => {
                let report =
                    decide_findings(writer, caller, vec![key.clone()], reason.clone(), &Terms::default()).await?;
                report.fates.iter().filter_map(Fate::known).cloned().collect()
            }
            Request::Expire(from) => return record_expiries(writer, tenant, *from).await.map(Outcomes::Count),
        }))
    }

    /// What each record of a request asks of its finding, unless it is refused.
    fn asks(&self, who: usize, request: &Request, caller: &Caller) -> Vec<Record> {
        let by = caller.identity();
        match request {
            Request::Import(sent) => {
                let ask = |finding: &Value| Ok(vec![Ask::Import(Arc::new(asff::validate(finding, Door::Import)?))]);
                sent.iter().map(ask).collect()
            }
            Request::Snapshot(sent) => {
                let both = |snapshot: &Snapshot| {
                    let sent = Arc::new(asff::validate(&snapshot.finding, Door::Snapshot)?);
                    let time = snapshot.time.clone();
                    let first = Ask::SnapshotImport(Arc::clone(&sent), time.clone());
                    Ok(vec![first, Ask::SnapshotUpdate(sent, time, by.clone())])
                };
                sent.iter().map(both).collect()
            }
            Request::Update(keys, update) => {
                let update = Arc::new(update.clone());
                keys.iter().map(|key| Ok(vec![Ask::Update(key.clone(), Arc::clone(&update), by.clone())])).collect()
            }
            Request::Accept(key, reason) => vec![Ok(vec![Ask::Accept(key.clone(), reason.clone(), by)])],
            Request::Expire(from) => {
                let now = self.clocks[who].now();
                let due = self.naive.acceptances().into_iter().filter(|(_, end)| from <= end && *end <= now);
                due.map(|(key, end)| Ok(vec![Ask::Expire(key, end)])).collect()
            }
        }
    }

    /// The instant that a step means, never in the future.
    pub(super) fn instant(&self, who: usize, when: Beside) -> Option<Instant> {
        match when {
            Beside::Now => None,
            Beside::Beside(n, ms) => {
                let points = self.naive.turning_points();
                let at = points.get(n % points.len().max(1))?.plus(ms);
                Some(at.min(self.now(who)))
            }
        }
    }

    async fn list(&mut self, who: usize, n: usize, sort: usize, limit: usize, when: Beside) {
        let at = self.instant(who, when);
        let around = at.unwrap_or_else(|| self.now(who));
        let query = FindingsQuery {
            question: Question {
                filter: filter(n, around),
                when: at.map_or(When::Now, When::At),
                ..Question::default()
            },
            sort: order(sort),
            ..everything(limit)
        };
        let list = self.open(who, query).await;
        self.lists.extend(list);
    }

    /// Fetches a list's first page.
    async fn open(&self, who: usize, query: FindingsQuery) -> Option<List> {
        let earliest = self.now(who);
        let page = get_findings(&self.writers[who], &self.world.tenant, &query).await.unwrap();
        let latest = self.now(who);
        let point = Point { seq: page.opened.view.seq, at: page.opened.view.at };
        match query.question.when {
            When::At(at) => assert_eq!(point, self.naive.at(at), "the view's place"),
            _ => assert!(point.seq == self.naive.tip() && (earliest..=latest).contains(&point.at), "{point:?}"),
        }
        let (expected, total) = self.naive.select(point, &query.question.filter, &query.sort);
        let list = List { query, expected, total, fetched: 0 };
        compare_page(list, &page.findings, page.total, page.next, point)
    }

    /// Fetches a list's next page.
    async fn page(&self, who: usize, list: List) -> Option<List> {
        let page = get_findings(&self.writers[who], &self.world.tenant, &list.query).await.unwrap();
        let point = Point { seq: page.opened.view.seq, at: page.opened.view.at };
        compare_page(list, &page.findings, page.total, page.next, point)
    }

    async fn look(&self, who: usize, whom: Target, when: Beside) {
        let key = key(whom.0, whom.1);
        let at = self.instant(who, when);
        // Without an instant the clock is read twice: nothing must end in between.
        let point = at.map_or_else(|| self.point(who), |at| self.naive.at(at));
        let found = get_finding(&self.writers[who], &self.world.tenant, &key, at.map_or(When::Now, When::At)).await;
        let found = found.unwrap();
        let expected = self.naive.state(&key, point);
        assert_eq!(found.is_some(), expected.is_some(), "{key:?} at {point:?}");
        if let (Some(found), Some(expected)) = (found, expected) {
            compare(&found, &expected, point);
        }
    }

    async fn changes(&self, who: usize, n: usize, from: Beside, to: Beside) {
        let now = self.now(who);
        let (from, to) = (self.instant(who, from).unwrap_or(now), self.instant(who, to));
        let (from, to) = match to {
            Some(to) => (from.min(to), Some(from.max(to))),
            None => (from, None),
        };
        // What only documents know is not asked for of changes.
        let asked = Some(filter(n, now)).filter(|filter| filter.residual().next().is_none()).unwrap_or_default();
        compare_changes(&self.writers[who], &self.world.tenant, &self.naive, from, to, asked).await;
    }

    async fn history(&self, who: usize, whom: Target, limit: usize, between: Option<(Beside, Beside)>) {
        let instant = |when| self.instant(who, when);
        let bounds = between.map_or((None, None), |(from, to)| (instant(from), instant(to)));
        self.compare_history(who, &key(whom.0, whom.1), limit, bounds).await;
    }

    async fn compare_history(
        &self,
        who: usize,
        key: &FindingKey,
        limit: usize,
        (from, to): (Option<Instant>, Option<Instant>),
    ) {
        let mut records = Vec::new();
        let mut token = None;
        loop {
            let query = HistoryQuery { key: key.clone(), from, to, limit, token, fingerprint: [1; 32] };
            let page = get_finding_history(&self.writers[who], &self.world.tenant, &query).await.unwrap();
            assert!(page.records.len() <= limit);
            records.extend(page.records);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert!(records.windows(2).all(|pair| pair[0].at > pair[1].at), "newest first");
        let mut expected = self.naive.history(key);
        expected.retain(|record| from.is_none_or(|from| record.at >= from) && to.is_none_or(|to| record.at <= to));
        assert_eq!(records, expected, "the history of {key:?} between {from:?} and {to:?}");
    }
}

/// What a record of a request asks for, in order, or why it is refused.
type Record = Result<Vec<Ask>, Rejection>;

/// What an operation answered.
enum Outcomes {
    Each(Vec<Outcome>),
    Count(usize),
}

/// What becomes of records that are spread over several asks: the strongest of their outcomes.
fn merged(outcomes: Vec<Outcome>, records: &[Record]) -> Vec<Outcome> {
    let mut outcomes = outcomes.into_iter();
    let strength = |outcome: &Outcome| match outcome {
        Outcome::Unchanged => 0,
        Outcome::Changed => 1,
        Outcome::Created => 2,
        Outcome::Rejected(_) => 3,
    };
    let merge = |record: &Record| match record {
        Ok(asks) => outcomes.by_ref().take(asks.len()).max_by_key(strength).unwrap(),
        Err(rejection) => Outcome::Rejected(rejection.clone()),
    };
    records.iter().map(merge).collect()
}

/// A question for every finding.
pub fn everything(limit: usize) -> FindingsQuery {
    FindingsQuery { limit, fingerprint: [3; 32], token_field: "NextToken", ..FindingsQuery::default() }
}

/// Compares a page with what is next in a list; what is left of the list.
fn compare_page(mut list: List, found: &[Found], total: u32, next: Option<String>, point: Point) -> Option<List> {
    assert_eq!(total as usize, list.total, "the total of {:?} at {point:?}", list.query);
    assert!(found.len() <= list.query.limit);
    for found in found {
        let expected = list.expected.get(list.fetched);
        let expected = expected.unwrap_or_else(|| panic!("a row too many: {} {:?}", found.ordinal.0, list.query));
        assert_eq!(found.ordinal.0, expected.ordinal, "row {} of {:?} at {point:?}", list.fetched, list.query);
        compare(found, expected, point);
        list.fetched += 1;
    }
    if next.is_none() {
        assert_eq!(list.fetched, list.expected.len(), "rows of {:?} at {point:?}", list.query);
    }
    list.query.token = Some(next?);
    Some(list)
}

fn compare(found: &Found, expected: &State, point: Point) {
    let key = expected.finding.key();
    let differences = differences(&expected.finding.asff, &found.finding.asff);
    assert!(differences.is_empty(), "expected and found {key:?} at {point:?}: {differences:?}");
    assert_eq!(found.finding.standing, expected.finding.standing, "{key:?} at {point:?}");
    assert_eq!(found.last_seen, expected.last_seen, "{key:?} at {point:?}");
}
