//! What an account is, as far as AWS Config does not say: its credentials, its password policy, its settings.

use super::refusal::{Refusal, Why};
use super::report::Report;
use super::request::{Ask, Aws};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::time::Duration;

const IAM: &str = "2010-05-08";
const STS: &str = "2011-06-15";
const EC2: &str = "2016-11-15";
/// How often it is asked whether the credential report is ready.
const REPORT_ROUNDS: u32 = 30;
const REPORT_PAUSE: Duration = Duration::from_millis(500);
/// What the serial number of the root user's virtual MFA device ended in before devices had names.
const ROOT_DEVICE: &str = ":mfa/root-account-mfa-device";

impl Aws {
    /// The number of the account that the credentials belong to.
    pub async fn account(&self) -> Result<String, Refusal> {
        let answer = self.query("sts", Some(self.region()), STS, "GetCallerIdentity", &[]).await?;
        answer.text("Account").ok_or_else(|| Refusal::unreadable("GetCallerIdentity"))
    }

    async fn iam(&self, action: &str, more: &[(&str, &str)]) -> Result<super::Document, Refusal> {
        self.query("iam", None, IAM, action, more).await
    }

    /// The credential report, which IAM makes anew at most every four hours.
    pub async fn credential_report(&self) -> Result<Report, Refusal> {
        for _ in 0..REPORT_ROUNDS {
            let state = self.iam("GenerateCredentialReport", &[]).await?.text("State");
            if state.as_deref() == Some("COMPLETE") {
                break;
            }
            tokio::time::sleep(REPORT_PAUSE).await;
        }
        let answer = self.iam("GetCredentialReport", &[]).await?;
        let unreadable = || Refusal::unreadable("GetCredentialReport");
        let content: String = answer.text("Content").ok_or_else(unreadable)?.split_whitespace().collect();
        let text = STANDARD.decode(content).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Report::parse(&text.ok_or_else(unreadable)?).ok_or_else(unreadable)
    }

    /// The members of the account's summary, by their names in IAM.
    pub async fn account_summary(&self) -> Result<Value, Refusal> {
        let answer = self.iam("GetAccountSummary", &[]).await?;
        answer.entries("SummaryMap").map(Value::Object).ok_or_else(|| Refusal::unreadable("GetAccountSummary"))
    }

    /// The password policy, by IAM's names of members; null when none is set.
    pub async fn password_policy(&self) -> Result<Value, Refusal> {
        match self.iam("GetAccountPasswordPolicy", &[]).await {
            Ok(answer) => {
                let policy = answer.members("PasswordPolicy").map(Value::Object);
                policy.ok_or_else(|| Refusal::unreadable("GetAccountPasswordPolicy"))
            }
            Err(refusal) if refusal.why == Why::Absent => Ok(Value::Null),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether the root user has a virtual MFA device.
    pub async fn root_virtual_mfa(&self) -> Result<bool, Refusal> {
        let mut marker: Option<String> = None;
        loop {
            let mut more = vec![("AssignmentStatus", "Assigned")];
            more.extend(marker.as_deref().map(|marker| ("Marker", marker)));
            let answer = self.iam("ListVirtualMFADevices", &more).await?;
            // Devices may have any name; the one of old says by itself whose it is.
            let is_roots = |serial: &String| serial.ends_with(ROOT_DEVICE);
            let is_root = |user: &String| user.ends_with(":root");
            if answer.texts("Arn").iter().any(is_root) || answer.texts("SerialNumber").iter().any(is_roots) {
                return Ok(true);
            }
            let next = answer.text("Marker").filter(|_| answer.text("IsTruncated").as_deref() == Some("true"));
            if next.is_none() || next == marker {
                return Ok(false);
            }
            marker = next;
        }
    }

    /// The account's Block Public Access of S3, by S3 Control's names; null when none is set.
    pub async fn public_access_block(&self, account: &str) -> Result<Value, Refusal> {
        let ask = Ask {
            service: "s3",
            host: &format!("{account}.s3-control"),
            region: Some(self.region()),
            method: "GET",
            path: "/v20180820/configuration/publicAccessBlock",
            headers: vec![("x-amz-account-id", account.to_owned())],
            body: String::new(),
        };
        match self.ask(&ask).await {
            Ok(body) => {
                let block = super::Document::parse(body)?.members("PublicAccessBlockConfiguration").map(Value::Object);
                block.ok_or_else(|| Refusal::unreadable("GetPublicAccessBlock"))
            }
            Err(refusal) if refusal.why == Why::Absent => Ok(Value::Null),
            Err(refusal) => Err(refusal),
        }
    }

    /// Whether new EBS volumes of a region are encrypted.
    pub async fn ebs_encryption_by_default(&self, region: &str) -> Result<bool, Refusal> {
        let answer = self.query("ec2", Some(region), EC2, "GetEbsEncryptionByDefault", &[]).await?;
        match answer.text("ebsEncryptionByDefault").as_deref().map(str::trim) {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            _ => Err(Refusal::unreadable("GetEbsEncryptionByDefault")),
        }
    }

    /// The detectors of GuardDuty in a region, with their status.
    pub async fn guard_duty_detectors(&self, region: &str) -> Result<Value, Refusal> {
        let all = self.rest("guardduty", region, "GET", "/detector", "").await?;
        let ids = all.get("detectorIds").and_then(Value::as_array).cloned();
        let mut detectors = Vec::new();
        for id in ids.ok_or_else(|| Refusal::unreadable("ListDetectors"))? {
            let id = id.as_str().filter(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            let id = id.ok_or_else(|| Refusal::unreadable("ListDetectors"))?;
            let detector = self.rest("guardduty", region, "GET", &format!("/detector/{id}"), "").await?;
            detectors.push(json!({"detectorId": id, "status": detector.get("status")}));
        }
        Ok(Value::Array(detectors))
    }

    /// The analyzers of IAM Access Analyzer in a region.
    pub async fn access_analyzers(&self, region: &str) -> Result<Value, Refusal> {
        let answer = self.rest("access-analyzer", region, "GET", "/analyzer", "").await?;
        let all = answer.get("analyzers").and_then(Value::as_array);
        let all = all.ok_or_else(|| Refusal::unreadable("ListAnalyzers"))?;
        let members = |analyzer: &Value| json!({"arn": analyzer.get("arn"), "status": analyzer.get("status"), "type": analyzer.get("type")});
        Ok(all.iter().map(members).collect())
    }

    /// Security Hub in a region: its ARN and the standards that are on; null when it is off.
    pub async fn security_hub(&self, region: &str) -> Result<Value, Refusal> {
        let hub = match self.rest("securityhub", region, "GET", "/accounts", "").await {
            Ok(hub) => hub,
            // It says so of an account that has not turned it on.
            Err(refusal) if refusal.message.contains("not subscribed") => return Ok(Value::Null),
            Err(refusal) => return Err(refusal),
        };
        let standards = self.rest("securityhub", region, "POST", "/standards/get", "{}").await?;
        let standards = standards.get("StandardsSubscriptions").cloned().unwrap_or_else(|| json!([]));
        Ok(json!({"hubArn": hub.get("HubArn"), "standards": standards}))
    }
}
