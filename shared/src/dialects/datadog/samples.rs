//! The finding of the document, and odd ones, for tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::domain::query::Filter;
use crate::domain::{
    Acceptance, Cell, Column, Finding, Instant, Ordinal, Presence, Row, Severity, Standing, Status, Uid, Uids, Verdict,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// When the document's finding was discovered.
pub const DISCOVERED: Instant = Instant(1_670_453_400_000);

/// A finding of a document, open since the document's instant.
pub fn of(asff: &Value) -> Finding {
    let standing = Standing {
        result: Verdict::Fail,
        unknown_since: None,
        severity: Severity::Critical,
        original_severity: Severity::Critical,
        status: Some(Status::Open),
        presence: Presence::Active,
        acceptance: None,
        first_seen: DISCOVERED,
        changed_at: DISCOVERED,
        evaluation_changed_at: DISCOVERED,
        ever_failed: true,
        customer_set: BTreeSet::new(),
        hub: None,
        decided: None,
        rule_version: 1,
    };
    Finding { asff: asff.as_object().unwrap().clone(), standing }
}

/// The finding of the document's samples, as a producer of ASFF would send it.
pub fn finding() -> Finding {
    of(&json!({
        "GeneratorId": "zno-neo-6jq", "AwsAccountId": "112787438617", "Id": "f-1", "Region": "us-east-1",
        "ProductArn": "arn:aws:securityhub:us-east-1::product/acme/scanner",
        "Title": "S3 bucket contents are not publicly exposed via bucket policy",
        "Description": "Update your bucket policy as the contents of your Amazon S3 bucket are publicly accessible.",
        "Remediation": {"Recommendation": {"Text": "Remove any public access.", "Url": "https://example.com/b"}},
        "Resources": [{
            "Type": "AwsS3Bucket", "Id": "arn:aws:s3:::public.xxxx.company.com", "Region": "us-east-1",
            "Tags": {"terraform.managed": "true", "team": "cake"},
            "Details": {"AwsS3Bucket": {"CreatedAt": "2017-12-13T17:58:39Z"}}
        }],
        "Compliance": {"Status": "FAILED", "RelatedRequirements": [
            "SOC2 CC6.1", "SOC2 CC6.3", "HIPAA 164.312-a-1", "CIS-1.3 1.3", "PCI DSS v3.2.1/7.2.2"
        ]}
    }))
}

/// The same, accepted.
pub fn accepted(expires_at: Option<Instant>) -> Finding {
    let mut finding = finding();
    finding.standing.status = Some(Status::RiskAccepted);
    finding.standing.acceptance = Some(Acceptance {
        justification: "Public by design.".to_owned(),
        approved_by: Some("Ann".to_owned()),
        review_date: Some("2023-02-01".to_owned()),
        expires_at,
        by: "arn:aws:iam::112787438617:user/bob".to_owned(),
        at: DISCOVERED.plus(5),
    });
    finding
}

/// Documents that no producer sends.
pub fn odd() -> Vec<Finding> {
    [
        json!({}),
        json!({"Resources": 7, "Title": [], "GeneratorId": {}, "Compliance": "x", "Remediation": 1}),
        json!({"Resources": [{"Type": 1, "Id": null, "Details": [], "Tags": 7}, "x", []], "AwsAccountId": 5}),
        json!({"Resources": [{"Type": "", "Id": "", "Tags": {"": "", "-x": "*", "a:b": "c:d", "\\y": " "}}]}),
        json!({"Title": "\u{0}".repeat(256), "GeneratorId": "\u{1}".repeat(512),
            "Resources": [{"Type": "\u{2}".repeat(256), "Id": "\u{3}".repeat(512)}]}),
    ]
    .iter()
    .map(of)
    .collect()
}

/// Its uid.
pub fn uid() -> Uid {
    uids().finding(Ordinal(7))
}

/// How uids are made.
pub fn uids() -> Uids {
    Uids::new([3; 32])
}

/// Whether a filter finds a finding.
pub fn finds(filter: &Filter, finding: &Finding) -> bool {
    let mut filter = filter.clone();
    filter.resolve(&uids());
    let row = Row::of(finding, DISCOVERED);
    let by_row = filter.accepts(finding, &row, DISCOVERED);
    let by_cells =
        filter.accepts_cells::<()>(&|column: Column| -> Result<Cell, ()> { Ok(row.get(column).clone()) }, DISCOVERED);
    assert_eq!(Ok(by_row), by_cells, "columns and documents agree");
    by_row
}

/// The decoded pairs of a query.
pub fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
