//! Datadog's operations, for `/openapi.json`: parameters are those of the shapes' table, on each path those that its
//! shapes know.
//!
//! Under the prefix of the official client the answer has always its shape; elsewhere a request decides.

use super::super::decision::{MOST_IDS, OUTCOMES};
use super::super::openapi::{
    AS_OF_TEXT, Description, and_perhaps, as_of, boolean, count, errors, list, number, object, query, reference, text,
    text_or_null, uuid, words,
};
use super::filters::{EVALUATIONS, SEVERITIES, VULNERABILITIES};
use super::limits::{DEFAULT_LIMIT, MAX_LIMIT};
use super::mute::{DESCRIPTION_CHARS, REASONS};
use super::mute_findings::Generation;
use super::parameters::{GET, Known, LIST, Whose};
use super::shape::{GA_PATH, JSON_API};
use crate::dialects::openapi::Parameter;
use crate::domain::Instant;
use serde_json::{Value, json};

/// `datadog-list-findings`.
pub fn list_findings(path: &str) -> Description {
    described("List findings", path, "DatadogFindings", "DatadogBetaFindings", LIST)
}

/// `datadog-get-finding`.
pub fn get_finding(path: &str) -> Description {
    described("Get a finding's details", path, "DatadogFinding", "DatadogBetaFinding", GET)
        .path(super::get_finding::FIELD, "The finding's UUID, with hyphens or without.")
}

/// `datadog-mute-findings`.
pub fn mute_findings(_: &str) -> Description {
    let named = object([("finding_id", text())]);
    let meta = object([("findings", named_list(&named))]);
    let members =
        [("type", json!({"const": "finding"})), ("attributes", to_mute(Generation::Findings)), ("meta", meta)];
    muting("Mute or unmute findings", Generation::Findings, and_perhaps(object(members), [("id", text_or_null())]))
}

/// `datadog-mute-security-findings`.
pub fn mute_security_findings(_: &str) -> Description {
    let named = and_perhaps(object([("id", text())]), [("type", json!({"const": "findings"}))]);
    let relationships = object([("findings", object([("data", named_list(&named))]))]);
    let members = [
        ("type", json!({"const": "mute"})),
        ("attributes", to_mute(Generation::Security)),
        ("relationships", relationships),
    ];
    let data = and_perhaps(object(members), [("id", text_or_null())]);
    muting("Mute or unmute findings, as newer clients ask for it", Generation::Security, data)
}

fn muting(summary: &'static str, generation: Generation, data: Value) -> Description {
    let row = object([("finding_id", uuid()), ("outcome", words(OUTCOMES)), ("reason", text_or_null())]);
    let answer = object([
        ("data", object([("id", text()), ("type", json!({"const": generation.kind()}))])),
        ("meta", object([("findings", list(&row))])),
    ]);
    let described = Description { status: generation.status(), media: JSON_API, ..Description::of(summary, answer) };
    described.body(object([("data", data)]))
}

fn named_list(item: &Value) -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": MOST_IDS, "items": item})
}

fn to_mute(generation: Generation) -> Value {
    let end = || json!({"type": ["integer", "null"], "minimum": 0});
    let of = |flag: &str, is_muted: bool, reasons: &[&'static str]| {
        let description = json!({"type": ["string", "null"], "minLength": 1, "maxLength": DESCRIPTION_CHARS});
        let members = [("reason", words(reasons.iter().copied())), (flag, json!({"const": is_muted}))];
        let mute = and_perhaps(object(members), [("description", description)]);
        match is_muted {
            true => and_perhaps(mute, [(generation.end(), end())]),
            false => mute,
        }
    };
    let flag = generation.flag();
    let (mute, unmute) = (of(flag, true, generation.reasons()), of(flag, false, Generation::unmute_reasons()));
    object([("mute", json!({"anyOf": [mute, unmute]}))])
}

fn described(summary: &'static str, path: &str, ga: &str, beta: &str, known: &[Known]) -> Description {
    let is_ga = path.starts_with(GA_PATH);
    let answer = if is_ga { reference(ga) } else { json!({"anyOf": [reference(beta), reference(ga)]}) };
    let described = Description { media: JSON_API, ..Description::of(summary, answer) };
    let known = known.iter().filter(|known| !is_ga || known.1 != Whose::Beta);
    known.map(parameter).fold(described, Description::with)
}

fn parameter(known: &Known) -> Parameter {
    let Known(name, _, is_repeated) = *known;
    let (text, schema) = meaning(name);
    let schema = if is_repeated { list(&schema) } else { schema };
    Parameter { is_repeated, ..query(name, text, schema) }
}

const PATTERN: &str = "`-` before it negates, `*` stands for anything.";

fn meaning(name: &str) -> (&'static str, Value) {
    let at = "In milliseconds since 1970, after `>`, `>=`, `<`, `<=` or nothing.";
    let time =
        || json!({"type": "string", "pattern": "^(>=?|<=?|=[<>])?[0-9]{1,15}$", "examples": [">=1678809600000"]});
    match name {
        "limit" | "page[limit]" => ("Findings of a page.", number(1, MAX_LIMIT, DEFAULT_LIMIT)),
        "cursor" | "page[cursor]" => ("The page, from meta.page.cursor of the one before.", text()),
        "snapshot_timestamp" => {
            let most = Instant::LAST.0;
            (
                "The state to answer from, in milliseconds since 1970.",
                json!({"type": "integer", "minimum": 1, "maximum": most}),
            )
        }
        "as_of" => (AS_OF_TEXT, as_of()),
        "detailed_findings" => ("Whether rows have description and external_id, too.", boolean()),
        "filter[evaluation]" => ("The verdict.", word(EVALUATIONS)),
        "filter[status]" => ("The severity.", word(SEVERITIES)),
        "filter[vulnerability_type]" => ("The kind; findings here are misconfigurations.", word(VULNERABILITIES)),
        "filter[muted]" => ("Whether somebody has decided to live with it.", boolean()),
        "filter[evaluation_changed_at]" => (at, time()),
        "filter[discovery_timestamp]" | "filter[resource_discovery_timestamp]" | "filter[resource_discovery_date]" => {
            (at, time())
        }
        "filter[resource_type]" => ("Types of resources, with commas between them, in any spelling.", pattern()),
        "filter[rule_id]" => ("The rule's id, or its UUID.", pattern()),
        "filter[rule_name]" => ("The rule's name.", pattern()),
        "filter[tags]" | "filter[tag]" => ("A tag, such as `framework:soc-2`.", pattern()),
        "filter[@resource_id]" => ("The resource's id, name or UUID.", pattern()),
        _ => ("", text()),
    }
}

/// A text that may be negated and have wildcards.
fn pattern() -> Value {
    json!({"type": "string", "pattern": "[^-, ]", "description": PATTERN})
}

/// A word that may be negated and have wildcards.
fn word<T>(words_of: &'static [(T, &'static str)]) -> Value {
    let known = || words_of.iter().map(|(_, word)| *word);
    let negated: Vec<String> = known().map(|word| format!("-{word}")).collect();
    words(known().chain(negated.iter().map(String::as_str)))
}

/// The schemas of this dialect.
pub fn schemas() -> Vec<(&'static str, Value)> {
    let of_kind = |kind: &str, attributes: Value| {
        object([("id", uuid()), ("type", json!({"const": kind})), ("attributes", attributes)])
    };
    let row = and_perhaps(
        and(attributes(), [("mute", mute()), ("vulnerability_type", words(["misconfiguration"]))]),
        [("description", text()), ("external_id", text_or_null())],
    );
    let beta = || and(attributes(), [("id", uuid()), ("muted", boolean())]);
    let page = and_perhaps(object([("total_filtered_count", count())]), [("cursor", text())]);
    let meta = object([("page", page), ("snapshot_timestamp", ms())]);
    let detail = |own: Value| and(own, [("message", text()), ("resource_configuration", json!({"type": "object"}))]);
    let beta_rows = object([("findings", list(&beta()))]);
    vec![
        ("DatadogErrors", errors()),
        ("DatadogFindings", object([("data", list(&of_kind("finding", row))), ("meta", meta.clone())])),
        (
            "DatadogBetaFindings",
            object([("data", of_kind("posture_management_list_findings_resp", beta_rows)), ("meta", meta)]),
        ),
        (
            "DatadogFinding",
            object([("data", of_kind("detailed_finding", detail(and(attributes(), [("mute", mute())]))))]),
        ),
        (
            "DatadogBetaFinding",
            object([("data", of_kind("posture_management_fetch_finding_resp", object([("finding", detail(beta()))])))]),
        ),
    ]
}

/// An object with these members, too.
fn and<const N: usize>(mut object: Value, members: [(&str, Value); N]) -> Value {
    if let Some(Value::Array(required)) = object.get_mut("required") {
        required.extend(members.iter().map(|(name, _)| json!(name)));
    }
    and_perhaps(object, members)
}

fn ms() -> Value {
    json!({"type": "integer", "minimum": 1})
}

fn attributes() -> Value {
    object([
        ("status", words(SEVERITIES.iter().map(|(_, word)| *word))),
        ("evaluation", words(EVALUATIONS.iter().map(|(_, word)| *word))),
        ("resource_discovery_date", ms()),
        ("resource_type", text()),
        ("resource", text()),
        ("rule", object([("name", text()), ("id", text())])),
        ("evaluation_changed_at", ms()),
        ("tags", list(&text())),
    ])
}

fn mute() -> Value {
    let description = json!({"type": "string", "maxLength": DESCRIPTION_CHARS});
    and_perhaps(
        object([("muted", boolean())]),
        [
            ("reason", words(REASONS)),
            ("description", description),
            ("start_date", json!({"type": "integer"})),
            ("expiration_date", json!({"type": "integer"})),
            ("uuid", uuid()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::{GET, LIST, get_finding, list_findings, meaning};

    #[test]
    fn every_parameter_has_a_meaning() {
        for known in LIST.iter().chain(GET) {
            assert_ne!(meaning(known.0).0, "", "{}", known.0);
        }
    }

    /// CONTRACTS 3.4: below the prefix it is the official client's shape, which refuses what it does not know.
    #[test]
    fn each_path_has_what_its_shapes_know() {
        let names = |path| list_findings(path).parameters.iter().map(|known| known.name).collect::<Vec<_>>();
        let (both, ga) =
            (names("/api/v2/posture_management/findings"), names("/datadog/api/v2/posture_management/findings"));
        assert!(both.contains(&"limit") && both.contains(&"page[limit]") && ga.contains(&"page[limit]"));
        assert!(!ga.contains(&"limit"));
        assert_eq!(get_finding("/datadog/api/v2/posture_management/findings/{finding_id}").parameters.len(), 3);
    }
}
