//! Items in AWS's published shapes, as each way in delivers them.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use super::{Context, normalise, read};
use crate::domain::Instant;
use crate::domain::inventory::{ConfigurationItem, ItemKey, Relationship};
use crate::domain::json;
use proptest::prelude::*;
use serde_json::{Value, json};

pub(super) fn context() -> Context {
    Context { account: None, region: None, at: Instant::parse_aws("2024-03-01T00:00:00Z").unwrap() }
}

pub(super) fn one(value: &Value) -> ConfigurationItem {
    let mut items = normalise(value, &context()).unwrap();
    assert_eq!(items.len(), 1, "{value}");
    items.remove(0)
}

fn problem(value: &Value) -> (usize, String) {
    let rejection = normalise(value, &context()).unwrap_err();
    (rejection.index, rejection.field)
}

/// A security group as a snapshot file has it, with what is only in snapshot files and events.
fn group() -> Value {
    json!({
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": "2024-02-28T10:11:12.345Z",
        "configurationStateId": 1_709_115_072_345_i64,
        "configurationStateMd5Hash": "",
        "awsAccountId": "123456789012",
        "configurationItemStatus": "OK",
        "resourceType": "AWS::EC2::SecurityGroup",
        "resourceId": "sg-0abc123",
        "resourceName": "web",
        "ARN": "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0abc123",
        "awsRegion": "us-east-1",
        "availabilityZone": "Not Applicable",
        "resourceCreationTime": null,
        "tags": {"team": "web"},
        "relatedEvents": [],
        "relationships": [
            {"resourceId": "vpc-1", "resourceType": "AWS::EC2::VPC", "name": "Is contained in Vpc"},
            {"resourceId": "eni-1", "resourceType": "AWS::EC2::NetworkInterface", "name": "Is associated with NetworkInterface"},
        ],
        "configuration": {"groupId": "sg-0abc123", "ipPermissions": [{"fromPort": 22, "ipRanges": ["0.0.0.0/0"]}]},
        "supplementaryConfiguration": {},
    })
}

#[test]
fn snapshot_files_hold_items() {
    let file = json!({"fileVersion": "1.0", "configSnapshotId": "x", "configurationItems": [group(), group()]});
    let items = normalise(&file, &context()).unwrap();
    assert_eq!(items.len(), 2);
    let item = &items[0];
    assert_eq!(item.key().scope().account, "123456789012");
    assert_eq!((item.id.as_str(), item.name.as_deref()), ("sg-0abc123", Some("web")));
    assert_eq!(item.captured_at, Instant::parse_aws("2024-02-28T10:11:12.345Z").unwrap());
    assert_eq!(item.tags["team"], "web");
    assert_eq!(item.configuration["ipPermissions"][0]["fromPort"], 22);
    let names: Vec<&str> = item.relationships.iter().map(|link| link.relationship.as_str()).collect();
    assert_eq!(names, ["Is associated with NetworkInterface", "Is contained in Vpc"]);
}

/// The same resource by every way in is the same version of it.
#[test]
fn every_way_in_leads_to_the_same_item() {
    let snapshot = one(&group());
    let mut history = group();
    let members = history.as_object_mut().unwrap();
    for (from, to) in [("awsAccountId", "accountId"), ("ARN", "arn")] {
        let value = members.remove(from).unwrap();
        members.insert(to.to_owned(), value);
    }
    members.insert("configuration".to_owned(), group()["configuration"].to_string().into());
    let links = members["relationships"].as_array_mut().unwrap();
    for link in links.iter_mut() {
        let link = link.as_object_mut().unwrap();
        let name = link.remove("name").unwrap();
        link.insert("relationshipName".to_owned(), name);
    }
    links.reverse();
    let mut selected = history.clone();
    selected["configuration"] = group()["configuration"].clone();
    selected["tags"] = json!([{"key": "team", "value": "web", "tag": "team=web"}]);
    let mut seconds = history.clone();
    seconds["configurationItemCaptureTime"] = json!(1_709_115_072.345);
    let event = json!({
        "version": "0",
        "detail-type": "Config Configuration Item Change",
        "source": "aws.config",
        "account": "123456789012",
        "time": "2024-02-28T10:11:13Z",
        "region": "us-east-1",
        "resources": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-0abc123"],
        "detail": {
            "recordVersion": "1.3",
            "messageType": "ConfigurationItemChangeNotification",
            "configurationItemDiff": {"changedProperties": {}, "changeType": "CREATE"},
            "notificationCreationTime": "2024-02-28T10:11:13Z",
            "configurationItem": group(),
        },
    });
    let invoking = json!({"configurationItem": group(), "messageType": "ConfigurationItemChangeNotification"});
    for way in [
        json!({"configurationItems": [history]}),
        json!({"baseConfigurationItems": [history], "unprocessedResourceKeys": []}),
        json!({"Results": [selected.to_string()], "QueryInfo": {"SelectFields": [{"Name": "resourceId"}]}}),
        json!({"configurationItems": [seconds]}),
        event.clone(),
        json!([event]),
        json!({"invokingEvent": invoking.to_string(), "ruleParameters": "{}"}),
        json!({"Type": "Notification", "Message": invoking.to_string()}),
        json!({"resources": [snapshot.to_value()]}),
        Value::from(group().to_string()),
    ] {
        assert_eq!(one(&way), snapshot, "{way}");
    }
}

/// BatchGetResourceConfig gives a bucket's supplementary members as texts, the policy as text within one.
#[test]
fn buckets_are_unfolded() {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*"}]});
    let block = json!({"blockPublicAcls": true, "ignorePublicAcls": true});
    let bucket = one(&json!({"baseConfigurationItems": [{
        "version": "1.3",
        "accountId": "123456789012",
        "configurationItemCaptureTime": "2024-02-28T10:11:12.345000+00:00",
        "configurationItemStatus": "ResourceDiscovered",
        "configurationStateId": "1709115072345",
        "arn": "arn:aws:s3:::logs",
        "resourceType": "AWS::S3::Bucket",
        "resourceId": "logs",
        "resourceName": "logs",
        "awsRegion": "eu-west-1",
        "availabilityZone": "Regional",
        "resourceCreationTime": "2020-01-01T00:00:00+00:00",
        "configuration": "{\"name\":\"logs\",\"owner\":{\"displayName\":null,\"id\":\"abc\"}}",
        "supplementaryConfiguration": {
            "AccessControlList": Value::from("{\"grantSet\":null}").to_string(),
            "BucketPolicy": json!({"policyText": policy.to_string()}).to_string(),
            "PublicAccessBlockConfiguration": block.to_string(),
            "IsRequesterPaysEnabled": "false",
        },
    }]}));
    assert_eq!(bucket.supplementary["BucketPolicy"]["policyText"], policy);
    assert_eq!(bucket.supplementary["PublicAccessBlockConfiguration"], block);
    assert_eq!(bucket.supplementary["AccessControlList"], json!({"grantSet": null}));
    assert_eq!(bucket.supplementary["IsRequesterPaysEnabled"], false);
    assert_eq!(bucket.configuration["owner"]["id"], "abc");
    assert_eq!(bucket.created_at, Instant::parse_aws("2020-01-01T00:00:00Z"));
    assert_eq!(bucket.node(), "aws:eu-west-1:aws.s3.bucket:logs");
}

/// AWS Config delivers the policies of IAM percent-encoded.
#[test]
fn roles_are_unfolded() {
    let role = one(&json!({
        "awsAccountId": "123456789012", "awsRegion": "global", "resourceType": "AWS::IAM::Role",
        "resourceId": "AROAEXAMPLE", "resourceName": "app", "configurationItemCaptureTime": "2024-02-28T10:11:12Z",
        "configurationItemStatus": "OK",
        "configuration": {
            "assumeRolePolicyDocument": "%7B%22Statement%22%3A%5B%7B%22Principal%22%3A%7B%22Service%22%3A%22ec2.amazonaws.com%22%7D%7D%5D%7D",
            "rolePolicyList": [{"policyName": "p", "policyDocument": "%7B%0A%20%22Statement%22%3A%20%5B%5D%0A%7D"}],
        },
        "supplementaryConfiguration": {},
    }));
    let service = &role.configuration["assumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"];
    assert_eq!(service, "ec2.amazonaws.com");
    assert_eq!(role.configuration["rolePolicyList"][0]["policyDocument"], json!({"Statement": []}));
    assert_eq!(role.node(), "aws:global:aws.iam.role:AROAEXAMPLE");
}

#[test]
fn keys_have_their_policy_in_a_text_of_a_text() {
    let policy = json!({"Statement": [{"Principal": {"AWS": "*"}}]});
    let key = one(&json!({
        "accountId": "123456789012", "awsRegion": "us-east-1", "resourceType": "AWS::KMS::Key", "resourceId": "k",
        "configuration": "{\"keyManager\":\"CUSTOMER\"}",
        "supplementaryConfiguration": {
            "KeyRotationStatus": "true",
            "Policy": Value::from(policy.to_string()).to_string(),
            "Tags": "[{\"tagKey\":\"a\"},{\"key\":\"b\",\"value\":\"c\"}]",
        },
    }));
    assert_eq!(key.supplementary["Policy"], policy);
    assert_eq!(key.supplementary["KeyRotationStatus"], true);
    assert_eq!(key.captured_at, context().at);
}

#[test]
fn deleted_resources_are_deleted() {
    for status in ["ResourceDeleted", "ResourceDeletedNotRecorded"] {
        let mut item = group();
        item["configurationItemStatus"] = status.into();
        item["configuration"] = Value::Null;
        assert!(one(&item).deleted, "{status}");
    }
    let mut unrecorded = group();
    unrecorded["configurationItemStatus"] = "ResourceNotRecorded".into();
    assert_eq!(problem(&unrecorded), (0, "configurationItemStatus".to_owned()));
}

#[test]
fn what_is_wrong_is_named_by_place_and_member() {
    let without = |member: &str| {
        let mut item = group();
        item.as_object_mut().unwrap().remove(member);
        item
    };
    let with = |member: &str, value: Value| {
        let mut item = group();
        item[member] = value;
        item
    };
    for (item, field) in [
        (without("resourceId"), "resourceId"),
        (with("resourceId", json!(7)), "resourceId"),
        (with("resourceId", json!("x".repeat(1000))), "resourceId"),
        (with("resourceType", json!("AWS::EC2#Instance::x")), "resourceType"),
        (with("awsAccountId", json!("1#2")), "accountId"),
        (with("awsRegion", json!("a b")), "awsRegion"),
        (with("configurationItemCaptureTime", json!("yesterday")), "configurationItemCaptureTime"),
        (with("configurationItemCaptureTime", json!("2999-01-01T00:00:00Z")), "configurationItemCaptureTime"),
        (with("configurationItemCaptureTime", json!("1969-01-01T00:00:00Z")), "configurationItemCaptureTime"),
        (with("configurationItemCaptureTime", json!(-1)), "configurationItemCaptureTime"),
        (with("configurationItemCaptureTime", json!(1e300)), "configurationItemCaptureTime"),
        (with("configuration", json!("not JSON")), "configuration"),
        (with("configuration", json!([])), "configuration"),
        (with("supplementaryConfiguration", json!("[]")), "supplementaryConfiguration"),
        (with("tags", json!(["a"])), "tags"),
        (with("relationships", json!([7])), "relationships"),
        (json!(7), ""),
        (json!({}), "accountId"),
    ] {
        assert_eq!(problem(&json!([group(), item])), (1, field.to_owned()), "{item}");
    }
}

#[test]
fn what_is_too_large_too_deep_or_nothing_is_refused() {
    let mut large = group();
    large["configuration"]["x"] = "x".repeat(super::MAX_ITEM_BYTES).into();
    assert_eq!(problem(&large), (0, "configuration".to_owned()));
    let mut deep = group();
    deep["configuration"]["x"] = (0..100).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(problem(&deep), (0, "configuration".to_owned()));
    for nothing in [json!({}), json!({"Filters": []}), json!({"resources": null})] {
        assert!(read(&nothing, &context()).is_err(), "{nothing}");
    }
    let wrapped = (0..10).fold(group(), |inner, _| json!({"detail": inner}));
    assert!(read(&wrapped, &context()).is_err());
}

#[test]
fn coverage_is_read() {
    let covered = json!({"resources": [], "covered": [
        {"account_id": "123456789012", "region": "us-east-1", "types": ["AWS::EC2::Instance", "aws.s3.bucket"]},
        {"account_id": "123456789012", "region": "global", "types": [], "at": "2024-02-01T00:00:00Z"},
    ]});
    let intake = read(&covered, &context()).unwrap();
    let types: Vec<&String> = intake.covered[0].types.keys().collect();
    assert_eq!(types, ["AWS::EC2::Instance", "AWS::S3::Bucket"]);
    assert_eq!(intake.covered[0].types["AWS::S3::Bucket"], context().at);
    for (covered, field) in [
        (json!(7), "covered"),
        (json!([{"region": "r", "types": []}]), "covered[0].account_id"),
        (json!([{"account_id": "123456789012", "types": []}]), "covered[0].region"),
        (json!([{"account_id": "123456789012", "region": "r"}]), "covered[0].types"),
        (json!([{"account_id": "123456789012", "region": "r", "types": [7]}]), "covered[0].types"),
        (json!([{"account_id": "123456789012", "region": "r", "types": ["AWS::X::#"]}]), "covered[0].types"),
        (json!([{"account_id": "123456789012", "region": "r", "types": ["bucket"]}]), "covered[0].types"),
        (json!([{"account_id": "12345678901", "region": "r", "types": []}]), "covered[0].account_id"),
        (json!([{"account_id": "123456789012", "region": "#", "types": []}]), "covered[0].region"),
        (json!([{"account_id": "123456789012", "region": "r", "types": [], "at": "soon"}]), "covered[0].at"),
    ] {
        assert_eq!(read(&json!({"covered": covered}), &context()).unwrap_err().field, field);
    }
    for misspelt in [json!({"resources": [], "coverd": []}), json!({"Resources": [], "covered": []})] {
        assert!(read(&misspelt, &context()).is_err(), "{misspelt}");
    }
}

/// Items that are too large for an event lie in S3.
#[test]
fn oversized_notifications_name_their_resource() {
    let event = json!({"detail-type": "Config Configuration Item Change", "detail": {
        "messageType": "OversizedConfigurationItemChangeNotification",
        "configurationItemSummary": {
            "changeType": "UPDATE", "configurationItemVersion": "1.2",
            "configurationItemCaptureTime": "2016-10-06T16:46:16.261Z", "awsAccountId": "123456789012",
            "configurationItemStatus": "OK", "resourceType": "AWS::EC2::Instance", "resourceId": "i-1",
            "resourceName": null, "ARN": "arn:aws:ec2:us-west-2:123456789012:instance/i-1", "awsRegion": "us-west-2",
        },
        "s3DeliverySummary": {"s3BucketLocation": "bucket/AWSLogs/1/x.json.gz", "errorCode": null, "errorMessage": null},
    }});
    let intake = read(&event, &context()).unwrap();
    assert!(intake.items.is_empty());
    assert_eq!(intake.oversized[0].key.id, "i-1");
    assert_eq!(intake.oversized[0].location.as_deref(), Some("bucket/AWSLogs/1/x.json.gz"));
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z\\{\\}\\[\\]\":, 0-9%]{0,12}",
        Just("{\"a\":[1,{\"b\":\"[2]\"}]}".to_owned()),
        Just("\"\\\"7\\\"\"".to_owned()),
        Just("%7B%22a%22%3A%22%257B%257D%22%7D".to_owned()),
        Just("null".to_owned()),
        Just("\"{}\"".to_owned()),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        texts().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = prop_oneof![Just("value".to_owned()), Just("Policy".to_owned()), "[a-z]{0,3}"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(names, inner.clone(), 0..4).prop_map(|members| json!(members)),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

fn items() -> impl Strategy<Value = Value> {
    let members = || proptest::collection::btree_map("[a-zA-Z]{1,4}", values(), 0..4);
    let links = proptest::collection::vec(("[a-c]{0,1}", "[a-c]{0,1}", "[a-c]{0,1}"), 0..4);
    let tags = proptest::collection::btree_map("[a-z]{0,3}", texts(), 0..3);
    (members(), members(), links, tags, any::<bool>(), 0..1_700_000_000_000_i64).prop_map(
        |(configuration, supplementary, links, tags, deleted, at)| {
            let key = ItemKey {
                account: "123456789012".to_owned(),
                region: "r".to_owned(),
                kind: "AWS::X::Y".to_owned(),
                id: "a#b{}".to_owned(),
            };
            let mut item = ConfigurationItem::new(key, Instant(at));
            item.configuration = configuration.into_iter().collect();
            item.supplementary = supplementary.into_iter().collect();
            item.tags = tags;
            item.deleted = deleted;
            let link = |(kind, id, name): (String, String, String)| Relationship {
                kind,
                id,
                name: Some(name.clone()).filter(|name| !name.is_empty()),
                relationship: name,
            };
            item.relationships = links.into_iter().map(link).collect();
            item.to_value()
        },
    )
}

proptest! {
    #[test]
    fn reading_again_changes_nothing(value in items()) {
        let read = normalise(&value, &context()).unwrap();
        let again = normalise(&read[0].to_value(), &context()).unwrap();
        prop_assert_eq!(&again, &read);
        prop_assert_eq!(again[0].digest(), read[0].digest());
        // What is stored is text.
        let stored = json::parse(read[0].to_value().to_string().as_bytes()).unwrap();
        prop_assert_eq!(&ConfigurationItem::parse(&stored).unwrap(), &read[0]);
    }

    #[test]
    fn nothing_makes_it_panic(value in values(), name in "[a-zA-Z]{0,12}") {
        for whole in [value.clone(), json!({"resources": value}), json!({"Results": [value]}), json!({name: value}),
            json!({"detail": value}), json!({"covered": value}), json!({"configurationItemSummary": value}),
            json!({"AwsAccountId": "1", "Resources": [{"Type": "AwsX", "Id": "x", "Details": {"AwsX": value}}]})] {
            drop(read(&whole, &context()));
        }
    }
}

/// What has no form of AWS Config's must not be spelt anew each time that it is read.
#[test]
fn types_are_spelt_once() {
    for (kind, spelt) in [
        ("AwsS3Bucket", "AWS::S3::Bucket"),
        ("AWS::S3::Bucket", "AWS::S3::Bucket"),
        ("Container", "Container"),
        ("ALSO_odd.Type", "ALSO_odd.Type"),
    ] {
        assert_eq!(super::item::config_kind(kind), spelt);
    }
}

/// A member by which the parser tells numbers must not come in by a text that holds JSON: it could not be read back.
#[test]
fn reserved_names_are_refused_in_texts_too() {
    let text = r#"{"a": 1, "$serde_json::private::NumberAndMore": [1]}"#;
    for (member, value) in [
        ("configuration", json!(text)),
        ("configuration", json!({"policy": text})),
        ("supplementaryConfiguration", json!({"BucketPolicy": text})),
    ] {
        let item = json!({
            "resourceType": "AWS::S3::Bucket", "resourceId": "b", "accountId": "123456789012", "awsRegion": "eu-west-1",
            member: value,
        });
        assert_eq!(problem(&item), (0, "configuration".to_owned()), "{item}");
    }
}
