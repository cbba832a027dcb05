//! Which resources a configuration names without a relationship that says so.

use super::ConfigurationItem;
use serde_json::Value;
use std::collections::HashSet;

/// Members that hold the name of a resource of a type, where names alone would tell too little.
const BY_NAME: [(&str, &str); 4] = [
    ("s3bucketname", "AWS::S3::Bucket"),
    ("destinationbucketname", "AWS::S3::Bucket"),
    ("s3deliverybucketname", "AWS::S3::Bucket"),
    ("loadbalancername", "AWS::ElasticLoadBalancing::LoadBalancer"),
];

impl ConfigurationItem {
    /// Every name by which findings may be about this resource: its ARN, its id and its place in the graph.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.arn.iter().cloned().collect();
        names.extend([self.id.clone(), self.node()]);
        names.dedup();
        names
    }

    /// The names in its configuration that may be those of other resources.
    pub fn references(&self) -> References<'_> {
        let mut references = References::default();
        for (name, value) in self.configuration.iter().chain(&self.supplementary) {
            references.take(name, value);
        }
        references
    }
}

/// Names of resources in a configuration.
#[derive(Debug, Default)]
pub struct References<'a> {
    /// Ids that no other resource has, and ARNs.
    distinctive: HashSet<&'a str>,
    /// Types, and names of resources of them.
    named: HashSet<(&'static str, &'a str)>,
}

impl<'a> References<'a> {
    fn take(&mut self, member: &str, value: &'a Value) {
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| self.take(name, value)),
            Value::Array(items) => items.iter().for_each(|item| self.take(member, item)),
            Value::String(text) => {
                if is_distinctive(text) {
                    self.distinctive.insert(text);
                }
                let of_member = BY_NAME.iter().filter(|(known, _)| member.eq_ignore_ascii_case(known));
                self.named.extend(of_member.map(|(_, kind)| (*kind, text.as_str())));
            }
            _ => {}
        }
    }

    /// Whether a resource is among them.
    pub fn name(&self, other: &ConfigurationItem) -> bool {
        let is_named = |(kind, name): &(&str, &str)| *kind == other.kind && *name == other.id;
        self.distinctive.contains(other.id.as_str())
            || other.arn.as_ref().is_some_and(|arn| self.distinctive.contains(arn.as_str()))
            || self.named.iter().any(is_named)
    }
}

/// Whether an id is one that AWS gave: a short word, a hyphen, and at least eight hexadecimal digits; or an ARN.
fn is_distinctive(id: &str) -> bool {
    let given = id.split_once('-').is_some_and(|(word, digits)| {
        let is_word = (1..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase());
        is_word && digits.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    given || id.starts_with("arn:")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use crate::domain::Instant;
    use crate::domain::inventory::{ConfigurationItem, ItemKey};
    use serde_json::{Value, json};

    fn item(kind: &str, id: &str, configuration: &Value) -> ConfigurationItem {
        let key = ItemKey { account: "1".into(), region: "r".into(), kind: kind.into(), id: id.into() };
        let configuration = configuration.as_object().unwrap().clone();
        ConfigurationItem { configuration, ..ConfigurationItem::new(key, Instant(0)) }
    }

    #[test]
    fn ids_arns_and_known_names_are_references() {
        let group = item("AWS::EC2::SecurityGroup", "sg-0123abcd", &json!({}));
        let mut bucket = item("AWS::S3::Bucket", "logs", &json!({}));
        bucket.arn = Some("arn:aws:s3:::logs".to_owned());
        for (configuration, to_group, to_bucket) in [
            (json!({"securityGroups": [{"groupId": "sg-0123abcd"}]}), true, false),
            (json!({"s3BucketName": "logs"}), false, true),
            (json!({"policy": {"Resource": ["arn:aws:s3:::logs"]}}), false, true),
            (json!({"name": "logs", "description": "sg-0123abcd and more"}), false, false),
        ] {
            let from = item("AWS::X::Y", "x", &configuration);
            let references = from.references();
            assert_eq!((references.name(&group), references.name(&bucket)), (to_group, to_bucket), "{configuration}");
        }
    }
}
