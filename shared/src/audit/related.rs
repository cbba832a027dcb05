//! The resources that rules join: which of them belong to a resource, and whether all of them are known.

use super::convert::to_rego;
use super::engine::RelatedItems;
use super::metadata::{Join, JoinScope, Rule};
use crate::domain::inventory::{ConfigurationItem, KnownScope, Scope};
use crate::domain::json::{self, Object};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Members that no two resources of a type share.
const IDENTIFYING: [&str; 3] = ["resourceId", "arn", "configuration.name"];

/// Which types were read completely, by scope.
#[derive(Debug, Clone, Default)]
pub struct Coverage(BTreeMap<Scope, BTreeSet<String>>);

/// Items that rules may join.
#[derive(Debug, Default)]
pub struct Related {
    coverage: Coverage,
    items: HashMap<String, Vec<Joined>>,
    /// Places of the items of a type by the text of one of their members.
    index: HashMap<(String, String), HashMap<String, Vec<usize>>>,
}

#[derive(Debug)]
struct Joined {
    scope: Scope,
    value: regorus::Value,
}

impl JoinScope {
    /// Whether a join from a resource in one scope looks for others in another.
    fn reaches(self, from: &Scope, other: &Scope) -> bool {
        match self {
            Self::Region => other == from,
            Self::Account => other.account == from.account,
            Self::Tenant => true,
        }
    }
}

impl Coverage {
    /// What is known of scopes.
    pub fn of(scopes: &[KnownScope]) -> Self {
        Self(scopes.iter().map(|known| (known.scope.clone(), known.covered.keys().cloned().collect())).collect())
    }

    /// Whether every resource of a type is known that a join from this scope may mean. For an account that is every region of
    /// which anything is known.
    pub fn is_complete(&self, kind: &str, join: JoinScope, scope: &Scope) -> bool {
        let mut meant = self.0.iter().filter(|(other, _)| join.reaches(scope, other)).peekable();
        meant.peek().is_some() && meant.all(|(_, kinds)| kinds.contains(kind))
    }
}

impl Related {
    /// No items yet; `coverage` tells what is missing.
    pub fn new(coverage: Coverage) -> Self {
        Self { coverage, ..Self::default() }
    }

    /// The types that rules join to resources of a scope, by the scopes of `known` in which they are looked for.
    pub fn wanted<'a>(
        rules: impl IntoIterator<Item = &'a Rule>,
        scope: &Scope,
        known: &[KnownScope],
    ) -> BTreeMap<Scope, BTreeSet<String>> {
        let mut wanted: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
        for join in rules.into_iter().flat_map(|rule| rule.metadata.related.values()) {
            let there = known.iter().filter(|other| join.scope.reaches(scope, &other.scope));
            for other in there.filter(|other| other.kinds.contains(&join.kind)) {
                wanted.entry(other.scope.clone()).or_default().insert(join.kind.clone());
            }
        }
        wanted
    }

    /// Adds an item that `rules` may join.
    pub fn add<'a>(&mut self, item: &ConfigurationItem, rules: impl IntoIterator<Item = &'a Rule>) {
        let Value::Object(members) = item.to_value() else { return };
        let joins = rules.into_iter().flat_map(|rule| rule.metadata.related.values());
        let paths: BTreeSet<&str> =
            joins.filter(|join| join.kind == item.kind).filter_map(|join| join.theirs.as_deref()).collect();
        let items = self.items.entry(item.kind.clone()).or_default();
        for path in paths {
            let index = self.index.entry((item.kind.clone(), path.to_owned())).or_default();
            for text in texts(&members, path) {
                index.entry(text).or_default().push(items.len());
            }
        }
        items.push(Joined { scope: item.scope(), value: to_rego(&Value::Object(members)) });
    }

    /// What a rule joins to a resource. A join whose resources are not known completely is `None`, unless the very one that the resource
    /// names is there.
    pub fn of(&self, rule: &Rule, resource: &Object, scope: &Scope) -> RelatedItems {
        let joins = rule.metadata.related.iter();
        joins.map(|(name, join)| (name.clone(), self.joined(join, resource, scope))).collect()
    }

    fn joined(&self, join: &Join, resource: &Object, scope: &Scope) -> Option<Vec<regorus::Value>> {
        let complete = self.coverage.is_complete(&join.kind, join.scope, scope);
        let is_meant = |item: &&Joined| join.scope.reaches(scope, &item.scope);
        let items = self.items.get(&join.kind).map(Vec::as_slice).unwrap_or_default();
        let (Some(theirs), Some(ours)) = (&join.theirs, &join.ours) else {
            let all = items.iter().filter(is_meant).map(|item| item.value.clone());
            return complete.then(|| all.collect());
        };
        let wanted = texts(resource, ours);
        let index = self.index.get(&(join.kind.clone(), theirs.clone()));
        let places: BTreeSet<usize> = wanted.iter().filter_map(|text| index?.get(text)).flatten().copied().collect();
        let found: Vec<regorus::Value> = places
            .iter()
            .filter_map(|place| items.get(*place))
            .filter(is_meant)
            .map(|item| item.value.clone())
            .collect();
        // A name that is one resource's alone tells when it is found; of what others share there may be more where nobody looked.
        let named = IDENTIFYING.contains(&theirs.as_str()) && !wanted.is_empty() && found.len() == wanted.len();
        // The resource says itself that there is none.
        let none = wanted.is_empty() && json::at(resource, ours).is_some();
        (complete || named || none).then_some(found)
    }
}

/// The texts at a path, of lists on the way each.
fn texts(object: &Object, path: &str) -> BTreeSet<String> {
    json::all_at(object, path).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
