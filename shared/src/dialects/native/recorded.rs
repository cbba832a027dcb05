//! How our own feeds show a change: who made it, and what was judged before and after it.

use crate::domain::finding::Vocabulary;
use crate::domain::{Actor, Cell, Column, Finding, Kind, Source, Standing, Status};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Kinds of changes with their words.
pub const KINDS: [(Kind, &str); 4] =
    [(Kind::Created, "created"), (Kind::Changed, "changed"), (Kind::Gone, "gone"), (Kind::Returned, "returned")];

/// The doors through which changes come, with their words.
pub const SOURCES: [(Source, &str); 6] = [
    (Source::Import, "import"),
    (Source::Audit, "audit"),
    (Source::Update, "update"),
    (Source::Decision, "decision"),
    (Source::Expiry, "expiry"),
    (Source::Told, "told"),
];

/// What is judged of a finding.
pub const JUDGED: [Column; 4] = [Column::Result, Column::Severity, Column::Status, Column::Presence];

/// The word of a kind.
pub(super) fn kind(kind: Kind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("", |(_, word)| word)
}

/// The word of a door.
pub(super) fn source(actor: &Actor) -> &'static str {
    SOURCES.iter().find(|(known, _)| *known == actor.source).map_or("", |(_, word)| word)
}

/// What is judged, of a finding as recorded.
pub(super) fn judged(own: &Standing) -> Value {
    json!({
        "result": own.result.word(),
        "severity": own.severity.word(),
        "status": own.status.map(Status::word),
        "presence": own.presence.word(),
    })
}

/// What was judged before a change that tells what differs.
pub(super) fn judged_before(own: &Standing, before: &BTreeMap<Column, Cell>) -> Value {
    let mut then = judged(own);
    for column in JUDGED {
        if let (Some(cell), Some(place)) = (before.get(&column), then.get_mut(column.name())) {
            *place = json!(cell.text());
        }
    }
    then
}

/// The first resource of a finding.
pub(super) fn first_resource(finding: &Finding) -> Option<&str> {
    finding.asff.get("Resources")?.as_array()?.first()?.get("Id")?.as_str()
}
