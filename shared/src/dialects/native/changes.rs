//! `GET /api/v1/tenants/{tenantID}/changes`: every change of a tenant, oldest first, with who made it.
//!
//! What nets to nothing is told too: a finding that passed and failed again has two rows. Each row's `position` names the place behind it,
//! the same in every answer and in the stream of findings; sent as `after` it goes on there, at once or years later. A page may be
//! short with a `next` behind it, where the log tells of little but findings that were merely seen again.

use super::super::Reply;
use super::super::export::{FORMAT, Format};
use super::parameters::Parameters;
use super::recorded::{first_resource, judged, judged_before, kind, source};
use crate::domain::json::text_at;
use crate::domain::{Actor, Cell, Column, Error, Finding, Instant, Kind, Place, Position, Uid};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Rows of a page, unless the client says otherwise.
pub const DEFAULT_LIMIT: u32 = 100;

/// The most rows of a page.
pub const MAX_LIMIT: u32 = 500;

/// Characters of a text that a row shows. ARNs and ids of rules are shorter.
const MOST_CHARS: usize = 1024;

/// The parameter that carries a place.
pub const AFTER: &str = "after";

/// The parameters.
pub const PARAMETERS: [&str; 5] = ["from", "to", AFTER, "limit", FORMAT];

/// The formats in which all of it can be had.
pub const FORMATS: [Format; 2] = [Format::Csv, Format::Ndjson];

/// Parameters that a file has no use for.
pub const PAGES: [&str; 1] = ["limit"];

/// The columns of CSV.
pub const COLUMNS: [&str; 18] = [
    "position",
    "at",
    "kind",
    "source",
    "actor",
    "uid",
    "rule_id",
    "resource_id",
    "account_id",
    "before.result",
    "before.severity",
    "before.status",
    "before.presence",
    "after.result",
    "after.severity",
    "after.status",
    "after.presence",
    "fields",
];

/// A request for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListChanges {
    /// Not before this instant.
    pub from: Option<Instant>,
    /// Not after this instant.
    pub to: Option<Instant>,
    /// Behind which place.
    pub after: Option<Place>,
    /// Rows of the page.
    pub limit: u32,
}

/// A change, as it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The place right behind it.
    pub position: Position,
    /// The finding's uid.
    pub uid: Uid,
    /// What kind of change.
    pub kind: Kind,
    /// Who, and through which door.
    pub actor: &'a Actor,
    /// Former values, as far as they differ.
    pub before: &'a BTreeMap<Column, Cell>,
    /// What differs.
    pub columns: &'a BTreeMap<Column, Cell>,
    /// The finding from then on; `None` if that was erased.
    pub finding: Option<&'a Finding>,
}

/// Reads a query; [`Error::Invalid`] names the parameter at fault.
pub fn parse(query: &[(String, String)]) -> Result<ListChanges, Error> {
    let parameters = Parameters::of(query, &PARAMETERS)?;
    Ok(ListChanges {
        from: parameters.instant("from")?,
        to: parameters.instant("to")?,
        after: parameters.one(AFTER)?.map(|text| Place::parse(AFTER, text)).transpose()?,
        limit: parameters.limit(DEFAULT_LIMIT, MAX_LIMIT)?,
    })
}

/// A page; `reached` is where it ends, and with `has_more` there may be more behind that.
pub fn render<'a>(rows: impl IntoIterator<Item = Row<'a>>, reached: Position, has_more: bool) -> Reply {
    let items: Vec<Value> = rows.into_iter().map(|row| shown(&row)).collect();
    let next = has_more.then(|| reached.to_string());
    Reply::json(200, &json!({"items": items, "next": next, "position": reached.to_string()}))
}

/// A row of the feed.
pub fn shown(row: &Row<'_>) -> Value {
    let Row { position, uid, actor, before, columns, finding, .. } = row;
    let text = |path: &str| finding.and_then(|finding| text_at(&finding.asff, path)).map(bounded);
    let is_new = row.kind == Kind::Created;
    let then = finding.filter(|_| !is_new).map(|finding| judged_before(&finding.standing, before));
    json!({
        "position": position.to_string(),
        "at": position.at.to_string(),
        "kind": kind(row.kind),
        "source": source(actor),
        "actor": actor.identity,
        "uid": uid.to_string(),
        "rule_id": text("GeneratorId"),
        "resource_id": finding.and_then(first_resource).map(bounded),
        "account_id": text("AwsAccountId"),
        "before": then,
        "after": finding.map(|finding| judged(&finding.standing)),
        // Of a new finding everything is.
        "fields": columns.keys().filter(|_| !is_new).map(|column| column.name()).collect::<Vec<_>>(),
    })
}

/// A text as far as a row has room for it.
fn bounded(text: &str) -> String {
    let cut: String = text.chars().take(MOST_CHARS).collect();
    if cut.len() < text.len() { cut + "…" } else { cut }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{DEFAULT_LIMIT, parse};
    use crate::domain::{Instant, Place, Position};

    #[test]
    fn parameters_are_read_and_named() {
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        assert_eq!(parse(&[]).unwrap().limit, DEFAULT_LIMIT);
        let place = Position { at: Instant(17), seq: 3, nth: Some(1) };
        assert_eq!(parse(&pair("after", "17-3-1")).unwrap().after, Some(Place::Behind(place)));
        for (name, value) in [("after", "17"), ("limit", "0"), ("limit", "501"), ("from", "x"), ("cursor", "1-1")] {
            let refused = parse(&pair(name, value));
            assert!(refused.is_err_and(|error| error.to_string().starts_with(name)), "{name}={value}");
        }
    }
}
