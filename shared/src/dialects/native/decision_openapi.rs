//! Our operations about decisions, for `/openapi.json`.

use super::super::decision::{OUTCOMES, REMARKS_CHARS};
use super::super::infracast::accept_finding::{APPROVER_CHARS, REVIEW_DATE};
use super::super::openapi::{
    Description, and_perhaps, as_of, bounded_or_null, closed, count, date_or_null, instant, list, number, object,
    outcome_counts, reference, text, text_or_null, uuid, words, words_or_null,
};
use super::audit_log::{ACTIONS, DEFAULT_LIMIT, FORMATS, MAX_LIMIT, SOURCES, severities, statuses};
use super::decisions::{FILTER, FILTERS, IDS, LISTS, MOST_FINDINGS, WORDS};
use super::openapi::{TENANT, instant_or_null};
use crate::domain::JobState;
use serde_json::{Value, json};

/// `decide-findings`.
pub fn decide_findings(_: &str) -> Description {
    let row = object([("uid", uuid()), ("outcome", words(OUTCOMES)), ("reason", text_or_null())]);
    let answer = object([("counts", outcome_counts()), ("results", list(&row))]);
    let ids =
        json!({"type": "array", "minItems": 1, "maxItems": MOST_FINDINGS, "items": {"type": "string", "minLength": 1}});
    let one = json!({"type": "string", "minLength": 1});
    let several = json!({"anyOf": [one, {"type": "array", "minItems": 1, "items": one}]});
    let of = |name: &str| if LISTS.contains(&name) { several.clone() } else { one.clone() };
    let filters: serde_json::Map<String, Value> = FILTERS.iter().map(|name| ((*name).to_owned(), of(name))).collect();
    let filter = json!({"type": "object", "minProperties": 1, "properties": filters, "additionalProperties": false});
    let decision = words(WORDS.map(|(word, _)| word));
    let body = and_perhaps(
        object([("decision", decision)]),
        [
            ("justification", bounded_or_null(REMARKS_CHARS)),
            (REVIEW_DATE, date_or_null()),
            ("approved_by", bounded_or_null(APPROVER_CHARS)),
            (IDS, ids),
            (FILTER, filter),
        ],
    );
    Description::of("Decide about many findings, by ids or by a filter", answer)
        .path("tenantID", TENANT)
        .body(closed(body))
        .or_job(reference("DecisionJob"))
}

/// A decision about more findings than a request can wait for.
pub fn decision_job() -> Value {
    let counts = ["total", "changed", "unchanged", "left", "not_done"].map(|name| (name, count()));
    object([
        ("tenant", text()),
        ("kind", words(["decision"])),
        ("job_id", text()),
        ("status", words(["running", "done", "failed"])),
        ("state", words(JobState::ALL.map(JobState::name))),
        ("request", json!({"type": "object"})),
        ("by", text()),
        ("as_of", as_of()),
        ("started_at", instant()),
        ("ended_at", instant_or_null()),
        ("lease_until", instant_or_null()),
        ("counts", object(counts)),
        ("left_by_reason", list(&object([("reason", text()), ("count", count())]))),
        ("left", list(&object([("uid", uuid()), ("reason", text())]))),
        ("error", text_or_null()),
    ])
}

/// `list-decisions`.
pub fn list_decisions(_: &str) -> Description {
    let state = || object([("status", words_or_null(statuses())), ("severity", words_or_null(severities()))]);
    let acceptance = json!({"type": ["object", "null"], "properties": {
        "justification": text(), "approved_by": text_or_null(), "review_date": text_or_null(), "expires_at": text_or_null()
    }});
    let row = object([
        ("at", instant()),
        ("action", words(ACTIONS)),
        ("actor", text()),
        ("source", words(SOURCES)),
        ("uid", uuid()),
        ("rule_id", text_or_null()),
        ("resource_id", text_or_null()),
        ("account_id", text_or_null()),
        ("before", state()),
        ("after", state()),
        ("justification", text_or_null()),
        ("severity_justification", text_or_null()),
        ("reason", text_or_null()),
        ("acceptance", acceptance),
    ]);
    let moment = || json!({"type": "string", "examples": ["2026-03-24", "2026-03-24T16:00:00Z"]});
    Description::of("List decisions, the newest first", object([("items", list(&row)), ("next", text_or_null())]))
        .path("tenantID", TENANT)
        .query("from", "Not before this instant.", moment())
        .query("to", "Not after this instant.", moment())
        .query("cursor", "The page, from `next` of the one before.", text())
        .query("limit", "Decisions of a page.", number(1, MAX_LIMIT, DEFAULT_LIMIT))
        .exported(&FORMATS)
}
