//! Bitdefender's operations, for `/openapi.json`: parameters are those that requests are read with.

use super::super::decision::{MOST_IDS, OUTCOMES, REMARKS_CHARS};
use super::super::openapi::{
    AS_OF_TEXT, Description, and_perhaps, as_of, boolean, count, errors, list, number, object, query, reference, text,
    text_or_null, uuid, words, words_or_null,
};
use super::cursor::Endpoint;
use super::finding_changes::{FINDING_CHANGES, REASONS, REQUIRED, TYPES};
use super::get_check::PARAMETERS as OF_ONE;
use super::get_checks::CHECKS;
use super::limits::MOST_ROWS;
use super::parameters::{Parameter, RESULTS, SEVERITIES, STATUSES, Takes};
use super::resources::RESOURCES;
use super::rules::RULES;
use super::scans::SCANS;
use super::system_compliance::SYSTEM_COMPLIANCE;
use crate::dialects::openapi;
use serde_json::{Value, json};

/// `bitdefender-get-checks`.
pub fn get_checks(_: &str) -> Description {
    page("List checks: findings that have a verdict and are still there", &CHECKS, "BitdefenderCheck")
}

/// `bitdefender-get-check`.
pub fn get_check(_: &str) -> Description {
    one("Get one check", "BitdefenderCheck", "The check's UUID.")
}

/// `bitdefender-update-checks`.
pub fn update_checks(_: &str) -> Description {
    let ids = json!({"type": "array", "minItems": 1, "maxItems": MOST_IDS, "items": uuid()});
    let or_null = |all: &[&'static str]| words_or_null(all.iter().copied());
    let remarks = || openapi::bounded_or_null(REMARKS_CHARS);
    let body = and_perhaps(
        object([("ids", ids)]),
        [
            ("status", or_null(STATUSES)),
            ("status_remarks", remarks()),
            ("expires_at", openapi::date_or_null()),
            ("severity", or_null(SEVERITIES)),
            ("severity_remarks", remarks()),
        ],
    );
    let meta = object([("outcome", words(OUTCOMES)), ("reason", text_or_null())]);
    let row = object([("id", uuid()), ("type", kind("check")), ("meta", meta)]);
    let answer = object([("data", list(&row)), ("meta", openapi::outcome_counts())]);
    Description::of("Set status or severity of checks that fail", answer).body(openapi::closed(body))
}

/// `bitdefender-get-finding-changes`.
pub fn get_finding_changes(_: &str) -> Description {
    page("List net changes over an interval, one row a finding", &FINDING_CHANGES, "BitdefenderFindingChange")
}

/// `bitdefender-get-rules`.
pub fn get_rules(_: &str) -> Description {
    page("List rules", &RULES, "BitdefenderRule")
}

/// `bitdefender-get-rule`.
pub fn get_rule(_: &str) -> Description {
    one("Get one rule", "BitdefenderRule", "The rule's UUID.")
}

/// `bitdefender-get-resources`.
pub fn get_resources(_: &str) -> Description {
    page("List resources", &RESOURCES, "BitdefenderResource")
}

/// `bitdefender-get-resource`.
pub fn get_resource(_: &str) -> Description {
    one("Get one resource", "BitdefenderResource", "The resource's id, usually an ARN, percent-encoded.")
}

/// `bitdefender-get-frameworks`.
pub fn get_frameworks(_: &str) -> Description {
    page("List compliance frameworks", &SYSTEM_COMPLIANCE, "BitdefenderFramework")
}

/// `bitdefender-get-framework`.
pub fn get_framework(_: &str) -> Description {
    let id = "The framework, in any spelling; without a version the newest one.";
    one("Get one compliance framework", "BitdefenderFramework", id)
}

/// `bitdefender-get-scans`.
pub fn get_scans(_: &str) -> Description {
    page("List scans: AWS accounts", &SCANS, "BitdefenderScan")
}

/// `bitdefender-get-scan`.
pub fn get_scan(_: &str) -> Description {
    one("Get one scan: an AWS account", "BitdefenderScan", "The scan's UUID.")
}

fn page(summary: &'static str, endpoint: &Endpoint, row: &str) -> Description {
    let links = object([("self", text()), ("next", text_or_null())]);
    let meta = object([("total", count()), ("elapsed", count())]);
    let answer = object([("data", list(&reference(row))), ("links", links), ("meta", meta)]);
    let described = Description::of(summary, answer);
    endpoint.parameters.iter().map(|known| parameter(known, endpoint.default_rows)).fold(described, Description::with)
}

fn one(summary: &'static str, row: &str, id: &'static str) -> Description {
    let described = Description::of(summary, object([("data", reference(row))])).path("id", id);
    OF_ONE.iter().map(|known| parameter(known, MOST_ROWS)).fold(described, Description::with)
}

fn parameter(known: &Parameter, default_rows: usize) -> openapi::Parameter {
    let limit = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
    let schema = match known.takes {
        Takes::Word(all) => words(all.iter().copied()),
        Takes::Words(all) => list(&words(all.iter().copied())),
        Takes::Uids => list(&uuid()),
        Takes::Texts | Takes::Types => list(&text()),
        Takes::Instant => json!({"type": "string", "examples": ["2026-03-24", "2026-03-24T16:00:00Z"]}),
        Takes::State => as_of(),
        Takes::Limit => number(1, limit(MOST_ROWS), limit(default_rows)),
        Takes::Cursor => text(),
    };
    let described = query(known.name, meaning(known.name), schema);
    openapi::Parameter { is_required: REQUIRED.contains(&known.name), ..described }
}

fn meaning(name: &str) -> &'static str {
    match name {
        "id" => "Only those of these ids.",
        "results" => "Only checks with one of these results.",
        "severities" => "Only those of these severities; of changes, that of the fail that a row tells of.",
        "statuses" => "Only fails with one of these statuses.",
        "scans" => "Only findings about these AWS accounts.",
        "scan_groups" => "Only findings about AWS accounts in these groups.",
        "rules" => "Only findings of these rules.",
        "resources" => "Only findings about the resources of these ids.",
        "resource_types" => "Only findings about resources of these types, in any spelling.",
        "system_compliance" => "Only findings that map to these frameworks; without a version, to any of it.",
        "page_cursor" => "The page, from links.next of the one before.",
        "page_limit" => "Rows of a page.",
        "from_date" => "The beginning of the interval.",
        "to_date" => "The end of the interval. Now, if absent or in the future.",
        "type" => "Which net changes.",
        "as_of" => AS_OF_TEXT,
        _ => "",
    }
}

/// The schemas of this dialect.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("BitdefenderErrors", errors()),
        ("BitdefenderForbidden", object([("message", text())])),
        ("BitdefenderCheck", check()),
        ("BitdefenderFindingChange", finding_change()),
        ("BitdefenderRule", rule()),
        ("BitdefenderResource", resource()),
        ("BitdefenderFramework", framework()),
        ("BitdefenderScan", scan()),
    ]
}

fn kind(word: &str) -> Value {
    json!({"const": word})
}

fn related(word: &str, meta: Option<Value>) -> Value {
    let data = object([("id", uuid()), ("type", kind(word))]);
    let data = meta.into_iter().fold(data, |data, meta| and_perhaps(data, [("meta", meta)]));
    object([("data", data)])
}

fn link() -> Value {
    object([("self", text())])
}

fn controls() -> Value {
    let meta = object([("compliance_type", text()), ("compliance_id", text()), ("section_id", text_or_null())]);
    let control = object([("id", text()), ("type", kind("control")), ("meta", meta)]);
    object([("data", list(&control))])
}

/// What every row of a finding tells of its resource and account, and more.
fn attributes<const N: usize>(more: [(&str, Value); N]) -> Value {
    let own = object([
        ("resource_name", text_or_null()),
        ("resource_region", text()),
        ("resource_id", text_or_null()),
        ("resource_type", text()),
        ("scan_name", text()),
        ("scan_group_name", text()),
        ("title", text_or_null()),
        ("description", text_or_null()),
        ("original_severity", severity()),
    ]);
    let mut own = own;
    let names = more.iter().map(|(name, _)| json!(name)).collect::<Vec<_>>();
    if let Some(Value::Array(required)) = own.get_mut("required") {
        required.extend(names);
    }
    and_perhaps(own, more)
}

fn severity() -> Value {
    words(SEVERITIES.iter().copied())
}

fn check() -> Value {
    let attributes = attributes([
        ("result", words(RESULTS.iter().copied())),
        ("severity", severity()),
        ("status", words_or_null(STATUSES.iter().copied())),
        ("created_at", text()),
    ]);
    let version = object([("name", text()), ("version", count())]);
    let relationships = object([
        ("scan", related("scan", None)),
        ("scan_group", related("scan_group", None)),
        ("rule", related("rule", Some(version))),
        ("controls", controls()),
    ]);
    row(uuid(), "check", attributes, Some(relationships), true)
}

fn row(id: Value, word: &str, attributes: Value, relationships: Option<Value>, has_links: bool) -> Value {
    let mut row = object([("id", id), ("type", kind(word)), ("attributes", attributes)]);
    let links = has_links.then(link);
    for (name, schema) in [("relationships", relationships), ("links", links)] {
        let Some(schema) = schema else { continue };
        if let Some(Value::Array(required)) = row.get_mut("required") {
            required.push(json!(name));
        }
        row = and_perhaps(row, [(name, schema)]);
    }
    row
}

fn finding_change() -> Value {
    let words = |all: &[&'static str]| words_or_null(all.iter().copied());
    let (result, severity, status) = (words(RESULTS), words(SEVERITIES), words(STATUSES));
    let attributes = attributes([
        ("change_type", openapi::words(TYPES.iter().copied())),
        ("change_reason", openapi::words(REASONS.map(|(_, word)| word))),
        ("changed_at", text()),
        ("change_result", result.clone()),
        ("change_severity", severity.clone()),
        ("change_status", status.clone()),
        ("previous_result", result),
        ("previous_severity", severity),
        ("previous_status", status),
    ]);
    let relationships = object([
        ("scan", related("scan", None)),
        ("scan_group", related("scan_group", None)),
        ("rule", related("rule", None)),
        ("check", related("check", None)),
    ]);
    row(uuid(), "finding_change", attributes, Some(relationships), false)
}

fn rule() -> Value {
    let attributes = object([
        ("name", text()),
        ("version", count()),
        ("title", text_or_null()),
        ("original_severity", severity()),
        ("description", text_or_null()),
        ("implication", text_or_null()),
        ("recommendation", text_or_null()),
        ("references", list(&text())),
    ]);
    row(uuid(), "rule", attributes, Some(object([("controls", controls())])), true)
}

fn resource() -> Value {
    let attributes =
        object([("resource_name", text_or_null()), ("resource_region", text()), ("resource_type", text())]);
    row(text(), "resource", attributes, None, true)
}

fn framework() -> Value {
    let rule = object([("id", uuid()), ("name", text()), ("version", count())]);
    let control = object([
        ("id", text()),
        ("description", text_or_null()),
        ("section_id", text_or_null()),
        ("section_title", text_or_null()),
        ("rules", list(&rule)),
    ]);
    let attributes = object([("title", text()), ("controls", list(&control))]);
    let rules = object([("data", list(&object([("id", uuid()), ("type", kind("rule"))])))]);
    row(text(), "system_compliance", attributes, Some(object([("rules", rules)])), true)
}

fn scan() -> Value {
    let attributes = object([
        ("name", text()),
        ("target", text()),
        ("is_enabled", boolean()),
        ("is_archived", boolean()),
        ("created_at", text_or_null()),
    ]);
    row(uuid(), "scan", attributes, Some(object([("scan_group", related("scan_group", None))])), true)
}

#[cfg(test)]
mod tests {
    use super::{CHECKS, FINDING_CHANGES, OF_ONE, REQUIRED, RESOURCES, RULES, SCANS, SYSTEM_COMPLIANCE, meaning};

    #[test]
    fn every_parameter_has_a_meaning() {
        let lists = [&CHECKS, &FINDING_CHANGES, &RULES, &RESOURCES, &SYSTEM_COMPLIANCE, &SCANS];
        let known = lists.iter().flat_map(|endpoint| endpoint.parameters).chain(OF_ONE);
        for parameter in known {
            assert_ne!(meaning(parameter.name), "", "{}", parameter.name);
        }
        assert!(REQUIRED.iter().all(|name| FINDING_CHANGES.parameters.iter().any(|known| known.name == *name)));
    }
}
