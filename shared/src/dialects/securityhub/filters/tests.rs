//! Every attribute, every comparison, every mix that is refused, and the limits (CONTRACTS 1.9).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop where an assumption fails")]

use super::{ATTRIBUTES, Attribute, Kind};
use crate::dialects::securityhub::fixture::{NOW, bare, finding, full, row};
use crate::dialects::securityhub::get_findings;
use crate::domain::query::Field;
use crate::domain::{Cell, Column, Error, Finding};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn accepts(filters: &Value, finding: &Finding) -> bool {
    let body = json!({"Filters": filters}).to_string();
    let query = get_findings::parse(body.as_bytes()).unwrap_or_else(|error| panic!("{filters}: {error}"));
    query.filter.accepts(finding, &row(finding), NOW)
}

fn refusal(filters: &Value) -> (String, String) {
    match get_findings::parse(json!({"Filters": filters}).to_string().as_bytes()) {
        Err(Error::Invalid { field, message }) => (field, message),
        other => panic!("{filters} gave {other:?}"),
    }
}

fn cell(attribute: &Attribute, finding: &Finding) -> Cell {
    match attribute.field {
        Field::Column(column) => row(finding).get(column).clone(),
        Field::Derived(field) => field.value::<()>(&|column| Ok(row(finding).get(column).clone())).unwrap(),
        Field::Document(field) => (field.of)(finding),
    }
}

/// A condition that the full finding meets and the bare one does not, made from the full finding's own value.
fn condition(attribute: &Attribute) -> Value {
    let cell = cell(attribute, &full());
    let text = || match &cell {
        Cell::Int(int) => int.to_string(),
        other => {
            let found = other.texts().first().cloned();
            found.unwrap_or_else(|| panic!("the full finding in fixture.rs needs a value for {}", attribute.name))
        }
    };
    match attribute.kind {
        Kind::Text => json!({"Value": text(), "Comparison": "EQUALS"}),
        Kind::Date => json!({"Start": text(), "End": text()}),
        Kind::Number => json!({"Eq": serde_json::from_str::<Value>(&text()).unwrap()}),
        Kind::Ip => json!({"Cidr": text()}),
        Kind::Map => {
            let text = text();
            let (key, value) = text.split_once('\u{1f}').unwrap();
            json!({"Key": key, "Value": value, "Comparison": "EQUALS"})
        }
        Kind::Keyword => json!({"Value": "Asked the team."}),
        Kind::Boolean => json!({"Value": true}),
    }
}

#[test]
fn the_table_has_the_attributes_of_the_model() {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for attribute in ATTRIBUTES {
        *counts.entry(attribute.kind).or_default() += 1;
    }
    let expected = [
        (Kind::Text, 74),
        (Kind::Date, 11),
        (Kind::Number, 10),
        (Kind::Ip, 6),
        (Kind::Map, 4),
        (Kind::Keyword, 1),
        (Kind::Boolean, 1),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    assert_eq!(ATTRIBUTES.iter().map(|attribute| attribute.name).collect::<BTreeSet<_>>().len(), ATTRIBUTES.len());
}

#[test]
fn the_attributes_that_designs_targets_name_are_columns() {
    for name in [
        "Id ProductArn ProductName CompanyName GeneratorId AwsAccountId AwsAccountName Region Title Type SeverityLabel",
        "SeverityNormalized SeverityProduct ComplianceStatus WorkflowStatus RecordState VerificationState Confidence",
        "Criticality ResourceType ResourceId ResourceRegion ResourceTags ComplianceSecurityControlId",
        "ComplianceAssociatedStandardsId Description CreatedAt UpdatedAt FirstObservedAt LastObservedAt",
    ]
    .iter()
    .flat_map(|line| line.split(' '))
    {
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == name);
        assert!(attribute.is_some_and(|a| matches!(a.field, Field::Column(_))), "{name}");
    }
}

#[test]
fn every_attribute_matches_the_finding_with_its_value_and_no_other() {
    for attribute in ATTRIBUTES {
        let filters = json!({attribute.name: [condition(attribute)]});
        assert!(accepts(&filters, &full()), "{filters} should match the full finding");
        assert!(!accepts(&filters, &bare()), "{filters} should not match the bare finding");
    }
}

#[test]
fn every_attribute_looks_at_its_own_path_only() {
    for attribute in ATTRIBUTES.iter().filter(|attribute| attribute.kind != Kind::Keyword) {
        // Take the value away, by cutting the path's last member wherever it occurs: nothing may match any more.
        let Value::Object(mut asff) = Value::Object(full().asff) else { continue };
        cut(&mut asff, attribute.path());
        let without = finding(Value::Object(asff));
        let filters = json!({attribute.name: [condition(attribute)]});
        assert!(!accepts(&filters, &without), "{filters} matched without {}", attribute.path());
    }
}

fn cut(object: &mut serde_json::Map<String, Value>, path: &str) {
    match path.split_once('.') {
        None => drop(object.remove(path)),
        Some((first, rest)) => match object.get_mut(first) {
            Some(Value::Object(inner)) => cut(inner, rest),
            Some(Value::Array(items)) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(|item| cut(item, rest));
            }
            _ => {}
        },
    }
}

/// Conditions in short: comparison and value of each.
type Conditions = &'static [(&'static str, &'static str)];

fn text_filter(attribute: &str, conditions: &[(&str, &str)]) -> Value {
    let conditions: Vec<Value> =
        conditions.iter().map(|(comparison, value)| json!({"Value": value, "Comparison": comparison})).collect();
    json!({attribute: conditions})
}

#[test]
fn strings_compare_in_six_ways() {
    let cases: &[(&str, Conditions, bool)] = &[
        ("Title", &[("EQUALS", "Port 22 is open to the world")], true),
        ("Title", &[("EQUALS", "port 22 is open to the world")], false),
        ("Title", &[("EQUALS", "Port 22")], false),
        ("Title", &[("EQUALS", "x"), ("EQUALS", "Port 22 is open to the world")], true),
        ("Title", &[("PREFIX", "Port")], true),
        ("Title", &[("PREFIX", "22")], false),
        ("Title", &[("PREFIX", "x"), ("EQUALS", "Port 22 is open to the world")], true),
        ("Title", &[("CONTAINS", "open")], true),
        ("Title", &[("CONTAINS", "Open")], false),
        ("Title", &[("CONTAINS", "shut"), ("CONTAINS", "open")], true),
        ("Title", &[("NOT_EQUALS", "x"), ("NOT_EQUALS", "y")], true),
        ("Title", &[("NOT_EQUALS", "x"), ("NOT_EQUALS", "Port 22 is open to the world")], false),
        ("Title", &[("PREFIX_NOT_EQUALS", "Port")], false),
        ("Title", &[("PREFIX_NOT_EQUALS", "Gate")], true),
        ("Title", &[("NOT_CONTAINS", "shut")], true),
        ("Title", &[("NOT_CONTAINS", "shut"), ("NOT_CONTAINS", "open")], false),
        ("Title", &[("PREFIX", "Port"), ("NOT_EQUALS", "Port 22 is open to the world")], false),
        ("Title", &[("PREFIX", "Port"), ("NOT_EQUALS", "x"), ("PREFIX_NOT_EQUALS", "y")], true),
        // Several values: one suffices for a positive comparison, and one spoils a negative one.
        ("ResourceType", &[("EQUALS", "Container")], true),
        ("ResourceType", &[("NOT_EQUALS", "Container")], false),
        ("ResourceType", &[("NOT_EQUALS", "AwsS3Bucket")], true),
        ("ResourceType", &[("PREFIX", "Aws"), ("PREFIX_NOT_EQUALS", "Cont")], false),
        ("ComplianceSecurityControlParametersValue", &[("EQUALS", "443")], true),
        ("ComplianceSecurityControlParametersValue", &[("NOT_CONTAINS", "44")], false),
    ];
    for (attribute, conditions, expected) in cases {
        let filters = text_filter(attribute, conditions);
        assert_eq!(accepts(&filters, &full()), *expected, "{filters}");
    }
}

#[test]
fn an_absent_field_passes_negative_comparisons_only() {
    for (comparison, expected) in [
        ("EQUALS", false),
        ("PREFIX", false),
        ("CONTAINS", false),
        ("NOT_EQUALS", true),
        ("PREFIX_NOT_EQUALS", true),
        ("NOT_CONTAINS", true),
    ] {
        for attribute in ["ComplianceStatus", "MalwareName"] {
            let filters = text_filter(attribute, &[(comparison, "F")]);
            assert_eq!(accepts(&filters, &bare()), expected, "{filters}");
        }
    }
}

#[test]
fn illegal_mixes_name_the_attribute() {
    let all = ["EQUALS", "PREFIX", "CONTAINS", "NOT_EQUALS", "PREFIX_NOT_EQUALS", "NOT_CONTAINS"];
    let legal: BTreeSet<(&str, &str)> = [
        ("EQUALS", "PREFIX"),
        ("PREFIX", "NOT_EQUALS"),
        ("PREFIX", "PREFIX_NOT_EQUALS"),
        ("NOT_EQUALS", "PREFIX_NOT_EQUALS"),
    ]
    .into();
    for a in all {
        for b in all {
            let filters = text_filter("Title", &[(a, "x"), (b, "y")]);
            if a == b || legal.contains(&(a, b)) || legal.contains(&(b, a)) {
                accepts(&filters, &full());
            } else {
                assert_eq!(refusal(&filters).0, "Filters.Title", "{a} with {b}");
            }
        }
    }
    let map = |a: &str, b: &str| {
        json!({"ResourceTags": [
            {"Key": "team", "Value": "x", "Comparison": a}, {"Key": "stage", "Value": "y", "Comparison": b}
        ]})
    };
    for (a, b) in [("EQUALS", "NOT_EQUALS"), ("CONTAINS", "EQUALS"), ("CONTAINS", "NOT_CONTAINS")] {
        assert_eq!(refusal(&map(a, b)).0, "Filters.ResourceTags", "{a} with {b}");
    }
}

#[test]
fn maps_compare_a_value_under_a_key() {
    let cases = [
        ("team", "payments", "EQUALS", true),
        ("team", "platform", "EQUALS", true),
        ("team", "pay", "EQUALS", false),
        ("stage", "payments", "EQUALS", false),
        ("team", "pay", "CONTAINS", true),
        ("tea", "pay", "CONTAINS", false),
        ("team", "payments", "NOT_EQUALS", false),
        ("team", "sales", "NOT_EQUALS", true),
        ("absent", "x", "NOT_EQUALS", true),
        ("team", "form", "NOT_CONTAINS", false),
        ("team", "sale", "NOT_CONTAINS", true),
    ];
    for (key, value, comparison, expected) in cases {
        let filters = json!({"ResourceTags": [{"Key": key, "Value": value, "Comparison": comparison}]});
        assert_eq!(accepts(&filters, &full()), expected, "{filters}");
    }
}

#[test]
fn dates_are_ranges_with_both_ends() {
    // UpdatedAt is 2024-05-10T08:05:00Z, and the question is asked on 2024-05-20T00:00:00Z.
    let cases = [
        (json!({"Start": "2024-05-10T08:05:00Z"}), true),
        (json!({"Start": "2024-05-10T08:05:00.001Z"}), false),
        (json!({"End": "2024-05-10T08:05:00Z"}), true),
        (json!({"End": "2024-05-10T10:04:59+02:00"}), false),
        (json!({"Start": "2024-05-01T00:00:00Z", "End": "2024-05-31T00:00:00-0100"}), true),
        (json!({"DateRange": {"Value": 10, "Unit": "DAYS"}}), true),
        (json!({"DateRange": {"Value": 9}}), false),
        (json!({"DateRange": {"Value": 10, "Unit": "DAYS", "Comparison": "WITHIN"}}), true),
        (json!({"DateRange": {"Value": 9, "Unit": "DAYS", "Comparison": "OLDER_THAN"}}), true),
        (json!({"DateRange": {"Value": 10, "Unit": "DAYS", "Comparison": "OLDER_THAN"}}), false),
        (json!({"DateRange": {"Value": 2_147_483_647, "Unit": "DAYS"}}), true),
    ];
    for (condition, expected) in cases {
        assert_eq!(accepts(&json!({"UpdatedAt": [condition]}), &full()), expected, "{condition}");
    }
    let either = json!({"UpdatedAt": [{"End": "2020-01-01T00:00:00Z"}, {"Start": "2024-01-01T00:00:00Z"}]});
    assert!(accepts(&either, &full()) && accepts(&either, &bare()), "ranges are OR-ed");
}

#[test]
fn numbers_are_ranges() {
    let cases = [
        (json!({"Eq": 7.5}), true),
        (json!({"Eq": 7.50}), true),
        (json!({"Eq": 7}), false),
        (json!({"Gte": 7.5, "Lte": 7.5}), true),
        (json!({"Gt": 7.5}), false),
        (json!({"Lt": 7.5}), false),
        (json!({"Gt": 7, "Lt": 8}), true),
        (json!({"Eq": 7.5, "Gte": 8}), false),
        (json!({"Eq": 7.5, "Gte": 7, "Lte": 8}), true),
    ];
    for (condition, expected) in cases {
        assert_eq!(accepts(&json!({"SeverityProduct": [condition]}), &full()), expected, "{condition}");
    }
    assert!(accepts(&json!({"SeverityProduct": [{"Eq": 1}, {"Gt": 7}]}), &full()), "ranges are OR-ed");
}

#[test]
fn addresses_lie_in_networks() {
    let cases = [
        ("203.0.113.0/24", true),
        ("203.0.113.99/24", true),
        ("203.0.113.7", true),
        ("203.0.113.7/32", true),
        ("203.0.114.0/24", false),
        ("0.0.0.0/0", true),
        ("2001:db8::/32", false),
    ];
    for (cidr, expected) in cases {
        assert_eq!(accepts(&json!({"NetworkSourceIpV4": [{"Cidr": cidr}]}), &full()), expected, "{cidr}");
    }
    assert!(accepts(&json!({"NetworkSourceIpV6": [{"Cidr": "2001:db8::/32"}]}), &full()));
    assert!(accepts(&json!({"ResourceAwsEc2InstanceIpV4Addresses": [{"Cidr": "198.51.100.0/24"}]}), &full()));
}

#[test]
fn sample_and_keyword() {
    assert!(accepts(&json!({"Sample": [{"Value": false}]}), &bare()), "a finding that does not say is no sample");
    assert!(!accepts(&json!({"Sample": [{"Value": false}]}), &full()));
    assert!(accepts(&json!({"Sample": [{"Value": false}, {"Value": true}]}), &full()));
    assert!(accepts(&json!({"Keyword": [{"Value": "postgres"}]}), &full()));
    assert!(!accepts(&json!({"Keyword": [{"Value": "Postgres"}]}), &full()));
}

#[test]
fn attributes_are_and_ed_and_empty_ones_are_no_condition() {
    let filters = |region: &str| {
        json!({"Region": [{"Value": region, "Comparison": "EQUALS"}],
               "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]})
    };
    assert!(accepts(&filters("eu-central-1"), &full()));
    assert!(!accepts(&filters("eu-west-1"), &full()));
    for nothing in [json!({}), json!(null), json!({"Id": []}), json!({"Id": null})] {
        assert!(accepts(&nothing, &full()) && accepts(&nothing, &bare()), "{nothing}");
    }
}

#[test]
fn ten_attributes_and_twenty_values_are_the_most() {
    let attributes = |count: usize| -> Value {
        let texts = ATTRIBUTES.iter().filter(|attribute| attribute.kind == Kind::Text).take(count);
        texts.map(|a| (a.name.to_owned(), json!([{"Value": "x", "Comparison": "PREFIX"}]))).collect()
    };
    accepts(&attributes(10), &full());
    assert_eq!(refusal(&attributes(11)).0, "Filters");
    let values = |count: usize| json!({"Id": vec![json!({"Value": "x", "Comparison": "EQUALS"}); count]});
    accepts(&values(20), &full());
    assert_eq!(refusal(&values(21)).0, "Filters.Id");
}

#[test]
fn what_is_wrong_is_named_by_its_path() {
    let cases = [
        (json!([]), "Filters"),
        (json!("x"), "Filters"),
        (json!({"Nonsense": []}), "Filters.Nonsense"),
        (json!({"id": [{"Value": "x", "Comparison": "EQUALS"}]}), "Filters.id"),
        (json!({"Id": {}}), "Filters.Id"),
        (json!({"Id": [null]}), "Filters.Id[0]"),
        (json!({"Id": [{"Comparison": "EQUALS"}]}), "Filters.Id[0].Value"),
        (json!({"Id": [{"Value": null, "Comparison": "EQUALS"}]}), "Filters.Id[0].Value"),
        (json!({"Id": [{"Value": " ", "Comparison": "EQUALS"}]}), "Filters.Id[0].Value"),
        (json!({"Id": [{"Value": 7, "Comparison": "EQUALS"}]}), "Filters.Id[0].Value"),
        (json!({"Id": [{"Value": "x"}]}), "Filters.Id[0].Comparison"),
        (json!({"Id": [{"Value": "x", "Comparison": "equals"}]}), "Filters.Id[0].Comparison"),
        (json!({"Id": [{"Value": "x", "Comparison": "CONTAINS_WORD"}]}), "Filters.Id[0].Comparison"),
        (json!({"ResourceTags": [{"Value": "x", "Comparison": "EQUALS"}]}), "Filters.ResourceTags[0].Key"),
        (json!({"ResourceTags": [{"Key": "x", "Comparison": "EQUALS"}]}), "Filters.ResourceTags[0].Value"),
        (
            json!({"ResourceTags": [{"Key": "x", "Value": "y", "Comparison": "PREFIX"}]}),
            "Filters.ResourceTags[0].Comparison",
        ),
        (json!({"UpdatedAt": [{}]}), "Filters.UpdatedAt[0]"),
        (json!({"UpdatedAt": [{"Start": "yesterday"}]}), "Filters.UpdatedAt[0].Start"),
        (json!({"UpdatedAt": [{"End": 1_700_000_000}]}), "Filters.UpdatedAt[0].End"),
        (
            json!({"UpdatedAt": [{"Start": "2024-01-02T00:00:00Z", "End": "2024-01-01T00:00:00Z"}]}),
            "Filters.UpdatedAt[0].Start",
        ),
        (json!({"UpdatedAt": [{"Start": "2024-01-02T00:00:00Z", "DateRange": {"Value": 1}}]}), "Filters.UpdatedAt[0]"),
        (json!({"UpdatedAt": [{"DateRange": {}}]}), "Filters.UpdatedAt[0].DateRange.Value"),
        (json!({"UpdatedAt": [{"DateRange": {"Value": 0}}]}), "Filters.UpdatedAt[0].DateRange.Value"),
        (json!({"UpdatedAt": [{"DateRange": {"Value": 1.5}}]}), "Filters.UpdatedAt[0].DateRange.Value"),
        (json!({"UpdatedAt": [{"DateRange": {"Value": 1, "Unit": "HOURS"}}]}), "Filters.UpdatedAt[0].DateRange.Unit"),
        (
            json!({"UpdatedAt": [{"DateRange": {"Value": 1, "Comparison": "BEFORE"}}]}),
            "Filters.UpdatedAt[0].DateRange.Comparison",
        ),
        (json!({"Confidence": [{}]}), "Filters.Confidence[0]"),
        (json!({"Confidence": [{"Eq": "90"}]}), "Filters.Confidence[0].Eq"),
        (json!({"NetworkSourceIpV4": [{}]}), "Filters.NetworkSourceIpV4[0].Cidr"),
        (json!({"NetworkSourceIpV4": [{"Cidr": "10.0.0.0/33"}]}), "Filters.NetworkSourceIpV4[0].Cidr"),
        (json!({"NetworkSourceIpV4": [{"Cidr": "10.0.0.0/+8"}]}), "Filters.NetworkSourceIpV4[0].Cidr"),
        (json!({"NetworkSourceIpV4": [{"Cidr": "10.0.0.0/"}]}), "Filters.NetworkSourceIpV4[0].Cidr"),
        (json!({"NetworkSourceIpV4": [{"Cidr": "ten"}]}), "Filters.NetworkSourceIpV4[0].Cidr"),
        (json!({"Keyword": [{}]}), "Filters.Keyword[0].Value"),
        (json!({"Sample": [{"Value": "true"}]}), "Filters.Sample[0].Value"),
    ];
    for (filters, field) in cases {
        assert_eq!(refusal(&filters).0, field, "{filters}");
    }
}

#[test]
fn a_long_attribute_name_is_not_echoed_whole() {
    let name = "N".repeat(100_000);
    assert!(refusal(&json!({name.as_str(): []})).0.len() < 100);
}

#[test]
fn product_and_company_name_look_at_the_filled_top_level() {
    for (name, column) in [("ProductName", Column::ProductName), ("CompanyName", Column::CompanyName)] {
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == name).unwrap();
        assert!(matches!(attribute.field, Field::Column(found) if found == column));
    }
}
