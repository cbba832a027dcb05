//! A meter on the wire to the store: requests, rounds, capacity units and bytes.
//!
//! Capacity is what the store reports; whoever asks must set `ReturnConsumedCapacity`. Requests that the store refuses
//! report none, although the service charges for some of them: they are counted as refused.

mod seen;

use crate::embedded::{bytes_of, operation_of};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use seen::Seen;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was counted since the last look.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    /// Requests by operation.
    pub requests: BTreeMap<String, u32>,
    /// How many of them the store refused.
    pub refused: u32,
    /// The longest chain of requests that waited for one another.
    pub rounds: u32,
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
    /// Bytes of the requests' bodies.
    pub bytes_sent: u64,
    /// Bytes of the answers' bodies.
    pub bytes_received: u64,
    /// Write capacity units by operation.
    pub write_units_of: BTreeMap<String, f64>,
    /// Read capacity units of queries for the log. Only counted by [`Meter::watching`].
    pub log_read_units: f64,
    /// Requests with a FilterExpression, which make the store read what it does not give. Only counted by
    /// [`Meter::watching`].
    pub filtered: u32,
    /// What was written and asked for by kind of item, which is the second part of a partition key. Only counted by
    /// [`Meter::watching`].
    pub kinds: BTreeMap<String, Kind>,
}

/// What was written and asked for of one kind of item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kind {
    /// Items written, deleted ones not counted.
    pub written: u64,
    /// Their bytes as the store counts them: names, texts and raw bytes; a number as its digits.
    pub bytes: u64,
    /// Bytes of the largest of them.
    pub largest: u64,
    /// Exact keys asked for.
    pub asked: u64,
}

impl Counts {
    /// Requests of all operations.
    pub fn total(&self) -> u32 {
        self.requests.values().sum()
    }

    /// Requests of one operation.
    pub fn of(&self, operation: &str) -> u32 {
        self.requests.get(operation).copied().unwrap_or(0)
    }

    /// Adds what was counted later, as if one had waited for the other.
    pub fn add(&mut self, later: Self) {
        let Self {
            requests,
            refused,
            rounds,
            read_units,
            write_units,
            bytes_sent,
            bytes_received,
            write_units_of,
            log_read_units,
            filtered,
            kinds,
        } = later;
        requests.into_iter().for_each(|(name, count)| *self.requests.entry(name).or_default() += count);
        self.refused += refused;
        self.rounds += rounds;
        self.read_units += read_units;
        self.write_units += write_units;
        self.bytes_sent += bytes_sent;
        self.bytes_received += bytes_received;
        write_units_of.into_iter().for_each(|(name, units)| *self.write_units_of.entry(name).or_default() += units);
        self.log_read_units += log_read_units;
        self.filtered += filtered;
        for (name, more) in kinds {
            let kind = self.kinds.entry(name).or_default();
            kind.written += more.written;
            kind.bytes += more.bytes;
            kind.largest = kind.largest.max(more.largest);
            kind.asked += more.asked;
        }
    }

    /// What was written and asked for of one kind of item.
    pub fn kind(&self, name: &str) -> Kind {
        self.kinds.get(name).copied().unwrap_or_default()
    }
}

/// Counts what goes through to another client. Clones share the counts.
#[derive(Debug, Clone)]
pub struct Meter {
    inner: SharedHttpClient,
    state: Arc<Mutex<State>>,
    watching: bool,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
struct Started {
    period: u64,
    round: u32,
    of_log: bool,
}

#[derive(Debug, Default)]
struct State {
    counts: Counts,
    /// The latest round of which a request has finished.
    finished: u32,
    /// Grows with each look, so that a request that spans one is not counted in the wrong period.
    period: u64,
}

impl Meter {
    /// A meter before `inner`.
    pub fn new(inner: impl HttpClient + 'static) -> Self {
        Self { inner: SharedHttpClient::new(inner), state: Arc::default(), watching: false }
    }

    /// A meter that also reads the requests, and counts by kind of item. Costs time, and no units.
    pub fn watching(inner: impl HttpClient + 'static) -> Self {
        Self { watching: true, ..Self::new(inner) }
    }

    /// What was counted since the last look; starts anew.
    pub fn take(&self) -> Counts {
        let mut state = self.state();
        let period = state.period.wrapping_add(1);
        std::mem::replace(&mut *state, State { period, ..State::default() }).counts
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request's start; its period and its round.
    fn start(&self, operation: &str, body: &SdkBody) -> Started {
        let seen = body.bytes().filter(|_| self.watching).map(|body| Seen::in_request(operation, body));
        let bytes = body.content_length().unwrap_or(0);
        let mut state = self.state();
        let of_log = seen.as_ref().is_some_and(Seen::is_log_query);
        if let Some(seen) = seen {
            seen.add_to(&mut state.counts);
        }
        let round = state.finished.saturating_add(1);
        state.counts.rounds = state.counts.rounds.max(round);
        state.counts.bytes_sent += bytes;
        *state.counts.requests.entry(operation.to_owned()).or_default() += 1;
        Started { period: state.period, round, of_log }
    }

    /// Counts a request's end. `answer` is absent when there was none.
    fn end(&self, operation: &str, started: Started, answer: Option<(bool, &[u8])>) {
        let Started { period, round, of_log } = started;
        let mut state = self.state();
        if state.period != period {
            return;
        }
        // Nothing waits for a counter, so however early it ends, what starts then is in no later round for it.
        if operation != "UpdateItem" {
            state.finished = state.finished.max(round);
        }
        match answer {
            Some((true, body)) => {
                let (read, write) = units(operation, body);
                state.counts.read_units += read;
                if of_log {
                    state.counts.log_read_units += read;
                }
                state.counts.write_units += write;
                *state.counts.write_units_of.entry(operation.to_owned()).or_default() += write;
                state.counts.bytes_received += body.len() as u64;
            }
            Some((false, body)) => {
                state.counts.refused += 1;
                state.counts.bytes_received += body.len() as u64;
            }
            None => state.counts.refused += 1,
        }
    }
}

impl HttpClient for Meter {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Metered { meter: self.clone(), inner })
    }
}

#[derive(Debug)]
struct Metered {
    meter: Meter,
    inner: SharedHttpConnector,
}

impl HttpConnector for Metered {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (meter, inner) = (self.meter.clone(), self.inner.clone());
        HttpConnectorFuture::new(async move {
            let operation = operation_of(&request).to_owned();
            let started = meter.start(&operation, request.body());
            // Requests that were made together start together, however fast the first one is.
            tokio::task::yield_now().await;
            let mut response: HttpResponse = match inner.call(request).await {
                Ok(response) => response,
                Err(error) => {
                    meter.end(&operation, started, None);
                    return Err(error);
                }
            };
            let body = bytes_of(response.take_body()).await?;
            meter.end(&operation, started, Some((response.status().is_success(), &body)));
            *response.body_mut() = SdkBody::from(body);
            Ok(response)
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    consumed_capacity: Option<OneOrMore>,
}

/// One table's units, or a list where an operation may touch several tables.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    More(Vec<Capacity>),
    One(Capacity),
}

/// Units are kept as text until they are read: an untagged enum would see them as `arbitrary_precision`'s own type.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Capacity {
    capacity_units: Option<serde_json::Number>,
    read_capacity_units: Option<serde_json::Number>,
    write_capacity_units: Option<serde_json::Number>,
}

/// Read and write units of an answer.
fn units(operation: &str, body: &[u8]) -> (f64, f64) {
    let Ok(Answer { consumed_capacity: Some(capacity) }) = serde_json::from_slice(body) else { return (0.0, 0.0) };
    let all = match capacity {
        OneOrMore::More(all) => all,
        OneOrMore::One(one) => vec![one],
    };
    let reads = matches!(operation, "GetItem" | "BatchGetItem" | "Query" | "Scan" | "TransactGetItems");
    all.iter().fold((0.0, 0.0), |(read, write), one| {
        let total = one.capacity_units.as_ref().and_then(serde_json::Number::as_f64).unwrap_or(0.0);
        // A transaction that is sent again with its token is charged as reads.
        if reads || (one.read_capacity_units.is_some() && one.write_capacity_units.is_none()) {
            (read + total, write)
        } else {
            (read, write + total)
        }
    })
}
