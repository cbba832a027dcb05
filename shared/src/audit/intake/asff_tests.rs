//! The resources of findings.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::normalise;
use super::tests::{context, one};
use crate::domain::Instant;
use crate::domain::inventory::{ConfigurationItem, Origin};
use serde_json::{Value, json};

fn finding(kind: &str, id: &str, details: &Value) -> ConfigurationItem {
    one(&json!({"Findings": [{
        "ProductArn": "arn:aws:securityhub:us-east-1::product/prowler/prowler", "AwsAccountId": "123456789012",
        "UpdatedAt": "2024-02-20T00:00:00.000Z", "Region": "us-east-1",
        "Resources": [
            {"Type": "AwsAccount", "Id": "AWS::::Account:123456789012"},
            {"Type": kind, "Id": id, "Partition": "aws", "Tags": {"a": "b"}, "Details": {kind: details}},
        ],
    }]}))
}

#[test]
fn findings_tell_of_security_groups() {
    let item = finding(
        "AwsEc2SecurityGroup",
        "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0abc123",
        &json!({"GroupId": "sg-0abc123", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": [
            {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
             "Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
        ]}),
    );
    assert_eq!((item.kind.as_str(), item.id.as_str()), ("AWS::EC2::SecurityGroup", "sg-0abc123"));
    assert_eq!(item.origin, Origin::Finding);
    assert_eq!(item.captured_at, Instant::parse_aws("2024-02-20T00:00:00Z").unwrap());
    let wanted = json!({"groupId": "sg-0abc123", "groupName": "web", "vpcId": "vpc-1", "ipPermissions": [{
        "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": ["0.0.0.0/0"],
        "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}], "ipv6Ranges": [{"cidrIpv6": "::/0"}],
    }]});
    assert_eq!(Value::Object(item.configuration), wanted);
}

#[test]
fn findings_tell_of_buckets() {
    let item = finding(
        "AwsS3Bucket",
        "arn:aws:s3:::logs",
        &json!({
            "OwnerId": "abc", "OwnerName": "x", "CreatedAt": "2020-01-01T00:00:00Z",
            "ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault":
                {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}]},
            "PublicAccessBlockConfiguration": {"BlockPublicAcls": true},
            "BucketLifecycleConfiguration": {"Rules": [{"ID": "r", "ExpirationInDays": 7}]},
            "BucketWebsiteConfiguration": {"RedirectAllRequestsTo": {"Hostname": "h"}},
            "BucketNotificationConfiguration": {"Configurations": []},
            "AccessControlList": "{\"grantSet\":null}",
        }),
    );
    let rule = &item.supplementary["ServerSideEncryptionConfiguration"]["rules"][0];
    assert_eq!(rule["applyServerSideEncryptionByDefault"], json!({"sseAlgorithm": "aws:kms", "kmsMasterKeyID": "k"}));
    assert_eq!(item.supplementary["PublicAccessBlockConfiguration"], json!({"blockPublicAcls": true}));
    assert_eq!(
        item.supplementary["BucketLifecycleConfiguration"]["rules"],
        json!([{"id": "r", "expirationInDays": 7}])
    );
    assert_eq!(item.supplementary["BucketWebsiteConfiguration"]["redirectAllRequestsTo"], json!({"hostName": "h"}));
    assert_eq!(item.supplementary["AccessControlList"], json!({"grantSet": null}));
    assert!(item.supplementary.contains_key("BucketNotificationConfiguration"));
    assert_eq!(item.configuration["owner"], json!({"id": "abc", "displayName": "x"}));
    assert_eq!(item.configuration["creationDate"], "2020-01-01T00:00:00Z");
}

#[test]
fn findings_tell_of_others() {
    let database = finding(
        "AwsRdsDbInstance",
        "arn:aws:rds:us-east-1:123456789012:db:main",
        &json!({
            "DbiResourceId": "db-ABC", "DbInstanceStatus": "available", "MultiAz": true,
            "EnabledCloudWatchLogsExports": ["audit"], "PerformanceInsightsKmsKeyId": "k",
            "DbSubnetGroup": {"DbSubnetGroupName": "n"}, "DbSecurityGroups": ["g"],
            "DomainMemberships": [{"Fqdn": "f", "IamRoleName": "r"}],
        }),
    );
    assert_eq!(database.id, "db-ABC");
    let wanted = json!({
        "dbiResourceId": "db-ABC", "dBInstanceStatus": "available", "multiAZ": true,
        "enabledCloudwatchLogsExports": ["audit"], "performanceInsightsKMSKeyId": "k",
        "dBSubnetGroup": {"dBSubnetGroupName": "n"}, "dBSecurityGroups": [{"dBSecurityGroupName": "g"}],
        "domainMemberships": [{"fQDN": "f", "iAMRoleName": "r"}],
    });
    assert_eq!(Value::Object(database.configuration), wanted);
    let volume = finding(
        "AwsEc2Volume",
        "arn:aws:ec2:us-east-1:123456789012:volume/vol-1",
        &json!({"Status": "in-use", "Encrypted": false, "Attachments": [{"Status": "attached", "InstanceId": "i"}]}),
    );
    let wanted = json!({"state": {"value": "in-use"}, "encrypted": false,
        "attachments": [{"state": "attached", "instanceId": "i"}]});
    assert_eq!(Value::Object(volume.configuration), wanted);
    let key = finding(
        "AwsKmsKey",
        "arn:aws:kms:us-east-1:123456789012:key/k",
        &json!({"AWSAccountId": "123456789012", "KeyManager": "CUSTOMER", "KeyRotationStatus": true}),
    );
    assert_eq!(Value::Object(key.configuration), json!({"awsaccountId": "123456789012", "keyManager": "CUSTOMER"}));
    assert_eq!(Value::Object(key.supplementary), json!({"KeyRotationStatus": true}));
    let function = finding(
        "AwsLambdaFunction",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        &json!({"KmsKeyArn": "k", "Environment": {"Variables": {"UPPER_Case": "{}"}}}),
    );
    assert_eq!(function.id, "f");
    let wanted = json!({"kmskeyArn": "k", "environment": {"variables": {"UPPER_Case": "{}"}}});
    assert_eq!(Value::Object(function.configuration), wanted);
    // Types that AWS Config spells as CloudFormation does, and types that nobody has published.
    let topic = finding("AwsSnsTopic", "arn:aws:sns:us-east-1:1:t", &json!({"KmsMasterKeyId": "k", "Owner": "o"}));
    assert_eq!(topic.id, "arn:aws:sns:us-east-1:1:t");
    assert_eq!(Value::Object(topic.configuration), json!({"KmsMasterKeyId": "k", "Owner": "o"}));
    let other = finding("AwsWafRule", "arn:aws:waf::1:rule/r", &json!({"MetricName": "m"}));
    assert_eq!(Value::Object(other.configuration), json!({"metricName": "m"}));
}

#[test]
fn findings_without_details_tell_nothing() {
    let finding = json!({"Findings": [{"ProductArn": "p", "AwsAccountId": "1", "Resources": [
        {"Type": "AwsIamUser", "Id": "arn:aws:iam::1:user/u"},
        {"Type": "Other", "Id": "x", "Details": {"Other": {"a": "b"}}},
        {"Type": "AwsIamUser", "Id": "y", "Details": {"AwsIamRole": {}}},
        7,
    ]}]});
    assert!(normalise(&finding, &context()).unwrap().is_empty());
}

/// Every member that AWS's comparison of the two lists keeps its Config spelling.
#[test]
fn published_spellings_come_out() {
    for (kind, asff, config) in [
        ("AWS::CloudTrail::Trail", "SnsTopicArn", "snsTopicARN"),
        ("AWS::CloudTrail::Trail", "TrailArn", "trailARN"),
        ("AWS::EKS::Cluster", "Logging", "Logging"),
        ("AWS::DynamoDB::Table", "SseDescription", "ssedescription"),
        ("AWS::IAM::User", "UserPolicyList", "userPolicyList"),
        ("AWS::EC2::Subnet", "MapPublicIpOnLaunch", "mapPublicIpOnLaunch"),
    ] {
        let details = json!({asff: 1});
        let (configuration, _) = super::asff::translated(kind, details.as_object().unwrap());
        assert_eq!(Value::Object(configuration), json!({config: 1}), "{kind}");
    }
}
