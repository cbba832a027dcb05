//! Operations on the rules of the audit, for `/openapi.json`.

use super::super::openapi::{
    Description, and_perhaps, closed, count, instant, list, object, reference, text, text_or_null, words,
};
use super::openapi::TENANT;
use super::rules::MAX_BYTES;
use super::terraform::LONGEST_NAME;
use crate::domain::terraform::{LONGEST_FILE, LONGEST_PATH, LONGEST_TEXT, MOST_FILES, MOST_RESOURCES};
use crate::domain::{Severity, Vocabulary};
use serde_json::{Value, json};

const KEY: &str = "The rule's key.";

/// `list-rules`.
pub fn list_rules(_: &str) -> Description {
    let answer = object([("rules", list(&reference("AuditRule")))]);
    of_tenant("List the rules of the audit, those of your own among them", answer)
}

/// `get-rule`.
pub fn get_rule(_: &str) -> Description {
    of_tenant("Get a rule of the audit with its files", reference("AuditRuleInFull"))
        .path("key", "The rule's key, or its id.")
        .query("version", "A version that a rule of your own has had; its newest, if absent.", count())
}

/// `set-rule`.
pub fn set_rule(_: &str) -> Description {
    let file = json!({"type": "string", "maxLength": MAX_BYTES});
    let files = closed(object([("rule.yaml", file.clone()), ("rule.rego", file.clone()), ("cases.yaml", file)]));
    of_tenant("Add a rule of your own, or its next version; its cases must come out", reference("AuditRuleInFull"))
        .path("key", KEY)
        .body(closed(object([("files", files)])))
}

/// `retire-rule`.
pub fn retire_rule(_: &str) -> Description {
    of_tenant("Retire a rule of your own; the next run marks its findings as gone", reference("AuditRuleInFull"))
        .path("key", KEY)
}

/// `set-rule-params`.
pub fn set_rule_params(_: &str) -> Description {
    of_tenant("Set parameters of a rule, in place of those that were set", reference("AuditRuleInFull"))
        .path("key", KEY)
        .body(closed(object([("params", json!({"type": "object"}))])))
}

/// `set-terraform`.
pub fn set_terraform(_: &str) -> Description {
    let file = json!({"type": "string", "maxLength": LONGEST_FILE});
    let files = json!({
        "type": "object",
        "maxProperties": MOST_FILES,
        "propertyNames": {"pattern": "^[A-Za-z0-9_]([A-Za-z0-9_.-]*/?[A-Za-z0-9_-])*\\.tf$", "maxLength": LONGEST_PATH},
        "additionalProperties": file,
    });
    let own = || json!({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": "\\S"});
    let own_or_null =
        || json!({"type": ["string", "null"], "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": "\\S"});
    let address = object([("address", own()), ("type", own()), ("name", own())]);
    let address = closed(and_perhaps(address, [("id", own_or_null()), ("arn", own_or_null())]));
    let root = json!({"type": ["string", "null"], "pattern": "^[A-Za-z0-9_./-]+$", "maxLength": LONGEST_NAME});
    let resources = json!({"type": ["array", "null"], "maxItems": MOST_RESOURCES, "items": address});
    let body = closed(and_perhaps(object([("files", files)]), [("root", root), ("resources", resources)]));
    let unreadable = object([("path", text()), ("message", text())]);
    let answer = object([
        ("root", text()),
        ("files", count()),
        ("bytes", count()),
        ("resources", count()),
        ("pushed_at", instant()),
        ("pushed_by", text()),
        ("unreadable", list(&unreadable)),
    ]);
    of_tenant("Push Terraform, in place of what was pushed under this root before", answer).body(body)
}

fn of_tenant(summary: &'static str, answer: Value) -> Description {
    Description::of(summary, answer).path("tenantID", TENANT)
}

/// The schemas of rules.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![("AuditRule", rule()), ("AuditRuleInFull", rule_in_full())]
}

fn rule() -> Value {
    let deed = json!({"anyOf": [object([("at", instant()), ("by", text())]), {"type": "null"}]});
    let param = object([("name", text()), ("type", words(["integer", "number", "boolean", "text", "list", "map"]))]);
    let number_or_null = json!({"type": ["number", "null"]});
    let param = and_perhaps(
        param,
        [
            ("items", text_or_null()),
            ("default", json!({})),
            ("value", json!({})),
            ("description", text_or_null()),
            ("min", number_or_null.clone()),
            ("max", number_or_null),
            ("one_of", json!({"type": "array"})),
        ],
    );
    object([
        ("key", text()),
        ("rule_id", text()),
        ("origin", words(["catalogue", "tenant"])),
        ("version", count()),
        ("severity", words(Severity::WORDS.iter().map(|(_, word)| *word))),
        ("resource_type", text()),
        ("title", text()),
        ("params", list(&param)),
        ("params_set", deed.clone()),
        ("retired", deed),
    ])
}

fn rule_in_full() -> Value {
    let version = object([("version", count()), ("digest", text()), ("at", instant()), ("by", text())]);
    let control = object([("framework", text()), ("control", text())]);
    let more = object([
        ("description", text()),
        ("rationale", text()),
        ("ccss", text()),
        ("controls", list(&control)),
        ("remediation", text()),
        ("versions", list(&version)),
        ("files", json!({"type": "object", "additionalProperties": text()})),
    ]);
    json!({"allOf": [reference("AuditRule"), more]})
}
