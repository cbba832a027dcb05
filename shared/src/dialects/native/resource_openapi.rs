//! Operations on the inventory, for `/openapi.json`.

use super::super::openapi::{
    Description, and_perhaps, boolean, count, instant, list, number, object, reference, text, text_or_null, uuid, words,
};
use super::openapi::TENANT;
use super::resources::{DEFAULT_LIMIT, MAX_LIMIT};
use serde_json::{Value, json};

const ID: &str = "The resource, percent-encoded: its id here, its ARN, or its key.";

/// `import-resources`.
pub fn import_resources(_: &str) -> Description {
    let error = object([("index", count()), ("field", text()), ("message", text())]);
    let answer = object([
        ("received", count()),
        ("created", count()),
        ("changed", count()),
        ("unchanged", count()),
        ("deleted", count()),
        ("earlier", count()),
        ("rejected", count()),
        ("covered", count()),
        ("errors", list(&error)),
    ]);
    // Other spellings of AWS Config are taken too: its files, answers and events.
    let item = object([("resourceType", text()), ("resourceId", text()), ("accountId", text())]);
    let item = and_perhaps(
        item,
        [
            ("awsRegion", text_or_null()),
            ("resourceName", text_or_null()),
            ("arn", text_or_null()),
            ("configurationItemCaptureTime", json!({"type": ["string", "number", "null"]})),
            ("configurationItemStatus", text_or_null()),
            ("resourceCreationTime", json!({"type": ["string", "number", "null"]})),
            ("tags", json!({"type": ["object", "array", "null"]})),
            ("configuration", json!({"type": ["object", "string", "null"]})),
            ("supplementaryConfiguration", json!({"type": ["object", "string", "null"]})),
            ("relationships", json!({"type": ["array", "null"]})),
        ],
    );
    let covered = object([("account_id", text()), ("region", text()), ("types", list(&text()))]);
    let covered = and_perhaps(covered, [("at", json!({"type": ["string", "null"], "format": "date-time"}))]);
    let own = and_perhaps(object([("resources", list(&item))]), [("covered", list(&covered))]);
    let snapshot = object([("configurationItems", json!({"type": "array"}))]);
    let body = json!({"anyOf": [own, snapshot, {"type": "array"}]});
    of_tenant("Take resources into the inventory, as AWS Config has them or in this form", answer).body(body)
}

/// `list-resources`.
pub fn list_resources(_: &str) -> Description {
    let answer = object([("resources", list(&reference("InventoryResource"))), ("next_cursor", text_or_null())]);
    let limit = number(1, i64::try_from(MAX_LIMIT).unwrap_or(1), i64::try_from(DEFAULT_LIMIT).unwrap_or(1));
    of_tenant("List resources, without their configurations", answer)
        .query("type", "Types in any spelling, commas between them.", text())
        .query("account_id", "The AWS account.", text())
        .query("region", "The region, or global.", text())
        .query("search", "A text in id, name, ARN or tags.", text())
        .query("limit", "Rows of the page.", limit)
        .query("cursor", "The next_cursor of the page before.", text())
        .as_of()
}

/// `get-resource`.
pub fn get_resource(_: &str) -> Description {
    of_tenant("Get a resource and its configuration", reference("InventoryResourceInFull")).path("id", ID).as_of()
}

/// `get-related-resources`.
pub fn get_related_resources(_: &str) -> Description {
    let relation = object([("direction", words(["in", "out"])), ("name", text())]);
    let resource = json!({"anyOf": [reference("InventoryResource"), {"type": "null"}]});
    let related = object([
        ("type", text()),
        ("resource_id", text()),
        ("relations", list(&relation)),
        ("resource", resource),
        ("findings", findings()),
    ]);
    let answer = object([
        ("resource", reference("InventoryResource")),
        ("findings", findings()),
        ("related", list(&related)),
        ("complete", boolean()),
    ]);
    of_tenant("Get what a resource hangs together with, and the open findings there", answer).path("id", ID).as_of()
}

/// The schemas of the inventory.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![("InventoryResource", resource()), ("InventoryResourceInFull", resource_in_full())]
}

fn of_tenant(summary: &'static str, answer: Value) -> Description {
    Description::of(summary, answer).path("tenantID", TENANT)
}

fn findings() -> Value {
    let first = object([("id", text()), ("uid", uuid())]);
    object([("open", count()), ("first", list(&first))])
}

fn resource() -> Value {
    object([
        ("id", text()),
        ("key", text()),
        ("type", text()),
        ("resource_id", text()),
        ("name", text_or_null()),
        ("arn", text_or_null()),
        ("account_id", text()),
        ("region", text()),
        ("captured_at", instant()),
        ("created_at", json!({"type": ["string", "null"], "format": "date-time"})),
        ("tags", json!({"type": "object", "additionalProperties": text()})),
    ])
}

fn resource_in_full() -> Value {
    let link = object([("type", text()), ("resource_id", text()), ("name", text_or_null()), ("relationship", text())]);
    let more = object([
        ("version", text()),
        ("configuration", json!({"type": "object"})),
        ("supplementary_configuration", json!({"type": "object"})),
        ("relationships", list(&link)),
    ]);
    json!({"allOf": [reference("InventoryResource"), more]})
}
