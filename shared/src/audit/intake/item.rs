//! One configuration item, in any of the spellings in which AWS Config hands it out.
//!
//! | member | snapshot files, events | GetResourceConfigHistory, BatchGetResourceConfig | Select… |
//! |---|---|---|---|
//! | account | `awsAccountId` | `accountId` | `accountId` |
//! | ARN | `ARN` | `arn` | `arn` |
//! | `tags` | an object | an object, or none | a list of `key`, `value`, `tag` |
//! | a relationship's name | `name` | `relationshipName` | `relationshipName` |
//! | `configuration` | an object | JSON text | an object |
//! | `supplementaryConfiguration` | an object | an object of JSON texts | an object of JSON texts |
//! | instants | texts | texts, or seconds since 1970 | texts |

use super::unfold::{self, MAX_DEPTH};
use super::{Context, Rejection};
use crate::domain::inventory::{ConfigurationItem, GLOBAL, ItemKey, Origin, Relationship};
use crate::domain::json::{self, Object};
use crate::domain::resource_type::ResourceType;
use crate::domain::{Account, Instant};
use serde_json::Value;
use std::collections::BTreeMap;

/// Bytes of JSON that one item may have. Compressed it must fit into an item of DynamoDB besides.
pub const MAX_ITEM_BYTES: usize = 2 << 20;
/// Bytes of a region's name.
const MAX_PLACE_BYTES: usize = 64;
/// Bytes of a type and an id together: they are part of a sort key, which has 1,024.
const MAX_NAME_BYTES: usize = 960;
/// How far in the future a capture may lie: clocks differ, and what is to come would hide what comes.
const MAX_AHEAD_MS: i64 = 24 * 60 * 60 * 1000;

/// Reads an item; the rejection's index is left to the caller.
pub(super) fn read(value: &Value, context: &Context) -> Result<ConfigurationItem, Rejection> {
    let members = value.as_object().ok_or_else(|| wrong("", "must be an object"))?;
    if json::has_reserved_name(value) {
        return Err(wrong("", "has a member whose name is reserved"));
    }
    let arn = text(members, &["arn", "ARN"])?;
    let key = key(members, context, arn.as_deref())?;
    let mut item = ConfigurationItem::new(key, captured_at(members, context)?);
    item.arn = arn;
    item.name = text(members, &["resourceName", "name"])?;
    item.created_at = instant(members, &["resourceCreationTime", "created_at"])?;
    let status = text(members, &["configurationItemStatus"])?.unwrap_or_default();
    if status == "ResourceNotRecorded" {
        return Err(wrong("configurationItemStatus", "says that AWS Config does not record this resource"));
    }
    item.deleted = status.starts_with("ResourceDeleted") || get(members, &["deleted"]) == Some(&Value::Bool(true));
    item.configuration = unfold::unfolded(object(members, "configuration")?);
    item.supplementary = unfold::unfolded_members(object(members, "supplementaryConfiguration")?);
    item.tags = match get(members, &["tags"]) {
        // Services of which AWS Config reads the tags by a call of their own have them there only.
        None => item.supplementary.get("Tags").and_then(|tags| tags_of(tags).ok()).unwrap_or_default(),
        Some(tags) => tags_of(tags)?,
    };
    item.relationships = relationships(get(members, &["relationships"]))?;
    if get(members, &["origin"]).and_then(Value::as_str) == Some("finding") {
        item.origin = Origin::Finding;
    }
    bounded(item)
}

/// Refuses what is too large or too deep to keep, or could not be read back.
pub(super) fn bounded(item: ConfigurationItem) -> Result<ConfigurationItem, Rejection> {
    let deep = |members: &Object| members.values().map(json::depth).max().unwrap_or(0) >= MAX_DEPTH;
    if deep(&item.configuration) || deep(&item.supplementary) {
        return Err(wrong("configuration", &format!("must not nest deeper than {MAX_DEPTH} levels")));
    }
    let whole = item.to_value();
    // What was sent has none, but a text in it that holds JSON may.
    if json::has_reserved_name(&whole) {
        return Err(wrong("configuration", "has a member whose name is reserved"));
    }
    if whole.to_string().len() > MAX_ITEM_BYTES {
        return Err(wrong("configuration", &format!("an item must not exceed {MAX_ITEM_BYTES} bytes of JSON")));
    }
    Ok(item)
}

fn key(members: &Object, context: &Context, arn: Option<&str>) -> Result<ItemKey, Rejection> {
    let arn_part = |place: usize| arn.and_then(|arn| arn.split(':').nth(place)).filter(|part| !part.is_empty());
    let account = text(members, &["awsAccountId", "accountId", "account_id"])?;
    let account = account.or_else(|| context.account.clone()).or_else(|| arn_part(4).map(str::to_owned));
    let account = account.ok_or_else(|| wrong("accountId", "is required"))?;
    let region = text(members, &["awsRegion", "region"])?;
    let region = region.or_else(|| context.region.clone()).or_else(|| arn_part(3).map(str::to_owned));
    let region = region.unwrap_or_else(|| GLOBAL.to_owned());
    let kind = text(members, &["resourceType", "type"])?.ok_or_else(|| wrong("resourceType", "is required"))?;
    let id = text(members, &["resourceId", "id"])?.ok_or_else(|| wrong("resourceId", "is required"))?;
    checked(ItemKey { account, region, kind: config_kind(&kind), id })
}

/// Refuses names that no key can hold.
pub(super) fn checked(key: ItemKey) -> Result<ItemKey, Rejection> {
    let is_place = |text: &str| {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        !text.is_empty() && text.len() <= MAX_PLACE_BYTES && text.chars().all(legal)
    };
    if !Account::is_id(&key.account) {
        return Err(wrong("accountId", "must be the 12 digits of an account"));
    }
    if !is_place(&key.region) {
        return Err(wrong("awsRegion", &format!("must be 1 to {MAX_PLACE_BYTES} letters, digits, - or _")));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    if key.kind.is_empty() || !key.kind.chars().all(legal) {
        return Err(wrong("resourceType", "must be a type as AWS Config spells it, for example AWS::EC2::Instance"));
    }
    if key.id.trim().is_empty() || key.sort_name().len() > MAX_NAME_BYTES {
        return Err(wrong("resourceId", &format!("must be 1 to {MAX_NAME_BYTES} bytes, together with the type")));
    }
    if key.id.chars().any(char::is_control) {
        return Err(wrong("resourceId", "must not hold control characters"));
    }
    Ok(key)
}

/// A type as AWS Config spells it. What has its form already is taken as it is, and so is what has no such form.
pub(super) fn config_kind(kind: &str) -> String {
    if kind.contains("::") {
        return kind.to_owned();
    }
    Some(ResourceType::parse(kind).config()).filter(|known| known.contains("::")).unwrap_or_else(|| kind.to_owned())
}

fn captured_at(members: &Object, context: &Context) -> Result<Instant, Rejection> {
    let member = "configurationItemCaptureTime";
    let at = instant(members, &[member, "captured_at"])?.unwrap_or(context.at);
    checked_instant(at, member, context)
}

/// Refuses an instant at which nothing can have been captured.
pub(super) fn checked_instant(at: Instant, member: &str, context: &Context) -> Result<Instant, Rejection> {
    if at.0 < 0 || at > context.at.plus(MAX_AHEAD_MS) {
        return Err(wrong(member, "must be after 1970 and not more than a day in the future"));
    }
    Ok(at)
}

/// Tags as an object, or as a list of keys and values.
pub(super) fn tags_of(value: &Value) -> Result<BTreeMap<String, String>, Rejection> {
    let written = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    };
    let of_list = |tag: &Value| {
        let tag = tag.as_object()?;
        let key = get(tag, &["key"])?.as_str()?.to_owned();
        Some((key, get(tag, &["value"]).map_or_else(|| Some(String::new()), written)?))
    };
    let unfolded;
    let value = match value {
        Value::String(text) => {
            unfolded = unfold::scalar(text.clone());
            &unfolded
        }
        other => other,
    };
    let read: Option<BTreeMap<String, String>> = match value {
        Value::Null => Some(BTreeMap::new()),
        Value::Object(tags) => tags.iter().map(|(key, value)| Some((key.clone(), written(value)?))).collect(),
        Value::Array(tags) => tags.iter().map(of_list).collect(),
        _ => None,
    };
    read.ok_or_else(|| wrong("tags", "must be an object of texts, or a list of objects with key and value"))
}

/// In one order, whatever order they came in: AWS Config promises none, and a version is its content.
fn relationships(value: Option<&Value>) -> Result<Vec<Relationship>, Rejection> {
    let unfolded;
    let value = match value {
        Some(Value::String(text)) => {
            unfolded = unfold::scalar(text.clone());
            Some(&unfolded)
        }
        other => other,
    };
    let links = match value {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(links)) => links,
        Some(_) => return Err(wrong("relationships", "must be a list")),
    };
    let mut read = Vec::with_capacity(links.len());
    for link in links {
        let link = link.as_object().ok_or_else(|| wrong("relationships", "must be a list of objects"))?;
        let part = |names: &[&str]| text(link, names).map_err(|_| wrong("relationships", "must hold texts"));
        let (id, name) = (part(&["resourceId"])?, part(&["resourceName"])?);
        if id.is_some() || name.is_some() {
            let kind = part(&["resourceType"])?.unwrap_or_default();
            let relationship = part(&["relationshipName", "name"])?.unwrap_or_default();
            read.push(Relationship { kind, id: id.unwrap_or_default(), name, relationship });
        }
    }
    read.sort();
    read.dedup();
    Ok(read)
}

fn object(members: &Object, name: &str) -> Result<Object, Rejection> {
    unfold::object(get(members, &[name])).ok_or_else(|| wrong(name, "must be an object, or the text of one"))
}

/// The first of these members that is there, in any case of letters; exact names go first.
pub(super) fn get<'a>(members: &'a Object, names: &[&str]) -> Option<&'a Value> {
    let exact = names.iter().find_map(|name| members.get(*name).filter(|value| !value.is_null()));
    exact.or_else(|| {
        let is_it = |name: &str| names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
        members.iter().find(|(name, value)| is_it(name) && !value.is_null()).map(|(_, value)| value)
    })
}

fn text(members: &Object, names: &[&str]) -> Result<Option<String>, Rejection> {
    match get(members, names) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.trim().is_empty())),
        Some(_) => Err(wrong(names.first().copied().unwrap_or_default(), "must be a text")),
    }
}

/// An instant as text, or in seconds since 1970.
pub(super) fn instant(members: &Object, names: &[&str]) -> Result<Option<Instant>, Rejection> {
    let read = match get(members, names) {
        None => return Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => Instant::parse_loose(text.trim()),
        Some(Value::Number(seconds)) => seconds.as_f64().and_then(of_seconds),
        Some(_) => None,
    };
    let field = names.first().copied().unwrap_or_default();
    read.map(Some).ok_or_else(|| wrong(field, "must be an instant, for example 2024-01-04T15:25:10.123Z"))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the range is checked before")]
fn of_seconds(seconds: f64) -> Option<Instant> {
    let ms = (seconds * 1000.0).round();
    (0.0..=Instant::LAST.0 as f64).contains(&ms).then_some(Instant(ms as i64))
}

pub(super) fn wrong(field: &str, message: &str) -> Rejection {
    Rejection { index: 0, field: field.to_owned(), message: message.to_owned() }
}
