//! Inbound rules of a security group, wherever Terraform has them: in the group, and in the resources of two generations.

use super::Why;
use super::edit::{Edit, Layout, replaced, without};
use super::fix::Narrow;
use super::outline::{Block, Said};
use super::place::{Names, is_ignored, is_single, names};
use super::plan::{Changes, Offence, Subject};
use super::workspace::Spot;
use super::write::literal;
use crate::domain::json::Object;
use serde_json::{Value, json};
use std::ops::Range;

/// The resource of the older generation, and that of the newer one for rules inward.
const OLDER: &str = "aws_security_group_rule";
const NEWER: &str = "aws_vpc_security_group_ingress_rule";
/// Every type that adds rules to a group.
const SEPARATE: [&str; 3] = [OLDER, NEWER, "aws_vpc_security_group_egress_rule"];
/// How each names its group.
const BY: &str = "security_group_id";
/// Lists of ranges, and single ones.
const LISTS: [&str; 2] = ["cidr_blocks", "ipv6_cidr_blocks"];
const SINGLE: [&str; 2] = ["cidr_ipv4", "cidr_ipv6"];

/// Protocol and ports, which are those of a permission of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ports {
    protocol: String,
    from: Option<i64>,
    to: Option<i64>,
}

impl Ports {
    fn new(protocol: &str, from: Option<i64>, to: Option<i64>) -> Self {
        let protocol = match protocol.to_ascii_lowercase().as_str() {
            "6" => "tcp".to_owned(),
            "17" => "udp".to_owned(),
            "all" => "-1".to_owned(),
            other => other.to_owned(),
        };
        // All protocols have all ports.
        if protocol == "-1" { Self { protocol, from: None, to: None } } else { Self { protocol, from, to } }
    }

    fn of_permission(permission: &Value) -> Self {
        let number = |name: &str| permission.get(name).and_then(Value::as_i64);
        let protocol = permission.get("ipProtocol").and_then(Value::as_str).unwrap_or("-1");
        Self::new(protocol, number("fromPort"), number("toPort"))
    }

    /// Those of a block; `None` where its text does not tell.
    fn of_block(block: &Block, protocol: &str) -> Option<Self> {
        let protocol = text(block.argument(protocol).map(|argument| &argument.said)?)?;
        let number = |name: &str| text(&block.argument(name)?.said)?.parse().ok();
        Some(Self::new(&protocol, number("from_port"), number("to_port")))
    }
}

/// A literal text or number as a text.
fn text(said: &Said) -> Option<String> {
    match said {
        Said::Literal(Value::String(text)) => Some(text.clone()),
        Said::Literal(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    }
}

/// The resources that add rules to a group.
pub fn separate<'a>(owner: &Spot<'a>, subject: &Subject<'_>) -> impl Iterator<Item = Spot<'a>> {
    let all = SEPARATE.into_iter().flat_map(|kind| owner.workspace.of_type(kind));
    all.filter(|spot| names(spot, BY, owner, subject) == Names::This)
}

/// The blocks that are rules inward, each with the name of its protocol's argument.
fn rules<'a>(owner: &Spot<'a>, subject: &Subject<'_>) -> Vec<(Spot<'a>, &'static str)> {
    let own = owner.block.blocks.iter().filter(|block| block.kind == "ingress");
    let mut rules: Vec<(Spot<'a>, &'static str)> = own.map(|block| (Spot { block, ..*owner }, "protocol")).collect();
    for spot in separate(owner, subject) {
        match spot.block.resource() {
            Some((OLDER, _)) if spot.block.text("type") == Some("ingress") => rules.push((spot, "protocol")),
            Some((NEWER, _)) => rules.push((spot, "ip_protocol")),
            _ => {}
        }
    }
    rules
}

/// Permission and range of an offence.
fn meant<'a>(item: &'a Object, offence: &'a Offence<'_>) -> Option<(usize, &'a Value, &'a str)> {
    let place = offence.path.strip_prefix("configuration.ipPermissions[")?.strip_suffix(']')?.parse().ok()?;
    let permission = item.get("configuration")?.get("ipPermissions")?.get(place)?;
    Some((place, permission, offence.evidence.get("range")?.as_str()?))
}

/// Narrows every rule that an offence is about, and the item with it.
pub fn narrow<'a>(
    owner: &Spot<'a>,
    to: &Narrow,
    subject: &Subject<'_>,
    offences: &[Offence<'_>],
    item: &mut Object,
) -> Result<Changes<'a>, Why> {
    let rules = rules(owner, subject);
    let mut changes = Vec::new();
    for offence in offences {
        let Some((place, permission, range)) = meant(subject.item, offence) else {
            return Err(Why::new("the rule does not say which permission is to blame"));
        };
        let ports = Ports::of_permission(permission);
        let instead = if range.contains(':') { &to.ipv6 } else { &to.ipv4 };
        let mut left = None;
        for (spot, protocol) in &rules {
            if Ports::of_block(spot.block, protocol).as_ref() != Some(&ports) {
                continue;
            }
            let layout = Layout::of(&spot.file.text);
            let Some((edit, new)) = narrowed(spot.block, range, instead, layout) else { continue };
            is_single(spot)?;
            let ranges = ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];
            if ranges.iter().any(|argument| is_ignored(spot.block, argument, &spot.file.text))
                || is_ignored(spot.block, "ingress", &spot.file.text)
                || is_ignored(owner.block, "ingress", &owner.file.text)
            {
                return Err(Why::new("Terraform ignores changes of `ingress`"));
            }
            changes.push((*spot, edit));
            left = Some(new.or(left.flatten()));
        }
        let Some(new) = left else { return Err(elsewhere(owner, &ports, range)) };
        shown(item, place, range, new.as_deref());
    }
    Ok(changes)
}

/// Shows every permission that an offence is about with another range.
pub fn foreseen(mended: &mut Object, item: &Object, offences: &[Offence<'_>], to: &Narrow) {
    for (place, _, range) in offences.iter().filter_map(|offence| meant(item, offence)) {
        shown(mended, place, range, Some(if range.contains(':') { &to.ipv6 } else { &to.ipv4 }));
    }
}

/// Whether a rule that an offence is about is still there.
pub fn any_left(owner: &Spot<'_>, subject: &Subject<'_>, offences: &[Offence<'_>]) -> bool {
    let rules = rules(owner, subject);
    offences.iter().filter_map(|offence| meant(subject.item, offence)).any(|(_, permission, range)| {
        let ports = Ports::of_permission(permission);
        rules.iter().any(|(spot, protocol)| {
            Ports::of_block(spot.block, protocol).as_ref() == Some(&ports)
                && narrowed(spot.block, range, "", Layout::of(&spot.file.text)).is_some()
        })
    })
}

/// Shows beside the item's permissions those that the text of a group tells of, whether or not anybody has captured them; what is no
/// literal tells of none.
pub fn told(item: &mut Object, owner: &Spot<'_>, subject: &Subject<'_>) {
    let permissions = item.get_mut("configuration").and_then(|all| all.get_mut("ipPermissions"));
    let Some(Value::Array(permissions)) = permissions else { return };
    for (spot, protocol) in rules(owner, subject) {
        let Some(Ports { protocol, from, to }) = Ports::of_block(spot.block, protocol) else { continue };
        let ranges = ranges(spot.block);
        let of = |is_v6: bool, member: &str| -> Value {
            ranges.iter().filter(|range| range.contains(':') == is_v6).map(|range| json!({member: range})).collect()
        };
        let mut permission = json!({
            "ipProtocol": protocol,
            "ipv4Ranges": of(false, "cidrIp"),
            "ipv6Ranges": of(true, "cidrIpv6"),
        });
        for (name, port) in [("fromPort", from), ("toPort", to)] {
            if let (Some(port), Some(members)) = (port, permission.as_object_mut()) {
                members.insert(name.to_owned(), json!(port));
            }
        }
        permissions.push(permission);
    }
}

/// The ranges of a block that are literals.
fn ranges(block: &Block) -> Vec<String> {
    let said = |name: &str| block.argument(name).map(|argument| &argument.said);
    let single = SINGLE.iter().filter_map(|name| text(said(name)?));
    let listed = LISTS.iter().filter_map(|name| match said(name)? {
        Said::List(items) => Some(items.iter().filter_map(|(_, said)| text(said)).collect::<Vec<_>>()),
        _ => None,
    });
    single.chain(listed.flatten()).collect()
}

/// Why a rule is not among the blocks.
fn elsewhere(owner: &Spot<'_>, ports: &Ports, range: &str) -> Why {
    let Ports { protocol, from, to } = ports;
    let ports = match (from, to) {
        (Some(from), Some(to)) => format!("{protocol} {from} to {to}"),
        _ => format!("protocol {protocol}"),
    };
    let how = if owner.block.is_dynamic("ingress") || owner.block.argument("ingress").is_some() {
        format!("{} makes its rules by an expression", owner.address())
    } else {
        format!("no rule of {} says so by its text", owner.address())
    };
    Why::new(format!("{how}: {ports} from {range}"))
}

/// How a block is narrowed, and the range that it has in place of the one; `None` where it does not have that.
fn narrowed(block: &Block, range: &str, instead: &str, layout: Layout<'_>) -> Option<(Edit, Option<String>)> {
    let is_it = |said: &Said| matches!(said, Said::Literal(Value::String(text)) if text == range);
    let new =
        |at: &Range<usize>| Some((replaced(at, literal(&Value::from(instead)), layout), Some(instead.to_owned())));
    for name in SINGLE {
        if let Some(argument) = block.argument(name).filter(|argument| is_it(&argument.said)) {
            return new(&argument.value);
        }
    }
    for name in LISTS {
        let Some(Said::List(items)) = block.argument(name).map(|argument| &argument.said) else { continue };
        let Some(at) = items.iter().position(|(_, said)| is_it(said)) else { continue };
        // Where there are others, nobody needs to be let in instead.
        return match items.as_slice() {
            [(span, _)] => new(span),
            several => Some((without(several, at, layout)?, None)),
        };
    }
    None
}

/// Shows a permission with another range, or without it.
fn shown(item: &mut Object, place: usize, range: &str, new: Option<&str>) {
    let permission = item.get_mut("configuration").and_then(|all| all.get_mut("ipPermissions")?.get_mut(place));
    let Some(Value::Object(permission)) = permission else { return };
    for (name, member) in [("ipv4Ranges", "cidrIp"), ("ipv6Ranges", "cidrIpv6"), ("ipRanges", "cidrIp")] {
        let Some(Value::Array(ranges)) = permission.get_mut(name) else { continue };
        let is_it =
            |value: &Value| value.as_str() == Some(range) || value.get(member).and_then(Value::as_str) == Some(range);
        match new {
            None => ranges.retain(|value| !is_it(value)),
            Some(new) => {
                for value in ranges.iter_mut().filter(|value| is_it(value)) {
                    *value = if value.is_string() { json!(new) } else { json!({member: new}) };
                }
            }
        }
    }
}
