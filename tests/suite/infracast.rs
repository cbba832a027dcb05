//! What the tests of Infracast's routes share: a shop with findings of every standing, and ways to ask for them.

use crate::house::{ARN, Answer, House, tenant};
use lambda_http::http::Method;
use posture_shared::domain::{Caller, FindingKey, Instant, Ruling, Scope, Status, Terms};
use posture_shared::operations::decide_finding;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const FINDINGS: &str = "/api/v1/tenants/acme/findings";

/// What is told apart of a finding.
pub struct Made {
    pub id: &'static str,
    pub rule: &'static str,
    pub severity: &'static str,
    pub resource: &'static str,
    pub kind: &'static str,
    pub requirements: &'static [&'static str],
    pub compliance: &'static str,
}

const fn made(
    id: &'static str,
    rule: &'static str,
    severity: &'static str,
    (kind, resource): (&'static str, &'static str),
    requirements: &'static [&'static str],
    compliance: &'static str,
) -> Made {
    Made { id, rule, severity, resource, kind, requirements, compliance }
}

const USER: (&str, &str) = ("AwsIamUser", "arn:aws:iam::123456789012:user/svc-deploy");
const GROUP: (&str, &str) = ("AwsEc2SecurityGroup", "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0abc123");
const BUCKET: (&str, &str) = ("AwsS3Bucket", "arn:aws:s3:::logs");

/// In this order they are first seen, a second apart.
pub const SHOP: &[Made] = &[
    made("key", "NIST-AC-2-STALE-ACCESS-KEY", "HIGH", USER, &["NIST.800-53.r5 AC-2(1)"], "FAILED"),
    made("ssh", "CIS-AWS-5.2", "HIGH", GROUP, &["CIS-3.0 5.2", "CIS-1.5 5.2", "PCI DSS v4.0/1.3.2"], "FAILED"),
    made("logs", "s3-logging", "LOW", BUCKET, &["CIS-1.5 3.6", "SOC2 cc_6_3"], "FAILED"),
    made("open", "s3-public", "CRITICAL", BUCKET, &["CIS-3.0 2.1.4", "PCI DSS v4.0/1.3.2"], "FAILED"),
    made("note", "s3-note", "INFORMATIONAL", BUCKET, &[], "FAILED"),
    made("accepted", "s3-mfa", "MEDIUM", BUCKET, &["CIS-3.0 2.1.2"], "FAILED"),
    made("false", "s3-false", "MEDIUM", BUCKET, &["CIS-3.0 2.1.3"], "FAILED"),
    made("remediated", "s3-old", "MEDIUM", BUCKET, &["CIS-3.0 2.1.1"], "FAILED"),
    made("fixed", "s3-fixed", "MEDIUM", BUCKET, &["CIS-3.0 1.1"], "FAILED"),
    made("gone", "s3-gone", "MEDIUM", BUCKET, &["CIS-9.0 1.1"], "FAILED"),
    made("good", "s3-good", "MEDIUM", BUCKET, &["CIS-3.0 1.2"], "PASSED"),
];

/// The Infracast status of each, and what is no finding.
pub const STATUSES: &[(&str, &[&str])] = &[
    ("open", &["open", "ssh", "key", "logs", "note"]),
    ("accepted", &["false", "accepted"]),
    ("resolved", &["gone", "fixed", "remediated"]),
    ("", &["good"]),
];

impl Made {
    pub fn asff(&self, compliance: &str, updated_at: &str) -> Value {
        json!({
            "SchemaVersion": "2018-10-08", "Id": self.id, "ProductArn": ARN, "GeneratorId": self.rule,
            "AwsAccountId": "123456789012", "Types": ["Software and Configuration Checks"],
            "CreatedAt": "2023-11-01T00:00:00Z", "UpdatedAt": updated_at, "Severity": {"Label": self.severity},
            "Title": format!("Title of {}", self.id), "Description": format!("What {} is about: Straße", self.id),
            "Remediation": {"Recommendation": {"Text": "Do it.", "Url": "https://example.com/do"}},
            "Resources": [{"Type": self.kind, "Id": self.resource, "Region": "us-east-1"}],
            "Compliance": {"Status": compliance, "RelatedRequirements": self.requirements},
        })
    }
}

/// A house with the shop's findings in every standing; its clock shows a minute later.
pub async fn shop() -> House {
    let house = House::new().await;
    let start = house.clock.now();
    for (made, n) in SHOP.iter().zip(0..) {
        house.clock.set(start.plus(n * 1000));
        house.import(&house.acme.token, &[made.asff(made.compliance, "2023-11-02T00:00:00Z")]).await;
    }
    // Most of it is in a fold then, and what follows in the log after it.
    house.writer().fold(&tenant("acme")).await.unwrap();
    house.clock.set(start.plus(30_000));
    accept(&house, "accepted", None).await;
    workflow(&house, "false", &json!({"Workflow": {"Status": "SUPPRESSED"}, "VerificationState": "FALSE_POSITIVE"}))
        .await;
    workflow(&house, "remediated", &json!({"Workflow": {"Status": "RESOLVED"}})).await;
    let of = |id: &str| SHOP.iter().find(|made| made.id == id).unwrap();
    let mut gone = of("gone").asff("FAILED", "2023-11-03T00:00:00Z");
    gone["RecordState"] = json!("ARCHIVED");
    house.import(&house.acme.token, &[of("fixed").asff("PASSED", "2023-11-03T00:00:00Z"), gone]).await;
    house.clock.set(start.plus(60_000));
    house
}

pub async fn workflow(house: &House, id: &str, change: &Value) {
    let mut body = change.clone();
    body["FindingIdentifiers"] = json!([{"Id": id, "ProductArn": ARN}]);
    let answer = house.ask(&house.acme.token, Method::PATCH, "/findings/batchupdate", &body).await;
    assert_eq!((answer.status, &answer.body["UnprocessedFindings"]), (200, &json!([])), "{}", answer.body);
}

pub async fn accept(house: &House, id: &str, expires_at: Option<Instant>) {
    let (remarks, approved_by) = (Some("Legacy jump server".to_owned()), Some("ciso@company.com".to_owned()));
    let ruling = Ruling { remarks, approved_by, expires_at, ..Ruling::of(Status::RiskAccepted) };
    let key = FindingKey { product_arn: ARN.to_owned(), id: id.to_owned() };
    let scopes = [Scope::Admin].into();
    let caller = Caller { tenant: tenant("acme"), key_name: "t".to_owned(), scopes, accounts: None, region: None };
    decide_finding(house.writer(), &caller, key, ruling, &Terms::default()).await.unwrap();
}

/// What a reader of acme gets for a path below its own.
pub async fn get(house: &House, path: &str) -> Answer {
    house.ask(&house.acme.token, Method::GET, &format!("/api/v1/tenants/acme{path}"), &Value::Null).await
}

/// What a writer of acme gets who decides about a finding: `path` follows that of the findings.
pub async fn post(house: &House, path: &str, body: &Value) -> Answer {
    house.ask(&house.acme.token, Method::POST, &format!("{FINDINGS}{path}"), body).await
}

/// The uid of one of the shop's findings.
pub async fn uid_of(house: &House, id: &str) -> String {
    let all = list(house, "status=all&per_page=100").await;
    let title = format!("Title of {id}");
    let row = all["items"].as_array().unwrap().iter().find(|row| row["title"] == json!(title));
    row.unwrap_or_else(|| panic!("{id} is not listed"))["uid"].as_str().unwrap().to_owned()
}

/// How a finding stands in every dialect: Infracast's status, Bitdefender's, whether Datadog has it muted, and Security
/// Hub's Workflow; now, or as of an instant.
pub async fn said(house: &House, id: &str, as_of: Option<Instant>) -> [String; 4] {
    let uid = uid_of(house, id).await;
    let query = as_of.map(|at| format!("?as_of={at}")).unwrap_or_default();
    let ask = async |method: Method, path: String, body: Value| {
        let answer = house.ask(&house.acme.token, method, &path, &body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    };
    let text = |body: &Value, pointer: &str| match body.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        other => other.cloned().unwrap_or_default().to_string(),
    };
    let infracast = ask(Method::GET, format!("{FINDINGS}/{uid}{query}"), Value::Null).await;
    let bitdefender = ask(Method::GET, format!("/v1/cspm/checks/{uid}{query}"), Value::Null).await;
    let snapshot = as_of.map(|at| format!("?snapshot_timestamp={}", at.0)).unwrap_or_default();
    let datadog = format!("/datadog/api/v2/posture_management/findings/{uid}{snapshot}");
    let datadog = ask(Method::GET, datadog, Value::Null).await;
    let filter = json!({"Filters": {"Id": [{"Value": id, "Comparison": "EQUALS"}]}});
    let hub = ask(Method::POST, format!("/findings{query}"), filter).await;
    [
        text(&infracast, "/status"),
        text(&bitdefender, "/data/attributes/status"),
        text(&datadog, "/data/attributes/mute/muted"),
        text(&hub, "/Findings/0/Workflow/Status"),
    ]
}

/// The sequence number of the newest commit: what has written something has moved it.
pub async fn commits(house: &House) -> u64 {
    house.writer().tip(&tenant("acme")).await.unwrap().0
}

/// A list that must be there.
pub async fn list(house: &House, query: &str) -> Value {
    let answer = get(house, &format!("/findings?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.body
}

/// The shop's names for the rows of a list, in order.
pub fn names(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    let name = |row: &Value| row["title"].as_str().unwrap().strip_prefix("Title of ").unwrap().to_owned();
    items.iter().map(name).collect()
}

/// The same, in no order.
pub fn named(body: &Value) -> BTreeSet<String> {
    names(body).into_iter().collect()
}

pub fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}
