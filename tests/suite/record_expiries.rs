//! The job and trigger `record-expiries` (DESIGN §6): killed at any point the next worker goes on and the result is the same; nothing is missed, nothing
//! recorded twice, and no job runs for ever.

use crate::house::{ARN, House, START, finding, tenant};
use lambda_http::http::Method;
use posture_functions::record_expiries;
use posture_local::faults::Fault;
use posture_shared::domain::finding::Vocabulary;
use posture_shared::domain::{
    Actor, Caller, Column, Family, Finding, FindingKey, Instant, Job, JobKind, JobState, Ruling, Scope, Seen, Source,
    Status, Terms, asff, job,
};
use posture_shared::ledger::{Intent, Need, When, Writer};
use posture_shared::operations::{Slice, decide_finding, decide_findings, run_expiries};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

const ACCOUNT: &str = "111111111111";
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
const KIND: JobKind = JobKind::RecordExpiries;

fn key_of(id: &str) -> FindingKey {
    FindingKey { product_arn: ARN.to_owned(), id: id.to_owned() }
}

fn failed(id: &str) -> Value {
    finding(id, ACCOUNT, "FAILED", "2023-11-02T00:00:00Z")
}

fn caller(of: &str) -> Caller {
    let scopes = [Scope::Admin].into();
    Caller { tenant: tenant(of), key_name: "t".to_owned(), scopes, accounts: None, region: None }
}

fn accepting(why: String, end: Instant) -> Ruling {
    Ruling { remarks: Some(why), expires_at: Some(end), ..Ruling::of(Status::RiskAccepted) }
}

async fn accept(house: &House, of: &str, id: &str, end: Instant) {
    decide_finding(house.writer(), &caller(of), key_of(id), accepting(format!("until {end}"), end), &Terms::default())
        .await
        .unwrap();
}

async fn run(house: &House, of: &str) -> Slice {
    run_expiries(house.writer(), &tenant(of)).await.unwrap()
}

async fn the_job(house: &House, of: &str) -> Job {
    house.writer().job_get(&tenant(of), KIND).await.unwrap()
}

/// How often an expiry was recorded, by finding in the order of their numbers.
async fn recorded(writer: &Writer, of: &str) -> Vec<usize> {
    let tenant = tenant(of);
    let view = writer.view(&tenant, When::Now, &Need::all([Family::Core])).await.unwrap();
    let mut counts = Vec::new();
    for n in 0..view.count() {
        let documents = writer.documents_of(&tenant, posture_shared::domain::Ordinal(n)).await.unwrap();
        counts.push(documents.iter().filter(|document| document.actor.source == Source::Expiry).count());
    }
    counts
}

/// The findings whose acceptance is over without that being recorded.
async fn missed(writer: &Writer, of: &str) -> Vec<u32> {
    let view = writer.view(&tenant(of), When::Now, &Need::all([Family::Core])).await.unwrap();
    let is_missed = |n: &u32| {
        let cell = |column| view.cell(posture_shared::domain::Ordinal(*n), column).unwrap();
        let over = cell(Column::ExpiresAt).int().is_some_and(|end| end <= view.at.0);
        over && cell(Column::Status).text() == Some(Status::NeedsReview.word())
    };
    (0..view.count()).filter(is_missed).collect()
}

/// DESIGN §2 and §6: the job adds to the history what reads evaluate by themselves; each tenant has its own.
#[tokio::test]
async fn the_schedule_records_what_ran_out_for_every_tenant() {
    let house = House::new().await;
    for (of, key) in [("acme", &house.acme), ("beta", &house.beta)] {
        house.import(&key.token, &[failed("a"), failed("b"), failed("c")]).await;
        accept(&house, of, "a", START.plus(HOUR)).await;
        accept(&house, of, "b", START.plus(3 * HOUR)).await;
    }
    house.clock.set(START.plus(2 * HOUR));
    let event = json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}});
    assert_eq!(house.app.wake(&record_expiries::TRIGGER, event.clone(), "r").await, Ok(json!({"recorded": 2})));
    assert_eq!(house.app.wake(&record_expiries::TRIGGER, event, "r").await, Ok(json!({"recorded": 0})));
    for (of, key) in [("acme", &house.acme), ("beta", &house.beta)] {
        assert_eq!(recorded(house.writer(), of).await, [1, 0, 0], "{of}");
        let list = house.ask(&key.token, Method::GET, &format!("/api/v1/tenants/{of}/jobs"), &Value::Null).await;
        let job = &list.body["jobs"][0];
        assert_eq!((&job["tenant"], &job["kind"], &job["state"]), (&json!(of), &json!(KIND.name()), &json!("done")));
        assert!(job["done_until"].is_string() && job["lease_until"].is_null() && job["error"].is_null(), "{job}");
    }
    let question = json!({"FindingIdentifier": {"Id": "a", "ProductArn": ARN}});
    let history = house.ask(&house.acme.token, Method::POST, "/findingHistory/get", &question).await;
    let newest = &history.body["Records"][0];
    assert_eq!(newest["UpdateSource"]["Type"], json!("BATCH_UPDATE_FINDINGS"), "{newest}");
    assert!(newest["Updates"].to_string().contains("NOTIFIED"), "{newest}");
    let theirs = house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/beta/jobs", &Value::Null).await;
    assert_eq!(theirs.error(), (404, "NOT_FOUND"));
}

/// Nothing to do costs three requests and no write; a lifted acceptance is looked at once and not again.
#[tokio::test]
async fn idle_runs_write_nothing() {
    let house = House::new().await;
    assert_eq!(run(&house, "acme").await, Slice { recorded: 0, complete: true });
    assert_eq!(the_job(&house, "acme").await.revision, 0, "a tenant without findings has no job");
    house.import(&house.acme.token, &[failed("a")]).await;
    accept(&house, "acme", "a", START.plus(HOUR)).await;
    accept(&house, "acme", "a", START.plus(9 * HOUR)).await;
    for hour in 1..4 {
        house.clock.set(START.plus(hour * HOUR + 1));
        run(&house, "acme").await;
    }
    house.meter.take();
    assert_eq!(run(&house, "acme").await, Slice { recorded: 0, complete: true });
    let counts = house.meter.take();
    assert_eq!((counts.of("GetItem"), counts.of("Query"), counts.total()), (2, 1, 3));
}

/// An acceptance that is written behind the checkpoint, because its end is past or its writer's clock is late.
#[tokio::test]
async fn what_is_accepted_behind_the_checkpoint_is_found() {
    let house = House::new().await;
    house.import(&house.acme.token, &[failed("a"), failed("b"), failed("c")]).await;
    house.clock.set(START.plus(5 * HOUR));
    run(&house, "acme").await;
    accept(&house, "acme", "a", START.plus(HOUR)).await;
    let late = house.beside(START.plus(4 * HOUR));
    accept(&late, "acme", "b", START.plus(4 * HOUR + 1)).await;
    // Both at once: behind the checkpoint, and ahead of it.
    accept(&house, "acme", "c", START.plus(6 * HOUR)).await;
    house.clock.set(START.plus(7 * HOUR));
    assert_eq!(run(&house, "acme").await, Slice { recorded: 3, complete: true });
    assert_eq!(recorded(house.writer(), "acme").await, [1, 1, 1]);
    assert_eq!(run(&house, "acme").await.recorded, 0);
}

/// An acceptance whose end came while the finding passed counts again when a snapshot lets the finding fail: its end is
/// far behind the checkpoint, and no expiry item is new.
#[tokio::test]
async fn what_counts_again_behind_the_checkpoint_is_found() {
    let house = House::new().await;
    snapshot(&house, "a", "FAILED", "2023-11-02T00:00:00Z").await;
    accept(&house, "acme", "a", START.plus(HOUR)).await;
    snapshot(&house, "a", "PASSED", "2023-11-03T00:00:00Z").await;
    house.clock.set(START.plus(2 * HOUR));
    assert_eq!(run(&house, "acme").await, Slice { recorded: 0, complete: true });
    snapshot(&house, "a", "FAILED", "2023-11-04T00:00:00Z").await;
    assert_eq!(missed(house.writer(), "acme").await, [0], "this is the case");
    assert_eq!(run(&house, "acme").await.recorded, 1);
    assert_eq!(missed(house.writer(), "acme").await, Vec::<u32>::new());
}

/// What the hub says of a finding that it has suppressed.
async fn snapshot(house: &House, id: &str, compliance: &str, time: &str) {
    let mut seen = finding(id, ACCOUNT, compliance, time);
    seen["Workflow"] = json!({"Status": "SUPPRESSED"});
    let event = json!({"time": time, "detail": {"findings": [seen]}});
    let answer = house.ask(&house.acme.token, Method::POST, "/api/v1/tenants/acme/snapshots", &event).await;
    assert_eq!((answer.status, &answer.body["rejected"]), (200, &json!(0)), "{}", answer.body);
}

/// A worker killed before or after any of its requests: the next one finishes, and the result is that of an undisturbed
/// run.
#[tokio::test]
async fn a_worker_can_be_killed_at_any_request() {
    let mut finished = false;
    for number in 1..100 {
        for fault in
            [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::Before(number), Fault::After(number)]
        {
            let house = House::new().await;
            let ids = ["a", "b", "c", "d"];
            house.import(&house.acme.token, &ids.map(failed)).await;
            accept(&house, "acme", "a", START.plus(HOUR)).await;
            accept(&house, "acme", "b", START.plus(2 * HOUR)).await;
            accept(&house, "acme", "d", START.plus(9 * HOUR)).await;
            house.clock.set(START.plus(HOUR + 1));
            run(&house, "acme").await;
            accept(&house, "acme", "c", START.plus(1)).await;
            house.clock.set(START.plus(3 * HOUR));
            house.faults.plan(fault);
            let killed = run_expiries(house.writer(), &tenant("acme")).await;
            finished = house.faults.seen() < number;
            let next = house.beside(START.plus(3 * HOUR + 2 * job::LEASE_MS));
            run(&next, "acme").await;
            assert_eq!(recorded(next.writer(), "acme").await, [1, 1, 1, 0], "{fault:?} {killed:?}");
            let job = the_job(&next, "acme").await;
            assert_eq!((job.state, job.error), (JobState::Done, None), "{fault:?} {killed:?}");
        }
        if finished {
            assert!(number > 10, "a run makes more requests than {number}");
            return;
        }
    }
    panic!("a run makes more requests than any should");
}

/// DESIGN §6: `failed` with a reason, and never `running` for ever.
#[tokio::test]
async fn a_job_fails_with_a_reason_and_starts_again() {
    let house = House::new().await;
    house.import(&house.acme.token, &[failed("a")]).await;
    accept(&house, "acme", "a", START.plus(HOUR)).await;
    house.clock.set(START.plus(2 * HOUR));
    // Requests: job, head, expiries, lease; then the commit's first.
    house.faults.plan(Fault::Before(5));
    assert!(run_expiries(house.writer(), &tenant("acme")).await.is_err());
    let job = the_job(&house, "acme").await;
    assert_eq!((job.state, job.lease_until), (JobState::Failed, None));
    assert_eq!(job.error.as_deref(), Some("internal error, see the log"));
    assert_eq!(run(&house, "acme").await, Slice { recorded: 1, complete: true });
    let job = the_job(&house, "acme").await;
    assert_eq!((job.state, job.error), (JobState::Done, None));
}

#[tokio::test]
async fn a_lease_keeps_others_out_until_it_runs_out() {
    let house = House::new().await;
    house.import(&house.acme.token, &[failed("a")]).await;
    accept(&house, "acme", "a", START.plus(HOUR)).await;
    house.clock.set(START.plus(2 * HOUR));
    house.faults.plan(Fault::CrashBefore(5));
    assert!(run_expiries(house.writer(), &tenant("acme")).await.is_err());
    house.faults.plan(Fault::None);
    assert_eq!(the_job(&house, "acme").await.state, JobState::Running);
    // Its clock is not behind the one that the lease was taken by.
    let beside = house.beside(house.clock.now());
    assert_eq!(run(&beside, "acme").await, Slice { recorded: 0, complete: true });
    let later = house.beside(START.plus(2 * HOUR + 2 * job::LEASE_MS));
    let list = later.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/jobs", &Value::Null).await;
    assert_eq!(list.body["jobs"][0]["state"], json!("waiting"), "its worker is gone");
    assert_eq!(run(&later, "acme").await, Slice { recorded: 1, complete: true });
    // Two at once: each expiry once.
    accept(&later, "acme", "a", START.plus(3 * HOUR)).await;
    let (one, two) = (house.beside(START.plus(4 * HOUR)), house.beside(START.plus(4 * HOUR)));
    let (first, second) = tokio::join!(run(&one, "acme"), run(&two, "acme"));
    assert_eq!(first.recorded + second.recorded, 1);
    assert_eq!(recorded(one.writer(), "acme").await, [2]);
}

/// More than a stretch and more than a slice, all with one end.
#[tokio::test]
async fn many_ends_at_one_instant_take_several_slices() {
    const MANY: usize = 2_050;
    let house = House::new().await;
    let end = START.plus(HOUR);
    let ids: Vec<String> = (0..MANY).map(|n| format!("f{n}")).collect();
    for ids in ids.chunks(100) {
        house.import(&house.acme.token, &ids.iter().map(|id| failed(id)).collect::<Vec<_>>()).await;
    }
    let intents = ids.iter().map(|id| {
        let decide = move |current: Option<&Finding>, _: Option<&Seen>, at: Instant| {
            let actor = Actor { source: Source::Decision, identity: "t".to_owned() };
            asff::decide(current, &accepting("known".to_owned(), end), &Terms::default(), &actor, at)
        };
        Intent { key: key_of(id), sent: None, decide: Arc::new(decide) }
    });
    house.writer().submit(&tenant("acme"), intents.collect()).await.unwrap();
    house.clock.set(end);
    let first = run(&house, "acme").await;
    assert!(!first.complete && first.recorded < MANY, "{first:?}");
    let job = the_job(&house, "acme").await;
    assert_eq!((job.state, job.done_until, job.lease_until), (JobState::Waiting, None, None));
    let second = run(&house, "acme").await;
    assert_eq!((first.recorded + second.recorded, second.complete), (MANY, true));
    assert_eq!(missed(house.writer(), "acme").await, Vec::<u32>::new());
}

/// A checkpoint of another log, as after a restore, is worth nothing: everything is looked at again.
#[tokio::test]
async fn a_restored_table_is_noticed() {
    let (house, other) = (House::new().await, House::new().await);
    for house in [&house, &other] {
        house.import(&house.acme.token, &[failed("a"), failed("b")]).await;
        accept(house, "acme", "a", START.plus(HOUR)).await;
    }
    accept(&other, "acme", "b", START.plus(HOUR)).await;
    for house in [&house, &other] {
        house.clock.set(START.plus(2 * HOUR));
    }
    run(&other, "acme").await;
    let foreign = the_job(&other, "acme").await;
    for checkpoint in [foreign.checkpoint.clone(), Some("nonsense".to_owned()), None] {
        let revision = the_job(&house, "acme").await.revision;
        let job = Job { checkpoint, revision, ..foreign.clone() };
        assert!(house.writer().job_put(&tenant("acme"), job).await.unwrap().is_some());
        run(&house, "acme").await;
        assert_eq!(recorded(house.writer(), "acme").await, [1, 0]);
    }
}

/// One thing that happens to one of four findings, or to a clock, or a run of the job.
#[derive(Debug, Clone)]
enum Step {
    Accept(u8, i64),
    Lift(u8),
    Import(u8, bool),
    Snapshot(u8, bool),
    Time(i64),
    Run,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (0..4_u8, -3..6_i64).prop_map(|(n, hours)| Step::Accept(n, hours)),
        (0..4_u8).prop_map(Step::Lift),
        (0..4_u8, any::<bool>()).prop_map(|(n, fails)| Step::Import(n, fails)),
        (0..4_u8, any::<bool>()).prop_map(|(n, fails)| Step::Snapshot(n, fails)),
        (-2..4_i64).prop_map(Step::Time),
        Just(Step::Run),
    ];
    proptest::collection::vec(step, 1..24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever happens between its runs, clocks that go back included, after a run nothing that is over is unrecorded.
    #[test]
    fn no_end_is_missed(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(walk(steps));
    }
}

async fn walk(steps: Vec<Step>) {
    let house = House::new().await;
    let id = |n: u8| format!("f{n}");
    house.import(&house.acme.token, &[0, 1, 2, 3].map(|n| failed(&id(n)))).await;
    let mut hour = 0;
    house.clock.set(START.plus(MINUTE / 2));
    for (place, step) in steps.iter().enumerate() {
        let updated = format!("2023-11-03T00:{:02}:00Z", place + 1);
        let compliance = |fails: bool| if fails { "FAILED" } else { "PASSED" };
        match step {
            Step::Accept(n, hours) => {
                // Never so near to the clock that it comes between a run and the look at its result.
                let end = START.plus((hour + hours) * HOUR + MINUTE * i64::from(*n));
                let ruling = accepting(format!("step {place}"), end);
                // What passes is left.
                let keys = vec![key_of(&id(*n))];
                decide_findings(house.writer(), &caller("acme"), keys, ruling, &Terms::default()).await.unwrap();
            }
            Step::Lift(n) => {
                let body = json!({"Workflow": {"Status": "NEW"},
                    "FindingIdentifiers": [{"Id": id(*n), "ProductArn": ARN}]});
                house.ask(&house.acme.token, Method::PATCH, "/findings/batchupdate", &body).await;
            }
            Step::Import(n, fails) => {
                let sent = finding(&id(*n), ACCOUNT, compliance(*fails), &updated);
                house.import(&house.acme.token, &[sent]).await;
            }
            Step::Snapshot(n, fails) => {
                snapshot(&house, &id(*n), compliance(*fails), &updated).await;
            }
            Step::Time(hours) => {
                hour += hours;
                house.clock.set(START.plus(hour * HOUR + MINUTE / 2));
            }
            Step::Run => {
                run(&house, "acme").await;
                assert_eq!(missed(house.writer(), "acme").await, Vec::<u32>::new(), "after step {place} of {steps:?}");
            }
        }
    }
    run(&house, "acme").await;
    assert_eq!(missed(house.writer(), "acme").await, Vec::<u32>::new(), "after {steps:?}");
}
