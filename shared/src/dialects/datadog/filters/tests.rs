//! What filters find (datadog-posture-management-findings, Query parameters and Filtering; CONTRACTS 3.1).

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed; it says in which case")]

use super::super::list_findings::{ListFindings, parse};
use super::super::samples::{DISCOVERED, accepted, finding, finds, odd, of, pairs, uids};
use super::super::shape::Asked;
use super::super::tags;
use crate::domain::{Error, Finding, Instant, Named, Presence, Severity, Status, Verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

const BETA: &str = "/api/v2/posture_management/findings";
const GA: &str = "/datadog/api/v2/posture_management/findings";

fn list(path: &str, query: &[(&str, &str)]) -> Result<ListFindings, Error> {
    parse(&Asked { path, query: &pairs(query), user_agent: None })
}

fn found(query: &[(&str, &str)], finding: &Finding) -> bool {
    finds(&list(BETA, query).unwrap_or_else(|error| panic!("{query:?}: {error}")).filter, finding)
}

fn with(change: impl FnOnce(&mut Finding)) -> Finding {
    let mut finding = finding();
    change(&mut finding);
    finding
}

/// Query parameters of the document, one after the other, on the document's own finding.
#[test]
fn every_documented_filter_finds_the_sample() {
    let rule = uids().named(Named::Rule, "zno-neo-6jq");
    let bucket = uids().named(Named::Resource, "arn:aws:s3:::public.xxxx.company.com");
    let (rule, bucket) = (rule.to_string(), bucket.simple());
    let cases: &[(&str, &str, bool)] = &[
        ("filter[evaluation]", "fail", true),
        ("filter[evaluation]", "pass", false),
        ("filter[evaluation]", "-pass", true),
        ("filter[muted]", "false", true),
        ("filter[muted]", "true", false),
        ("filter[resource_type]", "aws_s3_bucket", true),
        ("filter[resource_type]", "AwsS3Bucket", true),
        ("filter[resource_type]", "AWS::S3::Bucket", true),
        ("filter[resource_type]", "aws.s3.bucket", true),
        ("filter[resource_type]", "S3 Bucket", true),
        ("filter[resource_type]", "aws_iam_user", false),
        ("filter[resource_type]", "aws_iam_user, aws_s3_bucket", true),
        ("filter[resource_type]", "aws*", true),
        ("filter[resource_type]", "-aws*", false),
        ("filter[resource_type]", "-azure*", true),
        ("filter[resource_type]", "*bucket", true),
        ("filter[resource_type]", "AWS::S3::*", true),
        ("filter[resource_type]", "-aws_s3_bucket", false),
        ("filter[resource_type]", "aws*,-aws_s3_bucket", false),
        ("filter[rule_id]", "zno-neo-6jq", true),
        ("filter[rule_id]", &rule, true),
        ("filter[rule_id]", "zno-*", true),
        ("filter[rule_id]", "zno", false),
        ("filter[rule_id]", "-zno-neo-6jq", false),
        ("filter[rule_name]", "S3 bucket contents are not publicly exposed via bucket policy", true),
        ("filter[rule_name]", "S3 bucket*", true),
        ("filter[rule_name]", "-S3*", false),
        ("filter[status]", "critical", true),
        ("filter[status]", "high", false),
        ("filter[status]", "medium", false),
        ("filter[status]", "low", false),
        ("filter[status]", "info", false),
        ("filter[status]", "-info", true),
        ("filter[status]", "crit*", true),
        ("filter[tags]", "cloud_provider:aws", true),
        ("filter[tag]", "cloud_provider:aws", true),
        ("filter[tag]", "-cloud_provider:aws", false),
        ("filter[@resource_id]", "arn:aws:s3:::public.xxxx.company.com", true),
        ("filter[@resource_id]", "public.xxxx.company.com", true),
        ("filter[@resource_id]", &bucket, true),
        ("filter[@resource_id]", "public.*", true),
        ("filter[@resource_id]", "private", false),
        ("filter[vulnerability_type]", "misconfiguration", true),
        ("filter[vulnerability_type]", "attack_path", false),
        ("filter[vulnerability_type]", "identity_risk", false),
        ("filter[vulnerability_type]", "api_security", false),
    ];
    for (name, value, expected) in cases {
        assert_eq!(found(&[(name, value)], &finding()), *expected, "{name}={value}");
    }
    let both = [("filter[vulnerability_type]", "attack_path"), ("filter[vulnerability_type]", "misconfiguration")];
    assert!(found(&both, &finding()), "CONTRACTS 3.1: repeatable, and one of them suffices");
}

/// Filtering: the operators, behind the equal sign and, as in the document's sample curl, before it.
#[test]
fn times_are_compared_in_every_spelling() {
    let at = DISCOVERED.0;
    for base in
        ["evaluation_changed_at", "discovery_timestamp", "resource_discovery_timestamp", "resource_discovery_date"]
    {
        let name = format!("filter[{base}]");
        for (operator, below, equal, above) in [
            ("", false, true, false),
            (">", true, false, false),
            (">=", true, true, false),
            ("=>", true, true, false),
            ("<", false, false, true),
            ("<=", false, true, true),
            ("=<", false, true, true),
        ] {
            for (bound, expected) in [(at - 1, below), (at, equal), (at + 1, above)] {
                let value = format!("{operator}{bound}");
                assert_eq!(found(&[(&name, &value)], &finding()), expected, "{name}={value}");
                // The operator in the name: with the equal sign of the query, and without.
                let key = format!("{name}{operator}");
                let as_key: Option<(String, String)> = match operator {
                    ">=" | "<=" => Some((key.trim_end_matches('=').to_owned(), bound.to_string())),
                    ">" | "<" => Some((format!("{key}{bound}"), String::new())),
                    _ => None,
                };
                if let Some((key, value)) = as_key {
                    assert_eq!(found(&[(&key, &value)], &finding()), expected, "{key}={value}");
                }
            }
        }
        let (from, to) = (format!(">={at}"), format!("<{}", at + 1));
        assert!(found(&[(&name, &from), (&name, &to)], &finding()), "a range is two of them");
        assert!(!found(&[(&name, &from), (&name, &format!("<{at}"))], &finding()));
        for wrong in ["", ">", ">=", "x", "-5", "1.5", ">>1", ">==1", "1e3", "99999999999999999999", "2023-01-01", "١"]
        {
            let error = list(BETA, &[(&name, wrong)]).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{wrong}: {error}");
        }
        for (key, value) in [(">", ""), (">=", "5"), (">5", "6"), ("<", "x")] {
            let error = list(BETA, &[(&format!("{name}{key}"), value)]).map(|_| ()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{name}: ")), "{key}={value}: {error}");
        }
    }
    let changed = with(|finding| finding.standing.evaluation_changed_at = Instant(at + 1000));
    assert!(found(&[("filter[evaluation_changed_at]", &format!(">{at}"))], &changed));
    assert!(!found(&[("filter[discovery_timestamp]", &format!(">{at}"))], &changed));
}

/// DESIGN §2, the table of statuses: what is listed, and what is muted.
#[test]
fn standings_are_mapped() {
    let judged = |result, status, presence| {
        with(|finding| {
            (finding.standing.result, finding.standing.status, finding.standing.presence) = (result, status, presence);
        })
    };
    let (fail, pass, active) = (Verdict::Fail, Verdict::Pass, Presence::Active);
    for (finding, listed, evaluation, muted) in [
        (judged(fail, Some(Status::Open), active), true, "fail", "false"),
        (judged(fail, Some(Status::NeedsReview), active), true, "fail", "false"),
        (judged(fail, Some(Status::Remediated), active), true, "fail", "false"),
        (judged(fail, Some(Status::RiskAccepted), active), true, "fail", "true"),
        (judged(fail, Some(Status::FalsePositive), active), true, "fail", "true"),
        (judged(pass, None, active), true, "pass", "false"),
        (judged(Verdict::Unknown, None, active), false, "pass", "false"),
        (judged(fail, Some(Status::Open), Presence::Gone), false, "fail", "false"),
    ] {
        let case = format!("{:?}", finding.standing);
        assert_eq!(found(&[], &finding), listed, "{case}");
        let both = [("filter[evaluation]", evaluation), ("filter[muted]", muted)];
        assert_eq!(found(&both, &finding), listed, "{case}");
        assert!(!found(
            &[("filter[evaluation]", evaluation), ("filter[muted]", if muted == "true" { "false" } else { "true" })],
            &finding
        ));
    }
    for (severity, word) in [
        (Severity::Critical, "critical"),
        (Severity::High, "high"),
        (Severity::Medium, "medium"),
        (Severity::Low, "low"),
        (Severity::Informational, "info"),
    ] {
        assert!(found(&[("filter[status]", word)], &with(|finding| finding.standing.severity = severity)), "{word}");
    }
}

#[test]
fn filters_hold_together() {
    let all = [("filter[status]", "critical"), ("filter[evaluation]", "fail"), ("filter[tag]", "team:cake")];
    assert!(found(&all, &finding()));
    for (name, value) in [("filter[status]", "low"), ("filter[tags]", "team:pie"), ("filter[evaluation]", "pass")] {
        assert!(!found(&[&all[..], &[(name, value)]].concat(), &finding()), "a repeated {name} must hold too");
    }
}

/// The tags of the document's sample, as far as they can be derived, and how else they are asked for.
#[test]
fn tags_of_the_sample_are_found() {
    let tags: &[(&str, bool)] = &[
        ("scored:true", true),
        ("scored:false", false),
        ("-scored:false", true),
        ("aws_account:112787438617", true),
        ("aws_account:1127*", true),
        ("control:164.312-a-1", true),
        ("control:164.312(a)(1)", true),
        ("control:1.3", true),
        ("control:7.2.2", true),
        ("control:CC6.3", true),
        ("control:cc_6_1", true),
        ("control:CC6", false),
        ("control:7.2", false),
        ("requirement:CC6", true),
        ("requirement:7", true),
        ("requirement:7.2", false),
        ("terraform.managed:true", true),
        ("team:cake", true),
        ("team:*", true),
        ("team:pie", false),
        ("-team:cake", false),
        ("-team:pie", true),
        ("framework:soc-2", true),
        ("framework:soc2", true),
        ("framework:SOC 2", true),
        ("framework:pci-dss", true),
        ("framework:pci-dss@3.2.1", true),
        ("framework:pci-dss@4.0", false),
        ("framework:gdpr", false),
        ("-framework:soc-2", false),
        ("-framework:gdpr", true),
        ("scope:s3", true),
        ("scope:iam", false),
        ("*:true", true),
        ("*", true),
        ("-*", false),
        ("nonsense", false),
        ("control", false),
        (":", false),
    ];
    for (tag, expected) in tags {
        assert_eq!(found(&[("filter[tags]", tag)], &finding()), *expected, "{tag}");
    }
    let plain =
        of(&json!({"Resources": [{"Type": "AwsEc2Instance", "Id": "i", "Tags": {"framework": "own", "scored": "x"}}]}));
    for (tag, expected) in
        [("framework:own", true), ("-framework:own", false), ("scored:false", true), ("scored:x", true)]
    {
        assert_eq!(found(&[("filter[tags]", tag)], &plain), expected, "a resource's own tag: {tag}");
    }
    assert!(found(&[("filter[tags]", "framework:soc-2"), ("filter[tags]", "team:cake")], &finding()));
    assert!(!found(&[("filter[tags]", "framework:soc-2"), ("filter[tags]", "team:pie")], &finding()), "ANDed");
}

/// CONTRACTS 3.1 and 3.4: each wrong parameter is named.
#[test]
fn wrong_parameters_are_named() {
    let cases: &[(&str, &str, &str)] = &[
        (BETA, "filter[evaluation]", "maybe"),
        (BETA, "filter[evaluation]", ""),
        (BETA, "filter[evaluation]", "PASS"),
        (BETA, "filter[status]", "informational"),
        (BETA, "filter[status]", "-"),
        (BETA, "filter[status]", "critical,high"),
        (BETA, "filter[muted]", "yes"),
        (BETA, "filter[muted]", ""),
        (BETA, "filter[resource_type]", ""),
        (BETA, "filter[resource_type]", "a,,b"),
        (BETA, "filter[rule_id]", ""),
        (BETA, "filter[rule_name]", "-"),
        (BETA, "filter[tags]", ""),
        (BETA, "filter[tag]", "-"),
        (BETA, "limit", "0"),
        (BETA, "limit", "1001"),
        (BETA, "limit", "-1"),
        (BETA, "limit", "1e2"),
        (BETA, "limit", ""),
        (BETA, "limit", "99999999999999999999"),
        (BETA, "snapshot_timestamp", "0"),
        (BETA, "snapshot_timestamp", "-1"),
        (BETA, "snapshot_timestamp", "2024-01-01"),
        (BETA, "snapshot_timestamp", "99999999999999999"),
        (BETA, "as_of", "yesterday"),
        (GA, "page[limit]", "0"),
        (GA, "page[limit]", "1001"),
        (GA, "page[limit]", "x"),
        (GA, "filter[@resource_id]", ""),
        (GA, "filter[vulnerability_type]", "malware"),
        (GA, "detailed_findings", "1"),
        (GA, "limit", "5"),
        (GA, "cursor", "x"),
        (GA, "filter[tag]", "a:b"),
        (GA, "filter[bogus]", "x"),
        (GA, "filter[resource_discovery_date]", "5"),
        (GA, "filter[evaluation_changed_at]>", "5"),
        (GA, "", ""),
    ];
    for (path, name, value) in cases {
        match list(path, &[(name, value)]) {
            Err(Error::Invalid { field, .. }) => assert_eq!(field, *name, "{name}={value}"),
            other => panic!("{name}={value}: {other:?}"),
        }
    }
    for (path, query, field) in [
        (GA, [("filter[status]", "low"), ("filter[status]", "low")], "filter[status]"),
        (GA, [("page[limit]", "5"), ("page[limit]", "5")], "page[limit]"),
        (
            GA,
            [("filter[evaluation_changed_at]", ">1"), ("filter[evaluation_changed_at]", "<9")],
            "filter[evaluation_changed_at]",
        ),
        (BETA, [("limit", "5"), ("limit", "5")], "limit"),
        (BETA, [("cursor", "x"), ("page[cursor]", "x")], "cursor"),
        (BETA, [("as_of", "2024-01-01"), ("snapshot_timestamp", "5")], "as_of"),
        // Parameters of both sides: GA answers, and names what it does not know.
        (BETA, [("page[limit]", "5"), ("limit", "5")], "limit"),
    ] {
        match list(path, &query) {
            Err(Error::Invalid { field: named, .. }) => assert_eq!(named, field, "{query:?}"),
            other => panic!("{query:?}: {other:?}"),
        }
    }
    assert!(
        list(BETA, &[("filter[bogus]", "x"), ("sort", "-x"), ("", "")]).is_ok(),
        "the beta passes over what it does not know"
    );
    assert!(list(GA, &[("filter[tags]", "a:b"), ("filter[tags]", "c:d")]).is_ok(), "repeatable");
}

/// A filter that finds a tag of a finding, whatever its text.
fn asking(tag: &str) -> String {
    if tag.starts_with(['-', '\\']) { format!("\\{tag}") } else { tag.to_owned() }
}

fn assert_own_tags_are_found(finding: &Finding) {
    for tag in tags::of(finding) {
        let asked = asking(&tag);
        assert!(found(&[("filter[tags]", &asked)], finding), "{asked:?}");
        assert!(!found(&[("filter[tags]", &format!("-{asked}"))], finding), "-{asked:?}");
    }
}

#[test]
fn tags_that_are_shown_are_found() {
    for finding in odd().iter().chain([&finding(), &accepted(None)]) {
        assert_own_tags_are_found(finding);
    }
}

fn documents() -> impl Strategy<Value = Value> {
    let requirement = prop_oneof![
        Just("NIST.800-53.r5 AC-2(1)".to_owned()),
        Just("CIS-1.5 1.20".to_owned()),
        Just("korean-isms-p 2.9.4".to_owned()),
        Just("GDPR article_25".to_owned()),
        Just("ISO27001-2013 A.9.2.3".to_owned()),
        Just("PCI DSS v3.2.1/1.3.2".to_owned()),
        Just("SOC2 cc_a_1_2".to_owned()),
        Just("framework-alone".to_owned()),
        "[a-zA-Z0-9 ./()*-]{1,20}",
    ];
    let kind = prop_oneof![Just("AwsEc2SecurityGroup".to_owned()), Just("Other".to_owned()), "[A-Za-z:._ -]{0,20}"];
    let tags = proptest::collection::btree_map("[a-z*:\\\\ -]{0,6}", "[a-z*:\\\\ -]{0,6}", 0..4);
    let resource = (kind, tags).prop_map(|(kind, tags)| json!({"Type": kind, "Id": "i", "Tags": tags}));
    let parts =
        (proptest::collection::vec(requirement, 0..5), proptest::collection::vec(resource, 0..3), "[0-9]{0,12}");
    parts.prop_map(|(requirements, resources, account)| {
        json!({"Resources": resources, "AwsAccountId": account, "Compliance": {"RelatedRequirements": requirements}})
    })
}

proptest! {
    /// For every tag that is shown the filter finds the row, and its negation does not; for a tag of another finding
    /// that is not shown, the filter does not find it.
    #[test]
    fn rendered_tags_and_filters_agree(one in documents(), other in documents()) {
        let (one, other) = (of(&one), of(&other));
        assert_own_tags_are_found(&one);
        let own = tags::of(&one);
        for tag in tags::of(&other).into_iter().filter(|tag| !tag.contains('*')) {
            // Frameworks and controls are found in other spellings, too.
            if tag.starts_with("framework:") || tag.starts_with("control:") {
                continue;
            }
            prop_assert_eq!(found(&[("filter[tags]", &asking(&tag))], &one), own.contains(&tag), "{}", tag);
        }
    }
}
