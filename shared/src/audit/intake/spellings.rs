//! How AWS Config spells the members of a type's configuration, and which of them are supplementary.
//!
//! From AWS's published schemas of AWS Config (awslabs/aws-config-resource-schema, Apache-2.0): per type the names along
//! its paths.

use serde_json::Value;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of a type.
#[derive(Debug, Default)]
pub(super) struct Spelling {
    /// The name for a name in lower case.
    names: HashMap<String, String>,
    /// Supplementary members, in lower case.
    supplementary: Vec<String>,
    /// Names begin with capitals, as they do in CloudFormation.
    capitals: bool,
}

static TYPES: LazyLock<HashMap<String, Spelling>> = LazyLock::new(|| {
    let data = crate::domain::json::parse(include_bytes!("spellings.json")).unwrap_or_default();
    let types = data.as_object().into_iter().flatten();
    types.map(|(kind, value)| (kind.clone(), Spelling::of(value))).collect()
});

/// The spelling of a type of which AWS has published one.
pub(super) fn of(kind: &str) -> Option<&'static Spelling> {
    TYPES.get(kind)
}

impl Spelling {
    fn of(value: &Value) -> Self {
        let words = |member: &str| value.get(member).and_then(Value::as_str).unwrap_or_default().split_whitespace();
        let names: Vec<&str> = words("keys").collect();
        let supplementary: Vec<String> = words("supplementary").map(str::to_lowercase).collect();
        let is_capital = |name: &&&str| name.starts_with(char::is_uppercase);
        let capitals = names.iter().filter(is_capital).count() > names.len() / 2;
        let mut spelling = Self { names: HashMap::new(), supplementary, capitals };
        for name in names {
            // Of two spellings the first one stands nearer to the root, or in front of it in the alphabet.
            spelling.names.entry(name.to_lowercase()).or_insert_with(|| name.to_owned());
        }
        spelling
    }

    /// A member's name as AWS Config spells it.
    pub(super) fn name(&self, name: &str) -> String {
        match self.names.get(&name.to_lowercase()) {
            Some(known) => known.clone(),
            None if self.capitals => name.to_owned(),
            None => uncapitalized(name),
        }
    }

    /// Whether a member stands in the supplementary configuration.
    pub(super) fn is_supplementary(&self, name: &str) -> bool {
        self.supplementary.contains(&name.to_lowercase())
    }
}

/// The general rule between the two: the first letter's case.
pub(super) fn uncapitalized(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
