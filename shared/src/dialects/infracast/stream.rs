//! `GET /api/v1/tenants/{tenantID}/findings/stream`: findings as they change, as server-sent events (infracast-findings,
//! Real-Time Findings Stream; the HTML standard, 9.2).
//!
//! Chosen where the document is silent:
//!
//! - Every event has an `id`, its place in the log; a stream that begins with it as `Last-Event-ID`, or as `last_event_id` in the
//!   query, goes on right behind it. The `as_of` of a list begins with what happened after that list. Without either a stream
//!   begins now, and says so with an id without data.
//! - An event is told when its finding passes the list's filters before or after it, so that a copy of a list with the same
//!   filters learns of what leaves it.
//! - `finding.created`: it is a finding for the first time: it fails, or it is filed as one that did. An event names its finding by `uid`, too,
//!   because the id of a row may be cut, and changes with its producer's names.
//! - `finding.resolved`: it passes, is gone, or is said to be fixed.
//!   `finding.accepted`: somebody has accepted it or said that it is wrong. `finding.updated`: anything else.
//! - No `event` field is sent, since `EventSource.onmessage` would not be called then.
//! - An id without data, which no client shows, comes every 15 seconds at the latest; it keeps the connection open, and a client that
//!   goes on later need not look again at what its filters refused.

use super::super::Reply;
use super::super::members::known_only;
use super::filters;
use super::parameters::Parameters;
use super::row::{self, Listed};
use super::vocabulary::Listing;
use crate::domain::query::Filter;
use crate::domain::{Error, Instant, MappingQuery, Place, Position, Standing};
use serde_json::json;

/// The header by which a client goes on.
pub const LAST_EVENT_ID: &str = "last-event-id";

/// The same as a parameter, for clients that cannot send headers.
pub const PARAMETER: &str = "last_event_id";

/// Every parameter.
const KNOWN: [&str; 7] = ["severity", "status", "framework", "control_id", "resource_type", "search", PARAMETER];

/// Every word of `event`.
pub const EVENTS: [&str; 4] = ["finding.created", "finding.updated", "finding.resolved", "finding.accepted"];

/// A request for a stream.
#[derive(Debug, Clone)]
pub struct Stream {
    /// Which findings.
    pub filter: Filter,
    /// Where to begin, if not now.
    pub after: Option<Place>,
}

/// A change of a finding.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The place right behind it.
    pub position: Position,
    /// Our own fields of the finding before; `None` when it was not there.
    pub before: Option<&'a Standing>,
    /// The finding from then on.
    pub shown: Listed<'a>,
}

/// Reads the header and a query; [`Error::Invalid`] names what is at fault.
pub fn parse(last_event_id: Option<&str>, query: &[(String, String)]) -> Result<Stream, Error> {
    known_only(query, KNOWN.into_iter(), "a stream")?;
    let parameters = Parameters(query);
    let header = last_event_id.map(str::trim).filter(|id| !id.is_empty()).map(|id| (LAST_EVENT_ID, id));
    // A client that connects again sends the newest id as header, and the URL that it began with.
    let named = match header {
        Some(named) => Some(named),
        None => parameters.one(PARAMETER)?.map(|id| (PARAMETER, id)),
    };
    let after = named.map(|(field, text)| Place::parse(field, text));
    Ok(Stream { filter: filters::parse(parameters)?, after: after.transpose()? })
}

/// What goes first: after how many milliseconds to connect again, and where the stream begins.
pub fn head(retry_ms: u32, position: Position) -> Reply {
    let body = format!("retry: {retry_ms}\nid: {position}\n\n").into_bytes();
    let headers = vec![
        ("content-type", "text/event-stream".to_owned()),
        ("cache-control", "no-cache".to_owned()),
        // For proxies that would otherwise collect an answer before they pass it on.
        ("x-accel-buffering", "no".to_owned()),
    ];
    Reply { status: 200, headers, body }
}

/// A place without an event.
pub fn heartbeat(position: Position) -> String {
    format!("id: {position}\n\n")
}

/// The last words of a stream that ends for no fault of its client.
pub fn closing(retry_ms: u32) -> String {
    format!("retry: {retry_ms}\n\n")
}

/// An event; `None` for a change of what is no finding here.
pub fn event(told: &Event<'_>, asked: Option<&MappingQuery>) -> Option<String> {
    let Event { position, before, shown } = told;
    let own = &shown.finding.standing;
    let is_now = Listing::of(own)?;
    let was = before.and_then(Listing::of);
    let row = row::listed(shown, asked, false);
    let data = match kind(was, is_now, own, position.at) {
        "finding.resolved" => json!({
            "event": "finding.resolved",
            "finding_id": row.get("id"),
            "uid": row.get("uid"),
            "resolved_at": row::seconds(position.at),
        }),
        event => json!({"event": event, "finding": row}),
    };
    // JSON has no line ends of its own: those in texts are escaped.
    Some(format!("id: {position}\ndata: {data}\n\n"))
}

fn kind(was: Option<Listing>, is_now: Listing, own: &Standing, at: Instant) -> &'static str {
    let is_decided = || own.decided.as_ref().is_some_and(|decided| decided.at == at);
    match (was, is_now) {
        (None, _) => "finding.created",
        (Some(was), Listing::Resolved) if was != Listing::Resolved => "finding.resolved",
        (Some(was), Listing::Accepted) if was != Listing::Accepted || is_decided() => "finding.accepted",
        _ => "finding.updated",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::super::samples::finding;
    use super::{EVENTS, Event, Listed, event, parse};
    use crate::domain::{AsOf, Finding, Instant, Ordinal, Place, Position, Presence, Standing, Status, Uids, Verdict};
    use serde_json::Value;

    fn told(before: Option<&Standing>, finding: &Finding) -> Option<Value> {
        let uid = Uids::new([1; 32]).finding(Ordinal(7));
        let shown = Listed { uid, finding, last_seen: Instant(0), patchable: None };
        let position = Position { at: Instant(1_710_583_500_000), seq: 9, nth: Some(2) };
        let text = event(&Event { position, before, shown }, None)?;
        let data = text.strip_prefix("id: 1710583500000-9-2\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        assert!(!data.contains('\n'));
        Some(serde_json::from_str(data).unwrap())
    }

    /// infracast-findings, Real-Time Findings Stream: both samples, and the two that the document does not show.
    #[test]
    fn events_are_the_documents() {
        let open = finding();
        let created = told(None, &open).unwrap();
        assert_eq!((&created["event"], &created["finding"]["severity"]), (&EVENTS[0].into(), &"HIGH".into()));
        let mut passed = open.clone();
        (passed.standing.result, passed.standing.status) = (Verdict::Pass, None);
        let resolved = told(Some(&open.standing), &passed).unwrap();
        assert_eq!(resolved.as_object().unwrap().len(), 4);
        assert_eq!(resolved["event"], EVENTS[2]);
        assert_eq!(resolved["resolved_at"], "2024-03-16T10:05:00Z");
        for (member, of_row) in [("finding_id", "id"), ("uid", "uid")] {
            assert_eq!(resolved[member], created["finding"][of_row]);
        }
        let mut accepted = open.clone();
        accepted.standing.status = Some(Status::RiskAccepted);
        assert_eq!(told(Some(&open.standing), &accepted).unwrap()["event"], EVENTS[3]);
        let mut gone = accepted.clone();
        gone.standing.presence = Presence::Gone;
        assert_eq!(told(Some(&accepted.standing), &gone).unwrap()["event"], EVENTS[2]);
        for (before, after) in
            [(&gone, &open), (&accepted, &open), (&open, &open), (&gone, &gone), (&accepted, &accepted)]
        {
            assert_eq!(told(Some(&before.standing), after).unwrap()["event"], EVENTS[1]);
        }
    }

    /// DESIGN §2's table: what never failed is no finding, and its first fail creates one.
    #[test]
    fn what_never_failed_is_not_told() {
        let open = finding();
        let mut passing = open.clone();
        (passing.standing.result, passing.standing.status) = (Verdict::Pass, None);
        passing.standing.ever_failed = false;
        assert_eq!(told(None, &passing), None);
        assert_eq!(told(Some(&passing.standing), &open).unwrap()["event"], EVENTS[0]);
    }

    #[test]
    fn it_begins_where_the_client_says() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let place = |text: &str| Place::Behind(Position::parse("x", text).unwrap());
        let query = [pair("last_event_id", "5-1")];
        assert_eq!(parse(None, &[]).unwrap().after, None);
        assert_eq!(parse(Some(" "), &query).unwrap().after, Some(place("5-1")));
        assert_eq!(parse(Some("7-2-3"), &query).unwrap().after, Some(place("7-2-3")), "the header is the newer one");
        let state = AsOf { at: Instant(1_710_583_500_000), seq: Some(4) };
        assert_eq!(parse(Some("2024-03-16T10:05:00.000Z~4"), &[]).unwrap().after, Some(Place::After(state)));
        for (header, query, field) in [
            (Some("x"), vec![], "last-event-id"),
            (None, vec![pair("last_event_id", "1")], "last_event_id"),
            (None, vec![pair("status", "closed")], "status"),
            (None, vec![pair("as_of", "2024-03-16")], "as_of"),
            (None, vec![pair("severty", "HIGH")], "severty"),
        ] {
            let refused = parse(header, &query).unwrap_err();
            assert!(refused.to_string().starts_with(field), "{refused}");
        }
    }
}
