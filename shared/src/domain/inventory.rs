//! Configuration items: what the resources of an account are, and were, in the shape and key case of AWS Config.
//!
//! An item is one version of a resource. Which version is told by its content, not by when it was captured: the same
//! content captured twice is the same version.

use super::json::{self, Object};
use super::resource_type::{ResourceType, resource_path};
use super::{Error, Instant};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The region of resources that are in none.
pub const GLOBAL: &str = "global";

const DELETED: &str = "ResourceDeleted";

/// Where resources are: an account, and a region of it or [`GLOBAL`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    /// The account's number.
    pub account: String,
    /// The region's name.
    pub region: String,
}

/// What tells one resource from all others of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ItemKey {
    /// The account's number.
    pub account: String,
    /// The region's name, or [`GLOBAL`].
    pub region: String,
    /// Its type as AWS Config spells it: `AWS::EC2::SecurityGroup`.
    pub kind: String,
    /// AWS Config's `resourceId`, which is not always what people call it.
    pub id: String,
}

/// Who told of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// AWS Config, or somebody who speaks as completely as it does.
    #[default]
    Config,
    /// A finding's details: some members only, as far as its producer looked.
    Finding,
}

/// A resource's link to another one, as AWS Config names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Relationship {
    /// The other one's type; empty where nobody says.
    pub kind: String,
    /// The other one's id; may be empty where it is named only.
    pub id: String,
    /// The other one's name.
    pub name: Option<String>,
    /// `Is contained in Vpc`; empty where nobody says.
    pub relationship: String,
}

/// One version of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigurationItem {
    /// The account's number.
    pub account: String,
    /// The region's name, or [`GLOBAL`].
    pub region: String,
    /// Its type as AWS Config spells it.
    pub kind: String,
    /// AWS Config's `resourceId`.
    pub id: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its ARN, where it has one.
    pub arn: Option<String>,
    /// Since when it is known to be so.
    pub captured_at: Instant,
    /// When the resource was made.
    pub created_at: Option<Instant>,
    /// It is no more; what is left are its names.
    pub deleted: bool,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its configuration; texts that hold JSON are unfolded.
    pub configuration: Object,
    /// What AWS Config reads by further calls.
    pub supplementary: Object,
    /// Its links to other resources.
    pub relationships: Vec<Relationship>,
    /// Who told of it.
    pub origin: Origin,
}

/// That everything of some types in a scope was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Where.
    pub scope: Scope,
    /// When each type was read completely.
    pub types: BTreeMap<String, Instant>,
}

impl ItemKey {
    /// Where it is.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }
}

impl ConfigurationItem {
    /// An item that says nothing yet but what it is of.
    pub fn new(key: ItemKey, captured_at: Instant) -> Self {
        let ItemKey { account, region, kind, id } = key;
        Self {
            account,
            region,
            kind,
            id,
            name: None,
            arn: None,
            captured_at,
            created_at: None,
            deleted: false,
            tags: BTreeMap::new(),
            configuration: Object::new(),
            supplementary: Object::new(),
            relationships: Vec::new(),
            origin: Origin::Config,
        }
    }

    /// That this resource was found to be no more at an instant. Its names are kept.
    #[must_use]
    pub fn deleted_at(&self, at: Instant) -> Self {
        let (name, arn) = (self.name.clone(), self.arn.clone());
        let created_at = self.created_at;
        Self { name, arn, created_at, deleted: true, origin: self.origin, ..Self::new(self.key(), at) }
    }

    /// What tells its resource from all others.
    pub fn key(&self) -> ItemKey {
        let (account, region) = (self.account.clone(), self.region.clone());
        ItemKey { account, region, kind: self.kind.clone(), id: self.id.clone() }
    }

    /// Where it is.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// Its place in the graph: `aws:us-east-1:aws.ec2.security_group:sg-0abc123`.
    pub fn node(&self) -> String {
        resource_path(Some(&self.region), &ResourceType::parse(&self.kind), &self.id)
    }

    /// The version of the resource that this is: hexadecimal SHA-256 of its canonical text without the instant of its
    /// capture and without who told of it.
    pub fn digest(&self) -> String {
        let mut content = self.content();
        content.remove("configurationItemCaptureTime");
        crate::secrets::sha256_hex(json::canonical(&Value::Object(content)).as_bytes())
    }

    /// The item as rules see it and as it is stored. Names that it lacks are left out.
    pub fn to_value(&self) -> Value {
        let mut content = self.content();
        if self.origin == Origin::Finding {
            content.insert("origin".to_owned(), Value::from("finding"));
        }
        Value::Object(content)
    }

    fn content(&self) -> Object {
        let Self { account, region, kind, id, name, arn, captured_at, created_at, deleted, .. } = self;
        let Self { tags, configuration, supplementary, relationships, origin: _, .. } = self;
        let mut content = Object::new();
        let mut put = |member: &str, value: Value| {
            content.insert(member.to_owned(), value);
        };
        put("accountId", account.as_str().into());
        put("awsRegion", region.as_str().into());
        put("resourceType", kind.as_str().into());
        put("resourceId", id.as_str().into());
        if let Some(name) = name {
            put("resourceName", name.as_str().into());
        }
        if let Some(arn) = arn {
            put("arn", arn.as_str().into());
        }
        put("configurationItemCaptureTime", captured_at.to_string().into());
        if let Some(created_at) = created_at {
            put("resourceCreationTime", created_at.to_string().into());
        }
        put("configurationItemStatus", if *deleted { DELETED } else { "OK" }.into());
        put("tags", json!(tags));
        put("configuration", Value::Object(configuration.clone()));
        put("supplementaryConfiguration", Value::Object(supplementary.clone()));
        put("relationships", relationships.iter().map(Relationship::to_value).collect());
        content
    }

    /// Reads back what [`ConfigurationItem::to_value`] made; [`Error::Internal`] for anything else.
    pub fn parse(value: &Value) -> Result<Self, Error> {
        let wrong = |member: &str| Error::internal(format!("a stored configuration item has no usable {member}"));
        let text_if_any = |member: &str| value.get(member).and_then(Value::as_str);
        let text = |member: &str| text_if_any(member).map(str::to_owned).ok_or_else(|| wrong(member));
        let instant = |member: &str| text_if_any(member).and_then(Instant::parse_aws);
        let object = |member: &str| value.get(member).and_then(Value::as_object).ok_or_else(|| wrong(member));
        let tag = |(key, value): (&String, &Value)| Some((key.clone(), value.as_str()?.to_owned()));
        let tags: Option<BTreeMap<String, String>> = object("tags")?.iter().map(tag).collect();
        let relationships = value.get("relationships").and_then(Value::as_array);
        let relationships: Option<Vec<Relationship>> =
            relationships.and_then(|all| all.iter().map(Relationship::parse).collect());
        Ok(Self {
            account: text("accountId")?,
            region: text("awsRegion")?,
            kind: text("resourceType")?,
            id: text("resourceId")?,
            name: text_if_any("resourceName").map(str::to_owned),
            arn: text_if_any("arn").map(str::to_owned),
            captured_at: instant("configurationItemCaptureTime").ok_or_else(|| wrong("capture time"))?,
            created_at: instant("resourceCreationTime"),
            deleted: text_if_any("configurationItemStatus") == Some(DELETED),
            tags: tags.ok_or_else(|| wrong("tags"))?,
            configuration: object("configuration")?.clone(),
            supplementary: object("supplementaryConfiguration")?.clone(),
            relationships: relationships.ok_or_else(|| wrong("relationships"))?,
            origin: if text_if_any("origin") == Some("finding") { Origin::Finding } else { Origin::Config },
        })
    }
}

impl Relationship {
    /// The link as AWS Config's answers have it.
    pub fn to_value(&self) -> Value {
        let Self { kind, id, name, relationship } = self;
        let mut link = json!({"resourceType": kind, "resourceId": id, "relationshipName": relationship});
        if let (Some(name), Some(members)) = (name, link.as_object_mut()) {
            members.insert("resourceName".to_owned(), Value::from(name.as_str()));
        }
        link
    }

    fn parse(value: &Value) -> Option<Self> {
        let text = |member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            kind: text("resourceType")?,
            id: text("resourceId")?,
            name: text("resourceName"),
            relationship: text("relationshipName")?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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
        let of = |kind: &str| ConfigurationItem { kind: kind.to_owned(), ..group() }.node();
        assert_eq!(of("AWS::::Account"), "aws:us-east-1:aws.account:sg-0abc123");
        assert_eq!(of("AWS::IAM::User"), "aws:us-east-1:aws.iam.user:sg-0abc123");
    }

    #[test]
    fn damaged_items_are_refused() {
        for member in
            ["accountId", "resourceId", "tags", "configuration", "relationships", "configurationItemCaptureTime"]
        {
            let mut value = group().to_value();
            value.as_object_mut().unwrap().remove(member);
            assert!(ConfigurationItem::parse(&value).is_err(), "{member}");
        }
    }
}
