//! What a rule wants changed in Terraform: the member `terraform` of its `rule.yaml`.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What to change in Terraform.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terraform {
    /// The type of the Terraform resource that is changed: `aws_s3_bucket_versioning`.
    pub resource: String,
    /// The argument or block of it that is to blame.
    pub attribute: String,
    /// How it is changed, where that can be said for every resource.
    #[serde(default)]
    pub patch: Option<Patch>,
}

/// How Terraform is changed.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    /// Where the resource that is changed is not the one that is judged: how it names that one.
    #[serde(default)]
    pub of: Option<Follow>,
    /// Arguments that get a value.
    #[serde(default)]
    pub set: Vec<Setting>,
    /// Blocks that are taken out.
    #[serde(default)]
    pub remove: Vec<Remove>,
    /// Inbound rules that anyone may use are narrowed to these networks.
    #[serde(default)]
    pub narrow: Option<Narrow>,
    /// What whoever applies it should know before: that the resource is replaced, for example.
    #[serde(default)]
    pub caution: Option<String>,
}

/// A resource that belongs to another one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Follow {
    /// The type of the resource that is judged: `aws_s3_bucket`.
    pub resource: String,
    /// The argument that names it: `bucket`.
    pub by: String,
    /// What of it the argument is set to in a new resource: `id`.
    pub with: String,
    /// The block of the judged resource that says the same in older configurations. Where it is there, there is no patch.
    #[serde(default)]
    pub unless: Option<String>,
    /// Whether a missing one is added.
    #[serde(default)]
    pub add: bool,
}

/// An argument that gets a value.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name, with those of the blocks that it stands in before it: `metadata_options.http_tokens`.
    pub argument: String,
    /// Its value. A text `{{params.NAME}}` is the value of a parameter.
    #[serde(default)]
    pub value: Option<Value>,
    /// A list: what must be in the argument's, beside what is there.
    #[serde(default)]
    pub contains: Option<Vec<Value>>,
    /// Members of the configuration item that follow, as dotted paths, each with the value that it then has; `null` stands for the
    /// argument's own. `items[0]` is a place in a list, and `items[].name` makes an object of each item of a list.
    pub item: BTreeMap<String, Value>,
}

/// Blocks that are taken out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// Their kind: `ingress`.
    pub block: String,
    /// The list of the configuration item that is empty then.
    pub item: String,
}

/// The networks that inbound rules are narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narrow {
    /// In place of every IPv4 address.
    pub ipv4: String,
    /// In place of every IPv6 address.
    pub ipv6: String,
}

impl Terraform {
    /// What is wrong with it, each with the member to look at.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let Self { resource, attribute: _, patch } = self;
        let Some(patch) = patch else { return Vec::new() };
        let mut names = vec![resource];
        if let Some(Follow { resource, by, with, unless, add: _ }) = &patch.of {
            names.extend([resource, by, with].into_iter().chain(unless));
        }
        names.extend(patch.remove.iter().map(|remove| &remove.block));
        let wrong = names.into_iter().filter(|name| !is_name(name));
        let mut problems: Vec<(&'static str, String)> =
            wrong.map(|name| ("terraform", format!("{name} is no name in Terraform"))).collect();
        problems.extend(patch.problems());
        problems
    }
}

/// Whether a text is a name as providers have them.
fn is_name(text: &str) -> bool {
    let is_rest = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(is_rest)
}

impl Patch {
    fn problems(&self) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        let kinds = [!self.set.is_empty(), !self.remove.is_empty(), self.narrow.is_some()];
        if kinds.iter().filter(|is_there| **is_there).count() != 1 {
            problems.push(("patch", "patch must have one of set, remove and narrow".to_owned()));
        }
        for Setting { argument, value, contains, item } in &self.set {
            if value.is_some() == contains.is_some() {
                problems.push(("set", format!("{argument} must have either value or contains")));
            }
            if item.is_empty() {
                problems.push(("item", format!("{argument} must name members of the item that follow from it")));
            }
            if contains.is_some() && argument.contains('.') {
                problems.push(("contains", format!("{argument} stands in a block, where contains cannot be")));
            }
            if !argument.split('.').all(is_name) {
                problems.push(("argument", format!("{argument} is no name of an argument")));
            }
            let plain = |value: &Value| !matches!(value, Value::Object(_) | Value::Array(_));
            let writable = match value {
                Some(Value::Array(items)) => items.iter().all(plain),
                Some(value) => plain(value),
                None => true,
            };
            if !writable || contains.iter().flatten().any(|value| !plain(value)) {
                problems.push(("value", format!("{argument} can be a text, number, boolean or list of these")));
            }
        }
        problems
    }

    /// The members of the configuration item that it changes, without places in lists.
    pub fn members(&self) -> impl Iterator<Item = String> {
        let set = self.set.iter().flat_map(|setting| setting.item.keys());
        let removed = self.remove.iter().map(|remove| &remove.item);
        set.chain(removed).map(|path| plain(path))
    }

    /// The values that its arguments have once it is applied, parameters filled in; `None` where one is not there.
    pub fn values(&self, params: &serde_json::Map<String, Value>) -> Option<Vec<Value>> {
        let value = |setting: &Setting| match (&setting.value, &setting.contains) {
            (Some(Value::String(text)), _) => {
                let name = text.strip_prefix("{{params.").and_then(|rest| rest.strip_suffix("}}"));
                name.map_or_else(|| Some(Value::String(text.clone())), |name| params.get(name).cloned())
            }
            (Some(value), _) => Some(value.clone()),
            (None, Some(items)) => Some(Value::Array(items.clone())),
            (None, None) => None,
        };
        self.set.iter().map(value).collect()
    }
}

/// A path without places in lists.
fn plain(path: &str) -> String {
    let name = |part: &str| part.split('[').next().unwrap_or_default().to_owned();
    path.split('.').map(name).collect::<Vec<_>>().join(".")
}
