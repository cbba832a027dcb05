//! The job and trigger `run-decisions`: a decision about more findings than a request can wait for is carried out once, whatever
//! happens to whoever is at it.

use crate::decide_findings::decide;
use crate::house::{Answer, House, START, finding, key, tenant};
use crate::infracast::{commits, get, list};
use crate::list_keys::wish;
use lambda_http::http::Method;
use posture_functions::run_decisions::TRIGGER;
use posture_local::faults::Fault;
use posture_shared::dialects::native::decisions::recall;
use posture_shared::domain::bulk::{Bulk, Pinned};
use posture_shared::domain::run::Run;
use posture_shared::domain::{Attempt, Caller, Error, JobState, Ordinal, Scope, Source, job};
use posture_shared::ledger::{Need, When, Writer};
use posture_shared::operations::{run_decisions, start_decision};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

const ACCOUNT: &str = "123456789012";
const OTHER_ACCOUNT: &str = "210987654321";

/// A house with so many open findings of an account, `f0` and so on.
async fn house_of(count: usize) -> House {
    let house = House::new().await;
    fill(&house, "f", ACCOUNT, count).await;
    house
}

async fn fill(house: &House, name: &str, account: &str, count: usize) {
    let all: Vec<usize> = (0..count).collect();
    for some in all.chunks(100) {
        let some: Vec<Value> = some.iter().map(|n| open(&format!("{name}{n}"), account)).collect();
        house.import(&house.acme.token, &some).await;
    }
}

fn open(id: &str, account: &str) -> Value {
    finding(id, account, "FAILED", "2023-11-02T00:00:00Z")
}

fn accept(filter: &Value) -> Value {
    json!({"decision": "accept", "justification": "Known.", "review_date": "2023-12-01", "filter": filter})
}

async fn job(house: &House, id: &str) -> Value {
    let answer = get(house, &format!("/jobs/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.body);
    answer.body["job_id"].as_str().unwrap().to_owned()
}

async fn wake(house: &House) -> Value {
    house.app.wake(&TRIGGER, json!({}), "r").await.unwrap()
}

/// Works until so many slices are done.
async fn work_slices(house: &House, slices: u32) {
    let asked = AtomicU32::new(0);
    // It is asked before a run, and after each slice.
    let enough = || asked.fetch_add(1, Ordering::SeqCst) >= slices;
    run_decisions(house.writer(), &[tenant("acme")].into(), recall, enough).await.unwrap();
}

/// What was decided about each finding: the documents of decisions, with their status, who, and on which request.
type Said = (String, String, Option<String>);

async fn decided(writer: &Writer) -> BTreeMap<u32, Vec<Said>> {
    let acme = tenant("acme");
    let count = writer.view(&acme, When::Now, &Need::default()).await.unwrap().count();
    let mut all = BTreeMap::new();
    for n in 0..count {
        let documents = writer.documents_of(&acme, Ordinal(n)).await.unwrap();
        let decisions = documents.iter().filter(|document| document.actor.source == Source::Decision);
        let said = decisions.map(|document| {
            let decided = document.finding().unwrap().standing.decided.unwrap();
            (format!("{:?}", decided.status.unwrap()), decided.by, decided.request)
        });
        all.insert(n, said.collect());
    }
    all
}

#[tokio::test]
async fn a_filter_that_selects_many_becomes_a_job() {
    let house = house_of(2_500).await;
    let seq = commits(&house).await;
    let send = async || decide(&house, &[("idempotency-key", "all of it")], &accept(&json!({"status": "open"}))).await;
    let answer = send().await;
    let id = id_of(&answer);
    assert_eq!(
        answer.body["counts"],
        json!({"total": 2500, "changed": 0, "unchanged": 0, "left": 0, "not_done": 2500})
    );
    assert_eq!((&answer.body["status"], &answer.body["state"]), (&json!("running"), &json!("waiting")));
    assert_eq!((&answer.body["kind"], &answer.body["by"]), (&json!("decision"), &json!("admin")));
    assert_eq!((answer.body["request"].clone(), commits(&house).await), (accept(&json!({"status": "open"})), seq));
    assert_eq!((send().await.body, job(&house, &id).await), (answer.body.clone(), answer.body));

    work_slices(&house, 3).await;
    let some = job(&house, &id).await;
    assert_eq!((&some["counts"]["changed"], &some["counts"]["not_done"]), (&json!(300), &json!(2200)));
    assert_eq!((&some["status"], &some["state"]), (&json!("running"), &json!("waiting")));

    assert_eq!(wake(&house).await, json!({"ended": 1}));
    let done = job(&house, &id).await;
    assert_eq!((&done["status"], &done["error"], &done["lease_until"]), (&json!("done"), &Value::Null, &Value::Null));
    assert_eq!(done["counts"], json!({"total": 2500, "changed": 2500, "unchanged": 0, "left": 0, "not_done": 0}));
    assert_eq!((&done["left"], &done["left_by_reason"]), (&json!([]), &json!([])));
    assert_eq!(list(&house, "status=accepted").await["total"], json!(2500));
    let jobs = get(&house, "/jobs").await;
    assert_eq!(jobs.body["jobs"], json!([done]));

    // Once each, by the key that asked.
    let all = decided(house.writer()).await;
    assert_eq!(all.len(), 2_500);
    let request = all[&0][0].2.clone();
    assert!(request.is_some() && request == all[&2_499][0].2);
    let admin = "arn:posture-ledger:key:acme:admin".to_owned();
    assert!(all.values().all(|said| *said == [("RiskAccepted".to_owned(), admin.clone(), request.clone())]), "{all:?}");

    // There is no more to do, and the same request is answered as before.
    let seq = commits(&house).await;
    assert_eq!(wake(&house).await, json!({"ended": 0}));
    let again = send().await;
    assert_eq!((id_of(&again), again.header("idempotency-replayed")), (id, Some("true")));
    assert_eq!(commits(&house).await, seq);
    // Nobody else's.
    let path = format!("/api/v1/tenants/beta/jobs/{}", again.body["job_id"].as_str().unwrap());
    assert_eq!(house.ask(&house.beta.token, Method::GET, &path, &Value::Null).await.status, 404);
}

/// What somebody has decided since the request, what passes by then and what came later is left, and said to be.
#[tokio::test]
async fn what_has_changed_since_is_left() {
    let house = house_of(1_001).await;
    let id = id_of(&decide(&house, &[], &accept(&json!({"status": "open"}))).await);
    house.clock.set(START.plus(1_000));
    let uid = async |name: &str| get(&house, &format!("/findings/g-{name}")).await.body["uid"].clone();
    let say = async |decision: &str, uid: &Value| {
        let answer = decide(&house, &[], &json!({"decision": decision, "ids": [uid]})).await;
        assert_eq!(answer.body["counts"]["changed"], json!(1), "{}", answer.body);
    };
    let (resolved, reopened, ours) = (uid("f700").await, uid("f701").await, uid("f3").await);
    say("resolve", &resolved).await;
    // Open as it was, by somebody else's will.
    say("review", &reopened).await;
    say("reopen", &reopened).await;
    let mut fixed = open("f702", ACCOUNT);
    fixed["Compliance"]["Status"] = json!("PASSED");
    fixed["UpdatedAt"] = json!("2023-11-03T00:00:00Z");
    house.import(&house.acme.token, &[fixed.clone(), open("later", ACCOUNT)]).await;
    work_slices(&house, 1).await;
    // What was decided about already: somebody else undoes it, and another one passes and fails again.
    say("reopen", &ours).await;
    fixed["Id"] = json!("f4");
    fixed["Resources"] = open("f4", ACCOUNT)["Resources"].clone();
    let mut failed = fixed.clone();
    (failed["Compliance"]["Status"], failed["UpdatedAt"]) = (json!("FAILED"), json!("2023-11-04T00:00:00Z"));
    house.import(&house.acme.token, &[fixed]).await;
    house.import(&house.acme.token, &[failed]).await;
    assert_eq!(wake(&house).await, json!({"ended": 1}));
    let done = job(&house, &id).await;
    assert_eq!(
        done["counts"],
        json!({"total": 1001, "changed": 998, "unchanged": 0, "left": 3, "not_done": 0}),
        "{done}"
    );
    let why = |uid: &Value| {
        let named = done["left"].as_array().unwrap();
        named.iter().find(|row| row["uid"] == *uid).map(|row| row["reason"].as_str().unwrap().to_owned())
    };
    let since = "somebody else has decided about it since this request was first sent";
    assert_eq!((why(&resolved).as_deref(), why(&reopened).as_deref()), (Some(since), Some(since)));
    let reasons = json!([{"reason": since, "count": 2}, {"reason": "the finding passes", "count": 1}]);
    assert_eq!(done["left_by_reason"], reasons);
    for (name, status) in
        [("f700", "resolved"), ("f701", "open"), ("f3", "open"), ("later", "open"), ("f5", "accepted")]
    {
        assert_eq!(get(&house, &format!("/findings/g-{name}")).await.body["status"], status, "{name}");
    }
    assert!(decided(house.writer()).await.values().all(|said| said.len() <= 2), "nothing is decided twice by the job");
}

/// A key of some accounts means their findings alone: they are counted, and decided about.
#[tokio::test]
async fn a_limited_key_means_its_own() {
    let house = house_of(1_010).await;
    fill(&house, "o", OTHER_ACCOUNT, 30).await;
    let path = format!("{}/decisions", crate::infracast::FINDINGS);
    let limited = async |name: &str, account: &str| {
        let mut wish = wish(name, &[Scope::FindingsWrite]);
        wish.accounts = Some([account.to_owned()].into());
        key(house.writer(), "acme", wish).await
    };
    let (one, other) = (limited("one", ACCOUNT).await, limited("other", OTHER_ACCOUNT).await);
    // The others' 1,010 do not count, so that these are few.
    let few = house.ask(&other.token, Method::POST, &path, &accept(&json!({"search": "o1"}))).await;
    assert_eq!((few.status, &few.body["counts"]["changed"]), (200, &json!(11)), "{}", few.body);
    let few = house.ask(&other.token, Method::POST, &path, &accept(&json!({"status": "open"}))).await;
    assert_eq!((few.status, &few.body["counts"]["changed"]), (200, &json!(19)), "{}", few.body);
    let reopen = json!({"decision": "reopen", "filter": {"status": "all"}});
    assert_eq!(house.ask(&other.token, Method::POST, &path, &reopen).await.body["counts"]["changed"], json!(30));
    let many = house.ask(&one.token, Method::POST, &path, &accept(&json!({"status": "open"}))).await;
    assert_eq!(many.body["counts"]["total"], json!(1010));
    let id = id_of(&many);
    assert_eq!(wake(&house).await, json!({"ended": 1}));
    assert_eq!(job(&house, &id).await["counts"]["changed"], json!(1010));
    assert_eq!(list(&house, "status=open").await["total"], json!(30));
    let said = decided(house.writer()).await;
    assert!(said[&0].iter().all(|(_, by, _)| by == "arn:posture-ledger:key:acme:one"), "{:?}", said[&0]);
}

/// It is validated whole before it is a job.
#[tokio::test]
async fn what_is_wrong_is_no_job() {
    let house = house_of(1_001).await;
    let seq = commits(&house).await;
    let mut long = accept(&json!({"severity": vec!["HIGH"; 3_000]}));
    for (headers, body, member) in [
        (&[][..], accept(&json!({"severity": "WORST"})), "filter.severity"),
        (&[], accept(&json!({"per_page": "7"})), "filter.per_page"),
        (&[("if-match", "\"x\"")], accept(&json!({"status": "open"})), "If-Match"),
        (&[], long.take(), "filter"),
    ] {
        let answer = decide(&house, headers, &body).await;
        assert_eq!(answer.error(), (400, "BAD_REQUEST"), "{member}: {}", answer.body);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("{member}: ")), "{member}: {message}");
    }
    assert_eq!(get(&house, "/jobs").await.body["jobs"], json!([]));
    assert_eq!(commits(&house).await, seq);
    // Fewer of them need no job.
    let body = json!({"decision": "resolve", "filter": {"search": "f100"}});
    assert_eq!(decide(&house, &[], &body).await.body["counts"]["changed"], json!(2), "f100 and f1000");
}

/// Who dies while a job is made is followed by the same request, and then there is one.
#[tokio::test]
async fn the_same_request_is_the_same_job() {
    let house = house_of(1_001).await;
    for number in 1.. {
        let name = format!("death {number}");
        let headers = &[("idempotency-key", name.as_str())][..];
        let dying = house.beside(house.clock.now());
        dying.faults.plan(Fault::CrashAfter(number));
        decide(&dying, headers, &accept(&json!({"status": "open"}))).await;
        let is_whole = dying.faults.seen() < number;
        house.clock.set(house.clock.now().plus(61_000));
        let id = id_of(&decide(&house, headers, &accept(&json!({"status": "open"}))).await);
        let jobs = house.writer().run_list_decisions(&tenant("acme")).await.unwrap();
        assert_eq!(jobs.last().map(|run| run.id.clone()), Some(id), "{number}");
        assert_eq!(jobs.len() as u64, number, "{number}");
        if is_whole {
            assert!(number > 6, "it takes more requests than {number}");
            return;
        }
    }
}

/// A job of its own making about the findings that there are, of a filter as it is kept.
async fn ask_for(house: &House) -> Run {
    let acme = tenant("acme");
    let view = house.writer().view(&acme, When::Now, &Need::default()).await.unwrap();
    let from = Pinned { at: view.at, seq: view.seq, chain: view.chain.short(), committed_at: view.committed_at() };
    let scopes = [Scope::FindingsWrite].into();
    let caller = Caller { tenant: acme, key_name: "admin".to_owned(), scopes, accounts: None, region: None };
    let attempt = Attempt { id: "a".to_owned(), since: None };
    let request = accept(&json!({"severity": "HIGH"})).to_string();
    let all = (u64::from(view.count()), from);
    start_decision(house.writer(), &caller, Some(&attempt), &request, all, "filter").await.unwrap()
}

/// A worker killed before or after any of its requests: the next one goes on, and the result is that of an undisturbed one, to the
/// last count.
#[tokio::test]
async fn a_worker_can_be_killed_at_any_request() {
    let acme = tenant("acme");
    let mut undisturbed = None;
    for number in 0..200 {
        // A crash after a request leaves what one before the next request leaves.
        for fault in [Fault::CrashBefore(number), Fault::Before(number), Fault::After(number)] {
            let house = house_of(120).await;
            let mut low = open("low", ACCOUNT);
            low["Severity"] = json!({"Label": "LOW"});
            house.import(&house.acme.token, &[low]).await;
            let run = ask_for(&house).await;
            let by_others = json!({"decision": "resolve", "filter": {"search": "f11"}});
            house.clock.set(START.plus(1_000));
            assert_eq!(decide(&house, &[], &by_others).await.body["counts"]["changed"], json!(11));
            house.faults.plan(fault);
            let killed = run_decisions(house.writer(), &[acme.clone()].into(), recall, || false).await;
            let finished = house.faults.seen() < number;
            let next = house.beside(START.plus(1_000 + 2 * job::LEASE_MS));
            run_decisions(next.writer(), &[acme.clone()].into(), recall, || false).await.unwrap();
            let run = next.writer().run_get(&acme, &run.id).await.unwrap().unwrap();
            assert_eq!((run.state, run.error.clone()), (JobState::Done, None), "{fault:?} {killed:?}");
            let Bulk { tally, .. } = *run.decision.unwrap();
            assert_eq!((tally.decided, tally.unchanged, tally.left()), (109, 0, 11), "{fault:?} {killed:?}: {tally:?}");
            // A uid begins with its finding's number; the rest of it is another one in each house.
            let named: Vec<_> = tally.named.iter().map(|(uid, reason)| (uid[..8].to_owned(), reason.clone())).collect();
            let now = (decided(next.writer()).await, named);
            assert!(now == *undisturbed.get_or_insert_with(|| now.clone()), "{fault:?} {killed:?}: {now:?}");
            assert!(
                next.writer().run_list_decisions(&acme).await.unwrap().is_empty(),
                "{fault:?}: it is looked for still"
            );
            if finished {
                assert!(number > 15, "a job makes more requests than {number}");
                return;
            }
        }
    }
    panic!("a job makes more requests than any should");
}

/// What was decided before the worker died, and undone by somebody else before the next one came, counts as decided, and stays as
/// they have it.
#[tokio::test]
async fn what_others_undo_is_not_done_again() {
    let acme = tenant("acme");
    for number in 1.. {
        let house = house_of(30).await;
        let run = ask_for(&house).await;
        house.faults.plan(Fault::CrashBefore(number));
        let _ = run_decisions(house.writer(), &[acme.clone()].into(), recall, || false).await;
        assert!(house.faults.seen() >= number, "no death came between the decisions and the checkpoint");
        let next = house.beside(START.plus(2 * job::LEASE_MS));
        let accepted = list(&next, "status=accepted").await["total"].clone();
        if accepted != json!(30) {
            continue;
        }
        let checkpoint = next.writer().run_get(&acme, &run.id).await.unwrap().unwrap().decision.unwrap();
        assert_eq!(checkpoint.after, None, "it died before the checkpoint");
        let undo = json!({"decision": "reopen", "filter": {"status": "accepted"}});
        assert_eq!(decide(&next, &[], &undo).await.body["counts"]["changed"], json!(30));
        run_decisions(next.writer(), &[acme.clone()].into(), recall, || false).await.unwrap();
        let run = next.writer().run_get(&acme, &run.id).await.unwrap().unwrap();
        let tally = run.decision.unwrap().tally;
        assert_eq!((run.state, tally.decided, tally.left()), (JobState::Done, 30, 0), "{tally:?}");
        assert_eq!(list(&next, "status=open").await["total"], json!(30));
        return;
    }
}

/// DESIGN §6: `failed` with a reason, and never `running` for ever.
#[tokio::test]
async fn a_job_that_fails_again_and_again_ends() {
    let house = house_of(3).await;
    let acme = tenant("acme");
    let run = ask_for(&house).await;
    let unreadable = |_: &str| Err(Error::internal("a request that nobody can read any more"));
    for minute in 1..=5 {
        house.clock.set(START.plus(minute * 2 * job::LEASE_MS));
        assert!(run_decisions(house.writer(), &[acme.clone()].into(), unreadable, || false).await.is_err());
    }
    let shown = job(&house, &run.id).await;
    assert_eq!((&shown["status"], &shown["error"]), (&json!("failed"), &json!("internal error, see the log")));
    assert_eq!(shown["counts"]["not_done"], json!(3));
    assert_eq!(run_decisions(house.writer(), &[acme.clone()].into(), recall, || false).await, Ok(0));
    assert!(house.writer().run_list_decisions(&acme).await.unwrap().is_empty());
    assert_eq!(list(&house, "status=open").await["total"], json!(3));
}
