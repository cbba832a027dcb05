//! What audits cost: evaluations a second, memory, and the loading of rules.
//!
//! The resources are those of the rules' own cases, put into 40 accounts and 16 regions and judged scope by scope, as runs
//! do; only the judging is timed, with the conversion of each item and of those that rules join.

use super::Options;
use indicatif::ProgressBar;
use posture_shared::audit::intake::{Context, normalise};
use posture_shared::audit::{
    Case, Coverage, Engine, Expected, Problem, Related, Rule, RuleSource, Verdict, built_in_sources, check, library,
    load,
};
use posture_shared::domain::inventory::{ConfigurationItem, KnownScope, Scope};
use posture_shared::domain::json::Object;
use posture_shared::domain::{Error, Instant};
use posture_shared::operations::Auditor;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant as Clock};

const ACCOUNTS: u32 = 40;
const REGIONS: u32 = 16;
/// Rules whose loading is measured.
const LOADED: usize = 200;
/// The instant of every evaluation.
const NOW: Instant = Instant(1_767_225_600_000);

/// Tells what audits cost. To come first: the memory told is the most that the process had until then.
pub(super) fn measure(options: &Options, progress: &ProgressBar, report: &mut super::Report) -> Result<(), Error> {
    if options.resources == 0 {
        return Ok(());
    }
    let pool = Pool::of_cases()?;
    progress.set_length(u64::from(options.resources));
    let judged = judge(options.resources, &pool, progress)?;
    let count = judged.verdicts.values().sum::<u64>();
    let rate = count as f64 / judged.time.as_secs_f64().max(1e-9);
    let name = format!("audit of {} resources by {} rules", options.resources, judged.rules);
    report.tell(&name, format!("{rate:.0} evaluations a second"));
    let verdicts: Vec<String> = judged.verdicts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    report.tell("  verdicts", verdicts.join(", "));
    if let Some(peak) = peak_memory() {
        report.tell("  peak memory", format!("{:.0} MB", peak as f64 / 1e6));
    }
    let (loaded, compiled) = loading()?;
    let milliseconds = |time: Duration| format!("{:.0} ms of CPU", time.as_secs_f64() * 1e3);
    report.tell(&format!("  {LOADED} rules, loaded to the first verdict"), milliseconds(loaded));
    report.tell("  and every one of them compiled", milliseconds(compiled));
    Ok(())
}

/// Resources to choose from, by type.
struct Pool(Vec<(String, Vec<Object>)>);

impl Pool {
    fn of_cases() -> Result<Self, Error> {
        let mut pool: BTreeMap<String, Vec<Object>> = BTreeMap::new();
        for source in built_in_sources() {
            let (rule, cases) = check(&source, library()).map_err(|problems| first(&problems))?;
            for case in cases.into_iter().filter(|case| case.expect != Expected::Unknown) {
                let kind = &rule.metadata.resource_type;
                pool.entry(kind.clone()).or_default().push(case.item(kind));
                for (name, items) in case.related {
                    let Some(join) = rule.metadata.related.get(&name) else { continue };
                    pool.entry(join.kind.clone()).or_default().extend(items.unwrap_or_default().into_iter().map(
                        |mut item| {
                            item.insert("resourceType".to_owned(), Value::String(join.kind.clone()));
                            item
                        },
                    ));
                }
            }
        }
        for items in pool.values_mut() {
            let mut whole = Object::new();
            items.iter().for_each(|item| fill(&mut whole, item));
            items.iter_mut().for_each(|item| fill(item, &whole));
        }
        Ok(Self(pool.into_iter().collect()))
    }

    /// The resource of a number, in a scope.
    fn item(&self, number: usize, scope: &Scope) -> Result<ConfigurationItem, Error> {
        let (kind, members) = self.0.get(number % self.0.len().max(1)).ok_or_else(|| Error::internal("no rules"))?;
        let member = members.get(number / self.0.len().max(1) % members.len().max(1)).cloned();
        let mut item = member.ok_or_else(|| Error::internal(format!("no case has a resource of {kind}")))?;
        item.insert("accountId".to_owned(), Value::String(scope.account.clone()));
        item.insert("awsRegion".to_owned(), Value::String(scope.region.clone()));
        item.entry("resourceId".to_owned()).or_insert_with(|| Value::String("example".to_owned()));
        let context = Context { account: None, region: None, at: NOW };
        let items = normalise(&Value::Object(item), &context);
        let items = items.map_err(|rejection| Error::internal(format!("a case of {kind}: {}", rejection.message)))?;
        items.into_iter().next().ok_or_else(|| Error::internal("an item was lost"))
    }
}

/// Adds the members that an item does not have: a case has no more than its rule looks at.
fn fill(item: &mut Object, from: &Object) {
    for (name, value) in from {
        match (item.get_mut(name), value) {
            (None, _) => drop(item.insert(name.clone(), value.clone())),
            (Some(Value::Object(mine)), Value::Object(theirs)) if name.ends_with("onfiguration") => fill(mine, theirs),
            (Some(_), _) => {}
        }
    }
}

struct Judged {
    rules: usize,
    time: Duration,
    verdicts: BTreeMap<&'static str, u64>,
}

fn judge(resources: u32, pool: &Pool, progress: &ProgressBar) -> Result<Judged, Error> {
    let mut auditor = Auditor::built_in()?;
    let rules: Vec<Rule> = auditor.rules().to_vec();
    let joined: BTreeSet<&str> =
        rules.iter().flat_map(|rule| rule.metadata.related.values()).map(|join| join.kind.as_str()).collect();
    let kinds: BTreeSet<String> = pool.0.iter().map(|(kind, _)| kind.clone()).collect();
    let covered: BTreeMap<String, Instant> = kinds.iter().map(|kind| (kind.clone(), NOW)).collect();
    let scopes = (0..ACCOUNTS).flat_map(|account| (0..REGIONS).map(move |region| (account, region)));
    let known: Vec<KnownScope> = scopes
        .map(|(account, region)| KnownScope {
            scope: Scope {
                account: format!("{:012}", 100_000_000_000_u64 + u64::from(account)),
                region: format!("xx-test-{region}"),
            },
            covered: covered.clone(),
            unread: BTreeMap::new(),
            kinds: kinds.clone(),
        })
        .collect();
    let coverage = Coverage::of(&known);
    let mut judged = Judged { rules: rules.len(), time: Duration::ZERO, verdicts: BTreeMap::new() };
    let share = (resources as usize).div_ceil(known.len().max(1));
    let mut next = 0;
    for scope in &known {
        let numbers = next..(next + share).min(resources as usize);
        next = numbers.end;
        let items = numbers.map(|number| pool.item(number, &scope.scope)).collect::<Result<Vec<_>, Error>>()?;
        let begun = Clock::now();
        let mut related = Related::new(coverage.clone());
        for item in items.iter().filter(|item| joined.contains(item.kind.as_str())) {
            related.add(item, &rules);
        }
        for item in &items {
            for judgement in auditor.judge(item, &related, NOW) {
                *judged.verdicts.entry(word(&judgement.verdict)).or_default() += 1;
            }
        }
        judged.time += begun.elapsed();
        progress.inc(items.len() as u64);
    }
    Ok(judged)
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "fail",
        Verdict::NotApplicable => "not applicable",
        Verdict::Unknown(_) => "unknown",
    }
}

/// What it takes to load rules up to the first verdict, and until all of them are compiled.
fn loading() -> Result<(Duration, Duration), Error> {
    let copies = built_in_sources().collect::<Vec<_>>();
    let sources: Vec<RuleSource> =
        (0..).flat_map(|turn| copies.iter().map(move |source| copy(source, turn))).take(LOADED).collect();
    let case: Option<Case> = check(copies.first().ok_or_else(|| Error::internal("no rules"))?, library())
        .map_err(|problems| first(&problems))?
        .1
        .into_iter()
        .next();
    let begun = cpu_time();
    let rules = sources.iter().map(load).collect::<Result<Vec<Rule>, _>>().map_err(|problems| first(&problems))?;
    let mut engine = Engine::new(library().iter().copied(), &rules);
    if let Some((case, rule)) = case.zip(rules.first()) {
        let _ = case.judge(&mut engine, rule);
    }
    let loaded = cpu_time().saturating_sub(begun);
    engine.compile(&rules).map_err(|problem| first(&[problem]))?;
    Ok((loaded, cpu_time().saturating_sub(begun)))
}

/// The rule under another key, from the second turn on.
fn copy(source: &RuleSource, turn: usize) -> RuleSource {
    let mut source = source.clone();
    if turn == 0 {
        return source;
    }
    let key = format!("{}.{turn}", source.folder);
    let package = |key: &str| format!("package rules.{}", key.replace(['.', '-'], "_"));
    for file in &mut source.files {
        file.text = file.text.replacen(&format!("key: {}", source.folder), &format!("key: {key}"), 1);
        file.text = file.text.replacen(&package(&source.folder), &package(&key), 1);
    }
    source.folder = key;
    source
}

fn first(problems: &[Problem]) -> Error {
    Error::internal(problems.first().map(ToString::to_string).unwrap_or_default())
}

/// The CPU time of this thread as Linux counts it; elsewhere the clock's.
fn cpu_time() -> Duration {
    static BEGUN: std::sync::LazyLock<Clock> = std::sync::LazyLock::new(Clock::now);
    let counted = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = counted.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| BEGUN.elapsed(), Duration::from_nanos)
}

/// The most memory that this process ever had, in bytes, as Linux counts it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
