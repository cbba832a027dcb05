//! The resources that rules join: which of them belong to a resource, and whether all of them are known.

use super::convert::to_rego;
use super::engine::RelatedItems;
use super::metadata::{Join, JoinScope, Rule};
use crate::domain::inventory::{ConfigurationItem, KnownScope, Scope};
use crate::domain::json::{self, Object};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Members that no two resources of a type share.
const IDENTIFYING: [&str; 3] = ["resourceId", "arn", "configuration.name"];

/// Which types were read completely, by scope. Cloning it is cheap.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    scopes: Arc<BTreeMap<Scope, KnownScope>>,
    /// The types that were read completely in every scope.
    everywhere: Arc<BTreeSet<String>>,
}

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
    /// Whether it is not known to be as it is now.
    doubtful: bool,
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
        let mut everywhere: Option<BTreeSet<String>> = None;
        for known in scopes {
            match &mut everywhere {
                Some(kinds) => kinds.retain(|kind| known.covered.contains_key(kind)),
                None => everywhere = Some(known.covered.keys().cloned().collect()),
            }
        }
        let scopes = scopes.iter().map(|known| (known.scope.clone(), known.clone()));
        Self { scopes: Arc::new(scopes.collect()), everywhere: Arc::new(everywhere.unwrap_or_default()) }
    }

    /// Where a join from this scope may mean resources of a type that are not known; `None` where all are. For an account
    /// that is every region of which anything is known.
    fn gap(&self, kind: &str, join: JoinScope, scope: &Scope) -> Option<Scope> {
        let lacks = |known: &KnownScope| !known.covered.contains_key(kind);
        match join {
            JoinScope::Region => self.scopes.get(scope).is_none_or(lacks).then(|| scope.clone()),
            JoinScope::Account => {
                let first = Scope { account: scope.account.clone(), region: String::new() };
                let of_account = self.scopes.range(first..).take_while(|(other, _)| other.account == scope.account);
                let mut of_account = of_account.map(|(_, known)| known).peekable();
                match of_account.peek() {
                    None => Some(scope.clone()),
                    Some(_) => of_account.find(|known| lacks(known)).map(|known| known.scope.clone()),
                }
            }
            JoinScope::Tenant if self.everywhere.contains(kind) => None,
            JoinScope::Tenant => {
                let gap = self.scopes.values().find(|known| lacks(known)).map(|known| known.scope.clone());
                Some(gap.unwrap_or_else(|| scope.clone()))
            }
        }
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
        let scope = item.scope();
        let doubtful = self.coverage.scopes.get(&scope).is_some_and(|known| known.doubt(item).is_some());
        items.push(Joined { scope, value: to_rego(&Value::Object(members)), doubtful });
    }

    /// What a rule joins to a resource. A join whose resources are not known completely says why, unless the very one that the
    /// resource names is there; and so does one with a resource that could not be read since it was last told of.
    pub fn of(&self, rule: &Rule, resource: &Object, scope: &Scope) -> RelatedItems {
        let joins = rule.metadata.related.iter();
        joins.map(|(name, join)| (name.clone(), self.joined(join, resource, scope))).collect()
    }

    fn joined(&self, join: &Join, resource: &Object, scope: &Scope) -> Result<Vec<regorus::Value>, String> {
        let gap = || {
            let Some(Scope { account, region }) = self.coverage.gap(&join.kind, join.scope, scope) else {
                return Ok(());
            };
            Err(format!("the resources of type {} were not read completely in {account}/{region}", join.kind))
        };
        let doubtful = || Err(format!("a resource of type {} could not be read since it was last told of", join.kind));
        let is_meant = |item: &&Joined| join.scope.reaches(scope, &item.scope);
        let items = self.items.get(&join.kind).map(Vec::as_slice).unwrap_or_default();
        let (Some(theirs), Some(ours)) = (&join.theirs, &join.ours) else {
            let all: Vec<&Joined> = items.iter().filter(is_meant).collect();
            gap()?;
            if all.iter().any(|item| item.doubtful) {
                return doubtful();
            }
            return Ok(all.into_iter().map(|item| item.value.clone()).collect());
        };
        let wanted = texts(resource, ours);
        let index = self.index.get(&(join.kind.clone(), theirs.clone()));
        let places: BTreeSet<usize> = wanted.iter().filter_map(|text| index?.get(text)).flatten().copied().collect();
        let found: Vec<&Joined> = places.iter().filter_map(|place| items.get(*place)).filter(is_meant).collect();
        if found.iter().any(|item| item.doubtful) {
            return doubtful();
        }
        // A name that is one resource's alone tells when it is found; of what others share there may be more where nobody looked.
        let named = IDENTIFYING.contains(&theirs.as_str()) && !wanted.is_empty() && found.len() == wanted.len();
        // The resource says itself that there is none.
        let none = wanted.is_empty() && json::at(resource, ours).is_some();
        if !named && !none {
            gap()?;
        }
        Ok(found.into_iter().map(|item| item.value.clone()).collect())
    }
}

/// The texts at a path, of lists on the way each.
fn texts(object: &Object, path: &str) -> BTreeSet<String> {
    json::all_at(object, path).into_iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Coverage, Related};
    use crate::domain::Instant;
    use crate::domain::inventory::{ConfigurationItem, ItemKey, KnownScope, Scope, Unread};
    use serde_json::{Value, json};
    use std::collections::{BTreeMap, BTreeSet};

    /// A trail names its bucket, which is enough to find it; but what could not be read since may be otherwise by now.
    #[test]
    fn what_could_not_be_read_since_is_not_joined() {
        let rules = crate::audit::built_in().unwrap();
        let key = "cloudtrail.logs-s3-bucket-access-logging-enabled";
        let rule = rules.iter().find(|rule| rule.metadata.key == key).unwrap();
        let scope = Scope { account: "123456789012".to_owned(), region: "eu-west-1".to_owned() };
        let kind = "AWS::S3::Bucket".to_owned();
        let Scope { account, region } = scope.clone();
        let key = ItemKey { account, region, kind: kind.clone(), id: "logs".to_owned() };
        let mut bucket = ConfigurationItem::new(key, Instant(1_000));
        bucket.configuration.insert("name".to_owned(), json!("logs"));
        let Value::Object(trail) = json!({"configuration": {"s3BucketName": "logs"}}) else { unreachable!() };
        for (tried, found) in [(None, true), (Some(999), true), (Some(1_000), false), (Some(2_000), false)] {
            let unread = |at| (kind.clone(), Unread { at: Instant(at), reason: "AccessDenied".to_owned() });
            let known = KnownScope {
                scope: scope.clone(),
                covered: BTreeMap::new(),
                kinds: BTreeSet::from([kind.clone()]),
                unread: tried.map(unread).into_iter().collect(),
            };
            let mut related = Related::new(Coverage::of(&[known]));
            related.add(&bucket, [rule]);
            let joined = related.of(rule, &trail, &scope);
            assert!(!joined.is_empty() && joined.values().all(|joined| joined.is_ok() == found), "{tried:?}");
        }
    }
}
