//! Nothing that comes in a path, a query or a document makes the dialect panic, and rows keep their bound.

use super::limits::ROW_BYTES;
use super::list_findings::{self, List};
use super::samples::of;
use super::{Listed, compliance_summary, get_finding, row};
use crate::domain::{Instant, Ordinal, Row, Uids};
use proptest::prelude::*;
use serde_json::{Value, json};

const NAMES: [&str; 10] =
    ["framework", "severity", "status", "resource_type", "control_id", "search", "page", "per_page", "sort", "as_of"];

const WORDS: [&str; 16] = [
    "cis-aws@3.0",
    "CRITICAL,HIGH",
    "all",
    "open,resolved",
    "aws.s3.bucket",
    "Req 1.3.2",
    "AC-2",
    "ü",
    "0",
    "500",
    "4294967295",
    "-severity",
    "resource_id",
    "2024-01-04T15:25:10.000Z~7",
    "~",
    ",",
];

fn query() -> impl Strategy<Value = Vec<(String, String)>> {
    let value = prop_oneof![proptest::sample::select(WORDS.to_vec()).prop_map(str::to_owned), any::<String>()];
    let name = proptest::sample::select(NAMES.to_vec()).prop_map(str::to_owned);
    proptest::collection::vec((name, value), 0..6)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[a-z:/ .~-]{0,300}".prop_map(Value::from),
        proptest::sample::select(vec!["CIS-3.0 5.2", "arn:aws:iam::1:user/u", "AwsIamUser", "SOC2 cc_6_3"])
            .prop_map(Value::from),
    ]
}

fn list() -> impl Strategy<Value = Value> {
    prop_oneof![proptest::collection::vec(leaf(), 0..40).prop_map(Value::from), leaf()]
}

fn document() -> impl Strategy<Value = Value> {
    let texts = (leaf(), leaf(), leaf(), leaf(), leaf());
    let parts = (leaf(), leaf(), leaf(), list(), list());
    (texts, parts).prop_map(|((rule, title, description, account, region), (kind, id, advice, requirements, tags))| {
        json!({
            "GeneratorId": rule, "Title": title, "Description": description, "AwsAccountId": account, "Region": region,
            "Resources": [{"Type": kind, "Id": id, "Region": region, "Tags": {"env": tags}}, tags],
            "Remediation": {"Recommendation": {"Text": advice}},
            "Compliance": {"RelatedRequirements": requirements}
        })
    })
}

proptest! {
    #[test]
    fn nothing_panics_and_rows_keep_their_bound(id in any::<String>(), query in query(), document in document()) {
        let finding = of(&document);
        let now = finding.standing.first_seen;
        let listed = Listed { uid: Uids::new([1; 32]).finding(Ordinal(1)), finding: &finding, last_seen: now, patchable: None };
        let _ = (get_finding::parse(&id, &query), compliance_summary::parse(&query));
        for list in [List::Plain, List::Scored] {
            let Ok(request) = list_findings::parse(list, &query) else { continue };
            let _ = request.start();
            let _ = request.filter.accepts(&finding, &Row::of(&finding, Instant(0)), Instant(0));
            let shown = row::listed(&listed, request.filter.mapping(), list == List::Scored);
            prop_assert!(shown.to_string().len() <= ROW_BYTES);
        }
        let row = row::listed(&listed, None, true);
        prop_assert!(row.to_string().len() <= ROW_BYTES);
        let _ = row::whole(&listed);
    }
}
