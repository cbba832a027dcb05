//! A tenant's own rules, compiled, and the parameters that it has set.
//!
//! Compiled rules are remembered by their versions for as long as a process lives, so that a run reads two short lists and
//! compiles nothing anew. A parameter that the rule does not take any more, because it has a newer version, has no effect.

use crate::audit::{
    self, Input, Origin, OwnEngine, Problem, RelatedItems, Rule, RuleSource, SourceFile, Verdict, params,
};
use crate::domain::audit_rule::{Files, OwnRule, Param, RuleParams};
use crate::domain::json::Object;
use crate::domain::{Error, TenantId};
use crate::ledger::Reader;
use crate::secrets::sha256_hex;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Sets of compiled rules that a process remembers: one takes some megabytes.
const REMEMBERED: usize = 8;

/// What a tenant adds to the catalogue.
pub(super) struct TenantRules {
    /// Its rules; `None` without any.
    pub own: Option<Own>,
    /// Those that it has retired.
    pub retired: Vec<Rule>,
    /// Those that do not compile any more, and why.
    pub broken: Vec<String>,
    /// What it has set, by key of the rule.
    pub params: BTreeMap<String, Object>,
}

/// Rules of a tenant, compiled.
#[derive(Clone)]
pub(super) struct Own {
    rules: Arc<Vec<Rule>>,
    engine: OwnEngine,
}

impl Own {
    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Judges a resource by one of them.
    pub fn judge(&mut self, rule: &Rule, input: &Input, related: &RelatedItems, params: &Object) -> Verdict {
        self.engine.judge(rule, input, related, params)
    }
}

/// Rules that were read and compiled: what runs judge by, what was retired, and what does not compile.
#[derive(Clone)]
struct Compiled {
    own: Option<Own>,
    retired: Vec<Rule>,
    broken: Vec<String>,
}

static COMPILED: LazyLock<Mutex<HashMap<String, Compiled>>> = LazyLock::new(Mutex::default);

/// What a tenant adds to these rules of the catalogue.
pub(super) async fn load(reader: &Reader, tenant: &TenantId, shipped: &[Rule]) -> Result<TenantRules, Error> {
    let (own, set) = tokio::try_join!(reader.own_rule_list(tenant), reader.rule_params_list(tenant))?;
    let Compiled { own, retired, broken } = compiled(reader, tenant, &own).await?;
    let rules: Vec<&Rule> = shipped.iter().chain(own.as_ref().map(Own::rules).into_iter().flatten()).collect();
    let effective = |RuleParams { key, values, set: _ }: RuleParams| {
        let rule = rules.iter().find(|rule| rule.metadata.key == key)?;
        let values = taken(&rule.metadata.params, &values);
        (!values.is_empty()).then_some((key, values))
    };
    let params = set.into_iter().filter_map(effective).collect();
    Ok(TenantRules { own, retired, broken, params })
}

/// The rules of a tenant by which runs judge; `None` without any.
pub(super) async fn own(reader: &Reader, tenant: &TenantId) -> Result<Option<Own>, Error> {
    let own = reader.own_rule_list(tenant).await?;
    Ok(compiled(reader, tenant, &own).await?.own)
}

/// Of the values that were set those that a rule with these parameters takes and that are not its defaults.
pub(super) fn taken(takes: &BTreeMap<String, Param>, values: &Object) -> Object {
    let takes = |(name, value): &(&String, &serde_json::Value)| {
        takes.get(*name).is_some_and(|param| params::check(param, value).is_ok() && param.default != **value)
    };
    values.iter().filter(takes).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// A version of a tenant's rule, read from its files. Its number is the version's, whatever `rule.yaml` says.
pub(super) fn read(rule: &OwnRule, files: &Files) -> Result<Rule, Vec<Problem>> {
    let mut read = audit::load(&source(&rule.key, files))?;
    read.origin = Origin::Tenant;
    read.metadata.version = rule.version();
    Ok(read)
}

/// The files of a rule as they are checked.
pub(super) fn source(key: &str, files: &Files) -> RuleSource {
    let files = files.iter().map(|(name, text)| SourceFile { name: name.clone(), text: text.clone() });
    RuleSource { folder: key.to_owned(), files: files.collect() }
}

async fn compiled(reader: &Reader, tenant: &TenantId, own: &[OwnRule]) -> Result<Compiled, Error> {
    if own.is_empty() {
        return Ok(Compiled { own: None, retired: Vec::new(), broken: Vec::new() });
    }
    let named = own.iter().map(|rule| {
        let digest = rule.newest().map_or("", |version| version.digest.as_str());
        format!("{} {} {digest} {}", rule.key, rule.version(), rule.retired.is_some())
    });
    let name = sha256_hex(named.collect::<Vec<_>>().join("\n").as_bytes());
    if let Some(known) = COMPILED.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
        return Ok(known.clone());
    }
    let digests = own.iter().filter_map(OwnRule::newest).map(|version| &version.digest);
    let files = reader.rule_files(tenant, digests).await?;
    let compiled = compile(own, &files);
    // What failed may have failed for want of something at the moment.
    if !compiled.broken.is_empty() {
        return Ok(compiled);
    }
    let mut known = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() >= REMEMBERED {
        known.clear();
    }
    known.insert(name, compiled.clone());
    Ok(compiled)
}

fn compile(own: &[OwnRule], files: &BTreeMap<String, Files>) -> Compiled {
    let (mut rules, mut retired, mut broken) = (Vec::new(), Vec::new(), Vec::new());
    let said = |problem: &Problem| problem.to_string();
    for rule in own {
        let files = rule.newest().and_then(|version| files.get(&version.digest));
        match files.map(|files| read(rule, files)) {
            Some(Ok(read)) if rule.retired.is_some() => retired.push(read),
            Some(Ok(read)) => rules.push(read),
            Some(Err(problems)) => broken.extend(problems.first().map(said)),
            None => broken.push(format!("{}: its files are gone", rule.key)),
        }
    }
    // One that does not compile any more must not take the others with it.
    let mut engine = OwnEngine::new(&rules);
    if engine.is_err() {
        rules.retain(|rule| match OwnEngine::new(std::slice::from_ref(rule)) {
            Ok(_) => true,
            Err(problem) => {
                broken.push(said(&problem));
                false
            }
        });
        engine = OwnEngine::new(&rules);
    }
    let own = match engine {
        Ok(engine) if !rules.is_empty() => Some(Own { rules: Arc::new(rules), engine }),
        Ok(_) => None,
        Err(problem) => {
            broken.push(said(&problem));
            None
        }
    };
    Compiled { own, retired, broken }
}
