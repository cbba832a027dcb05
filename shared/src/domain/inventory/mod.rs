//! Configuration items: what the resources of an account are, and were, in the shape and key case of AWS Config.
//!
//! An item is one version of a resource. Which version is told by its content, not by when it was captured: the same
//! content captured twice is the same version.

mod asked;
mod references;
#[cfg(test)]
mod tests;

use super::json::{self, Object};
use super::resource_type::{ResourceType, resource_name, resource_path};
use super::{Error, Instant};
pub use asked::{Asked, Findings, Imported, Neighbours, Outcome, Page, Query, Related, Relation};
pub use references::References;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// A scope of which something was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownScope {
    /// Where.
    pub scope: Scope,
    /// When each type was last read completely.
    pub covered: BTreeMap<String, Instant>,
    /// Every type of which there is, or was, a resource.
    pub kinds: BTreeSet<String>,
    /// What the last reading of the scope could not read: a type, or a type, a dot and a member of it.
    pub unread: BTreeMap<String, Unread>,
}

/// That something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// When it was tried. What was captured later is known all the same.
    pub at: Instant,
    /// Why not.
    pub reason: String,
}

/// That everything of some types in a scope was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Where.
    pub scope: Scope,
    /// When each type was read completely.
    pub types: BTreeMap<String, Instant>,
}

impl KnownScope {
    /// Why an item is not known to be as it is now; `None` where nothing speaks against it.
    pub fn doubt(&self, item: &ConfigurationItem) -> Option<&str> {
        let unread = self.unread.get(&item.kind).filter(|unread| item.captured_at <= unread.at);
        unread.map(|unread| unread.reason.as_str())
    }
}

impl ItemKey {
    /// Where it is.
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    /// The key in one text, `account/region/type/id`, by which clients may ask for it.
    pub fn text(&self) -> String {
        let Self { account, region, kind, id } = self;
        format!("{account}/{region}/{kind}/{id}")
    }

    /// Reads [`ItemKey::text`] back.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/').map(str::to_owned);
        let (account, region, kind, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        (kind.contains("::") && !id.is_empty()).then_some(Self { account, region, kind, id })
    }

    /// Reads what [`ItemKey::sort_name`] wrote, behind account and region: `account/region/type#id`.
    pub fn parse_sorted(text: &str) -> Option<Self> {
        let (account, rest) = text.split_once('/')?;
        let (region, rest) = rest.split_once('/')?;
        let (kind, id) = rest.split_once('#')?;
        let id = id.replace("%23", "#").replace("%25", "%");
        Some(Self { account: account.to_owned(), region: region.to_owned(), kind: kind.to_owned(), id })
    }

    /// Type and id in one text, which sorts by them: `#` stands between the two and in neither.
    pub fn sort_name(&self) -> String {
        format!("{}#{}", self.kind, self.id.replace('%', "%25").replace('#', "%23"))
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

    /// Its place in the graph: `aws:us-east-1:aws.ec2.security_group:sg-0abc123`. It ends as the ARN does, by which
    /// findings name the resource: in the name of a user, not in the id that AWS gave it.
    pub fn node(&self) -> String {
        let name = self.arn.as_deref().map_or(self.id.as_str(), resource_name);
        resource_path(Some(&self.region), &ResourceType::parse(&self.kind), name)
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
