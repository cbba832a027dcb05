//! Parsers never panic, whatever comes: bytes, JSON of any shape, and JSON that looks almost right.

use super::filters::{ATTRIBUTES, Kind};
use super::{
    batch_import_findings, batch_update_findings, describe_hub, get_finding_history, get_findings,
    list_enabled_products,
};
use crate::domain::Instant;
use proptest::prelude::*;
use serde_json::{Value, json};

fn parse_everything(body: &[u8]) {
    let query = get_findings::parse(body);
    if let Ok(query) = query {
        let finding = super::fixture::full();
        for now in [Instant(i64::MIN), super::fixture::NOW, Instant(i64::MAX)] {
            query.filter.accepts(&finding, &super::fixture::row(&finding), now);
        }
    }
    let _ = get_finding_history::parse(body);
    let _ = batch_import_findings::parse(body);
    let _ = batch_update_findings::parse(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let _ = describe_hub::parse(Some(text));
        let _ = list_enabled_products::parse(Some(text), Some(text));
    }
}

/// Words that the parsers know, so that arbitrary values reach the inner branches.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => proptest::sample::select(ATTRIBUTES).prop_map(|attribute| attribute.name.to_owned()),
        4 => proptest::sample::select(vec![
            "Filters", "SortCriteria", "MaxResults", "NextToken", "Field", "SortOrder", "asc", "desc", "Value",
            "Comparison", "EQUALS", "PREFIX", "CONTAINS", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "NOT_CONTAINS", "Key",
            "Start", "End", "DateRange", "Unit", "DAYS", "WITHIN", "OLDER_THAN", "Eq", "Gt", "Gte", "Lt", "Lte",
            "Cidr", "10.0.0.0/8", "::/0", "2024-01-04T15:25:10Z", "FindingIdentifier", "FindingIdentifiers", "Id",
            "ProductArn", "arn:aws:securityhub:eu-central-1::product/a/b", "StartTime", "EndTime", "Findings",
            "Workflow", "Note",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        Just(serde_json::from_str("1e999").unwrap_or_default()),
        word().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(word(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<Value>()),
        ]
    })
}

/// Conditions in which every member is of the right type.
fn condition(kind: Kind) -> BoxedStrategy<Value> {
    match kind {
        Kind::Text | Kind::Map | Kind::Keyword => (word(), word(), word())
            .prop_map(|(key, value, comparison)| json!({"Key": key, "Value": value, "Comparison": comparison}))
            .boxed(),
        Kind::Date => prop_oneof![
            (word(), word()).prop_map(|(start, end)| json!({"Start": start, "End": end})),
            (any::<i64>(), word()).prop_map(|(days, comparison)| {
                json!({"DateRange": {"Value": days, "Unit": "DAYS", "Comparison": comparison}})
            }),
            any::<i32>().prop_map(|days| json!({"DateRange": {"Value": days, "Comparison": "OLDER_THAN"}})),
        ]
        .boxed(),
        Kind::Number => any::<(f64, f64)>().prop_map(|(gte, lt)| json!({"Gte": gte, "Lt": lt})).boxed(),
        Kind::Ip => prop_oneof![
            word().prop_map(|cidr| json!({"Cidr": cidr})),
            any::<(u32, u8)>().prop_map(|(address, bits)| {
                json!({"Cidr": format!("{}/{bits}", std::net::Ipv4Addr::from(address))})
            }),
            any::<(u128, u8)>().prop_map(|(address, bits)| {
                json!({"Cidr": format!("{}/{bits}", std::net::Ipv6Addr::from(address))})
            }),
        ]
        .boxed(),
        Kind::Boolean => any::<bool>().prop_map(|value| json!({"Value": value})).boxed(),
    }
}

proptest! {
    #[test]
    fn on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        parse_everything(&body);
    }

    #[test]
    fn on_any_json(body in any_json()) {
        parse_everything(body.to_string().as_bytes());
    }

    #[test]
    fn on_any_members(filters in any_json(), sort in any_json(), identifier in any_json(), max in any_json()) {
        let body = json!({
            "Filters": filters, "SortCriteria": sort, "FindingIdentifier": identifier, "StartTime": sort,
            "FindingIdentifiers": [identifier], "Findings": [filters], "MaxResults": max, "Workflow": {}
        });
        parse_everything(body.to_string().as_bytes());
    }

    #[test]
    fn on_any_condition_of_the_right_type(
        (name, condition) in proptest::sample::select(ATTRIBUTES)
            .prop_flat_map(|attribute| (Just(attribute.name), condition(attribute.kind)))
    ) {
        parse_everything(json!({"Filters": {name: [condition]}}).to_string().as_bytes());
    }
}
