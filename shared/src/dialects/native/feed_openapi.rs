//! Our operations that tell of changes, for `/openapi.json`.

use super::super::openapi::{
    Description, and_perhaps, instant, list, number, object, text, text_or_null, uuid, words, words_or_null,
};
use super::openapi::TENANT;
use super::recorded::{KINDS, SOURCES};
use super::{changes, history};
use crate::domain::finding::Vocabulary;
use crate::domain::{Presence, Severity, Status, Verdict};
use serde_json::{Value, json};

/// `list-changes`.
pub fn list_changes(_: &str) -> Description {
    let row = recorded([
        ("position", text()),
        ("uid", uuid()),
        ("rule_id", text_or_null()),
        ("resource_id", text_or_null()),
        ("account_id", text_or_null()),
        ("fields", list(&text())),
    ]);
    let answer = object([("items", list(&row)), ("next", text_or_null()), ("position", text())]);
    stretch(Description::of("List every change, the oldest first, with who made it", answer).path("tenantID", TENANT))
        .query(changes::AFTER, "Behind which place: the `next` or a `position` of an earlier answer.", text())
        .query("limit", "Changes of a page.", number(1, changes::MAX_LIMIT, changes::DEFAULT_LIMIT))
        .exported(&changes::FORMATS)
}

/// `get-finding-history`.
pub fn get_finding_history(_: &str) -> Description {
    let change = object([("field", text()), ("old", text_or_null()), ("new", text_or_null())]);
    let row = recorded([("changes", list(&change))]);
    let answer = object([("uid", uuid()), ("items", list(&row)), ("next", text_or_null())]);
    let described = Description::of("Get everything that ever happened to a finding, the newest first", answer);
    stretch(described.path("tenantID", TENANT).path("findingID", "The finding's id, or its uid."))
        .query("cursor", "The page, from `next` of the one before.", text())
        .query("limit", "Rows of a page.", number(1, history::MAX_LIMIT, history::DEFAULT_LIMIT))
}

fn stretch(described: Description) -> Description {
    let moment = || json!({"type": "string", "examples": ["2026-03-24", "2026-03-24T16:00:00Z"]});
    described.query("from", "Not before this instant.", moment()).query("to", "Not after this instant.", moment())
}

/// A change with these members beside what every one has.
fn recorded<const N: usize>(members: [(&str, Value); N]) -> Value {
    let state = || {
        let mut state = object([
            ("result", words(Verdict::WORDS.iter().map(|(_, word)| *word))),
            ("severity", words(Severity::WORDS.iter().map(|(_, word)| *word))),
            ("status", words_or_null(Status::WORDS.iter().map(|(_, word)| *word))),
            ("presence", words(Presence::WORDS.iter().map(|(_, word)| *word))),
        ]);
        if let Value::Object(schema) = &mut state {
            schema.insert("type".to_owned(), json!(["object", "null"]));
        }
        state
    };
    let shared = object([
        ("at", instant()),
        ("kind", words(KINDS.map(|(_, word)| word))),
        ("source", words(SOURCES.map(|(_, word)| word))),
        ("actor", text()),
        ("before", state()),
        ("after", state()),
    ]);
    and_perhaps(shared, members)
}
