//! Which resources a configuration names without a relationship that says so.

use super::ConfigurationItem;
use serde_json::Value;

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

    /// Whether the configuration names the other one: by its ARN, by an id that no other resource has, or by its name
    /// in a member that holds such names.
    pub fn refers_to(&self, other: &Self) -> bool {
        let members = self.configuration.iter().chain(&self.supplementary);
        members.into_iter().any(|(name, value)| holds(name, value, other))
    }
}

fn holds(member: &str, value: &Value, other: &ConfigurationItem) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| holds(name, value, other)),
        Value::Array(items) => items.iter().any(|item| holds(member, item, other)),
        Value::String(text) => {
            let is_own = other.arn.as_ref() == Some(text) || (other.id == *text && is_distinctive(text));
            let of_name = |(known, kind): &(&str, &str)| *kind == other.kind && member.eq_ignore_ascii_case(known);
            is_own || (other.id == *text && BY_NAME.iter().any(of_name))
        }
        _ => false,
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
            assert_eq!((from.refers_to(&group), from.refers_to(&bucket)), (to_group, to_bucket), "{configuration}");
        }
    }
}
