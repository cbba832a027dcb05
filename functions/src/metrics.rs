//! What the log is told of a request: one line, and where it is asked for with CloudWatch's metrics in it.
//!
//! The metrics are in CloudWatch's embedded metric format: a line of JSON that CloudWatch Logs reads as metrics, and people as the log
//! line that it is. Its other members are spelt as `tracing` spells its lines, so that one query finds both. What is zero is left out, because
//! CloudWatch charges for every metric that is told of in an hour, and a sum or an alarm does not miss it; requests, milliseconds and
//! what was looked at are always told.

use posture_shared::clock::Clock;
use posture_shared::domain::{Caller, Error, Instant};
use posture_shared::tally::{Cost, Gauge, Tally};
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::Arc;

/// The namespace of every metric.
pub const NAMESPACE: &str = "PostureLedger";
/// The member that names the function, by which lines are searched. It is no dimension: CloudWatch charges for every series of a metric,
/// and one for each of sixty functions would cost more than all else here together.
pub const FUNCTION: &str = "Function";

/// Every metric with its unit, as CloudWatch spells them.
pub const METRICS: &[(&str, &str)] = &[
    (REQUESTS, "Count"),
    (DURATION, "Milliseconds"),
    ("Errors", "Count"),
    ("Throttled", "Count"),
    ("ReadUnits", "Count"),
    ("WriteUnits", "Count"),
    ("Rounds", "Count"),
    ("Commits", "Count"),
    ("LostRaces", "Count"),
    ("OldestJobSeconds", "Seconds"),
    ("EventLagSeconds", "Seconds"),
    ("Drift", "Count"),
];

const REQUESTS: &str = "Requests";
const DURATION: &str = "DurationMs";

/// What writes a line.
type Write = Arc<dyn Fn(&str) + Send + Sync>;

/// Where lines with metrics go; nowhere unless somebody asks, and then plain log lines are written.
#[derive(Clone, Default)]
pub struct Metrics(Option<Write>);

/// What became of a request or an event.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Done<'a> {
    pub function: &'a str,
    pub request_id: &'a str,
    pub caller: Option<&'a Caller>,
    pub status: u16,
    pub failure: Option<&'a Error>,
    pub ms: f64,
    pub tally: &'a Tally,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Metrics").field(&self.0.is_some()).finish()
    }
}

impl Metrics {
    /// Hands each line, which ends in no line break, to `write`.
    pub fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(write)))
    }

    /// To standard output, where Lambda reads what goes to CloudWatch Logs.
    pub fn to_stdout() -> Self {
        use std::io::Write;
        // What cannot be written nobody would read.
        Self::to(|line| drop(std::io::stdout().lock().write_all(format!("{line}\n").as_bytes())))
    }

    /// Writes the one line of a request.
    pub(crate) fn log(&self, done: &Done<'_>) {
        match &self.0 {
            Some(write) => write(&line(done, true, Clock::machine())),
            None => plain(done),
        }
    }

    /// Writes the one line of an event: without metrics where it found nothing to do, because schedules wake functions every minute,
    /// and metrics that are told of in every hour are paid for in every hour.
    pub(crate) fn log_event(&self, done: &Done<'_>) {
        let has_worked = done.tally.cost().commits > 0.0 || !done.tally.gauges().is_empty();
        if has_worked || done.failure.is_some() { self.log(done) } else { plain(done) }
    }

    /// Tells what the pieces of an answer cost that was made while it was sent, if that is asked for.
    pub(crate) fn log_rest(&self, done: &Done<'_>) {
        if let Some(write) = self.0.as_ref().filter(|_| !values(done, false).is_empty()) {
            write(&line(done, false, Clock::machine()));
        }
    }
}

/// The line in the embedded metric format.
fn line(done: &Done<'_>, is_whole: bool, at: Instant) -> String {
    let values = values(done, is_whole);
    let told = METRICS.iter().filter(|(name, _)| values.contains_key(*name));
    let told: Vec<Value> = told.map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
    let Done { function, request_id, caller, status, failure, .. } = done;
    let (level, message, reason) = words(*failure);
    let mut fields = json!({"message": message, "request_id": request_id, "status": status});
    let who = caller.map(|caller| [("tenant", caller.tenant.as_str()), ("key", caller.key_name.as_str())]);
    if let Value::Object(fields) = &mut fields {
        let more = who.into_iter().flatten().chain(reason.map(|reason| ("reason", reason)));
        fields.extend(more.map(|(name, text)| (name.to_owned(), json!(text))));
    }
    let mut line = json!({
        "timestamp": at.to_string(),
        "level": level,
        "fields": fields,
        "_aws": {
            "Timestamp": at.0,
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": [[]], "Metrics": told}],
        },
        FUNCTION: function,
    });
    if let Value::Object(members) = &mut line {
        members.extend(values);
    }
    line.to_string()
}

/// The metrics that have something to tell.
///
/// Of what was made while an answer was sent, the request and its time are told already.
fn values(done: &Done<'_>, is_whole: bool) -> Map<String, Value> {
    let Cost { requests: _, rounds, read_units, write_units, commits, lost_races } = done.tally.cost();
    let flag = |is: bool| if is { 1.0 } else { 0.0 };
    let counted = [
        ("Errors", flag(done.status >= 500)),
        ("Throttled", flag(matches!(done.failure, Some(Error::Throttled { .. })))),
        ("ReadUnits", read_units),
        ("WriteUnits", write_units),
        ("Rounds", f64::from(rounds)),
        ("Commits", commits),
        ("LostRaces", lost_races),
    ];
    let gauges = done.tally.gauges().into_iter().map(|(gauge, value)| {
        let name = match gauge {
            Gauge::JobAge => "OldestJobSeconds",
            Gauge::EventLag => "EventLagSeconds",
            Gauge::Drift => "Drift",
        };
        (name, value)
    });
    let always = is_whole.then(|| [(REQUESTS, 1.0), (DURATION, rounded(done.ms))]);
    let told = always.into_iter().flatten().chain(counted.into_iter().filter(|(_, value)| *value > 0.0)).chain(gauges);
    told.map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

/// The header that tells a client what its request cost: a dictionary of RFC 9651.
pub(crate) fn cost_header(cost: &Cost, ms: f64) -> String {
    let Cost { requests: _, rounds, read_units, write_units, .. } = cost;
    format!("read={}, write={}, rounds={rounds}, ms={}", rounded(*read_units), rounded(*write_units), rounded(ms))
}

/// With three decimals at most, as the RFC's numbers have.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

fn plain(done: &Done<'_>) {
    let Done { function, request_id, caller, status, failure, ms, tally: _ } = *done;
    let (tenant, key) = caller.map_or(("", ""), |caller| (caller.tenant.as_str(), caller.key_name.as_str()));
    let (level, message, reason) = words(failure);
    match (level, reason) {
        ("ERROR", reason) => tracing::error!(function, request_id, tenant, key, status, ms, reason, "{message}"),
        (_, Some(reason)) => tracing::info!(function, request_id, tenant, key, status, ms, reason, "{message}"),
        (_, None) => tracing::info!(function, request_id, tenant, key, status, ms, "{message}"),
    }
}

/// The level, what happened, and why.
fn words(failure: Option<&Error>) -> (&'static str, &'static str, Option<&str>) {
    match failure {
        Some(Error::Internal(reason)) => ("ERROR", "request failed", Some(reason)),
        Some(failure) => ("INFO", "request refused", Some(kind(failure))),
        None => ("INFO", "request answered", None),
    }
}

/// The kind of a failure. Its text may quote the request, and what clients send is not for the log.
fn kind(failure: &Error) -> &'static str {
    match failure {
        Error::Invalid { .. } => "invalid",
        Error::NotFound(_) => "not found",
        Error::Conflict(_) => "conflict",
        Error::Stale(_) => "stale",
        Error::Denied(denial) => denial.message(),
        Error::Throttled { .. } => "throttled",
        Error::Internal(_) => "internal",
    }
}
