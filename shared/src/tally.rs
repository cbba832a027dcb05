//! What a piece of work costs: requests to the table and their units, commits, and what else operators must know of it.
//!
//! It is counted where it arises and told at the edge, by a tally that goes with the work: what is awaited [`Tally::over`] it is
//! counted, beside or after one another, and a task of its own takes it along by [`carried`]. Where the ledger's writer
//! merges what several sent, each of them bears its share of the whole by the number of its intents, so that the sum over all is
//! what was spent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tracing::Instrument;

tokio::task_local! {
    static CURRENT: Tally;
}

/// What was spent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Requests to the table.
    pub requests: f64,
    /// The longest chain of them that waited for one another.
    pub rounds: u32,
    /// Read capacity units, as the table reports them.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
    /// Commits that are in the log.
    pub commits: f64,
    /// Commits that somebody else was faster than, or that the table had no room for: they were decided again.
    pub lost_races: f64,
}

/// What is looked at rather than counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gauge {
    /// Seconds since the oldest job that has not ended was asked for.
    JobAge,
    /// Seconds between an event and the commit that has it.
    EventLag,
    /// What a verification found wrong.
    Drift,
}

/// Counts. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cost: Cost,
    /// The latest round of which a request has ended.
    ended: u32,
    gauges: BTreeMap<Gauge, f64>,
}

impl Tally {
    /// Counts what this work spends.
    pub async fn over<F: Future>(&self, work: F) -> F::Output {
        CURRENT.scope(self.clone(), work).await
    }

    /// Counts what is spent while this looks how far something is.
    pub fn while_polling<T>(&self, poll: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), poll)
    }

    /// What was spent until now.
    pub fn cost(&self) -> Cost {
        self.state().cost
    }

    /// What was looked at until now: the greatest of each.
    pub fn gauges(&self) -> BTreeMap<Gauge, f64> {
        self.state().gauges.clone()
    }

    /// That of the work under way, if it has one.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(Self::clone).ok()
    }

    /// Adds what was spent elsewhere while this work waited for it.
    pub(crate) fn absorb(&self, spent: Cost) {
        let mut state = self.state();
        let Cost { requests, rounds, read_units, write_units, commits, lost_races } = spent;
        state.ended = state.ended.saturating_add(rounds);
        let cost = &mut state.cost;
        cost.requests += requests;
        cost.read_units += read_units;
        cost.write_units += write_units;
        cost.commits += commits;
        cost.lost_races += lost_races;
        state.cost.rounds = state.cost.rounds.max(state.ended);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cost {
    /// What somebody bears of it who waited for the whole and asked for `own` of `all`.
    pub(crate) fn share(self, own: usize, all: usize) -> Self {
        let part = |whole: f64| if all == 0 { 0.0 } else { whole * count(own) / count(all) };
        Self {
            requests: part(self.requests),
            rounds: self.rounds,
            read_units: part(self.read_units),
            write_units: part(self.write_units),
            commits: part(self.commits),
            lost_races: part(self.lost_races),
        }
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

/// A request under way.
#[derive(Debug)]
pub(crate) struct Asked(Option<(Tally, u32)>);

/// Notes that a request is made.
pub(crate) fn ask() -> Asked {
    Asked(Tally::current().map(|tally| {
        let mut state = tally.state();
        let round = state.ended.saturating_add(1);
        state.cost.rounds = state.cost.rounds.max(round);
        state.cost.requests += 1.0;
        drop(state);
        (tally, round)
    }))
}

impl Asked {
    /// It was answered, and cost so many units to read and to write.
    pub fn answered(self, units: (f64, f64)) {
        self.ended(units, true);
    }

    /// As [`Asked::answered`], where nothing waits for the answer: what starts afterwards is in no later round for it.
    pub fn answered_aside(self, units: (f64, f64)) {
        self.ended(units, false);
    }

    fn ended(self, (read, write): (f64, f64), is_awaited: bool) {
        let Some((tally, round)) = self.0 else { return };
        let mut state = tally.state();
        state.cost.read_units += read;
        state.cost.write_units += write;
        if is_awaited {
            state.ended = state.ended.max(round);
        }
    }
}

/// Notes a commit.
pub(crate) fn committed() {
    note(|state| state.cost.commits += 1.0);
}

/// Notes a commit that is to be decided again.
pub(crate) fn lost() {
    note(|state| state.cost.lost_races += 1.0);
}

/// Notes what was looked at.
pub fn gauge(gauge: Gauge, value: f64) {
    note(|state| {
        let known = state.gauges.entry(gauge).or_insert(value);
        *known = known.max(value);
    });
}

fn note(change: impl FnOnce(&mut State)) {
    // Nobody asked: tests and commands.
    let _ = CURRENT.try_with(|tally| change(&mut tally.state()));
}

/// The work for a task of its own, which is counted where it began and logs under its name.
pub fn carried<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let tally = Tally::current();
    async move {
        match tally {
            Some(tally) => tally.over(work).await,
            None => work.await,
        }
    }
    .in_current_span()
}

#[cfg(test)]
mod tests {
    use super::{Cost, Gauge, Tally, ask, carried, committed, gauge};

    async fn request(read: f64, write: f64) {
        let asked = ask();
        tokio::task::yield_now().await;
        asked.answered((read, write));
    }

    #[tokio::test]
    async fn what_waits_for_another_is_a_round_more() {
        let tally = Tally::default();
        let work = async {
            tokio::join!(request(0.5, 0.0), request(1.0, 0.0), request(2.0, 0.0));
            request(0.0, 4.0).await;
        };
        tally.over(work).await;
        let cost = tally.cost();
        assert_eq!((cost.requests, cost.rounds, cost.read_units, cost.write_units), (4.0, 2, 3.5, 4.0));
    }

    #[tokio::test]
    async fn a_task_of_its_own_is_counted_and_others_are_not() {
        let (mine, other) = (Tally::default(), Tally::default());
        let work = async {
            let task = tokio::spawn(carried(request(1.0, 0.0)));
            let stray = tokio::spawn(request(8.0, 8.0));
            let _ = tokio::join!(task, stray, other.over(request(16.0, 0.0)));
            gauge(Gauge::EventLag, 2.0);
            gauge(Gauge::EventLag, 1.0);
        };
        mine.over(work).await;
        assert_eq!((mine.cost().read_units, other.cost().read_units), (1.0, 16.0));
        assert_eq!(mine.gauges().get(&Gauge::EventLag), Some(&2.0));
    }

    /// Whoever waited, waited for all rounds; units and commits are there once.
    #[tokio::test]
    async fn shares_make_up_the_whole() {
        let (whole, one, two) = (Tally::default(), Tally::default(), Tally::default());
        let work = async {
            request(3.0, 7.0).await;
            committed();
        };
        whole.over(work).await;
        for (tally, own) in [(&one, 1), (&two, 2)] {
            tally.over(request(0.5, 0.0)).await;
            tally.absorb(whole.cost().share(own, 3));
            assert_eq!(tally.cost().rounds, 2);
        }
        let sum = |of: fn(&Cost) -> f64| of(&one.cost()) + of(&two.cost());
        let near = |sum: f64, expected: f64| assert!((sum - expected).abs() < 1e-9, "{sum}");
        near(sum(|cost| cost.read_units), 4.0);
        near(sum(|cost| cost.write_units), 7.0);
        near(sum(|cost| cost.commits), 1.0);
        assert_eq!(whole.cost().share(0, 0).read_units, 0.0);
    }
}
