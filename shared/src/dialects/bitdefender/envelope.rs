//! The form of answers: `{"data","links":{"self","next"},"meta":{"total","elapsed"}}`, and `{"data"}` for one thing.

use super::super::Reply;
use super::cursor::{PageRequest, Shown};
use crate::domain::Instant;
use crate::seal::Seal;
use serde_json::{Value, json};

/// Where a page stands in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Rows in all.
    pub total: u32,
    /// Rows on the pages before.
    pub start: u32,
    /// The instant of the state that is walked.
    pub at: Instant,
    /// The ledger's token of the next page and the id of its first row; `None` on the last one.
    pub next: Option<(String, String)>,
}

/// A page of rows.
pub fn page(request: &PageRequest, place: &Place, data: &[Value], base: &str, seal: &Seal) -> Reply {
    let rows = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let Place { total, start, at, next } = place;
    let elapsed = start.saturating_add(rows);
    let next = next.as_ref().map(|(token, begins)| {
        let shown = Shown { total: *total, elapsed, no_later_than: *at, next_begin_uid: begins.clone() };
        request.link(base, request.cursor(seal, &shown, token))
    });
    let body = json!({
        "data": data,
        "links": {"self": request.this(base), "next": next},
        "meta": {"total": total, "elapsed": elapsed},
    });
    Reply::json(200, &body)
}

/// One thing.
pub fn one(data: &Value) -> Reply {
    Reply::json(200, &json!({"data": data}))
}

/// A related thing, as JSON:API names it.
pub fn related(kind: &str, id: &str) -> Value {
    json!({"data": {"id": id, "type": kind}})
}
