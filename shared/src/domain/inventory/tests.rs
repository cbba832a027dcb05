//! Configuration items.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::{ConfigurationItem, ItemKey, Origin, Relationship};
use crate::domain::Instant;
use serde_json::{Value, json};

fn group() -> ConfigurationItem {
    let key = ItemKey {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        kind: "AWS::EC2::SecurityGroup".to_owned(),
        id: "sg-0abc123".to_owned(),
    };
    let mut item = ConfigurationItem::new(key, Instant(1_700_000_000_123));
    item.name = Some("web".to_owned());
    item.arn = Some("arn:aws:ec2:us-east-1:123456789012:security-group/sg-0abc123".to_owned());
    item.created_at = Some(Instant(1_600_000_000_000));
    item.tags = [("team".to_owned(), "web".to_owned())].into();
    item.configuration = json!({"groupId": "sg-0abc123", "ipPermissions": []}).as_object().unwrap().clone();
    item.relationships = vec![Relationship {
        kind: "AWS::EC2::VPC".to_owned(),
        id: "vpc-1".to_owned(),
        name: None,
        relationship: "Is contained in Vpc".to_owned(),
    }];
    item
}

#[test]
fn what_is_shown_is_read_back() {
    let mut finding = group();
    finding.origin = Origin::Finding;
    finding.relationships[0].name = Some("main".to_owned());
    for item in [group(), finding, group().deleted_at(Instant(1_700_000_000_124))] {
        assert_eq!(ConfigurationItem::parse(&item.to_value()).unwrap(), item);
    }
}

#[test]
fn rules_see_the_members_of_aws_config() {
    let value = group().to_value();
    let names: std::collections::BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = [
        "accountId",
        "arn",
        "awsRegion",
        "configuration",
        "configurationItemCaptureTime",
        "configurationItemStatus",
        "relationships",
        "resourceCreationTime",
        "resourceId",
        "resourceName",
        "resourceType",
        "supplementaryConfiguration",
        "tags",
    ];
    assert_eq!(names, wanted.into());
    assert_eq!(value["configurationItemCaptureTime"], "2023-11-14T22:13:20.123Z");
}

#[test]
fn a_version_is_its_content() {
    let digest = group().digest();
    let mut same = group();
    same.captured_at = Instant(7);
    same.origin = Origin::Finding;
    same.configuration = serde_json::from_str(r#"{"ipPermissions":[],"groupId":"sg-0abc123"}"#).unwrap();
    assert_eq!(same.digest(), digest);
    type Change = fn(&mut ConfigurationItem);
    let changes: [Change; 6] = [
        |item| item.deleted = true,
        |item| item.region = "eu-west-1".to_owned(),
        |item| item.tags.clear(),
        |item| item.relationships.clear(),
        |item| drop(item.configuration.insert("x".to_owned(), Value::Null)),
        |item| drop(item.supplementary.insert("x".to_owned(), Value::Null)),
    ];
    for change in changes {
        let mut other = group();
        change(&mut other);
        assert_ne!(other.digest(), digest);
    }
}

#[test]
fn nodes_are_paths() {
    assert_eq!(group().node(), "aws:us-east-1:aws.ec2.security_group:sg-0abc123");
    let of = |kind: &str, arn: Option<&str>| {
        ConfigurationItem { kind: kind.to_owned(), arn: arn.map(str::to_owned), ..group() }.node()
    };
    assert_eq!(of("AWS::::Account", None), "aws:us-east-1:aws.account:sg-0abc123");
    let arn = "arn:aws:iam::123456789012:user/team/svc-deploy";
    assert_eq!(of("AWS::IAM::User", Some(arn)), "aws:us-east-1:aws.iam.user:svc-deploy");
}

#[test]
fn damaged_items_are_refused() {
    for member in ["accountId", "resourceId", "tags", "configuration", "relationships", "configurationItemCaptureTime"]
    {
        let mut value = group().to_value();
        value.as_object_mut().unwrap().remove(member);
        assert!(ConfigurationItem::parse(&value).is_err(), "{member}");
    }
}
