//! The findings of the document, and odd ones, for tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use crate::domain::{Finding, Instant, Presence, Severity, Standing, Status, Verdict};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A finding of a document, open since 2024-02-15T10:00:00Z.
pub fn of(asff: &Value) -> Finding {
    let standing = Standing {
        result: Verdict::Fail,
        unknown_since: None,
        severity: Severity::High,
        original_severity: Severity::High,
        status: Some(Status::Open),
        presence: Presence::Active,
        acceptance: None,
        first_seen: Instant(1_707_991_200_000),
        changed_at: Instant(1_707_991_200_000),
        evaluation_changed_at: Instant(1_707_991_200_000),
        ever_failed: true,
        customer_set: BTreeSet::new(),
        hub: None,
        decided: None,
        rule_version: 1,
    };
    Finding { asff: asff.as_object().unwrap().clone(), standing }
}

/// The first finding of the document's Example Response, as a producer of ASFF would send it.
pub fn finding() -> Finding {
    of(&json!({
        "GeneratorId": "NIST-AC-2-STALE-ACCESS-KEY", "AwsAccountId": "123456789012", "Id": "f-1",
        "ProductArn": "arn:aws:securityhub:us-east-1::product/acme/scanner",
        "Title": "IAM access key unused for 90+ days",
        "Description": "IAM user 'svc-deploy' has an access key unused for 127 days (≥90).",
        "Remediation": {"Recommendation": {
            "Text": "Deactivate or delete access keys unused for 90+ days per NIST AC-2.",
            "Url": "https://example.com/keys"
        }},
        "Resources": [{
            "Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/svc-deploy", "Region": "us-east-1"
        }],
        "Compliance": {"Status": "FAILED", "RelatedRequirements": ["NIST.800-53.r5 AC-2"]}
    }))
}

/// The same with another standing.
pub fn judged(
    finding: Finding,
    result: Verdict,
    status: Option<Status>,
    presence: Presence,
    ever_failed: bool,
) -> Finding {
    let standing = Standing { result, status, presence, ever_failed, ..finding.standing };
    Finding { asff: finding.asff, standing }
}
