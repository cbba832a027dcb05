//! The targets of the design's table, in counted requests and capacity units.

use crate::meter::Counts;

/// The most that something may cost; `None` is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Limit {
    /// Rounds: requests that wait for one another.
    pub rounds: Option<u32>,
    /// Requests to the store.
    pub requests: Option<u32>,
    /// Read capacity units.
    pub read: Option<f64>,
    /// Write capacity units.
    pub write: Option<f64>,
}

/// Every target that the bench measures. [`Targets::default`] is the design's table at 30,000 findings.
#[derive(Debug, Clone, PartialEq)]
pub struct Targets {
    /// A list of 100 rows in a container that knows the tenant.
    pub warm: Limit,
    /// Each further 100 rows.
    pub further: Limit,
    /// A list of 100 rows in a container that knows nothing.
    pub cold: Limit,
    /// The same where a list reads the family `core` alone.
    pub cold_core: Limit,
    /// What opening the texts adds to a cold list, for each million findings: searches and sorting by resource.
    pub texts_cold: f64,
    /// Net changes, 10,000 in the interval, 100 rows, warm; cold adds the cold list.
    pub changes: Limit,
    /// Documents that a request with residual attributes may read.
    pub tested: u64,
    /// One finding by its full id, warm, beside the log.
    pub get_warm: Limit,
    /// The same, cold.
    pub get_cold: Limit,
    /// Accepting or resolving one finding that nobody contends for, warm, with the reading of its caller's key.
    pub decided: Limit,
    /// A page of 100 records of a history.
    pub history: Limit,
    /// A list as of a past instant; its units are [`Targets::past_factor`] times the cold list's.
    pub past: Limit,
    /// See [`Targets::past`].
    pub past_factor: f64,
    /// Write units of an import of `n` unchanged findings are at most `n` divided by this, and 4.
    pub unchanged_per_unit: f64,
    /// Write units a finding, changed or new, in full commits.
    pub written_full: f64,
    /// Write units of one finding that is changed or new alone.
    pub written_alone: f64,
    /// Write units a finding for folding, on average, in full commits.
    pub folded: f64,
    /// Stored bytes of the largest document: what the table's costs stand on.
    pub document_bytes: f64,
}

impl Limit {
    const fn of(rounds: u32, read: f64) -> Self {
        Self { rounds: Some(rounds), requests: None, read: Some(read), write: None }
    }

    /// A limit on read units alone.
    pub fn reading(units: f64) -> Self {
        Self { read: Some(units), ..Self::default() }
    }

    /// A limit on write units alone.
    pub fn writing(units: f64) -> Self {
        Self { write: Some(units), ..Self::default() }
    }

    /// The same with so many read units more.
    #[must_use]
    pub fn and_reading(self, units: f64) -> Self {
        Self { read: Some(self.read.unwrap_or(0.0) + units), ..self }
    }

    /// The same for so many times a hundred rows more, each at most `further`.
    #[must_use]
    pub fn and_further(self, further: &Self, times: u32) -> Self {
        Self {
            requests: self.requests.zip(further.requests).map(|(first, more)| first + times * more),
            read: self.read.zip(further.read).map(|(first, more)| first + f64::from(times) * more),
            ..self
        }
    }

    /// The limit of doing both, one after the other.
    #[must_use]
    pub fn and_then(self, later: &Self) -> Self {
        Self {
            rounds: self.rounds.zip(later.rounds).map(|(a, b)| a + b),
            requests: self.requests.zip(later.requests).map(|(a, b)| a + b),
            read: self.read.zip(later.read).map(|(a, b)| a + b),
            write: self.write.zip(later.write).map(|(a, b)| a + b),
        }
    }

    /// Whether what was counted keeps to the limit.
    pub fn holds(&self, counts: &Counts) -> bool {
        self.rounds.is_none_or(|most| counts.rounds <= most)
            && self.requests.is_none_or(|most| counts.total() <= most)
            && self.read.is_none_or(|most| counts.read_units <= most)
            && self.write.is_none_or(|most| counts.write_units <= most)
    }

    /// The limit in short: `2 rounds, 80 read`.
    pub fn text(&self) -> String {
        let part = |most: Option<String>, what: &str| most.map(|most| format!("{most} {what}"));
        let parts = [
            part(self.rounds.map(|most| most.to_string()), "rounds"),
            part(self.requests.map(|most| most.to_string()), "requests"),
            part(self.read.map(short), "read"),
            part(self.write.map(short), "write"),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() { String::new() } else { format!("<= {}", parts.join(", ")) }
    }
}

/// A figure without needless digits.
pub(super) fn short(figure: f64) -> String {
    if figure.fract() == 0.0 { format!("{figure:.0}") } else { format!("{figure:.2}") }
}

impl Targets {
    /// The design's table for so many findings: what a cold list reads grows with them, and nothing else does.
    pub fn at(findings: u32) -> Self {
        // 200 units at 30,000 findings; at a million 2,400 on all columns and 1,400 on the family `core`.
        let beyond = f64::from(findings.saturating_sub(30_000)) / 970_000.0;
        let targets = Self::default();
        let cold = targets.cold.and_reading(2_200.0 * beyond);
        Self { cold, cold_core: targets.cold_core.and_reading(1_200.0 * beyond), ..targets }
    }
}

impl Targets {
    /// The limit of a list that a container which knows nothing answered with these requests: another one when it
    /// reads columns of `core` alone, beside the timestamps that every row shows.
    pub fn cold_list(&self, counts: &Counts) -> Limit {
        let families = counts.kinds.iter().filter(|(_, kind)| kind.asked > 0);
        let mut families = families.filter_map(|(name, _)| name.strip_prefix("segment "));
        match families.all(|family| ["core", "seen"].contains(&family)) {
            true => self.cold_core,
            false => self.cold,
        }
    }
}

impl Default for Targets {
    fn default() -> Self {
        Self {
            warm: Limit { requests: Some(5), ..Limit::of(2, 80.0) },
            further: Limit { rounds: None, requests: Some(2), read: Some(60.0), write: None },
            cold: Limit::of(4, 200.0),
            cold_core: Limit::of(4, 200.0),
            texts_cold: 1_500.0,
            changes: Limit::of(3, 200.0),
            tested: 500,
            get_warm: Limit::of(2, 8.0),
            get_cold: Limit::of(3, 30.0),
            decided: Limit { rounds: Some(3), requests: None, read: None, write: Some(16.0) },
            history: Limit::of(2, 30.0),
            past: Limit { rounds: Some(4), ..Limit::default() },
            past_factor: 1.5,
            unchanged_per_unit: 16.0,
            written_full: 5.0,
            written_alone: 10.0,
            folded: 1.0,
            document_bytes: 1024.0,
        }
    }
}
