//! One good request for every route, and findings to ask about. All of it is made up.

use crate::gateway::Ask;
use crate::world::{Tenant, World};
use posture_functions::Route;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};

/// The product that made the samples.
pub const PRODUCT: &str = "arn:aws:securityhub:eu-west-1::product/acme/scanner";

/// A finding with many members, as a producer sends it on a day of January 2024.
pub fn finding(id: &str, day: u32) -> Value {
    let time = format!("2024-01-{day:02}T08:00:00Z");
    json!({
        "SchemaVersion": "2018-10-08", "Id": id, "ProductArn": PRODUCT, "GeneratorId": "open-port",
        "AwsAccountId": "123456789012", "Types": ["Software and Configuration Checks/Exposure"],
        "CreatedAt": time, "UpdatedAt": time, "FirstObservedAt": time, "LastObservedAt": time,
        "Severity": {"Label": "HIGH", "Original": "8"}, "Confidence": 40, "Criticality": 30,
        "Title": format!("Port open on day {day}"), "Description": "Anybody can reach it.",
        "Remediation": {"Recommendation": {"Text": "Close it.", "Url": "https://example.com/close"}},
        "ProductFields": {"scanner/run": day.to_string()}, "UserDefinedFields": {"team": "web"},
        "Resources": [{
            "Type": "AwsEc2SecurityGroup", "Id": "arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1",
            "Partition": "aws", "Region": "eu-west-1", "Tags": {"env": "prod"},
            "Details": {"AwsEc2SecurityGroup": {"GroupName": "open", "IpPermissions": [{"FromPort": 22}]}}
        }],
        "Compliance": {
            "Status": "FAILED", "RelatedRequirements": ["PCI DSS v3.2.1/1.3.2"], "SecurityControlId": "EC2.13",
            "AssociatedStandards": [{"StandardsId": "standards/pci-dss/v/3.2.1"}]
        },
        "Network": {"SourceIpV4": "192.0.2.7", "DestinationPort": 22},
        "Note": {"Text": "seen", "UpdatedBy": "scanner", "UpdatedAt": time},
        "VerificationState": "UNKNOWN", "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE",
        "RelatedFindings": [{"ProductArn": PRODUCT, "Id": "another"}],
        "FindingProviderFields": {
            "Severity": {"Label": "HIGH", "Original": "8"}, "Types": ["Software and Configuration Checks/Exposure"],
            "Confidence": 40, "Criticality": 30, "RelatedFindings": [{"ProductArn": PRODUCT, "Id": "another"}]
        }
    })
}

/// An event of Security Hub with these findings.
pub fn hub_event(time: &str, findings: &[Value]) -> Value {
    json!({
        "version": "0", "id": "8e5622f9-d81c-4d81-612a-9319e7ee2506", "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Imported", "account": "123456789012", "time": time,
        "region": "eu-west-1", "resources": [], "detail": {"findings": findings}
    })
}

/// The name of a key that nobody uses, which every tenant has.
pub const RETIRED: &str = "retired";

/// A request for a key of a name that no key has.
fn new_key() -> Value {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("new-{}", COUNT.fetch_add(1, Ordering::Relaxed));
    json!({
        "name": name, "scopes": ["findings:read", "findings:import"], "accounts": ["123456789012"],
        "expires": "2099-12-31", "rate_per_minute": 60
    })
}

/// A good request for a route, which [`Answer::is_let_in`](crate::Answer::is_let_in) when a key for it is held. A new
/// route needs an arm here.
pub fn ask(route: &Route, tenant: &Tenant) -> Ask {
    let identifier = json!({"Id": "f-1", "ProductArn": PRODUCT});
    let equals = |value: &str| json!([{"Value": value, "Comparison": "EQUALS"}]);
    let (path, body) = match route.function {
        "securityhub-batch-import-findings" => (String::new(), json!({"Findings": [finding("f-1", 1)]})),
        "securityhub-batch-update-findings" => (String::new(), update(&[identifier])),
        "securityhub-get-findings" => (
            String::new(),
            json!({
                "Filters": {
                    "ProductName": equals("Scanner"), "RecordState": equals("ACTIVE"),
                    "Confidence": [{"Gte": 1, "Lte": 99}], "NetworkSourceIpV4": [{"Cidr": "192.0.2.0/24"}],
                    "ResourceTags": [{"Key": "env", "Value": "prod", "Comparison": "EQUALS"}],
                    "UpdatedAt": [{"Start": "2024-01-01T00:00:00Z", "End": "2024-12-31T00:00:00Z"}],
                    "CreatedAt": [{"DateRange": {"Value": 3650, "Unit": "DAYS"}}],
                    "Keyword": [{"Value": "reach"}]
                },
                "SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "desc"}], "MaxResults": 10
            }),
        ),
        "securityhub-get-finding-history" => (
            String::new(),
            json!({
                "FindingIdentifier": identifier, "MaxResults": 10,
                "StartTime": "2023-01-01T00:00:00Z", "EndTime": "2030-01-01T00:00:00.000Z"
            }),
        ),
        "securityhub-describe-hub" => {
            ("?HubArn=arn%3Aaws%3Asecurityhub%3Aeu-west-1%3A123456789012%3Ahub%2Fdefault".to_owned(), Value::Null)
        }
        "securityhub-list-enabled-products" => ("?MaxResults=5".to_owned(), Value::Null),
        "bitdefender-get-checks" => {
            let query =
                "?results=fail&severities=high,low&statuses=open&resource_types=EC2%20Security%20Group&page_limit=5";
            (query.to_owned(), Value::Null)
        }
        "bitdefender-get-finding-changes" => {
            ("?type=new&from_date=2024-01-01&severities=high&page_limit=5".to_owned(), Value::Null)
        }
        "bitdefender-get-check" | "bitdefender-get-rule" | "bitdefender-get-scan" => {
            ("0015c4a9-82b9-8a40-9bf4-55130c000001".to_owned(), Value::Null)
        }
        "bitdefender-get-framework" => ("pci-dss-3.2.1".to_owned(), Value::Null),
        "bitdefender-get-resource" => ("arn%3Aaws%3As3%3A%3A%3Anobodys".to_owned(), Value::Null),
        "bitdefender-get-rules"
        | "bitdefender-get-resources"
        | "bitdefender-get-frameworks"
        | "bitdefender-get-scans" => ("?page_limit=5".to_owned(), Value::Null),
        "import-snapshots" => (String::new(), hub_event("2024-01-01T08:00:05Z", &[finding("f-1", 1)])),
        "datadog-list-findings" => (
            "?filter%5Bevaluation_changed_at%5D%3E=1667403346000&filter%5Bevaluation%5D=fail&filter%5Bstatus%5D=high\
             &filter%5Btag%5D=cloud_provider:aws"
                .to_owned(),
            Value::Null,
        ),
        "datadog-get-finding" => ("0015c4a9-82b9-8a40-9bf4-55130c000001".to_owned(), Value::Null),
        "infracast-list-findings" | "infracast-list-scored-findings" => (
            "?status=all&severity=HIGH&framework=pci-dss&control_id=1.3.2&search=port&per_page=10".to_owned(),
            Value::Null,
        ),
        "infracast-stream-findings" => ("?status=all&severity=HIGH&last_event_id=0-0".to_owned(), Value::Null),
        "list-changes" => ("?from=2024-01-01&limit=5".to_owned(), Value::Null),
        "get-finding-history" => ("open-port-sg-1/history?limit=5".to_owned(), Value::Null),
        "infracast-get-finding" => ("open-port-sg-1".to_owned(), Value::Null),
        "infracast-get-remediation" => ("open-port-sg-1/remediation".to_owned(), Value::Null),
        "infracast-get-terraform-patch" => ("open-port-sg-1/terraform-patch".to_owned(), Value::Null),
        "infracast-get-compliance-summary" => ("?framework=pci-dss".to_owned(), Value::Null),
        "list-keys" | "list-accounts" | "list-jobs" => (String::new(), Value::Null),
        "get-job" => ("audit-job-all-1700000000000".to_owned(), Value::Null),
        "infracast-run-audit" => (String::new(), json!({"framework": "cis-aws"})),
        "create-key" => (String::new(), new_key()),
        "revoke-key" => (RETIRED.to_owned(), Value::Null),
        "import-resources" => (String::new(), resources()),
        "list-resources" => ("?type=aws.s3.bucket&search=logs&limit=5".to_owned(), Value::Null),
        "get-resource" => ("arn%3Aaws%3As3%3A%3A%3Alogs".to_owned(), Value::Null),
        "get-related-resources" => ("arn%3Aaws%3As3%3A%3A%3Alogs/related".to_owned(), Value::Null),
        "list-rules" => (String::new(), Value::Null),
        "get-rule" => ("iam.rotate-access-key-90-days?version=1".to_owned(), Value::Null),
        "retire-rule" => ("acme.nobodys".to_owned(), Value::Null),
        "set-rule" => (RULE.to_owned(), rule()),
        "set-terraform" => {
            let resource = json!({"address": "aws_s3_bucket.logs", "type": "aws_s3_bucket", "name": "logs", "id": "logs", "arn": null});
            let text = "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n";
            (String::new(), json!({"root": "shop", "files": {"main.tf": text}, "resources": [resource]}))
        }
        "set-rule-params" => ("iam.rotate-access-key-90-days/params".to_owned(), json!({"params": {"days": 60}})),
        "set-account" => {
            let body = json!({"name": "Web shop", "group": "EU", "enabled": false, "archived": true});
            ("123456789012".to_owned(), body)
        }
        "infracast-accept-finding" => (
            "open-port-sg-1/accept".to_owned(),
            json!({"justification": "Only in the lab.", "review_date": "2099-12-31", "approved_by": "me"}),
        ),
        "infracast-resolve-finding" => ("open-port-sg-1/resolve".to_owned(), json!({"justification": "Closed."})),
        "decide-findings" => (
            String::new(),
            json!({
                "decision": "accept", "justification": "Only in the lab.", "review_date": "2099-12-31",
                "approved_by": "me", "filter": {"severity": ["HIGH", "LOW"], "search": "nobody's"}
            }),
        ),
        "list-decisions" => ("?from=2024-01-01&limit=5".to_owned(), Value::Null),
        "bitdefender-update-checks" => (
            String::new(),
            json!({
                "status": "risk_accepted", "status_remarks": "Only in the lab.", "expires_at": "2099-12-31",
                "severity": "low", "severity_remarks": "Nobody is there.",
                "ids": ["0015c4a9-82b9-8a40-9bf4-55130c000001"]
            }),
        ),
        "datadog-mute-findings" => {
            let mute = json!({
                "muted": true, "reason": "ACCEPTED_RISK", "expiration_date": 4_102_444_800_000_i64, "description": "Lab."
            });
            let meta = json!({"findings": [{"finding_id": "0015c4a9-82b9-8a40-9bf4-55130c000001"}]});
            let (id, attributes) = ("dbe5f567-192b-4404-b908-29b70e1c9f76", json!({"mute": mute}));
            (String::new(), json!({"data": {"type": "finding", "id": id, "attributes": attributes, "meta": meta}}))
        }
        "datadog-mute-security-findings" => {
            let mute = json!({
                "is_muted": true, "reason": "RISK_ACCEPTED", "expire_at": 4_102_444_800_000_i64, "description": "Lab."
            });
            let named = json!([{"id": "0015c4a9-82b9-8a40-9bf4-55130c000001", "type": "findings"}]);
            let (attributes, relationships) = (json!({"mute": mute}), json!({"findings": {"data": named}}));
            (
                String::new(),
                json!({"data": {"type": "mute", "id": "x", "attributes": attributes, "relationships": relationships}}),
            )
        }
        other => panic!("there is no sample request for {other}: add one to tests/src/samples.rs"),
    };
    // What follows the route's path: a query, or the value of its last segment.
    let route_path = route
        .path
        .split("{name}")
        .next()
        .and_then(|path| path.split("{id}").next())
        .and_then(|path| path.split("{findingID}").next())
        .and_then(|path| path.split("{finding_id}").next())
        .and_then(|path| path.split("{key}").next())
        .unwrap_or_default();
    let path = format!("{}{path}", route_path.replace("{tenantID}", tenant.id.as_str()));
    let body = if body.is_null() { String::new() } else { body.to_string() };
    Ask::new(&route.method, &path, body)
}

/// The key of [`rule`].
pub const RULE: &str = "acme.bucket-named";

/// A rule of a tenant's own: buckets are named as those of the house are.
pub fn rule() -> Value {
    json!({"files": {"rule.yaml": RULE_YAML, "rule.rego": RULE_REGO, "cases.yaml": CASES_YAML}})
}

const RULE_YAML: &str = "\
key: acme.bucket-named
version: 1
rule_id: ACME-NAMES-1
title: Bucket is not named as ours are
description: The name of a bucket begins with the prefix of the house.
rationale: A bucket that nobody can tell apart is a bucket that nobody looks after.
severity: low
resource_type: AWS::S3::Bucket
ccss: AV:N/AC:L/Au:N/C:P/I:N/A:N
unmapped: it is a custom of the house
requires: [configuration.name]
params:
  prefix:
    type: text
    default: acme-
    description: What names begin with
remediation:
  text: Make a bucket with a name that begins as it should, and move what is in this one.
  steps:
    - action: Make a bucket whose name begins with {{params.prefix}}
";

const RULE_REGO: &str = r#"package rules.acme_bucket_named

violations contains {"path": "configuration.name", "message": message, "evidence": {}} if {
	name := input.resource.configuration.name
	not startswith(name, input.params.prefix)
	message := sprintf("Bucket '%s' is not named as ours are.", [name])
}
"#;

const CASES_YAML: &str = "\
- name: another name
  expect: fail
  resource: {configuration: {name: logs}}
- name: a name of the house
  expect: pass
  resource: {configuration: {name: acme-logs}}
";

/// A resource and what is covered.
fn resources() -> Value {
    json!({
        "resources": [{
            "resourceType": "AWS::S3::Bucket", "resourceId": "logs", "accountId": "123456789012",
            "awsRegion": "eu-west-1", "resourceName": "logs", "arn": "arn:aws:s3:::logs",
            "configurationItemCaptureTime": "2024-01-01T08:00:00Z", "configurationItemStatus": "OK",
            "tags": [{"key": "env", "value": "prod"}], "configuration": "{\"name\":\"logs\"}",
            "supplementaryConfiguration": {"IsRequesterPaysEnabled": "false"},
            "relationships": [{"resourceType": "AWS::KMS::Key", "resourceId": "k", "relationshipName": "Uses"}]
        }],
        "covered": [{
            "account_id": "123456789012", "region": "eu-west-1", "types": ["AWS::S3::Bucket"],
            "at": "2024-01-01T08:00:00Z"
        }]
    })
}

/// The body of an update that names every member.
pub fn update(identifiers: &[Value]) -> Value {
    json!({
        "FindingIdentifiers": identifiers, "Note": {"Text": "looked at", "UpdatedBy": "me"},
        "Severity": {"Label": "LOW", "Normalized": 1, "Product": 2.5}, "VerificationState": "TRUE_POSITIVE",
        "Confidence": 55, "Criticality": 66, "Types": ["TTPs/Discovery"], "UserDefinedFields": {"owner": "net"},
        "Workflow": {"Status": "NOTIFIED"}, "RelatedFindings": [{"ProductArn": PRODUCT, "Id": "another"}]
    })
}

impl World {
    /// Imports findings for a tenant; panics unless all were taken.
    pub async fn import(&self, tenant: &Tenant, findings: &[Value]) {
        let body = json!({"Findings": findings}).to_string();
        let answer = self.ask(tenant, &post("/findings/import", &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.json().get("FailedCount"), Some(&json!(0)), "{}", answer.body);
    }
}

/// A POST.
pub fn post(path: &str, body: &str) -> Ask {
    Ask::new(&lambda_http::http::Method::POST, path, body)
}

/// A PATCH.
pub fn patch(path: &str, body: &str) -> Ask {
    Ask::new(&lambda_http::http::Method::PATCH, path, body)
}

/// A GET.
pub fn get(path: &str) -> Ask {
    Ask::new(&lambda_http::http::Method::GET, path, "")
}
