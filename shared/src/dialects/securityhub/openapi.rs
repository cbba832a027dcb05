//! Security Hub's operations, for `/openapi.json`: filters are those of the table that requests are read with.

use super::super::openapi::{
    Description, and_perhaps, boolean, closed, count, instant, list, number, object, reference, text, words,
};
use super::batch_update_findings::Failure;
use super::filters::{ATTRIBUTES, Comparison, Kind};
use super::limits::{
    BATCH, DATE_RANGE_DAYS, DEFAULT_MAX_RESULTS, FILTER_ATTRIBUTES, FILTER_VALUES, ID_CHARS, MAX_RESULTS,
    PRODUCT_ARN_CHARS,
};
use crate::domain::query::Field;
use serde_json::{Value, json};

/// `securityhub-get-findings`.
pub fn get_findings(_: &str) -> Description {
    let sortable = ATTRIBUTES.iter().filter(|attribute| matches!(attribute.field, Field::Column(_)));
    let field = words(sortable.map(|attribute| attribute.name));
    let criterion = and_perhaps(object([("Field", field)]), [("SortOrder", words(["asc", "desc"]))]);
    let body = and_perhaps(
        object([]),
        [
            ("Filters", reference("SecurityHubFilters")),
            ("SortCriteria", list(&criterion)),
            ("NextToken", text()),
            ("MaxResults", max_results()),
        ],
    );
    let answer = object([("Findings", list(&reference("SecurityHubFinding")))]);
    Description::of("GetFindings", and_perhaps(answer, [("NextToken", text())])).optional_body(body).as_of()
}

/// `securityhub-get-finding-history`.
pub fn get_finding_history(_: &str) -> Description {
    let body = and_perhaps(
        object([("FindingIdentifier", reference("SecurityHubFindingIdentifier"))]),
        [("StartTime", instant()), ("EndTime", instant()), ("NextToken", text()), ("MaxResults", max_results())],
    );
    let update = and_perhaps(object([("UpdatedField", text())]), [("OldValue", text()), ("NewValue", text())]);
    let source = object([("Type", words(super::get_finding_history::SOURCES)), ("Identity", text())]);
    let record = object([
        ("FindingIdentifier", reference("SecurityHubFindingIdentifier")),
        ("UpdateTime", instant()),
        ("FindingCreated", boolean()),
        ("UpdateSource", source),
        ("Updates", list(&update)),
    ]);
    let answer = and_perhaps(object([("Records", list(&record))]), [("NextToken", text())]);
    Description::of("GetFindingHistory", answer).body(body).as_of()
}

/// `securityhub-batch-import-findings`.
pub fn batch_import_findings(_: &str) -> Description {
    let body = object([("Findings", batch(&reference("SecurityHubNewFinding")))]);
    let failed = object([("Id", text()), ("ErrorCode", text()), ("ErrorMessage", text())]);
    let answer = object([("SuccessCount", count()), ("FailedCount", count()), ("FailedFindings", list(&failed))]);
    Description::of("BatchImportFindings", answer).body(body)
}

/// `securityhub-batch-update-findings`.
pub fn batch_update_findings(_: &str) -> Description {
    let identifier = || reference("SecurityHubFindingIdentifier");
    let shared = "As in the finding itself.";
    let part = |kind: &str| json!({"type": kind, "description": shared});
    let body = and_perhaps(
        object([("FindingIdentifiers", batch(&identifier()))]),
        [
            ("Note", part("object")),
            ("Severity", part("object")),
            ("VerificationState", part("string")),
            ("Confidence", part("integer")),
            ("Criticality", part("integer")),
            ("Types", part("array")),
            ("UserDefinedFields", part("object")),
            ("Workflow", part("object")),
            ("RelatedFindings", part("array")),
        ],
    );
    let code = json!({"type": "string", "examples": Failure::TABLE.map(|(_, code, _)| code)});
    let refused = object([("FindingIdentifier", identifier()), ("ErrorCode", code), ("ErrorMessage", text())]);
    let answer = object([("ProcessedFindings", list(&identifier())), ("UnprocessedFindings", list(&refused))]);
    Description::of("BatchUpdateFindings", answer).body(body)
}

/// `securityhub-describe-hub`.
pub fn describe_hub(_: &str) -> Description {
    let answer = object([
        ("HubArn", text()),
        ("SubscribedAt", instant()),
        ("AutoEnableControls", boolean()),
        ("ControlFindingGenerator", words(["SECURITY_CONTROL"])),
    ]);
    let arn = json!({"type": "string", "pattern": "^arn:[a-z-]+:securityhub:[a-z0-9-]+:[0-9]{12}:hub/default$"});
    Description::of("DescribeHub", answer).query("HubArn", "Which hub. The first one, if absent.", arn)
}

/// `securityhub-list-enabled-products`.
pub fn list_enabled_products(_: &str) -> Description {
    let answer = and_perhaps(object([("ProductSubscriptions", list(&text()))]), [("NextToken", text())]);
    Description::of("ListEnabledProductsForImport", answer)
        .query("MaxResults", "Subscriptions of a page.", max_results())
        .query("NextToken", "The page, from the one before.", text())
}

fn max_results() -> Value {
    number(*MAX_RESULTS.start(), *MAX_RESULTS.end(), DEFAULT_MAX_RESULTS)
}

fn batch(items: &Value) -> Value {
    json!({"type": "array", "items": items, "minItems": BATCH.start(), "maxItems": BATCH.end()})
}

/// The schemas of this dialect.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("SecurityHubError", object([("Code", text()), ("Message", text())])),
        ("SecurityHubFindingIdentifier", identifier()),
        ("SecurityHubFinding", finding()),
        ("SecurityHubNewFinding", new_finding()),
        ("SecurityHubFilters", filters()),
        ("SecurityHubStringFilter", condition(&object([("Value", value()), comparison(Comparison::OF_STRINGS)]))),
        (
            "SecurityHubMapFilter",
            condition(&object([("Key", value()), ("Value", value()), comparison(Comparison::OF_MAPS)])),
        ),
        ("SecurityHubKeywordFilter", condition(&object([("Value", value())]))),
        ("SecurityHubBooleanFilter", condition(&object([("Value", boolean())]))),
        ("SecurityHubIpFilter", condition(&object([("Cidr", json!({"type": "string", "examples": ["10.0.0.0/8"]}))]))),
        ("SecurityHubNumberFilter", condition(&ranges())),
        ("SecurityHubDateFilter", condition(&dates())),
    ]
}

/// A finding's identifier, within its lengths.
fn identifier() -> Value {
    let bounded = |chars: &std::ops::RangeInclusive<usize>| json!({"type": "string", "minLength": chars.start(), "maxLength": chars.end(), "pattern": "\\S"});
    object([("Id", bounded(&ID_CHARS)), ("ProductArn", bounded(&PRODUCT_ARN_CHARS))])
}

/// A finding as it is answered. Its members are those of ASFF, as they were sent.
fn finding() -> Value {
    let more = [
        ("SchemaVersion", text()),
        ("GeneratorId", text()),
        ("Title", text()),
        ("Description", text()),
        ("CreatedAt", text()),
        ("Types", list(&text())),
        ("Severity", json!({"type": "object"})),
        ("Resources", list(&json!({"type": "object"}))),
        ("Compliance", json!({"type": "object"})),
        ("Workflow", json!({"type": "object"})),
        ("RecordState", words(["ACTIVE", "ARCHIVED"])),
    ];
    let finding = object([("Id", text()), ("ProductArn", text()), ("AwsAccountId", text()), ("UpdatedAt", text())]);
    let mut finding = and_perhaps(finding, more);
    if let Value::Object(schema) = &mut finding {
        schema.insert("description".to_owned(), json!("A finding in the AWS Security Finding Format."));
    }
    finding
}

/// A finding that BatchImportFindings takes.
fn new_finding() -> Value {
    let resource = object([("Type", text()), ("Id", text())]);
    let severity = object([("Label", words(["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]))]);
    let pattern =
        "^arn:aws(-cn|-us-gov)?:securityhub:[a-z0-9-]+:([0-9]{12}:product/[0-9]{12}/default|:product/[^/]+/[^/]+)$";
    let sized = |most: usize| json!({"type": "string", "minLength": 1, "maxLength": most});
    object([
        ("SchemaVersion", json!({"const": "2018-10-08"})),
        ("Id", sized(*ID_CHARS.end())),
        ("ProductArn", json!({"type": "string", "pattern": pattern})),
        ("GeneratorId", sized(512)),
        ("AwsAccountId", json!({"type": "string", "pattern": "^[0-9]{12}$"})),
        ("CreatedAt", instant()),
        ("UpdatedAt", instant()),
        ("Severity", severity),
        ("Title", sized(256)),
        ("Description", sized(1024)),
        ("Resources", json!({"type": "array", "minItems": 1, "maxItems": 32, "items": resource})),
    ])
}

fn filters() -> Value {
    let of_kind = |kind: Kind| {
        reference(match kind {
            Kind::Text => "SecurityHubStringFilter",
            Kind::Date => "SecurityHubDateFilter",
            Kind::Number => "SecurityHubNumberFilter",
            Kind::Ip => "SecurityHubIpFilter",
            Kind::Map => "SecurityHubMapFilter",
            Kind::Keyword => "SecurityHubKeywordFilter",
            Kind::Boolean => "SecurityHubBooleanFilter",
        })
    };
    let properties: Value = ATTRIBUTES.iter().map(|known| (known.name.to_owned(), of_kind(known.kind))).collect();
    json!({
        "type": "object",
        "description": "Attributes hold together; the conditions of one are alternatives.",
        "properties": properties,
        "additionalProperties": false,
        "maxProperties": FILTER_ATTRIBUTES,
    })
}

/// The conditions of one attribute.
fn condition(one: &Value) -> Value {
    json!({"type": "array", "maxItems": FILTER_VALUES, "items": one})
}

fn value() -> Value {
    json!({"type": "string", "pattern": "\\S"})
}

fn comparison(known: &[Comparison]) -> (&'static str, Value) {
    ("Comparison", words(known.iter().map(|known| known.word())))
}

fn ranges() -> Value {
    let bounds = ["Eq", "Gt", "Gte", "Lt", "Lte"].map(|name| (name, json!({"type": "number"})));
    let mut ranges = and_perhaps(object([]), bounds);
    if let Value::Object(schema) = &mut ranges {
        schema.insert("minProperties".to_owned(), json!(1));
    }
    closed(ranges)
}

fn dates() -> Value {
    let days = json!({"type": "integer", "minimum": DATE_RANGE_DAYS.start(), "maximum": DATE_RANGE_DAYS.end()});
    let range = and_perhaps(
        object([("Value", days)]),
        [("Unit", words(["DAYS"])), ("Comparison", words(["WITHIN", "OLDER_THAN"]))],
    );
    let interval = and_perhaps(object([("Start", instant())]), [("End", instant())]);
    json!({"anyOf": [
        closed(interval), closed(object([("End", instant())])), closed(object([("DateRange", range)])),
    ]})
}

#[cfg(test)]
mod tests {
    use super::{ATTRIBUTES, filters, get_findings};
    use serde_json::Value;

    /// CONTRACTS 1.9: 107 attributes, and sorting by those that the index has.
    #[test]
    fn every_attribute_is_described() {
        let filters = filters();
        let described = filters.get("properties").and_then(Value::as_object).map(serde_json::Map::len);
        assert_eq!(described, Some(ATTRIBUTES.len()));
        let body = get_findings("").body.map(|(schema, _)| schema).unwrap_or_default();
        let fields = body.pointer("/properties/SortCriteria/items/properties/Field/enum").and_then(Value::as_array);
        assert!(fields.is_some_and(|fields| fields.contains(&Value::from("UpdatedAt"))));
    }
}
