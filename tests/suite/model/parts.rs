//! Parts of questions in every dialect's words, each with what it means to the model.

use super::door::Dialect;
use super::findings::key;
use super::naive::State;
use super::said::infracast;
use posture_shared::domain::json::{text_at, texts_at};
use posture_shared::domain::resource::Resource;
use posture_shared::domain::{Instant, Named, Severity, Status, Uids, Verdict};

/// Whether a finding is meant.
type Accepts = Box<dyn Fn(&State) -> bool>;

/// Some parameters and what they mean together.
pub struct Part {
    /// The parameters.
    pub pairs: Vec<(String, String)>,
    /// Which findings they choose.
    pub accepts: Accepts,
}

fn part(pairs: &[(&str, &str)], accepts: impl Fn(&State) -> bool + 'static) -> Part {
    let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Part { pairs: pairs.collect(), accepts: Box::new(accepts) }
}

fn text<'a>(state: &'a State, path: &str) -> &'a str {
    text_at(&state.finding.asff, path).unwrap_or_default()
}

fn has(state: &State, path: &str, wanted: &str) -> bool {
    texts_at(&state.finding.asff, path).iter().any(|text| text == wanted)
}

fn requires(state: &State, requirement: &str) -> bool {
    has(state, "Compliance.RelatedRequirements", requirement)
}

fn is(state: &State, severities: &[Severity]) -> bool {
    severities.contains(&state.finding.standing.severity)
}

/// A fail in one of these statuses.
fn fails(state: &State, statuses: &[Status]) -> bool {
    let own = &state.finding.standing;
    own.result == Verdict::Fail && own.status.is_some_and(|status| statuses.contains(&status))
}

fn is_blue(state: &State) -> bool {
    let resource = state.finding.asff["Resources"].get(0);
    resource.and_then(|resource| resource.get("Tags")?.get("team")?.as_str()) == Some("blue")
}

const BUCKETS: &str = "s3_bucket_public_access";
const ACCOUNT: &str = "210987654321";
const CIS: &str = "CIS-1.5 5.2";
const PCI: &str = "PCI DSS v3.2.1/1.3.2";
const NIST: &str = "NIST.800-53.r5 AC-2(1)";

/// Every part that a dialect's questions are made of; instants in them lie around `around`.
pub fn parts(dialect: Dialect, around: Instant, uids: &Uids) -> Vec<Part> {
    match dialect {
        Dialect::Bitdefender => bitdefender(uids),
        Dialect::Beta | Dialect::Ga => datadog(dialect, around),
        Dialect::Infracast => infracasts(),
        Dialect::SecurityHub => security_hub(),
    }
}

fn bitdefender(uids: &Uids) -> Vec<Part> {
    let bucket = format!("arn:aws:s3:::{}", key(0, 0).id);
    let named = |kind, name: &str| uids.named(kind, name).to_string();
    let (scan, rule, group) =
        (named(Named::Account, ACCOUNT), named(Named::Rule, BUCKETS), named(Named::Group, "default"));
    let wanted = bucket.clone();
    vec![
        part(&[("results", "fail")], |s| s.finding.standing.result == Verdict::Fail),
        part(&[("results", "pass")], |s| s.finding.standing.result == Verdict::Pass),
        part(&[("severities", "high,critical")], |s| is(s, &[Severity::High, Severity::Critical])),
        part(&[("severities", "low")], |s| is(s, &[Severity::Low])),
        part(&[("statuses", "open")], |s| fails(s, &[Status::Open])),
        part(&[("statuses", "needs_review,risk_accepted")], |s| fails(s, &[Status::NeedsReview, Status::RiskAccepted])),
        part(&[("statuses", "remediated,false_positive")], |s| fails(s, &[Status::Remediated, Status::FalsePositive])),
        part(&[("scans", &scan)], |s| text(s, "AwsAccountId") == ACCOUNT),
        part(&[("scan_groups", &group)], |_| true),
        part(&[("rules", &rule)], |s| text(s, "GeneratorId") == BUCKETS),
        part(&[("resources", &bucket)], move |s| has(s, "Resources.Id", &wanted)),
        part(&[("resource_types", "IAM User,S3 Bucket")], |_| true),
        part(&[("resource_types", "S3 Bucket")], |s| has(s, "Resources.Type", "AwsS3Bucket")),
        part(&[("system_compliance", "cis-aws-1.5,nist-sp-800-53-r5")], |s| requires(s, CIS) || requires(s, NIST)),
        part(&[("system_compliance", "pci-dss")], |s| requires(s, PCI)),
    ]
}

fn datadog(dialect: Dialect, around: Instant) -> Vec<Part> {
    const MUTED: &[Status] = &[Status::RiskAccepted, Status::FalsePositive];
    let id = format!("arn:aws:iam::{ACCOUNT}:user/{}", key(0, 1).id);
    let (since, before) = (format!(">={}", around.0), format!("<{}", around.0));
    let mut parts = vec![
        part(&[("filter[evaluation]", "fail")], |s| s.finding.standing.result == Verdict::Fail),
        part(&[("filter[evaluation]", "-fail")], |s| s.finding.standing.result == Verdict::Pass),
        part(&[("filter[status]", "high")], |s| is(s, &[Severity::High])),
        part(&[("filter[status]", "-low")], |s| !is(s, &[Severity::Low])),
        part(&[("filter[status]", "info")], |s| is(s, &[Severity::Informational])),
        part(&[("filter[muted]", "true")], |s| fails(s, MUTED)),
        part(&[("filter[muted]", "false")], |s| !fails(s, MUTED)),
        part(&[("filter[resource_type]", "aws_s3_bucket")], |s| has(s, "Resources.Type", "AwsS3Bucket")),
        part(&[("filter[resource_type]", "-aws_s3_bucket")], |s| !has(s, "Resources.Type", "AwsS3Bucket")),
        part(&[("filter[rule_id]", "s3_*_access")], |s| text(s, "GeneratorId") == BUCKETS),
        part(&[("filter[rule_name]", "A bucket * to e*")], |s| text(s, "Title").starts_with("A bucket is open to e")),
        part(&[("filter[rule_name]", "-A bucket is open to everybody")], |s| !text(s, "Title").ends_with("everybody")),
        part(&[("filter[tags]", "team:blue")], is_blue),
        part(&[("filter[tags]", "-team:*")], |s| !is_blue(s)),
        part(&[("filter[tags]", "framework:cis-aws")], |s| requires(s, CIS)),
        part(&[("filter[tags]", "control:AC-2(1)")], |s| requires(s, NIST)),
        part(&[("filter[tags]", "aws_account:210987654321")], |s| text(s, "AwsAccountId") == ACCOUNT),
        part(&[("filter[tags]", "scope:s3")], |s| has(s, "Resources.Type", "AwsS3Bucket")),
        part(&[("filter[evaluation_changed_at]", &since)], move |s| s.finding.standing.evaluation_changed_at >= around),
        part(&[("filter[evaluation_changed_at]", &before)], move |s| s.finding.standing.evaluation_changed_at < around),
        part(&[("filter[discovery_timestamp]", &since)], move |s| s.finding.standing.first_seen >= around),
    ];
    if dialect == Dialect::Ga {
        parts.push(part(&[("filter[vulnerability_type]", "misconfiguration")], |_| true));
        let wanted = id.clone();
        parts.push(part(&[("filter[@resource_id]", &id)], move |s| has(s, "Resources.Id", &wanted)));
    }
    parts
}

fn infracasts() -> Vec<Part> {
    let status = |words: &'static [&str]| {
        let sent = words.join(",");
        part(&[("status", &sent)], move |s| infracast(s).is_some_and(|word| words.contains(&word)))
    };
    let search = |wanted: &'static str| {
        part(&[("search", wanted)], move |s| {
            let asff = &s.finding.asff;
            let mut texts = texts_at(asff, "Resources.Id");
            texts.extend([text(s, "Title").to_owned(), text(s, "Description").to_owned(), Resource::of(asff).path]);
            texts.iter().any(|text| text.to_lowercase().contains(&wanted.to_lowercase()))
        })
    };
    vec![
        status(&["resolved"]),
        status(&["accepted"]),
        status(&["open", "accepted"]),
        part(&[("status", "all")], |s| infracast(s).is_some()),
        part(&[("severity", "CRITICAL,HIGH")], |s| is(s, &[Severity::Critical, Severity::High])),
        part(&[("severity", "LOW,INFO")], |s| is(s, &[Severity::Low, Severity::Informational])),
        part(&[("framework", "cis-aws")], |s| requires(s, CIS)),
        part(&[("framework", "nist-800-53@r5")], |s| requires(s, NIST)),
        part(&[("control_id", "AC-2")], |s| requires(s, NIST)),
        part(&[("framework", "cis-aws"), ("control_id", "5.2")], |s| requires(s, CIS)),
        part(&[("framework", "pci-dss"), ("control_id", "5.2")], |_| false),
        part(&[("resource_type", "aws.s3.bucket")], |s| has(s, "Resources.Type", "AwsS3Bucket")),
        search("EVERYBODY"),
        search("else altogether"),
        search("aws:global:AWS.IAM.USER:prowler-000"),
        search("s3:::control-"),
        part(&[("sort", "severity")], |_| true),
        part(&[("sort", "created_at")], |_| true),
        part(&[("sort", "-created_at")], |_| true),
    ]
}

fn security_hub() -> Vec<Part> {
    let equals = |name: &str, path: &'static str, wanted: &'static str| {
        let condition = format!(r#"[{{"Value": "{wanted}", "Comparison": "EQUALS"}}]"#);
        part(&[(name, &condition)], move |s| has(s, path, wanted))
    };
    let not =
        r#"[{"Value": "PASSED", "Comparison": "NOT_EQUALS"}, {"Value": "WARN", "Comparison": "PREFIX_NOT_EQUALS"}]"#;
    let blue = r#"[{"Key": "team", "Value": "blue", "Comparison": "EQUALS"}]"#;
    vec![
        equals("SeverityLabel", "Severity.Label", "HIGH"),
        equals("RecordState", "RecordState", "ACTIVE"),
        equals("WorkflowStatus", "Workflow.Status", "NOTIFIED"),
        equals("ResourceType", "Resources.Type", "AwsIamUser"),
        equals("GeneratorId", "GeneratorId", BUCKETS),
        part(&[("ComplianceStatus", not)], |s| !["PASSED", "WARNING"].contains(&text(s, "Compliance.Status"))),
        part(&[("Title", r#"[{"Value": "A bucket is open to e", "Comparison": "PREFIX"}]"#)], |s| {
            text(s, "Title").starts_with("A bucket is open to e")
        }),
        part(&[("ResourceTags", blue)], is_blue),
    ]
}
