//! Every dialect tells the same story of one instant, and it is the model's (DESIGN §2, the table of vocabularies).
//!
//! Lists are walked through the HTTP door while both writers go on writing, folding, failing and starting anew. A walk
//! stands on the state that its first page was answered from: it returns each row of that state once, with one total,
//! two days later too.
//!
//! `PROVE_CASES` asks for more cases than the usual ones, `PROVE_SEED` for others.

use super::door::{Asked, Dialect, Walk, path};
use super::naive::{Point, State};
use super::parts::parts;
use super::run::Run;
use super::said::{infracast, said, told};
use super::steps::{Step, When, step};
use crate::house::{key, send, tenant};
use lambda_http::http::Method;
use posture_functions::App;
use posture_shared::auth::Wish;
use posture_shared::domain::{Instant, Presence, Scope, Uids};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Moves of a case.
const MOVES: usize = 50;
/// Cases unless `PROVE_CASES` says otherwise.
const CASES: u32 = 24;
const LATER_MS: i64 = 47 * 3_600_000;

/// Something that happens, or that is asked.
#[derive(Debug, Clone)]
enum Move {
    /// See [`Step`].
    Step(Step),
    /// The dialects' lists of one instant are compared.
    Agree { who: usize, when: When, limit: usize },
    /// A list is asked for, whose pages are fetched by and by.
    Open { who: usize, dialect: usize, parts: Vec<usize>, when: When, limit: usize },
    /// The next page of an open list.
    Page { who: usize, list: usize },
}

/// A list that is walked, and what may come: one state's rows, or those before and after the request where no answer
/// says which of them it is of.
struct Open {
    walk: Walk,
    expected: Vec<Vec<(String, Value)>>,
}

/// Two processes and the model, entered by the HTTP door.
pub(super) struct Doors {
    pub(super) run: Run,
    token: String,
    uids: Uids,
    lists: Vec<Open>,
}

fn moves() -> impl Strategy<Value = Move> {
    let when = || {
        let beside = (any::<u16>(), -1..=1_i64).prop_map(|(n, ms)| When::Beside(n.into(), ms));
        prop_oneof![1 => Just(When::Now), 2 => beside]
    };
    let open = (0..2_usize, 0..Dialect::ALL.len(), vec(any::<u8>().prop_map(usize::from), 0..4), when(), 1..40_usize);
    prop_oneof![
        12 => step().prop_map(Move::Step),
        1 => (0..2_usize, when(), 1..100_usize).prop_map(|(who, when, limit)| Move::Agree { who, when, limit }),
        6 => open.prop_map(|(who, dialect, parts, when, limit)| Move::Open { who, dialect, parts, when, limit }),
        6 => (0..2_usize, any::<u8>()).prop_map(|(who, list)| Move::Page { who, list: list.into() }),
    ]
}

#[test]
fn dialects_tell_the_models_story_whatever_happens() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&number("PROVE_SEED").unwrap_or(0).to_be_bytes());
    let config = Config {
        cases: number("PROVE_CASES").unwrap_or(CASES),
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = TestRunner::new_with_rng(config, rng).run(&vec(moves(), 1..=MOVES), |moves| {
        runtime.block_on(Box::pin(async {
            let mut doors = Doors::new().await;
            for step in moves {
                doors.carry_out(step).await;
            }
            doors.finish().await;
        }));
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

impl Doors {
    /// An empty ledger.
    pub(super) async fn new() -> Self {
        let run = Run::new().await;
        let (name, scopes) = ("reader".to_owned(), [Scope::FindingsRead].into());
        let wish = Wish { name, scopes, accounts: None, expires_at: None, rate_per_minute: Some(u32::MAX) };
        let token = key(&run.writers[0], "acme", wish).await.token;
        let uids = run.writers[0].uids(&run.world.tenant).await.unwrap();
        Self { run, token, uids, lists: Vec::new() }
    }

    fn app(&self, who: usize) -> App {
        App::new(self.run.writers[who].clone(), tenant("acme"))
    }

    async fn carry_out(&mut self, step: Move) {
        match step {
            Move::Step(step) => Box::pin(self.run.step(step)).await,
            Move::Agree { who, when, limit } => {
                let at = self.instant(who, when).unwrap_or_else(|| self.run.clocks[who].now().plus(-1));
                Box::pin(self.agree(who, at, limit)).await;
            }
            Move::Open { who, dialect, parts, when, limit } => {
                Box::pin(self.open(who, Dialect::ALL[dialect], &parts, when, limit)).await;
            }
            Move::Page { who, list } if !self.lists.is_empty() => {
                let mut list = self.lists.remove(list % self.lists.len());
                list.walk.page(&self.app(who), &self.token).await;
                self.put(list);
            }
            Move::Page { .. } => {}
        }
    }

    /// What is left of the walks is fetched two days later, from processes that know nothing; and the dialects agree.
    async fn finish(mut self) {
        for who in [0, 1] {
            let later = self.run.now(who).plus(LATER_MS);
            self.run.clocks[who].set(later);
            Box::pin(self.run.step(Step::Fold { who })).await;
            Box::pin(self.run.step(Step::Restart { who })).await;
        }
        for (n, list) in std::mem::take(&mut self.lists).into_iter().enumerate() {
            let walk = list.walk.finish(&self.app(n % 2), &self.token).await;
            self.put(Open { walk, ..list });
        }
        let points = self.run.naive.turning_points();
        for at in points.into_iter().step_by(9).chain([self.run.clocks[0].now().plus(-1)]) {
            Box::pin(self.agree(0, at.min(self.run.clocks[0].now().plus(-1)), 17)).await;
        }
    }

    /// The instant that is meant, always before the clock: from the clock on it would be now.
    fn instant(&self, who: usize, when: When) -> Option<Instant> {
        let at = self.run.instant(who, when)?;
        Some(at.min(self.run.clocks[who].now().plus(-1)))
    }

    /// Walks a list of all that a dialect has as of an instant, and compares it with a replay of the model.
    pub(super) async fn replay(&self, who: usize, dialect: Dialect, at: Instant) -> usize {
        let asked = Asked { dialect, pairs: Vec::new(), as_of: Some(at), limit: 100 };
        let expected = self.expected(&asked, self.run.naive.at(at), &|_| true);
        let walk = Walk::new(asked).finish(&self.app(who), &self.token).await;
        let came: Vec<(String, Value)> =
            walk.names().into_iter().zip(walk.rows.iter().map(|row| told(dialect, row))).collect();
        assert_eq!(came, expected, "{dialect:?} as of {at}");
        assert!(walk.total.is_none_or(|total| total == expected.len()), "{dialect:?} as of {at}: {:?}", walk.total);
        came.len()
    }

    async fn open(&mut self, who: usize, dialect: Dialect, chosen: &[usize], when: When, limit: usize) {
        let as_of = self.instant(who, when);
        let around = as_of.unwrap_or_else(|| self.run.now(who));
        let known = parts(dialect, around, &self.uids);
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut accepts = Vec::new();
        for part in chosen.iter().map(|n| &known[n % known.len()]) {
            if !part.pairs.iter().any(|(name, _)| pairs.iter().any(|(known, _)| known == name)) {
                pairs.extend(part.pairs.iter().cloned());
                accepts.push(&part.accepts);
            }
        }
        let is_asked = |state: &State| accepts.iter().all(|accepts| accepts(state));
        let asked = Asked { dialect, pairs, as_of, limit };
        let earliest = self.run.now(who);
        let mut walk = Walk::new(asked);
        walk.page(&self.app(who), &self.token).await;
        let latest = self.run.now(who);
        let newest = |at| Point { seq: self.run.naive.tip(), at };
        let points = match (as_of, walk.at) {
            (Some(at), _) => vec![self.run.naive.at(at)],
            (None, Some(at)) => vec![newest(at)],
            (None, None) => vec![newest(earliest), newest(latest)],
        };
        assert!(as_of.is_some() || points.iter().all(|point| earliest <= point.at && point.at <= latest), "{points:?}");
        assert!(walk.at.is_none() || as_of.is_none() || walk.at == as_of, "{:?}", walk.asked);
        let mut expected: Vec<_> = points.iter().map(|point| self.expected(&walk.asked, *point, &is_asked)).collect();
        expected.dedup();
        self.put(Open { walk, expected });
    }

    /// What the model says should come, in order.
    fn expected(&self, asked: &Asked, point: Point, accepts: &dyn Fn(&State) -> bool) -> Vec<(String, Value)> {
        let Asked { dialect, pairs, .. } = asked;
        let sent = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
        let is_listed = |state: &State| {
            *dialect != Dialect::Infracast || sent("status").is_some() || infracast(state) == Some("open")
        };
        let mut states = self.run.naive.states(point);
        states.retain(|state| said(*dialect, state).is_some() && is_listed(state) && accepts(state));
        let gravest = |state: &State| Reverse(state.finding.standing.severity);
        let newest = |state: &State| Reverse(state.finding.standing.first_seen);
        // In the order of their numbers they are already, and sorting keeps it.
        match (dialect, sent("sort")) {
            (Dialect::Bitdefender | Dialect::SecurityHub, _) => {}
            (Dialect::Beta | Dialect::Ga, _) => states.sort_by_key(gravest),
            (Dialect::Infracast, Some("severity")) => {
                states.sort_by_key(|state| (state.finding.standing.severity, newest(state)));
            }
            (Dialect::Infracast, Some("created_at")) => {
                states.sort_by_key(|state| (state.finding.standing.first_seen, gravest(state)));
            }
            (Dialect::Infracast, Some("-created_at")) => {
                states.sort_by_key(|state| (newest(state), gravest(state)));
            }
            (Dialect::Infracast, _) => states.sort_by_key(|state| (gravest(state), newest(state))),
        }
        states.iter().map(|state| (self.name(*dialect, state), said(*dialect, state).unwrap())).collect()
    }

    fn name(&self, dialect: Dialect, state: &State) -> String {
        let key = state.finding.key();
        match dialect {
            Dialect::SecurityHub => format!("{}/{}", key.product_arn, key.id),
            _ => self.uids.finding(posture_shared::domain::Ordinal(state.ordinal)).to_string(),
        }
    }

    /// Compares what has come of a list, and keeps the list while there is more.
    fn put(&mut self, mut list: Open) {
        let Open { walk, expected } = &mut list;
        let dialect = walk.asked.dialect;
        let came: Vec<(String, Value)> =
            walk.names().into_iter().zip(walk.rows.iter().map(|row| told(dialect, row))).collect();
        let is_it = |rows: &Vec<(String, Value)>| {
            rows.starts_with(&came)
                && walk.total.is_none_or(|total| total == rows.len())
                && (!walk.is_over() || rows.len() == came.len())
        };
        assert!(
            expected.iter().any(is_it),
            "{:?}, total {:?}: came {came:#?}\nof {expected:#?}",
            walk.asked,
            walk.total
        );
        if !walk.is_over() {
            self.lists.push(list);
        }
    }

    /// The findings of a list, all of its pages.
    async fn named(&self, who: usize, asked: Asked) -> BTreeSet<String> {
        let walk = Walk::new(asked).finish(&self.app(who), &self.token).await;
        let names = walk.names();
        let distinct: BTreeSet<String> = names.iter().cloned().collect();
        assert_eq!(distinct.len(), names.len(), "a row came twice: {:?}", walk.asked);
        distinct
    }

    /// The dialects' lists of one instant are the same sets of findings under other names.
    async fn agree(&self, who: usize, at: Instant, limit: usize) {
        let ask = async |dialect: Dialect, pairs: &[(&str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            self.named(who, Asked { dialect, pairs, as_of: Some(at), limit }).await
        };
        let states = self.run.naive.states(self.run.naive.at(at));
        let by = |dialect: Dialect, is: &dyn Fn(&State) -> bool| -> BTreeSet<String> {
            states.iter().filter(|state| is(state)).map(|state| self.name(dialect, state)).collect()
        };
        let is_gone = |state: &State| state.finding.standing.presence == Presence::Gone;
        let checks =
            async |statuses: &str| ask(Dialect::Bitdefender, &[("results", "fail"), ("statuses", statuses)]).await;
        let muted =
            async |dialect, word: &str| ask(dialect, &[("filter[evaluation]", "fail"), ("filter[muted]", word)]).await;
        let status = async |word: &str| ask(Dialect::Infracast, &[("status", word)]).await;

        let fails = ask(Dialect::Bitdefender, &[("results", "fail")]).await;
        let (open, accepted) = (checks("open,needs_review").await, checks("risk_accepted,false_positive").await);
        let remediated = checks("remediated").await;
        let together: BTreeSet<String> = open.iter().chain(&accepted).chain(&remediated).cloned().collect();
        assert_eq!(together, fails, "every fail has a status, at {at}");
        assert_eq!(together.len(), open.len() + accepted.len() + remediated.len(), "and one only, at {at}");
        assert_eq!(status("open").await, open, "Infracast, open, at {at}");
        assert_eq!(status("accepted").await, accepted, "Infracast, accepted, at {at}");
        for dialect in [Dialect::Beta, Dialect::Ga] {
            let unmuted: BTreeSet<String> = muted(dialect, "false").await.difference(&remediated).cloned().collect();
            assert_eq!(unmuted, open, "{dialect:?}, not muted, at {at}");
            assert_eq!(muted(dialect, "true").await, accepted, "{dialect:?}, muted, at {at}");
        }
        let passes = ask(Dialect::Bitdefender, &[("results", "pass")]).await;
        assert_eq!(ask(Dialect::Beta, &[("filter[evaluation]", "pass")]).await, passes, "Datadog, pass, at {at}");
        let ever_failed = by(Dialect::Infracast, &|state| state.finding.standing.ever_failed);
        let gone = by(Dialect::Infracast, &is_gone);
        let was_fail = passes.union(&gone).filter(|name| ever_failed.contains(*name));
        let resolved: BTreeSet<String> = remediated.iter().chain(was_fail).cloned().collect();
        assert_eq!(status("resolved").await, resolved, "Infracast, resolved, at {at}");
        assert_eq!(status("all").await, &(&open | &accepted) | &resolved, "Infracast, all, at {at}");

        let condition = |value: &str, how: &str| format!(r#"{{"Value": "{value}", "Comparison": "{how}"}}"#);
        let not = ["PASSED", "WARNING", "NOT_AVAILABLE"].map(|value| condition(value, "NOT_EQUALS")).join(",");
        let active = format!("[{}]", condition("ACTIVE", "EQUALS"));
        let failed = [("RecordState", active.as_str()), ("ComplianceStatus", &format!("[{not}]"))];
        let certain = |state: &State| {
            fails.contains(&self.name(Dialect::Bitdefender, state)) && state.finding.standing.unknown_since.is_none()
        };
        let found = ask(Dialect::SecurityHub, &failed).await;
        assert_eq!(found, by(Dialect::SecurityHub, &certain), "Security Hub, failed and active, at {at}");
        let newest = newest_versions(&states);
        self.rules(who, at, &newest).await;
        if let Some(state) = states.get(limit % states.len().max(1)) {
            self.look(who, state, at, &newest).await;
        }
    }

    /// Every rule is shown in the newest version that a finding judges by.
    async fn rules(&self, who: usize, at: Instant, newest: &BTreeMap<String, u32>) {
        let path = path("/v1/cspm/rules", &[("as_of".to_owned(), at.to_string())]);
        let answer = send(&self.app(who), &self.token, Method::GET, &path, &Value::Null).await;
        let rows = answer.body["data"].as_array().unwrap().iter().map(|row| &row["attributes"]);
        let told = rows.map(|row| (row["name"].as_str().unwrap().to_owned(), row["version"].as_u64().unwrap()));
        let expected = newest.iter().map(|(name, version)| (name.clone(), u64::from(*version)));
        assert_eq!(told.collect::<BTreeMap<_, _>>(), expected.collect(), "{path}");
    }

    /// One finding by its uid is in every dialect what its row is, or nothing.
    async fn look(&self, who: usize, state: &State, at: Instant, newest: &BTreeMap<String, u32>) {
        let uid = self.name(Dialect::Bitdefender, state);
        let (at_iso, at_ms) =
            (("as_of".to_owned(), at.to_string()), ("snapshot_timestamp".to_owned(), at.0.to_string()));
        for (dialect, list, at, pointer) in [
            (Dialect::Bitdefender, "/v1/cspm/checks", at_iso.clone(), "/data"),
            (Dialect::Beta, "/api/v2/posture_management/findings", at_ms.clone(), "/data/attributes/finding"),
            (Dialect::Ga, "/datadog/api/v2/posture_management/findings", at_ms, "/data"),
            (Dialect::Infracast, "/api/v1/tenants/acme/findings", at_iso, ""),
        ] {
            let path = path(&format!("{list}/{uid}"), &[at]);
            let answer = send(&self.app(who), &self.token, Method::GET, &path, &Value::Null).await;
            let row = answer.body.pointer(pointer).filter(|_| answer.status == 200);
            assert!(answer.status == 200 || answer.status == 404, "{path}: {}", answer.body);
            assert_eq!(row.map(|row| told(dialect, row)), said(dialect, state), "{path}: {}", answer.body);
            if let Some(version) = row.and_then(|row| row.pointer("/relationships/rule/data/meta/version")) {
                assert_eq!(version, &json!(newest[rule_of(state)]), "{path}: {}", answer.body);
            }
        }
    }
}

fn rule_of(state: &State) -> &str {
    state.finding.asff["GeneratorId"].as_str().unwrap()
}

/// The highest number of a version of each rule that findings judge by.
fn newest_versions(states: &[State]) -> BTreeMap<String, u32> {
    let mut newest = BTreeMap::new();
    for state in states {
        let known = newest.entry(rule_of(state).to_owned()).or_insert(0);
        *known = state.finding.standing.rule_version.max(*known);
    }
    newest
}
