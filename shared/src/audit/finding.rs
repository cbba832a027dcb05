//! A verdict as a finding in ASFF.
//!
//! Chosen where the contract is silent: GeneratorId is the rule's Infracast id, so that every dialect shows one rule under one
//! name; the ProductArn names neither account nor region, so that the full Infracast id alone leads to the finding. Two
//! resources may have one path, in different accounts or where their ARNs end alike; the second one's Id carries more of it behind
//! `@`.

use super::metadata::Rule;
use super::verdict::{Verdict, Violation};
pub use crate::domain::finding::PRODUCT_ARN;
use crate::domain::inventory::ConfigurationItem;
use crate::domain::json::{self, Object};
use crate::domain::resource_type::ResourceType;
use crate::domain::score::VECTOR_FIELD;
use crate::domain::{Instant, Severity};
use crate::secrets::sha256_hex;
use serde_json::{Value, json};

/// The member of ProductFields that tells which version of the resource was judged.
pub const RESOURCE_VERSION_FIELD: &str = "posture/resource_version";
/// The member of ProductFields that tells which resource was judged.
pub const RESOURCE_FIELD: &str = "posture/resource";
/// The member of ProductFields that holds the parameters which the tenant has set, where there are any.
pub const PARAMS_FIELD: &str = "posture/params";
/// The member of ProductFields that says why a finding is gone, where it is not for its resource.
pub const GONE_FIELD: &str = "posture/gone_because";
/// The longest text of parameters in a finding, in characters; of a longer one there is its SHA-256.
const PARAMS: usize = 1024;
/// The member of ProductFields that names the rule by key and version.
pub const RULE_FIELD: &str = "posture/rule";
/// The longest Description in ASFF, in characters.
const DESCRIPTION: usize = 1024;
/// The longest recommendation in ASFF, in characters.
const RECOMMENDATION: usize = 512;

/// A rule's verdict on a resource.
#[derive(Debug, Clone)]
pub struct Judgement<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The resource.
    pub item: &'a ConfigurationItem,
    /// What the rule says.
    pub verdict: Verdict,
    /// The parameters that the tenant has set for it.
    pub params: Option<&'a Object>,
}

impl Judgement<'_> {
    /// The full Infracast id: `CIS-AWS-5.2-aws:us-east-1:aws.ec2.security_group:sg-0abc123`.
    pub fn id(&self) -> String {
        format!("{}-{}", self.rule.metadata.rule_id, self.item.node())
    }

    /// The Id for when the other one is that of another resource: with the account and 8 digits of the resource's own.
    pub fn other_id(&self) -> String {
        let digest = sha256_hex(self.resource_key().as_bytes());
        format!("{}@{}-{}", self.id(), self.item.account, digest.get(..8).unwrap_or_default())
    }

    /// What tells the resource from all others of the tenant, in one text.
    fn resource_key(&self) -> String {
        let ConfigurationItem { account, region, .. } = self.item;
        format!("{account}/{region}/{}", self.item.key().sort_name())
    }

    /// The finding, as of the instant of the run, under an Id; `None` where the rule does not concern the resource.
    pub fn finding(&self, id: &str, at: Instant) -> Option<Object> {
        let metadata = &self.rule.metadata;
        let status = match &self.verdict {
            Verdict::Pass => "PASSED",
            Verdict::Fail(_) => "FAILED",
            Verdict::Unknown(_) => "NOT_AVAILABLE",
            Verdict::NotApplicable => return None,
        };
        let at = at.to_string();
        let mut compliance = json!({"Status": status, "RelatedRequirements": requirements(self.rule)});
        if let (Verdict::Unknown(reason), Some(members)) = (&self.verdict, compliance.as_object_mut()) {
            let reason = json!([{"ReasonCode": "NOT_AVAILABLE", "Description": cut(reason, DESCRIPTION)}]);
            members.insert("StatusReasons".to_owned(), reason);
        }
        let mut recommendation = json!({"Text": cut(&metadata.remediation.text, RECOMMENDATION)});
        if let (Some(url), Some(members)) = (&metadata.remediation.url, recommendation.as_object_mut()) {
            members.insert("Url".to_owned(), json!(url));
        }
        let finding = json!({
            "SchemaVersion": "2018-10-08",
            "Id": id,
            "ProductArn": PRODUCT_ARN,
            "GeneratorId": metadata.rule_id,
            "AwsAccountId": self.item.account,
            "Region": self.item.region,
            "Types": ["Software and Configuration Checks"],
            "CreatedAt": at,
            "UpdatedAt": at,
            "LastObservedAt": at,
            "Severity": {"Label": label(metadata.severity)},
            "Title": metadata.title,
            "Description": cut(&self.description(), DESCRIPTION),
            "Remediation": {"Recommendation": recommendation},
            "ProductFields": {
                RESOURCE_FIELD: self.resource_key(),
                RULE_FIELD: format!("{}@{}", metadata.key, metadata.version),
                VECTOR_FIELD: metadata.ccss,
                RESOURCE_VERSION_FIELD: self.item.digest(),
            },
            "Resources": [self.resource()],
            "Compliance": compliance,
            "RecordState": "ACTIVE",
        });
        let Value::Object(mut finding) = finding else { return None };
        if let (Some(params), Some(Value::Object(fields))) = (self.params, finding.get_mut("ProductFields")) {
            fields.insert(PARAMS_FIELD.to_owned(), Value::String(told(params)));
        }
        Some(finding)
    }

    fn description(&self) -> String {
        let Verdict::Fail(violations) = &self.verdict else { return self.rule.metadata.description.clone() };
        violations.iter().map(|Violation { message, .. }| message.as_str()).collect::<Vec<_>>().join(" ")
    }

    fn resource(&self) -> Value {
        let ConfigurationItem { kind, id, arn, region, tags, .. } = self.item;
        let mut resource = json!({
            "Type": ResourceType::parse(kind).asff(),
            "Id": arn.as_ref().unwrap_or(id),
            "Partition": "aws",
            "Region": region,
        });
        if let (false, Some(members)) = (tags.is_empty(), resource.as_object_mut()) {
            members.insert("Tags".to_owned(), json!(tags));
        }
        resource
    }
}

/// The controls as `CIS AWS Foundations Benchmark v3.0/5.2` is written: framework, version and control.
fn requirements(rule: &Rule) -> Vec<String> {
    rule.controls
        .iter()
        .map(|control| format!("{}/{}", control.framework_id().replace('@', "-"), control.control))
        .collect()
}

/// Parameters in one text.
fn told(params: &Object) -> String {
    let text = json::canonical(&Value::Object(params.clone()));
    if text.chars().count() <= PARAMS { text } else { format!("sha256:{}", sha256_hex(text.as_bytes())) }
}

fn label(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "INFORMATIONAL",
        Severity::Low => "LOW",
        Severity::Medium => "MEDIUM",
        Severity::High => "HIGH",
        Severity::Critical => "CRITICAL",
    }
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain("…".chars()).collect()
}
