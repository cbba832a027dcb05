//! Two findings of our own for tests: one with a value for every filter attribute, one with hardly any.

use crate::domain::finding::Standing;
use crate::domain::json::Object;
use crate::domain::{Finding, Instant, Presence, Row, Severity, Status, Verdict};
use serde_json::{Value, json};

/// When tests ask: 2024-05-20T00:00:00Z.
pub const NOW: Instant = Instant(1_716_163_200_000);

/// A finding with that document.
pub fn finding(asff: Value) -> Finding {
    let Value::Object(asff) = asff else { return finding(Value::Object(Object::new())) };
    let standing = Standing {
        result: Verdict::Fail,
        unknown_since: None,
        severity: Severity::High,
        original_severity: Severity::High,
        status: Some(Status::Open),
        presence: Presence::Active,
        acceptance: None,
        first_seen: NOW,
        changed_at: NOW,
        evaluation_changed_at: NOW,
        ever_failed: true,
        rule_version: 0,
        customer_set: std::collections::BTreeSet::new(),
        hub: None,
        decided: None,
    };
    Finding { asff, standing }
}

/// The columns of a finding.
pub fn row(finding: &Finding) -> Row {
    Row::of(finding, NOW)
}

/// A finding with only what the format requires, and nothing in common with [`full`].
pub fn bare() -> Finding {
    finding(json!({
        "SchemaVersion": "2018-10-08",
        "Id": "bare/1",
        "ProductArn": "arn:aws:securityhub:eu-west-1:210987654321:product/210987654321/default",
        "GeneratorId": "scanner/none",
        "AwsAccountId": "210987654321",
        "CreatedAt": "2019-01-01T00:00:00Z",
        "UpdatedAt": "2019-01-01T00:00:00Z",
        "Title": "Nothing to see",
        "Description": "Hardly anything is known.",
        "Severity": {"Label": "LOW", "Normalized": 1},
        "Resources": [{"Type": "Other", "Id": "thing"}]
    }))
}

/// A finding in which every filter attribute has a value.
pub fn full() -> Finding {
    let mut asff = Object::new();
    for part in [identity(), standing(), threat(), json!({"Resources": [instance(), other_resource()]})] {
        if let Value::Object(members) = part {
            asff.extend(members);
        }
    }
    finding(Value::Object(asff))
}

fn identity() -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": "ledger-test/ec2-open-port/i-0feed",
        "ProductArn": "arn:aws:securityhub:eu-central-1::product/acme/scanner",
        "ProductName": "Scanner",
        "CompanyName": "Acme",
        "GeneratorId": "acme/rules/ec2-open-port",
        "AwsAccountId": "123456789012",
        "AwsAccountName": "payments-production",
        "Region": "eu-central-1",
        "Types": ["Software and Configuration Checks/Exposure", "TTPs/Initial Access"],
        "FirstObservedAt": "2024-05-01T08:00:00.000Z",
        "LastObservedAt": "2024-05-10T08:00:00.000Z",
        "CreatedAt": "2024-05-01T08:05:00.000Z",
        "UpdatedAt": "2024-05-10T08:05:00.000Z",
        "Title": "Port 22 is open to the world",
        "Description": "A security group lets anybody reach SSH on this instance.",
        "Remediation": {"Recommendation": {"Text": "Close the port.", "Url": "https://acme.example/close"}},
        "SourceUrl": "https://acme.example/findings/1",
        "ProductFields": {"acme/engine": "v7", "acme/profile": "strict"},
        "UserDefinedFields": {"ticket": "SEC-42"},
        "Sample": true
    })
}

fn standing() -> Value {
    json!({
        "Severity": {"Label": "HIGH", "Normalized": 70, "Product": 7.5, "Original": "7.5"},
        "Confidence": 90,
        "Criticality": 80,
        "Compliance": {
            "Status": "FAILED",
            "SecurityControlId": "EC2.13",
            "AssociatedStandards": [{"StandardsId": "standards/acme/v/1.0"}, {"StandardsId": "standards/acme/v/2.0"}],
            "SecurityControlParameters": [{"Name": "allowedPorts", "Value": ["80", "443"]}]
        },
        "VerificationState": "TRUE_POSITIVE",
        "WorkflowState": "ASSIGNED",
        "Workflow": {"Status": "NOTIFIED"},
        "RecordState": "ACTIVE",
        "RelatedFindings": [{"ProductArn": "arn:aws:securityhub:eu-central-1::product/acme/other", "Id": "related-1"}],
        "Note": {"Text": "Asked the team.", "UpdatedBy": "ana", "UpdatedAt": "2024-05-11T09:00:00Z"},
        "FindingProviderFields": {
            "Confidence": 60,
            "Criticality": 50,
            "Severity": {"Label": "MEDIUM", "Original": "5.0"},
            "Types": ["Effects/Data Exposure"],
            "RelatedFindings": [
                {"ProductArn": "arn:aws:securityhub:eu-central-1::product/acme/third", "Id": "related-2"}
            ]
        }
    })
}

fn threat() -> Value {
    json!({
        "Malware": [{"Name": "miner.bin", "Type": "COIN_MINER", "Path": "/tmp/miner.bin", "State": "OBSERVED"}],
        "Network": {
            "Direction": "IN",
            "Protocol": "TCP",
            "SourceIpV4": "203.0.113.7",
            "SourceIpV6": "2001:db8::7",
            "SourcePort": 40_022,
            "SourceDomain": "attacker.example",
            "SourceMac": "00:0d:83:b1:c0:8e",
            "DestinationIpV4": "10.1.2.3",
            "DestinationIpV6": "2001:db8:1::3",
            "DestinationPort": 22,
            "DestinationDomain": "host.internal.example"
        },
        "Process": {
            "Name": "sshd",
            "Path": "/usr/sbin/sshd",
            "Pid": 4_242,
            "ParentPid": 17,
            "LaunchedAt": "2024-05-02T00:00:00Z",
            "TerminatedAt": "2024-05-03T00:00:00Z"
        },
        "ThreatIntelIndicators": [{
            "Type": "IPV4_ADDRESS",
            "Value": "203.0.113.7",
            "Category": "BACKDOOR",
            "LastObservedAt": "2024-05-04T00:00:00Z",
            "Source": "Acme Intel",
            "SourceUrl": "https://intel.example/203.0.113.7"
        }],
        "Vulnerabilities": [{"Id": "CVE-2024-0001", "ExploitAvailable": "YES", "FixAvailable": "PARTIAL"}]
    })
}

fn instance() -> Value {
    json!({
        "Type": "AwsEc2Instance",
        "Id": "arn:aws:ec2:eu-central-1:123456789012:instance/i-0feed",
        "Partition": "aws",
        "Region": "eu-central-1",
        "Tags": {"team": "payments", "stage": "production"},
        "ApplicationName": "checkout",
        "ApplicationArn": "arn:aws:resource-groups:eu-central-1:123456789012:group/checkout/1",
        "Owner": {"Account": {"Id": "123456789012"}, "Org": {"Id": "o-acme"}},
        "Provider": "AWS",
        "Details": {"AwsEc2Instance": {
            "Type": "m7g.large",
            "ImageId": "ami-0feed",
            "IpV4Addresses": ["10.1.2.3", "198.51.100.9"],
            "IpV6Addresses": ["2001:db8:1::3"],
            "KeyName": "ops",
            "IamInstanceProfileArn": "arn:aws:iam::123456789012:instance-profile/checkout",
            "VpcId": "vpc-0feed",
            "SubnetId": "subnet-0feed",
            "LaunchedAt": "2024-04-01T00:00:00Z"
        }}
    })
}

fn other_resource() -> Value {
    json!({
        "Type": "Container",
        "Id": "container-9",
        "Region": "eu-west-3",
        "Tags": {"team": "platform"},
        "Details": {
            "AwsS3Bucket": {"OwnerId": "9f9f", "OwnerName": "owner-name"},
            "AwsIamAccessKey": {
                "UserName": "ben",
                "PrincipalName": "ben-principal",
                "Status": "Active",
                "CreatedAt": "2024-03-01T00:00:00Z"
            },
            "AwsIamUser": {"UserName": "cleo"},
            "Container": {
                "Name": "web",
                "ImageId": "sha256:feed",
                "ImageName": "acme/web:7",
                "LaunchedAt": "2024-05-05T00:00:00Z"
            },
            "Other": {"engine": "postgres", "tier": "gold"}
        }
    })
}
