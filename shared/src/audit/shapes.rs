//! Which members the resources of a type have.
//!
//! One file a type in `rules/shapes`: a JSON object of dotted paths without places, each with what is there. `any` stands for
//! whatever is below: policy documents, maps with names of the user. The paths of Config's types are facts of AWS's
//! published Config schema; those of the facts that Config does not have are ours, as are members that the schema leaves out.

use super::catalogue::SHAPES;
use crate::domain::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The members of one type.
#[derive(Debug, Default)]
pub struct Shape {
    /// Every path and each of its beginnings.
    paths: BTreeSet<String>,
    /// Paths below which anything may be.
    open: BTreeSet<String>,
}

static KNOWN: LazyLock<BTreeMap<&'static str, Shape>> =
    LazyLock::new(|| SHAPES.iter().map(|(kind, text)| (*kind, Shape::read(text))).collect());

/// Members of every item, whatever its type.
const OF_ALL: [&str; 14] = [
    "accountId",
    "arn",
    "availabilityZone",
    "awsRegion",
    "configurationItemCaptureTime",
    "configurationItemStatus",
    "relationships.resourceId",
    "relationships.resourceName",
    "relationships.resourceType",
    "relationships.relationshipName",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceType",
];

/// The AWS types whose members are known, in order.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    KNOWN.keys().copied()
}

/// The members of a type; `None` when nothing is known of it.
pub fn shape(kind: &str) -> Option<&'static Shape> {
    KNOWN.get(kind)
}

impl Shape {
    fn read(text: &str) -> Self {
        let mut shape = Self::default();
        let read = json::parse(text.as_bytes()).ok();
        let members = read.as_ref().and_then(serde_json::Value::as_object);
        let own = members.into_iter().flatten().map(|(path, kind)| (path.as_str(), kind.as_str() == Some("any")));
        for (path, open) in own.chain(OF_ALL.into_iter().map(|path| (path, false))).chain([("tags", true)]) {
            if open {
                shape.open.insert(path.to_owned());
            }
            let ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
            shape.paths.extend(ends.filter_map(|end| path.get(..end)).map(str::to_owned));
        }
        shape
    }

    /// Whether a resource of the type can have the member at a dotted path without places.
    pub fn has(&self, path: &str) -> bool {
        let mut ends = path.match_indices('.').map(|(end, _)| end).chain([path.len()]);
        self.paths.contains(path) || ends.any(|end| path.get(..end).is_some_and(|start| self.open.contains(start)))
    }

    /// The path of a known member that is most like `path`, to be proposed.
    pub fn nearest(&self, path: &str) -> Option<&str> {
        let (parent, _) = path.rsplit_once('.')?;
        let same = |known: &&String| known.eq_ignore_ascii_case(path);
        let sibling = |known: &&String| known.rsplit_once('.').is_some_and(|(above, _)| above == parent);
        // As much of the beginning as can be, and then as little more as can be.
        let likeness = |known: &&String| {
            let common = known.chars().zip(path.chars()).take_while(|(a, b)| a == b).count();
            (common, std::cmp::Reverse(known.len()))
        };
        let found = self.paths.iter().find(same);
        found.or_else(|| self.paths.iter().filter(sibling).max_by_key(likeness)).map(String::as_str)
    }
}
