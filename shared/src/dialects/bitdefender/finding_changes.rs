//! `GET /v1/cspm/finding_changes`: net changes over an interval (CONTRACTS 4.1), by ascending ids.
//!
//! Chosen where the contract is silent: reasons of `modified` are `severity_changed` and `status_changed`, and a
//! finding that comes back is `new` with the reason `reappeared`; `severities` means the severity of the fail that a
//! row tells of, which for a resolved one is the previous one; a `to_date` in the future is now. The vendor refuses a
//! `from_date` of more than 90 days ago; we answer it unless the deployment's setting says otherwise.

use super::super::Reply;
use super::check::word;
use super::cursor::{Endpoint, PageRequest};
use super::envelope::{self, Place, related};
use super::filters::{self, SYSTEM_COMPLIANCE};
use super::limits::DEFAULT_CHANGES;
use super::parameters::{AS_OF, PAGE_CURSOR, PAGE_LIMIT, Parameter, SEVERITIES, Takes, parameter, zoned};
use super::resource::{Names, attributes, relationships};
use crate::domain::finding::Vocabulary;
use crate::domain::query::Filter;
use crate::domain::{
    AsOf, Error, Finding, Instant, Judged, NetChange, NetKind, NetReason, Presence, Severity, Uid, Verdict,
};
use crate::seal::Seal;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The list. Its parameters are in the order of the vendor's links.
pub static FINDING_CHANGES: Endpoint =
    Endpoint { path: "/v1/cspm/finding_changes", parameters: PARAMETERS, default_rows: DEFAULT_CHANGES };

/// The kinds of net changes.
pub(super) const TYPES: &[&str] = &["new", "resolved", "modified"];
const FROM: &str = "from_date";
const TO: &str = "to_date";
const TYPE: &str = "type";
const DAY_MS: i64 = 86_400_000;

/// The parameters that a request for the first page must have.
pub(super) const REQUIRED: &[&str] = &[FROM, TYPE];

/// Every reason with its word.
pub(super) const REASONS: [(NetReason, &str); 7] = [
    (NetReason::FirstSeen, "first_seen"),
    (NetReason::PassToFail, "pass_to_fail"),
    (NetReason::Reappeared, "reappeared"),
    (NetReason::FailToPass, "fail_to_pass"),
    (NetReason::Disappeared, "disappeared"),
    (NetReason::SeverityChanged, "severity_changed"),
    (NetReason::StatusChanged, "status_changed"),
];

const PARAMETERS: &[Parameter] = &[
    parameter(FROM, Takes::Instant),
    parameter(TO, Takes::Instant),
    parameter(TYPE, Takes::Word(TYPES)),
    parameter("severities", Takes::Words(SEVERITIES)),
    parameter("scans", Takes::Uids),
    parameter("scan_groups", Takes::Uids),
    parameter("rules", Takes::Uids),
    parameter("resources", Takes::Texts),
    SYSTEM_COMPLIANCE,
    PAGE_CURSOR,
    PAGE_LIMIT,
    AS_OF,
];

/// A request for net changes.
#[derive(Debug, Clone)]
pub struct GetFindingChanges {
    /// The page.
    pub page: PageRequest,
    /// Of which findings.
    pub filter: Filter,
    /// Only of accounts in these groups.
    pub groups: Option<BTreeSet<Uid>>,
    /// Of which kind.
    pub kind: NetKind,
    /// Severities of the fail that a row tells of.
    pub severities: Option<BTreeSet<Severity>>,
    /// The beginning of the interval.
    pub from: Instant,
    /// Its end, which may lie ahead.
    to: Option<Instant>,
    /// The state that is asked about.
    pub as_of: Option<AsOf>,
}

impl GetFindingChanges {
    /// The state at the end of the interval; `None` for the newest. [`Error::Invalid`] when that is before its
    /// beginning.
    pub fn end(&self, now: Instant) -> Result<Option<AsOf>, Error> {
        let to = self.to.map(|at| AsOf { at, seq: None });
        let end = match (to, self.as_of) {
            (Some(to), Some(as_of)) if as_of.at > to.at => Some(to),
            (to, as_of) => as_of.or(to),
        };
        if self.from > end.map_or(now, |end| end.at.min(now)) {
            return Err(Error::invalid(FROM, "must not lie after to_date, nor after the instant that is asked about"));
        }
        Ok(end)
    }
}

/// Reads decoded pairs of a query; [`Error::Invalid`] names the parameter at fault. `max_days` is how long ago an
/// interval may begin; `None` means any time.
pub fn parse(
    pairs: &[(String, String)],
    seal: &Seal,
    now: Instant,
    max_days: Option<u32>,
) -> Result<GetFindingChanges, Error> {
    let page = PageRequest::parse(&FINDING_CHANGES, pairs, seal)?;
    let values = &page.values;
    let required = |name: &str| Error::invalid(name, "is required");
    let kind = match values.one(TYPE) {
        Some("new") => NetKind::New,
        Some("resolved") => NetKind::Resolved,
        Some(_) => NetKind::Modified,
        None => return Err(required(TYPE)),
    };
    let from = values.instant(FROM).ok_or_else(|| required(FROM))?;
    let (to, as_of) = (values.instant(TO), values.as_of());
    if let Some(days) = max_days.filter(|days| page.token.is_none() && from < now.plus(-i64::from(*days) * DAY_MS)) {
        return Err(Error::invalid(FROM, format!("may not be more than {days} days before the current date")));
    }
    let severities = values.list("severities").iter().filter_map(|word| Severity::from_word(word)).collect();
    let severities = Some(severities).filter(|severities: &BTreeSet<Severity>| !severities.is_empty());
    let (filter, groups) = (filters::parse(values)?, values.uids("scan_groups"));
    Ok(GetFindingChanges { page, filter, groups, kind, severities, from, to, as_of })
}

/// A page of net changes, each with its finding as of the end of the interval.
pub fn render<'a>(
    request: &PageRequest,
    place: &Place,
    changes: impl IntoIterator<Item = (&'a NetChange, &'a Finding)>,
    names: &Names<'_>,
    base: &str,
    seal: &Seal,
) -> Reply {
    let rows = changes.into_iter().map(|(change, finding)| row(change, finding, names));
    envelope::page(request, place, &rows.collect::<Vec<_>>(), base, seal)
}

fn row(change: &NetChange, finding: &Finding, names: &Names<'_>) -> Value {
    let NetChange { ordinal, at, reason, before, after } = change;
    let mut shown = attributes(finding, names);
    shown.insert("change_type".to_owned(), json!(kind_word(reason.kind())));
    shown.insert("change_reason".to_owned(), json!(reason_word(*reason)));
    shown.insert("changed_at".to_owned(), json!(zoned(*at)));
    for (prefix, state) in [("change", after), ("previous", before)] {
        let (result, severity, status) = state_words(state.as_ref());
        shown.insert(format!("{prefix}_result"), result);
        shown.insert(format!("{prefix}_severity"), severity);
        shown.insert(format!("{prefix}_status"), status);
    }
    let mut relations = relationships(finding, names);
    relations.insert("check".to_owned(), related("check", &names.uids.finding(*ordinal).to_string()));
    json!({
        "id": names.uids.change(*ordinal, *at).to_string(), "type": "finding_change",
        "attributes": shown, "relationships": relations,
    })
}

/// Result, severity and status: all null of what is not there, the latter two of what does not fail.
fn state_words(state: Option<&Judged>) -> (Value, Value, Value) {
    let is_there = |state: &&Judged| state.presence == Presence::Active && state.result != Verdict::Unknown;
    let Some(Judged { result, severity, status, presence: _ }) = state.filter(is_there) else {
        return (Value::Null, Value::Null, Value::Null);
    };
    match result {
        Verdict::Fail => (word(*result), word(*severity), status.map_or(Value::Null, word)),
        Verdict::Pass | Verdict::Unknown => (word(*result), Value::Null, Value::Null),
    }
}

fn kind_word(kind: NetKind) -> &'static str {
    match kind {
        NetKind::New => "new",
        NetKind::Resolved => "resolved",
        NetKind::Modified => "modified",
    }
}

fn reason_word(reason: NetReason) -> &'static str {
    REASONS.iter().find(|(known, _)| *known == reason).map_or("", |(_, word)| word)
}
