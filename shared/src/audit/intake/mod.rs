//! What clients, files, events and AWS's answers say of resources, made into configuration items of one shape.
//!
//! Read are, each alone or in a list:
//!
//! - AWS Config's items: the `configurationItems` of a snapshot file or of a history, the `baseConfigurationItems` of
//!   BatchGetResourceConfig, the `Results` of SelectResourceConfig and SelectAggregateResourceConfig, the
//!   `configurationItem` of an event, of a notification, or of what invokes a rule;
//! - the resources of ASFF findings, which tell less than AWS Config does;
//! - our own form, `{"resources": […], "covered": [{"account_id", "region", "types", "at"}]}`.
//!
//! Reading what [`ConfigurationItem::to_value`] wrote gives the same item again.

mod asff;
#[cfg(test)]
mod asff_tests;
mod item;
mod spellings;
#[cfg(test)]
mod tests;
mod unfold;

use crate::domain::Instant;
use crate::domain::inventory::{ConfigurationItem, Coverage, ItemKey, Scope};
use crate::domain::json::Object;
pub use item::MAX_ITEM_BYTES;
use item::{get, wrong};
use serde_json::Value;
use std::collections::BTreeMap;

/// Items of one request.
pub const MAX_ITEMS: usize = 20_000;
/// Scopes that one request may call covered.
const MAX_COVERED: usize = 1_000;
/// Types of one scope.
const MAX_TYPES: usize = 2_000;
/// Envelopes within envelopes.
const MAX_ENVELOPES: usize = 6;

/// What an item does not say itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The account, where an item names none.
    pub account: Option<String>,
    /// The region, where an item names none.
    pub region: Option<String>,
    /// When what is read was read, which is when items were captured that do not say it.
    pub at: Instant,
}

/// Why an item was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its place among all items, from 0.
    pub index: usize,
    /// The member at fault; empty when it is the item.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Intake {
    /// Every item in its order, or why it is none.
    pub items: Vec<Result<ConfigurationItem, Rejection>>,
    /// What was called complete.
    pub covered: Vec<Coverage>,
    /// Resources that changed, of which AWS Config told no more than that: their items were too large for the message.
    pub oversized: Vec<Oversized>,
}

/// A resource whose item lies elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oversized {
    /// The resource.
    pub key: ItemKey,
    /// Where in S3 its item lies, if AWS Config said so.
    pub location: Option<String>,
}

/// Reads whatever is described above. An error is about the whole: it is nothing that could hold items, or too much.
pub fn read(value: &Value, context: &Context) -> Result<Intake, Rejection> {
    let mut intake = Intake::default();
    gather(value, context, &mut intake, 0)?;
    Ok(intake)
}

/// As [`read`], for those who know what they send: every item is good.
pub fn normalise(value: &Value, context: &Context) -> Result<Vec<ConfigurationItem>, Rejection> {
    read(value, context)?.items.into_iter().collect()
}

fn gather(value: &Value, context: &Context, into: &mut Intake, level: usize) -> Result<(), Rejection> {
    if level > MAX_ENVELOPES {
        return Err(wrong("", "has too many envelopes around it"));
    }
    let level = level.saturating_add(1);
    let members = match value {
        Value::Array(all) => return all.iter().try_for_each(|one| gather(one, context, into, level)),
        Value::String(text) => {
            let inner = unfold::scalar(text.clone());
            return if inner.is_string() { take(value, context, into) } else { gather(&inner, context, into, level) };
        }
        Value::Object(members) => members,
        _ => return take(value, context, into),
    };
    if members.contains_key("resourceType") || members.contains_key("configurationItemCaptureTime") {
        return take(value, context, into);
    }
    if asff::is_finding(members) {
        return asff::resources(members, context).into_iter().try_for_each(|read| push(read, into));
    }
    if let Some(summary) = members.get("configurationItemSummary").filter(|_| !holds_item(members)) {
        let location = members.get("s3DeliverySummary").and_then(|s3| s3.get("s3BucketLocation")?.as_str());
        let key = item::read(summary, context).map(|item| item.key());
        return match key {
            Ok(key) => {
                into.oversized.push(Oversized { key, location: location.map(str::to_owned) });
                Ok(())
            }
            Err(rejection) => push(Err(rejection), into),
        };
    }
    // An event names its resources beside what it tells of them.
    if let Some(detail) = members.get("detail").filter(|detail| detail.is_object()) {
        return gather(detail, context, into, level);
    }
    let is_own = OWN_FORM.iter().any(|name| members.contains_key(*name));
    if let Some(other) = members.keys().find(|name| is_own && !OWN_FORM.contains(&name.as_str())) {
        let other: String = other.chars().take(SHOWN).collect();
        return Err(wrong(&other, "is no member of a request; there are resources and covered"));
    }
    let mut found = false;
    for name in ENVELOPES {
        if let Some(inner) = members.get(*name).filter(|inner| !inner.is_null()) {
            gather(inner, context, into, level)?;
            found = true;
        }
    }
    if let Some(covered) = members.get("covered").filter(|covered| !covered.is_null()) {
        into.covered.extend(coverage(covered, context)?);
        found = true;
    }
    let is_item = || get(members, &["resourceId", "resourceType"]).is_some();
    match found {
        true => Ok(()),
        false if level == 1 && !is_item() => Err(wrong("", "holds no resources")),
        false => take(value, context, into),
    }
}

/// The members of our own form.
const OWN_FORM: [&str; 2] = ["resources", "covered"];
/// Characters of a member's name that are told.
const SHOWN: usize = 100;

/// Members that hold items, or what holds them.
const ENVELOPES: &[&str] = &[
    "resources",
    "configurationItems",
    "configurationItem",
    "baseConfigurationItems",
    "baseConfigurationItem",
    "Results",
    "invokingEvent",
    "Message",
    "Findings",
    "findings",
];

fn holds_item(members: &Object) -> bool {
    members.get("configurationItem").is_some_and(|item| !item.is_null())
}

fn take(value: &Value, context: &Context, into: &mut Intake) -> Result<(), Rejection> {
    push(item::read(value, context), into)
}

fn push(read: Result<ConfigurationItem, Rejection>, into: &mut Intake) -> Result<(), Rejection> {
    if into.items.len() >= MAX_ITEMS {
        return Err(wrong("", &format!("must hold at most {MAX_ITEMS} items")));
    }
    let index = into.items.len();
    into.items.push(read.map_err(|rejection| Rejection { index, ..rejection }));
    Ok(())
}

fn coverage(value: &Value, context: &Context) -> Result<Vec<Coverage>, Rejection> {
    let all = value.as_array().filter(|all| all.len() <= MAX_COVERED);
    let all = all.ok_or_else(|| wrong("covered", &format!("must be a list of at most {MAX_COVERED} objects")))?;
    let one = |(place, covered): (usize, &Value)| {
        let field = |name: &str| format!("covered[{place}].{name}");
        let members = covered.as_object().ok_or_else(|| wrong(&field(""), "must be an object"))?;
        let text = |names: &[&str]| get(members, names).and_then(Value::as_str).map(str::to_owned);
        let account = text(&["account_id", "accountId"]).or_else(|| context.account.clone());
        let region = text(&["region", "awsRegion"]).or_else(|| context.region.clone());
        let account = account.ok_or_else(|| wrong(&field("account_id"), "is required"))?;
        let region = region.ok_or_else(|| wrong(&field("region"), "is required"))?;
        let at = item::instant(members, &["at"]).map_err(|r| wrong(&field("at"), &r.message))?;
        let at = item::checked_instant(at.unwrap_or(context.at), &field("at"), context)?;
        let types = get(members, &["types"]).and_then(Value::as_array).filter(|types| types.len() <= MAX_TYPES);
        let types = types.and_then(|types| types.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        let types = types.ok_or_else(|| wrong(&field("types"), "must be a list of types"))?;
        let scope = Scope { account, region };
        // Names are bounded as those of items are.
        let key = |kind: String| {
            let Scope { account, region } = scope.clone();
            item::checked(ItemKey { account, region, kind, id: "-".to_owned() }).map_err(|r| {
                let member = match r.field.as_str() {
                    "accountId" => "account_id",
                    "awsRegion" => "region",
                    _ => "types",
                };
                wrong(&field(member), &r.message)
            })
        };
        key("AWS::::Account".to_owned())?;
        let read = types.into_iter().map(|kind| {
            let kind = item::config_kind(kind);
            if !kind.contains("::") {
                let why = "must be types as AWS Config spells them, for example AWS::EC2::Instance";
                return Err(wrong(&field("types"), why));
            }
            Ok((key(kind)?.kind, at))
        });
        let types = read.collect::<Result<BTreeMap<String, Instant>, Rejection>>()?;
        Ok(Coverage { scope, types })
    };
    all.iter().enumerate().map(one).collect()
}
