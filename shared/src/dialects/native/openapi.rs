//! Our own operations, for `/openapi.json`.

use super::super::openapi::{
    Description, and_perhaps, boolean, closed, count, instant, list, object, reference, text, text_or_null, words,
};
use super::decision_openapi::decision_job;
use super::jobs::{SYNCHRONISE, TELL};
use super::keys::MAX_RATE;
use super::snapshots::MAX_FINDINGS;
use crate::domain::account::DEFAULT_GROUP;
use crate::domain::{Account, JobKind, JobState, KeyRecord, Scope};
use serde_json::{Value, json};

/// What `{tenantID}` means.
pub const TENANT: &str = "The tenant, which must be that of the key.";

/// `import-snapshots`.
pub fn import_snapshots(_: &str) -> Description {
    let rejection = object([("id", text()), ("code", text()), ("message", text())]);
    let answer = object([
        ("received", count()),
        ("created", count()),
        ("changed", count()),
        ("unchanged", count()),
        ("rejected", count()),
        ("customers_parts_left_out", count()),
        ("rejections", list(&rejection)),
    ]);
    let findings = json!({"type": "array", "maxItems": MAX_FINDINGS, "items": reference("SecurityHubFinding")});
    let time = json!({"type": ["string", "null"], "format": "date-time"});
    let event = and_perhaps(object([("detail", object([("findings", findings.clone())]))]), [("time", time.clone())]);
    let bare = and_perhaps(object([("Findings", findings)]), [("time", time)]);
    let body = json!({"anyOf": [bare, event, list(&event)]});
    of_tenant("Import findings as Security Hub has them: its events, or what its GetFindings gave", answer).body(body)
}

/// `list-keys`.
pub fn list_keys(_: &str) -> Description {
    of_tenant("List keys, without their secrets", object([("keys", list(&reference("Key")))]))
}

/// `create-key`.
pub fn create_key(_: &str) -> Description {
    let key = object([
        ("name", text()),
        ("token", text()),
        ("aws_access_key_id", text()),
        ("aws_secret_access_key", text()),
        ("datadog_api_key", text()),
        ("datadog_application_key", text()),
    ]);
    let wish = object([("name", key_name()), ("scopes", json!({"type": "array", "minItems": 1, "items": scope()}))]);
    let accounts = json!({"type": ["array", "null"], "minItems": 1, "items": account_id()});
    let expires = json!({"type": ["string", "null"], "examples": ["2031-01-31", "2031-01-31T12:00:00Z"]});
    let rate = json!({"type": ["integer", "null"], "minimum": 1, "maximum": MAX_RATE});
    let wish = and_perhaps(wish, [("accounts", accounts), ("expires", expires), ("rate_per_minute", rate)]);
    let answer = object([("tenant", text()), ("key", key)]);
    let described = of_tenant("Make a key; its secrets are shown this once", answer).body(closed(wish));
    Description { status: 201, ..described }
}

/// `revoke-key`.
pub fn revoke_key(_: &str) -> Description {
    of_tenant("Revoke a key", reference("Key")).path("name", "The key's name.")
}

/// `list-accounts`.
pub fn list_accounts(_: &str) -> Description {
    of_tenant("List AWS accounts", object([("accounts", list(&reference("Account")))]))
}

/// `set-account`.
pub fn set_account(_: &str) -> Description {
    let name =
        json!({"type": ["string", "null"], "minLength": 1, "maxLength": Account::LONGEST_NAME, "pattern": "\\S"});
    let mut group = name.clone();
    if let Value::Object(group) = &mut group {
        group.insert("default".to_owned(), json!(DEFAULT_GROUP));
    }
    let flag = |default: bool| json!({"type": ["boolean", "null"], "default": default});
    let members = [("name", name), ("group", group), ("enabled", flag(true)), ("archived", flag(false))];
    of_tenant("Name an AWS account; what is left out has its default again", reference("Account"))
        .path("id", "The account's 12 digits.")
        .optional_body(closed(and_perhaps(object([]), members)))
}

/// `list-jobs`.
pub fn list_jobs(_: &str) -> Description {
    of_tenant(
        "List jobs: what runs in the background, how far, and what failed",
        object([(
            "jobs",
            list(&json!({"anyOf": [
                reference("Job"),
                reference("HubSynchronisation"),
                reference("HubTelling"),
                reference("AuditRun"),
                reference("DecisionJob"),
            ]})),
        )]),
    )
}

/// `get-job`.
pub fn get_job(_: &str) -> Description {
    of_tenant(
        "Get an audit run or a decision about many findings: how far it is and what came out",
        json!({"anyOf": [reference("AuditRun"), reference("DecisionJob")]}),
    )
    .path("id", "The job's id, as `POST …/findings/run` or `POST …/findings/decisions` gave it.")
}

/// `get-openapi`.
pub fn get_openapi(_: &str) -> Description {
    Description::of("Describe every operation, in OpenAPI 3.1", json!({"type": "object"}))
}

/// `get-docs`.
pub fn get_docs(_: &str) -> Description {
    Description { media: "text/html", ..Description::of("Show this description as a page", text()) }
}

fn of_tenant(summary: &'static str, answer: Value) -> Description {
    Description::of(summary, answer).path("tenantID", TENANT)
}

/// The schemas of our own routes.
pub fn schemas() -> Vec<(&'static str, Value)> {
    let own = vec![
        ("Error", error()),
        ("Key", key()),
        ("Account", account()),
        ("Job", job()),
        ("HubSynchronisation", hub()),
        ("HubTelling", told_hub()),
        ("AuditRun", run()),
        ("DecisionJob", decision_job()),
    ];
    own.into_iter().chain(super::resource_openapi::schemas()).chain(super::rule_openapi::schemas()).collect()
}

/// An error, in Infracast's envelope.
pub fn error() -> Value {
    object([("error", object([("code", text()), ("message", text()), ("details", json!({"type": "null"}))]))])
}

fn key_name() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z0-9_.-]+$", "maxLength": KeyRecord::LONGEST_NAME})
}

fn account_id() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{12}$"})
}

fn scope() -> Value {
    words(Scope::NAMES.iter().map(|(_, name)| *name))
}

pub(super) fn instant_or_null() -> Value {
    json!({"type": ["string", "null"], "format": "date-time"})
}

fn key() -> Value {
    object([
        ("tenant", text()),
        ("name", key_name()),
        ("scopes", list(&scope())),
        ("accounts", json!({"type": ["array", "null"], "items": account_id()})),
        ("created_at", instant()),
        ("expires_at", instant_or_null()),
        ("revoked_at", instant_or_null()),
        ("rate_per_minute", json!({"type": ["integer", "null"]})),
    ])
}

fn account() -> Value {
    object([
        ("id", account_id()),
        ("name", text_or_null()),
        ("group", text()),
        ("enabled", boolean()),
        ("archived", boolean()),
    ])
}

fn run() -> Value {
    let counts =
        ["resources", "passed", "failed", "not_applicable", "unknown", "created", "changed", "closed", "rejected"];
    let counts: serde_json::Map<String, Value> = counts.iter().map(|name| ((*name).to_owned(), count())).collect();
    let scope = object([("account_id", text()), ("region", text())]);
    object([
        ("tenant", text()),
        ("kind", words(["audit"])),
        ("job_id", text()),
        ("status", words(["running", "done", "failed"])),
        ("state", words(JobState::ALL.map(JobState::name))),
        ("framework", text_or_null()),
        ("frameworks", list(&text())),
        ("started_at", instant()),
        ("ended_at", instant_or_null()),
        ("lease_until", instant_or_null()),
        ("counts", json!({"type": "object", "properties": counts})),
        ("covered", object([("scopes", list(&scope)), ("count", count()), ("rules", count())])),
        ("unread", list(&text())),
        ("error", text_or_null()),
    ])
}

fn hub() -> Value {
    let counts = ["read", "created", "changed", "unchanged", "rejected"];
    object([
        ("tenant", text()),
        ("kind", words([SYNCHRONISE])),
        ("account_id", text()),
        ("region", text()),
        ("state", words(JobState::ALL.map(JobState::name))),
        ("done_until", instant_or_null()),
        ("whole_until", instant_or_null()),
        ("started_at", instant_or_null()),
        ("heard_at", instant_or_null()),
        ("next_at", instant_or_null()),
        ("lease_until", instant_or_null()),
        ("counts", object(counts.map(|name| (name, count())))),
        ("error", text_or_null()),
    ])
}

fn told_hub() -> Value {
    object([
        ("tenant", text()),
        ("kind", words([TELL])),
        ("account_id", text()),
        ("region", text()),
        ("state", words(JobState::ALL.map(JobState::name))),
        ("done_until", instant()),
        ("told_at", instant_or_null()),
        ("next_at", instant_or_null()),
        ("lease_until", instant_or_null()),
        ("counts", object(["told", "unknown", "refused"].map(|name| (name, count())))),
        ("error", text_or_null()),
    ])
}

fn job() -> Value {
    object([
        ("tenant", text()),
        ("kind", words(JobKind::NAMES.iter().map(|(_, name)| *name))),
        ("state", words(JobState::ALL.map(JobState::name))),
        ("done_until", instant_or_null()),
        ("lease_until", instant_or_null()),
        ("started_at", instant_or_null()),
        ("ended_at", instant_or_null()),
        ("error", text_or_null()),
    ])
}
