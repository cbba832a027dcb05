//! Infracast's operations, for `/openapi.json`.

use super::super::decision::REMARKS_CHARS;
use super::super::etag::IF_MATCH;
use super::super::openapi::{
    Description, and_perhaps, bounded, bounded_or_null, closed, count, date_or_null, instant, list, number, object,
    reference, text, text_or_null, uuid, words, words_or_null,
};
use super::accept_finding::{APPROVER_CHARS, REVIEW_DATE};
use super::limits::{DEFAULT_PER_PAGE, MAX_PER_PAGE};
use super::list_findings::{List, SORT_FIELDS};
use super::vocabulary::{Listing, SEVERITIES};
use crate::dialects::native;
use crate::domain::remediation::Told;
use serde_json::{Value, json};

/// `infracast-list-findings`.
pub fn list_findings(_: &str) -> Description {
    page("List findings", List::Plain, "InfracastFinding")
}

/// `infracast-list-scored-findings`.
pub fn list_scored_findings(_: &str) -> Description {
    page("List findings with what made their risk, the greatest first", List::Scored, "InfracastScoredFinding")
}

/// `infracast-stream-findings`.
pub fn stream_findings(_: &str) -> Description {
    let resume = "Begin right behind the event of this id, or after the list of this as_of; now, if absent.";
    let described = Description::of("Follow findings as they change, as server-sent events", text());
    let described = of_tenant(Description { media: "text/event-stream", ..described })
        .header(super::stream::LAST_EVENT_ID, resume)
        .query(super::stream::PARAMETER, "The same, for clients that cannot send the header.", text());
    filters(described)
}

/// `infracast-get-finding`.
pub fn get_finding(_: &str) -> Description {
    let described = Description::of("Get one finding", reference("InfracastWholeFinding"));
    of_tenant(described).path(super::get_finding::FIELD, ID).as_of()
}

/// `infracast-get-remediation`.
pub fn get_remediation(_: &str) -> Description {
    let step = object([("order", count()), ("action", text()), ("command", text_or_null())]);
    let members = list(&words(super::remediation::GENERATED));
    let mut generated = object([("members", members), ("model", text()), ("at", instant())]);
    if let Some(kind) = generated.get_mut("type") {
        *kind = json!(["object", "null"]);
    }
    let answer = object([
        ("finding_id", text()),
        ("summary", text()),
        ("steps", list(&step)),
        (PATCHABLE, boolean_or_null()),
        ("rationale", text_or_null()),
        ("url", text_or_null()),
        ("source", words([Told::Rule, Told::Producer].map(super::remediation::source))),
        ("generated", generated),
    ]);
    let summary = "Get the steps that mend a finding, with commands for its resource. Steps are never a model's; where one worded the rest, \
        `generated` names it";
    let described = Description::of(summary, answer);
    of_tenant(described).path(super::get_finding::FIELD, ID).as_of()
}

/// `infracast-get-terraform-patch`.
pub fn get_terraform_patch(_: &str) -> Description {
    let answer = object([("finding_id", text()), ("patch", text()), ("root", text()), ("caution", text_or_null())]);
    let summary = "Get a patch for the Terraform that was pushed, as a unified diff; 404 says why there is none";
    of_tenant(Description::of(summary, answer)).path(super::get_finding::FIELD, ID)
}

/// `infracast-accept-finding`.
pub fn accept_finding(_: &str) -> Description {
    let body = and_perhaps(
        object([("justification", bounded(REMARKS_CHARS))]),
        [(REVIEW_DATE, date_or_null()), ("approved_by", bounded_or_null(APPROVER_CHARS))],
    );
    decided("Accept the risk of a finding, until the end of its review date").body(closed(body))
}

/// `infracast-resolve-finding`.
pub fn resolve_finding(_: &str) -> Description {
    let body = and_perhaps(object([]), [("justification", bounded_or_null(REMARKS_CHARS))]);
    decided("Say that a finding is fixed").optional_body(closed(body))
}

fn decided(summary: &'static str) -> Description {
    let described = Description::of(summary, reference("InfracastWholeFinding"));
    of_tenant(described)
        .path(
            super::get_finding::FIELD,
            "The finding's id, its uid, or `<rule_id>-<resource>` as the vendor spells it.",
        )
        .header(IF_MATCH, "The ETag of the finding as it was read; if it has changed since, the answer is 412.")
}

/// `infracast-run-audit`.
pub fn run_audit(_: &str) -> Description {
    let answer = object([
        ("job_id", text()),
        ("status", words(["running", "done", "failed"])),
        ("frameworks", list(&text())),
        ("started_at", instant()),
    ]);
    let described = Description {
        status: 202,
        ..Description::of("Start an audit run, of every rule or of one framework's", answer)
    };
    let mut framework = framework();
    if let Value::Object(schema) = &mut framework {
        schema.insert("type".to_owned(), json!(["string", "null"]));
    }
    of_tenant(described).optional_body(closed(and_perhaps(object([]), [(super::run_audit::FRAMEWORK, framework)])))
}

/// `infracast-get-compliance-summary`.
pub fn get_compliance_summary(_: &str) -> Description {
    let of_framework = object([("score", score()), ("findings", count())]);
    let severities: Value = SEVERITIES.iter().map(|(_, word)| ((*word).to_owned(), count())).collect();
    let answer = object([
        ("overall_score", score()),
        ("total_findings", count()),
        ("by_severity", json!({"type": "object", "properties": severities})),
        ("by_framework", json!({"type": "object", "additionalProperties": of_framework})),
        ("as_of", text()),
    ]);
    of_tenant(Description::of("Summarize findings by severity and framework", answer))
        .query("framework", FRAMEWORK, framework())
        .as_of()
}

const ID: &str = "The finding's id, its uid, or `<rule_id>-<resource>` as the vendor spells it.";

/// The member that tells whether there is a patch; null where that was not found out in time.
const PATCHABLE: &str = "terraform_patch_available";

fn boolean_or_null() -> Value {
    json!({"type": ["boolean", "null"]})
}

const FRAMEWORK: &str = "Only this framework, in any spelling; without a version its newest.";

fn of_tenant(described: Description) -> Description {
    described.path("tenantID", native::openapi::TENANT)
}

fn page(summary: &'static str, which: List, row: &str) -> Description {
    let fields = SORT_FIELDS.iter().flat_map(|(field, _)| [(*field).to_owned(), format!("-{field}")]);
    let mut sort = words(fields.collect::<Vec<_>>().iter().map(String::as_str));
    if let Value::Object(sort) = &mut sort {
        sort.insert("default".to_owned(), json!(which.default_sort()));
    }
    let answer = object([
        ("items", list(&reference(row))),
        ("total", count()),
        ("page", json!({"type": "integer", "minimum": 1})),
        ("per_page", number(1, MAX_PER_PAGE, DEFAULT_PER_PAGE)),
        ("total_pages", count()),
        ("as_of", text()),
    ]);
    let described = of_tenant(Description::of(summary, answer))
        .query("page", "The page, from 1.", json!({"type": "integer", "minimum": 1, "maximum": u32::MAX, "default": 1}))
        .query("per_page", "Findings of a page.", number(1, MAX_PER_PAGE, DEFAULT_PER_PAGE))
        .query("sort", "By what to sort; `-` before it turns the order around.", sort);
    filters(described).as_of().exported(&super::export::FORMATS)
}

/// The parameters that say which findings.
fn filters(described: Description) -> Description {
    let statuses = Listing::WORDS.iter().map(|(_, word)| *word).chain(["all"]);
    described
        .query("severity", "Only these severities.", list(&words(SEVERITIES.iter().map(|(_, word)| *word))))
        .query("status", "Only these statuses. Open ones, if absent.", list(&words(statuses)))
        .query("framework", FRAMEWORK, framework())
        .query("control_id", "Only findings that map to this control.", text())
        .query("resource_type", "Only findings about this type of resource, in any spelling.", text())
        .query("search", "A part of title, description or resource, in any case.", text())
}

fn framework() -> Value {
    json!({"type": "string", "pattern": "^[A-Za-z]", "examples": ["cis-aws", "nist-800-53"]})
}

fn score() -> Value {
    json!({"type": ["number", "null"], "minimum": 0, "maximum": 100})
}

/// The schemas of this dialect.
pub fn schemas() -> Vec<(&'static str, Value)> {
    let whole = and_perhaps(
        scored(),
        [
            ("resource_arn", text_or_null()),
            ("remediation_url", text_or_null()),
            ("producer", object([("product_arn", text()), ("id", text())])),
            ("as_of", text()),
        ],
    );
    vec![
        ("InfracastError", native::openapi::error()),
        ("InfracastFinding", finding()),
        ("InfracastScoredFinding", scored()),
        ("InfracastWholeFinding", whole),
    ]
}

fn scored() -> Value {
    and_perhaps(finding(), [("risk_vector", text()), ("risk_reasons", list(&text()))])
}

fn finding() -> Value {
    let mapping = object([("framework", text()), ("control_id", text_or_null())]);
    let acceptance = object([
        ("justification", text()),
        ("approved_by", text_or_null()),
        ("review_date", text_or_null()),
        ("expires_at", json!({"type": ["string", "null"], "format": "date-time"})),
        ("accepted_by", text()),
        ("accepted_at", instant()),
    ]);
    let row = object([
        ("id", text()),
        ("uid", uuid()),
        ("rule_id", text()),
        ("framework", text_or_null()),
        ("control_id", text_or_null()),
        ("framework_mappings", list(&and_perhaps(mapping, [("version", text())]))),
        ("severity", words(SEVERITIES.iter().map(|(_, word)| *word))),
        ("status", words_or_null(Listing::WORDS.iter().map(|(_, word)| *word))),
        ("title", text_or_null()),
        ("description", text_or_null()),
        ("resource_id", text()),
        ("resource_type", text()),
        ("resource_name", text()),
        ("region", text()),
        ("account_id", text_or_null()),
        ("remediation", text_or_null()),
        ("first_seen", instant()),
        ("last_seen", instant()),
        ("created_at", instant()),
        ("risk_score", json!({"type": "integer", "minimum": 0, "maximum": 100})),
        (PATCHABLE, boolean_or_null()),
    ]);
    and_perhaps(row, [("acceptance", acceptance)])
}

#[cfg(test)]
mod tests {
    use super::super::list_findings::{List, parse};
    use super::{list_findings, list_scored_findings};
    use serde_json::Value;

    /// Whatever word a list's description has, its parser takes.
    #[test]
    fn described_words_are_understood() {
        for (which, described) in [(List::Plain, list_findings("")), (List::Scored, list_scored_findings(""))] {
            for parameter in described.parameters {
                let of_items = parameter.schema.pointer("/items/enum").or(parameter.schema.get("enum"));
                for word in of_items.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
                    let query = [(parameter.name.to_owned(), word.to_owned())];
                    assert!(parse(which, &query).is_ok(), "{}={word}", parameter.name);
                }
            }
        }
    }
}
