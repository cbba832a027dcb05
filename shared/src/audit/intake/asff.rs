//! The resources of ASFF findings, in AWS Config's shape.
//!
//! ASFF has its own details per type. Their members are AWS Config's but for the case of letters, and but for what
//! [`reshaped`] says. A producer writes what it looked at: such an item is marked, and never stands over one that was
//! captured later.

use super::item::{bounded, checked, checked_instant, config_kind, get, instant, tags_of, wrong};
use super::spellings::{self, Spelling, uncapitalized};
use super::unfold;
use super::{Context, Rejection};
use crate::domain::inventory::{ConfigurationItem, GLOBAL, ItemKey, Origin};
use crate::domain::json::{self, Object};
use crate::domain::resource_type::resource_name;
use serde_json::{Value, json};

/// Types whose resourceId is the ARN.
const BY_ARN: [&str; 8] = [
    "AWS::ACM::Certificate",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
    "AWS::StepFunctions::StateMachine",
    "AWS::CloudFormation::Stack",
];

/// Types whose resourceId is a member of the details.
const BY_MEMBER: [(&str, &str); 6] = [
    ("AWS::IAM::User", "UserId"),
    ("AWS::IAM::Role", "RoleId"),
    ("AWS::IAM::Group", "GroupId"),
    ("AWS::IAM::Policy", "PolicyId"),
    ("AWS::RDS::DBInstance", "DbiResourceId"),
    ("AWS::RDS::DBCluster", "DbClusterResourceId"),
];

/// Whether an object is a finding with resources.
pub(super) fn is_finding(members: &Object) -> bool {
    members.contains_key("Resources") && (members.contains_key("AwsAccountId") || members.contains_key("ProductArn"))
}

/// The resources of AWS that a finding describes. Those of which it gives no details are none.
pub(super) fn resources(finding: &Object, context: &Context) -> Vec<Result<ConfigurationItem, Rejection>> {
    let resources = finding.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    resources.iter().filter_map(|resource| of(resource.as_object()?, finding, context).transpose()).collect()
}

fn of(resource: &Object, finding: &Object, context: &Context) -> Result<Option<ConfigurationItem>, Rejection> {
    let text = |members: &Object, name: &str| {
        members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (Some(kind), Some(id)) = (text(resource, "Type"), text(resource, "Id")) else { return Ok(None) };
    let details = resource.get("Details").and_then(|details| details.get(&kind)?.as_object());
    let Some(details) = details.filter(|_| kind.starts_with("Aws")) else { return Ok(None) };
    if details.values().any(json::has_reserved_name) || details.keys().any(|name| json::is_reserved(name)) {
        return Err(wrong("Details", "has a member whose name is reserved"));
    }
    let kind = config_kind(&kind);
    let account = text(finding, "AwsAccountId").or_else(|| context.account.clone());
    let region = text(resource, "Region").or_else(|| text(finding, "Region")).or_else(|| context.region.clone());
    let key = checked(ItemKey {
        account: account.ok_or_else(|| wrong("AwsAccountId", "is required"))?,
        region: region.unwrap_or_else(|| GLOBAL.to_owned()),
        id: resource_id(&kind, &id, details),
        kind,
    })?;
    let at = instant(finding, &["UpdatedAt", "LastObservedAt"])?.unwrap_or(context.at);
    let mut item = ConfigurationItem::new(key, checked_instant(at, "UpdatedAt", context)?);
    item.origin = Origin::Finding;
    item.name = Some(resource_name(&id).to_owned());
    item.arn = id.starts_with("arn:").then_some(id);
    item.tags = get(resource, &["Tags"]).map_or_else(|| Ok(Default::default()), tags_of)?;
    (item.configuration, item.supplementary) = translated(&item.kind, details);
    bounded(item).map(Some)
}

/// AWS Config's id of a resource.
fn resource_id(kind: &str, id: &str, details: &Object) -> String {
    if BY_ARN.contains(&kind) {
        return id.to_owned();
    }
    let member = BY_MEMBER.iter().find(|(known, _)| *known == kind).and_then(|(_, member)| details.get(*member));
    member.and_then(Value::as_str).filter(|id| !id.is_empty()).unwrap_or_else(|| resource_name(id)).to_owned()
}

/// Details as configuration and supplementary configuration.
pub(super) fn translated(kind: &str, details: &Object) -> (Object, Object) {
    let spelling = spellings::of(kind);
    let (mut configuration, mut supplementary) = (Object::new(), Object::new());
    for (name, value) in details {
        let value = respelled(value, spelling);
        let is_supplementary = spelling.is_some_and(|spelling| spelling.is_supplementary(name))
            || (kind == "AWS::S3::Bucket" && (name.starts_with("Bucket") || name == "AccessControlList"));
        if is_supplementary {
            // Those of S3 that no schema names have capitals like the others.
            let known = spelling.map(|spelling| spelling.name(name));
            let known = known.filter(|known| known.eq_ignore_ascii_case(name) && known.starts_with(char::is_uppercase));
            supplementary.insert(known.unwrap_or_else(|| name.clone()), value);
        } else {
            configuration.insert(named(name, spelling), value);
        }
    }
    reshaped(kind, &mut configuration);
    (unfold::unfolded(configuration), unfold::unfolded_members(supplementary))
}

fn named(name: &str, spelling: Option<&Spelling>) -> String {
    spelling.map_or_else(|| uncapitalized(name), |spelling| spelling.name(name))
}

/// Members that hold names of somebody's own.
const OWN_NAMES: [&str; 4] = ["Variables", "Tags", "DockerLabels", "Options"];

fn respelled(value: &Value, spelling: Option<&Spelling>) -> Value {
    match value {
        Value::Object(members) => {
            let one = |(name, value): (&String, &Value)| {
                let own = OWN_NAMES.contains(&name.as_str());
                (named(name, spelling), if own { value.clone() } else { respelled(value, spelling) })
            };
            Value::Object(members.iter().map(one).collect())
        }
        Value::Array(items) => items.iter().map(|item| respelled(item, spelling)).collect(),
        other => other.clone(),
    }
}

/// What differs in more than letters.
fn reshaped(kind: &str, configuration: &mut Object) {
    match kind {
        "AWS::EC2::SecurityGroup" => {
            for permissions in ["ipPermissions", "ipPermissionsEgress"] {
                for permission in objects(configuration.get_mut(permissions)) {
                    ranges(permission);
                }
            }
        }
        "AWS::EC2::Volume" => {
            rename(configuration, "status", "state", |status| json!({"value": status}));
            for attachment in objects(configuration.get_mut("attachments")) {
                rename(attachment, "status", "state", |status| status);
            }
        }
        "AWS::RDS::DBInstance" => {
            if let Some(Value::Array(groups)) = configuration.get_mut("dBSecurityGroups") {
                for group in groups.iter_mut().filter(|group| group.is_string()) {
                    *group = json!({"dBSecurityGroupName": group.take()});
                }
            }
        }
        "AWS::S3::Bucket" => {
            rename(configuration, "createdAt", "creationDate", |at| at);
            let owner = ["ownerId", "ownerName"].map(|name| configuration.remove(name));
            let [id, name] = owner;
            if id.is_some() || name.is_some() {
                configuration.insert("owner".to_owned(), json!({"id": id, "displayName": name}));
            }
        }
        _ => {}
    }
}

/// AWS Config has the addresses of a permission as objects, and once more as texts.
fn ranges(permission: &mut Object) {
    let Some(Value::Array(sent)) = permission.get("ipRanges").cloned() else { return };
    let cidr = |range: &Value| range.get("cidrIp").and_then(Value::as_str).map(str::to_owned);
    let cidrs: Vec<String> = sent.iter().filter_map(cidr).collect();
    permission.insert("ipv4Ranges".to_owned(), cidrs.iter().map(|cidr| json!({"cidrIp": cidr})).collect());
    permission.insert("ipRanges".to_owned(), json!(cidrs));
}

fn objects(list: Option<&mut Value>) -> impl Iterator<Item = &mut Object> {
    list.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

fn rename(members: &mut Object, from: &str, to: &str, made: impl FnOnce(Value) -> Value) {
    if let Some(value) = members.remove(from) {
        members.insert(to.to_owned(), made(value));
    }
}
