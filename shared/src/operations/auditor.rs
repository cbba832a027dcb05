//! The rules of a run, ready to judge: the catalogue's, and a tenant's own with the parameters that it has set.

use super::tenant_rules::{self, Own, TenantRules};
use crate::audit::{self, Engine, Input, Judgement, Origin, Related, Rule, Verdict};
use crate::domain::framework::{Control, FrameworkQuery};
use crate::domain::inventory::{ConfigurationItem, Scope};
use crate::domain::json::Object;
use crate::domain::{Error, Instant, TenantId};
use crate::ledger::Reader;
use crate::secrets::sha256_hex;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

/// Rules and the evaluators that compile them.
#[derive(Clone)]
pub struct Auditor {
    rules: Arc<Vec<Rule>>,
    /// Places of rules by the type that they judge.
    by_kind: Arc<BTreeMap<String, Vec<usize>>>,
    /// Judges by the catalogue's rules.
    engine: Engine,
    /// The tenant's own ones, compiled apart: nothing that they say reaches the catalogue's.
    own: Option<Own>,
    /// What the tenant has set, by key of the rule.
    params: Arc<BTreeMap<String, Object>>,
    /// Rules that the tenant has retired, whose findings end.
    retired: Arc<Vec<Rule>>,
    /// Rules of the tenant's that could not be compiled, and why.
    broken: Arc<Vec<String>>,
}

/// The rules that the program brings along, read once in the life of a process.
static BUILT_IN: LazyLock<Result<Auditor, String>> = LazyLock::new(|| {
    let rules = audit::built_in().map_err(|problem| problem.to_string())?;
    Ok(Auditor::new(rules))
});

impl Auditor {
    /// The rules that the program brings along.
    pub fn built_in() -> Result<Self, Error> {
        BUILT_IN.clone().map_err(Error::internal)
    }

    /// These rules and a tenant's own, by the parameters that it has set.
    pub async fn of_tenant(reader: &Reader, tenant: &TenantId) -> Result<Self, Error> {
        let shipped = Self::built_in()?;
        let TenantRules { own, retired, broken, params } = tenant_rules::load(reader, tenant, &shipped.rules).await?;
        if own.is_none() && retired.is_empty() && broken.is_empty() && params.is_empty() {
            return Ok(shipped);
        }
        let (params, retired, broken) = (Arc::new(params), Arc::new(retired), Arc::new(broken));
        let Some(own) = own else { return Ok(Self { params, retired, broken, ..shipped }) };
        let rules: Vec<Rule> = shipped.rules.iter().chain(own.rules()).cloned().collect();
        Ok(Self { own: Some(own), params, retired, broken, ..shipped }.with(Arc::new(rules)))
    }

    fn new(rules: Arc<Vec<Rule>>) -> Self {
        let engine = Engine::new(audit::library().iter().copied(), rules.iter());
        let (params, retired, broken) = (Arc::default(), Arc::default(), Arc::default());
        let auditor =
            Self { by_kind: Arc::default(), rules: Arc::default(), engine, own: None, params, retired, broken };
        auditor.with(rules)
    }

    fn with(self, rules: Arc<Vec<Rule>>) -> Self {
        Self { by_kind: Arc::new(places(&rules)), rules, ..self }
    }

    /// Only the rules that check controls of a framework; [`Error::Invalid`] names `field` when there is none.
    pub fn of_framework(&self, framework: &FrameworkQuery, field: &str) -> Result<Self, Error> {
        check_framework(self.rules.iter().map(|rule| rule.controls.as_slice()), framework, field)?;
        let is_of = |rule: &&Rule| is_of(framework, &rule.controls);
        let rules = Arc::new(self.rules.iter().filter(is_of).cloned().collect());
        let retired = Arc::new(self.retired.iter().filter(is_of).cloned().collect());
        Ok(Self { retired, ..self.clone() }.with(rules))
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules, for whoever judges by one of them meanwhile.
    pub(super) fn shared(&self) -> Arc<Vec<Rule>> {
        Arc::clone(&self.rules)
    }

    /// What tells these rules from others.
    pub fn digest(&self) -> String {
        let named = self.rules.iter().map(|rule| format!("{} {}", rule.metadata.rule_id, rule.digest));
        sha256_hex(named.collect::<Vec<_>>().join("\n").as_bytes())
    }

    /// The ids of rules that the tenant has retired.
    pub fn retired(&self) -> BTreeSet<&str> {
        self.retired.iter().map(|rule| rule.metadata.rule_id.as_str()).collect()
    }

    /// Why rules of the tenant's are not among these.
    pub fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The rules that judge resources of these types.
    pub fn rules_for<'a>(&'a self, kinds: &'a BTreeSet<String>) -> impl Iterator<Item = &'a Rule> + Clone {
        self.rules.iter().filter(|rule| kinds.contains(&rule.metadata.resource_type))
    }

    /// The types of resources that the rules judge.
    pub fn kinds(&self) -> BTreeSet<String> {
        self.by_kind.keys().cloned().collect()
    }

    /// The types of resources that the rules judge or join.
    pub fn needed_kinds(&self) -> BTreeSet<String> {
        let joined = self.rules.iter().flat_map(|rule| rule.metadata.related.values()).map(|join| join.kind.clone());
        self.kinds().into_iter().chain(joined).collect()
    }

    /// What the tenant has set for a rule, with the defaults of what it has not.
    pub fn params(&self, rule: &Rule) -> Object {
        let mut params = rule.metadata.defaults();
        params.extend(
            self.params
                .get(&rule.metadata.key)
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        params
    }

    /// Judges a resource, as rules see it, by one rule, at an instant.
    pub fn judge_by(&mut self, rule: &Rule, members: Object, scope: &Scope, related: &Related, at: Instant) -> Verdict {
        let (none, input) = (Object::new(), Input::new(members, at));
        let joined = related.of(rule, input.resource(), scope);
        let set = self.params.get(&rule.metadata.key).unwrap_or(&none);
        match (rule.origin, &mut self.own) {
            (Origin::Tenant, Some(own)) => own.judge(rule, &input, &joined, set),
            _ => self.engine.judge(rule, &input, &joined, set),
        }
    }

    /// Judges a resource by every rule for its type, at an instant.
    pub fn judge<'a>(&'a mut self, item: &'a ConfigurationItem, related: &Related, at: Instant) -> Vec<Judgement<'a>> {
        let Some(places) = self.by_kind.get(&item.kind) else { return Vec::new() };
        let Value::Object(members) = item.to_value() else { return Vec::new() };
        let scope: Scope = item.scope();
        let none = Object::new();
        let input = Input::new(members, at);
        let mut judgements = Vec::with_capacity(places.len());
        for rule in places.iter().filter_map(|place| self.rules.get(*place)) {
            let joined = related.of(rule, input.resource(), &scope);
            let params = self.params.get(&rule.metadata.key);
            let set = params.unwrap_or(&none);
            let verdict: Verdict = match (rule.origin, &mut self.own) {
                (Origin::Tenant, Some(own)) => own.judge(rule, &input, &joined, set),
                _ => self.engine.judge(rule, &input, &joined, set),
            };
            judgements.push(Judgement { rule, item, verdict, params });
        }
        judgements
    }
}

/// The frameworks that rules check controls of, those that have most rules first.
pub(super) fn frameworks_of<'a>(rules: impl Iterator<Item = &'a [Control]>) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for controls in rules {
        let frameworks: BTreeSet<&str> = controls.iter().map(|control| control.framework.as_str()).collect();
        for framework in frameworks {
            *counts.entry(framework).or_default() += 1;
        }
    }
    let mut frameworks: Vec<(&str, usize)> = counts.into_iter().collect();
    frameworks.sort_by_key(|(framework, count)| (std::cmp::Reverse(*count), *framework));
    frameworks.into_iter().map(|(framework, _)| framework.to_owned()).collect()
}

/// Refuses a framework of which no rule checks a control; [`Error::Invalid`] names `field`.
pub(super) fn check_framework<'a>(
    mut rules: impl Iterator<Item = &'a [Control]> + Clone,
    framework: &FrameworkQuery,
    field: &str,
) -> Result<(), Error> {
    let known = rules.clone();
    if rules.any(|controls| is_of(framework, controls)) {
        return Ok(());
    }
    let known = frameworks_of(known).join(", ");
    Err(Error::invalid(field, format!("there is no rule for it; there are rules for {known}")))
}

fn is_of(framework: &FrameworkQuery, controls: &[Control]) -> bool {
    controls.iter().any(|control| framework.matches(control))
}

fn places(rules: &[Rule]) -> BTreeMap<String, Vec<usize>> {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, rule) in rules.iter().enumerate() {
        places.entry(rule.metadata.resource_type.clone()).or_default().push(place);
    }
    places
}
