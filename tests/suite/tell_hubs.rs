//! The trigger `tell-hubs`: a hub has what was decided here, once, however often the telling is killed; its echo changes nothing; what it
//! refuses is said and keeps nothing else back.

use crate::house::{House, START, finding, tenant};
use crate::listening_hubs::{FULL, MEMBER, OWN, Stub, name, shown};
use lambda_http::http::Method;
use posture_functions::{record_expiries, synchronise_hubs, tell_hubs};
use posture_local::embedded::{Embedded, config};
use posture_local::faults::Fault;
use posture_shared::domain::inventory::Scope;
use posture_shared::domain::query::Filter;
use posture_shared::domain::synchronisation::{LEASE_MS, PERIOD_MS};
use posture_shared::domain::telling::{Listener, MOST_TRIES};
use posture_shared::domain::{Error, Instant, Place, Position};
use posture_shared::operations::{Extent, Following, Hubs, tell_hubs as work, untold_hubs};
use posture_shared::upstream::{Aws, Pace};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const EU: &str = "eu-west-1";
const US: &str = "us-east-1";
const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;

pub fn hubs(stub: &Stub, regions: &[&str], roles: &[&str]) -> Hubs {
    let aws = Aws::new(&config(Embedded::memory().unwrap()), stub.clone()).unwrap();
    let pace = Pace { between: Duration::ZERO, pause: Duration::from_millis(1) };
    let regions = regions.iter().map(|region| (*region).to_owned()).collect();
    let roles = roles.iter().map(|role| (*role).to_owned()).collect();
    Hubs { aws, regions, roles, external_id: Some("between us".to_owned()), pace, telling: pace, alone: false }
}

fn with(mut house: House, stub: &Stub) -> House {
    let role = format!("arn:aws:iam::{MEMBER}:role/posture");
    let is_member = stub.change(|state| state.hubs.keys().any(|(account, _)| account == MEMBER));
    let roles = if is_member { vec![role.as_str()] } else { Vec::new() };
    house.app = house.app.synchronising(hubs(stub, &[EU, US], &roles));
    house
}

/// A house that has read all hubs, and tells them of what is decided from now on.
pub async fn house(stub: &Stub) -> House {
    let house = with(House::new().await, stub);
    let read = house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    assert!(read["created"].as_u64().unwrap() > 0, "{read}");
    let told = wake(&house).await.unwrap();
    assert_eq!((&told["told"], &told["done"]), (&json!(0), &json!(true)), "{told}");
    house
}

pub async fn wake(house: &House) -> Result<Value, Error> {
    house.app.wake(&tell_hubs::TRIGGER, json!({}), "r").await
}

/// Sets members of findings as a client of Security Hub does.
async fn set(house: &House, findings: &[(&str, &str, usize)], members: Value) {
    let named = |(account, region, number): &(&str, &str, usize)| {
        let shown = shown(account, region, *number);
        json!({"Id": shown["Id"], "ProductArn": shown["ProductArn"]})
    };
    let mut body = members;
    body["FindingIdentifiers"] = findings.iter().map(named).collect();
    let answer = house.ask(&house.acme.token, Method::PATCH, "/findings/batchupdate", &body).await;
    assert_eq!((answer.status, &answer.body["UnprocessedFindings"]), (200, &json!([])), "{}", answer.body);
}

/// Accepts findings by a filter, as our own clients do.
pub async fn accept(house: &House, search: &str, review_date: &str) {
    let body = json!({"decision": "accept", "justification": "a public website", "review_date": review_date,
        "filter": {"search": search}});
    let path = "/api/v1/tenants/acme/findings/decisions";
    let answer = house.ask(&house.acme.token, Method::POST, path, &body).await;
    assert!(answer.status == 200 && answer.body["counts"]["changed"].as_u64().unwrap() > 0, "{}", answer.body);
}

pub async fn suppress(house: &House, findings: &[(&str, &str, usize)]) {
    set(house, findings, json!({"Workflow": {"Status": "SUPPRESSED"}})).await;
}

async fn commits(house: &House) -> u64 {
    house.writer().tip(&tenant("acme")).await.unwrap().0
}

/// What the hub sends of a finding.
async fn event(house: &House, finding: &Value, at: Instant) {
    let second = Instant(at.0.div_euclid(1000) * 1000).to_string();
    let event = json!({"time": second, "detail": {"findings": [finding]}});
    let answer = house.ask(&house.acme.token, Method::POST, "/api/v1/tenants/acme/snapshots", &event).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

pub async fn listener(house: &House, account: &str, region: &str) -> Listener {
    let telling = house.writer().telling_get(&tenant("acme")).await.unwrap();
    let scope = Scope { account: account.to_owned(), region: region.to_owned() };
    telling.hub(&scope).unwrap().clone()
}

async fn workflow(house: &House, account: &str, region: &str, number: usize) -> Value {
    let filter = json!({"Filters": {"Id": [{"Value": name(account, region, number), "Comparison": "EQUALS"}]}});
    let found = house.ask(&house.acme.token, Method::POST, "/findings", &filter).await;
    found.body["Findings"][0]["Workflow"]["Status"].clone()
}

#[tokio::test]
async fn each_hub_is_told_of_its_findings_and_the_echo_writes_nothing() {
    let stub = Stub::with(&[(OWN, EU, 3), (OWN, US, 2), (MEMBER, EU, 2)]);
    let house = house(&stub).await;
    accept(&house, "eu-west-1-00", "2023-11-20").await;
    set(&house, &[(OWN, US, 1)], json!({"Note": {"Text": "mine", "UpdatedBy": "me"}, "Severity": {"Label": "LOW"}}))
        .await;
    let told = wake(&house).await.unwrap();
    let expected = json!({"told": 6, "unknown": 0, "refused": 0, "hubs": 4, "untold": 0, "done": true});
    assert_eq!(told, expected);
    let sent = stub.told();
    let note = json!({"Text": "a public website", "UpdatedBy": sent[0].2["Note"]["UpdatedBy"]});
    let accepted = json!({"Workflow": {"Status": "SUPPRESSED"}, "Note": note});
    let low = json!({"Note": {"Text": "mine", "UpdatedBy": "me"}, "Severity": {"Label": "LOW", "Normalized": 1}});
    let of = |account: &str, region: &str, members: &Value, numbers: &[usize]| {
        let ids: Vec<String> = numbers.iter().map(|number| name(account, region, *number)).collect();
        (account.to_owned(), region.to_owned(), members.clone(), ids)
    };
    let want = [of(OWN, EU, &accepted, &[0, 1, 2]), of(OWN, US, &low, &[1]), of(MEMBER, EU, &accepted, &[0, 1])];
    assert_eq!(sent, want);

    // What the hubs tell back: events within the minute, and a whole walk a day later.
    let after = commits(&house).await;
    let now = house.clock.now();
    event(&house, &stub.finding(OWN, EU, 0), now.plus(2_000)).await;
    event(&house, &stub.finding(OWN, US, 1), now.plus(2_000)).await;
    house.clock.set(START.plus(DAY));
    let read = house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    assert_eq!((&read["read"], &read["changed"], &read["created"]), (&json!(7), &json!(0), &json!(0)), "{read}");
    assert_eq!(commits(&house).await, after);
    assert_eq!(wake(&house).await.unwrap()["told"], json!(0));
    assert_eq!((stub.told(), commits(&house).await), (Vec::new(), after));
}

/// What is told shows in a finding's own history, and in no feed of what was decided or changed for whoever reads findings.
#[tokio::test]
async fn that_it_was_told_is_no_decision() {
    let stub = Stub::with(&[(OWN, EU, 1)]);
    let house = house(&stub).await;
    accept(&house, "eu-west-1", "2023-11-20").await;
    wake(&house).await.unwrap();
    let ask = |path: &'static str| house.ask(&house.acme.token, Method::GET, path, &Value::Null);
    let log = ask("/api/v1/tenants/acme/audit-log").await.body;
    assert_eq!(log["items"].as_array().map(Vec::len), Some(1), "{log}");
    let changes = ask("/api/v1/tenants/acme/changes").await.body;
    let sources: Vec<&Value> = changes["items"].as_array().unwrap().iter().map(|item| &item["source"]).collect();
    assert_eq!(sources, [&json!("import"), &json!("decision"), &json!("told")], "{changes}");
    let (acme, start) = (tenant("acme"), Some(Place::Behind(Position::START)));
    let mut following =
        Following::begin(house.writer(), &acme, Filter::default(), start, "last_event_id").await.unwrap();
    let (told, has_more) = following.next(house.writer()).await.unwrap();
    assert_eq!((told.len(), has_more), (2, false), "whoever follows findings hears of the import and the decision");
    let jobs = ask("/api/v1/tenants/acme/jobs").await.body;
    let job =
        jobs["jobs"].as_array().unwrap().iter().find(|job| job["kind"] == "tell-hubs" && job["region"] == EU).unwrap();
    assert_eq!((&job["state"], &job["counts"]["told"], &job["error"]), (&json!("done"), &json!(1), &Value::Null));
}

#[tokio::test]
async fn a_later_decision_in_the_hub_wins_and_is_not_told() {
    let stub = Stub::with(&[(OWN, EU, 2)]);
    let house = house(&stub).await;
    suppress(&house, &[(OWN, EU, 0)]).await;
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
    stub.told();
    let told_at = house.clock.now();
    // One event from before comes late; then somebody opens it again in the hub.
    event(&house, &shown(OWN, EU, 0), told_at.plus(-5_000)).await;
    assert_eq!(workflow(&house, OWN, EU, 0).await, "SUPPRESSED");
    house.clock.set(told_at.plus(MINUTE));
    event(&house, &shown(OWN, EU, 0), told_at.plus(MINUTE)).await;
    assert_eq!(workflow(&house, OWN, EU, 0).await, "NEW");
    // A decision in the hub about another one is no news to it either.
    let mut theirs = shown(OWN, EU, 1);
    theirs["Workflow"] = json!({"Status": "RESOLVED"});
    event(&house, &theirs, told_at.plus(MINUTE)).await;
    assert_eq!(workflow(&house, OWN, EU, 1).await, "RESOLVED");
    assert_eq!(wake(&house).await.unwrap()["told"], json!(0));
    assert_eq!(stub.told(), Vec::new());
}

#[tokio::test]
async fn an_acceptance_that_runs_out_is_told() {
    let stub = Stub::with(&[(OWN, EU, 1)]);
    let house = house(&stub).await;
    accept(&house, "eu-west-1", "2023-11-15").await;
    wake(&house).await.unwrap();
    stub.told();
    house.clock.set(START.plus(3 * DAY));
    house.app.wake(&record_expiries::TRIGGER, json!({}), "r").await.unwrap();
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
    assert_eq!(stub.told()[0].2["Workflow"], json!({"Status": "NEW"}));
    let after = commits(&house).await;
    event(&house, &stub.finding(OWN, EU, 0), house.clock.now().plus(1_000)).await;
    assert_eq!((workflow(&house, OWN, EU, 0).await, commits(&house).await), (json!("NOTIFIED"), after));
}

/// A hub that was throttled, denied or not reached goes on where it was; others do not wait for it.
#[tokio::test]
async fn what_a_hub_refuses_is_told_and_not_lost() {
    let stub = Stub::with(&[(OWN, EU, 2), (OWN, US, 2)]);
    let house = house(&stub).await;
    let message = "User is not authorized to perform: securityhub:BatchUpdateFindings";
    let eu = (OWN.to_owned(), EU.to_owned());
    for (code, message, state) in [
        ("AccessDeniedException", message, 60 * MINUTE),
        (FULL, "Rate exceeded", MINUTE),
        ("InternalException", "try later", 10 * MINUTE),
    ] {
        stub.change(|state| state.refuse.insert(eu.clone(), (code.to_owned(), message.to_owned())));
        let decided = if workflow(&house, OWN, EU, 0).await == "SUPPRESSED" { "NEW" } else { "SUPPRESSED" };
        set(&house, &[(OWN, EU, 0), (OWN, US, 0)], json!({"Workflow": {"Status": decided}})).await;
        let answer = wake(&house).await.unwrap();
        assert_eq!((&answer["told"], &answer["untold"]), (&json!(1), &json!(1)), "{code}: {answer}");
        assert_eq!(stub.told().into_iter().map(|told| told.1).collect::<Vec<_>>(), [US], "{code}");
        let left = listener(&house, OWN, EU).await;
        assert_eq!(left.error, Some(format!("{code}: {message}")));
        assert!(left.at < listener(&house, OWN, US).await.at);
        // Nobody asks before its time, and then it hears what it missed.
        stub.change(|state| state.refuse.clear());
        wake(&house).await.unwrap();
        assert_eq!(stub.told(), Vec::new(), "{code}");
        house.clock.set(house.clock.now().plus(state));
        assert_eq!(wake(&house).await.unwrap()["told"], json!(1), "{code}");
        assert_eq!((listener(&house, OWN, EU).await.error, stub.told().len()), (None, 1), "{code}");
    }
    // One refusal for want of pace is waited out.
    suppress(&house, &[(OWN, EU, 1)]).await;
    let next = stub.change(|state| state.answered) + 1;
    stub.change(|state| state.once.insert(next, (FULL.to_owned(), "Rate exceeded".to_owned())));
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
}

/// The administrator's hub was responsible for a member's findings, and owed one of them, when the member's own hub came.
#[tokio::test]
async fn a_hub_that_comes_later_tells_what_another_owed() {
    let stub = Stub::with(&[(OWN, EU, 1), (OWN, US, 1), (MEMBER, EU, 1)]);
    let mut house = with(House::new().await, &stub);
    house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    house.app = house.app.synchronising(hubs(&stub, &[EU, US], &[]));
    wake(&house).await.unwrap();
    let denied = ("AccessDeniedException".to_owned(), "no".to_owned());
    stub.change(|state| state.refuse.insert((OWN.to_owned(), EU.to_owned()), denied));
    suppress(&house, &[(MEMBER, EU, 0), (OWN, US, 0)]).await;
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["told"], &answer["untold"]), (&json!(1), &json!(1)), "{answer}");
    stub.told();
    let house = with(house, &stub);
    assert_eq!(wake(&house).await.unwrap()["told"], json!(1));
    let told: Vec<_> = stub.told().into_iter().map(|(account, region, ..)| (account, region)).collect();
    assert_eq!(told, [(MEMBER.to_owned(), EU.to_owned())]);
}

#[tokio::test]
async fn what_a_hub_does_not_take_is_said_and_keeps_nothing_back() {
    let stub = Stub::with(&[(OWN, EU, 6)]);
    let house = house(&stub).await;
    stub.change(|state| {
        state.hubs.get_mut(&(OWN.to_owned(), EU.to_owned())).unwrap().remove(&name(OWN, EU, 0));
        state.malformed.push(name(OWN, EU, 1));
        state.unprocessed.insert(name(OWN, EU, 2), ("FindingSizeExceeded".to_owned(), 9));
        state.unprocessed.insert(name(OWN, EU, 3), ("ConcurrentUpdateError".to_owned(), 1));
    });
    suppress(&house, &[0, 1, 2, 3, 4].map(|number| (OWN, EU, number))).await;
    let found = work(house.writer(), &tenant("acme"), &hubs(&stub, &[EU], &[]), Extent::Due, || false).await.unwrap();
    assert_eq!((found.tally.told, found.tally.unknown, found.tally.refused, found.done), (2, 1, 2, true));
    let mut said = found.passed_over.clone();
    said.sort();
    assert_eq!(said.len(), 3, "{said:?}");
    for (number, why) in
        [(0, "FindingNotFound: in its words"), (1, "Invalid FindingIdentifier"), (2, "FindingSizeExceeded")]
    {
        assert!(said[number].contains(&name(OWN, EU, number)) && said[number].contains(why), "{said:?}");
    }
    // Said once.
    assert_eq!(wake(&house).await.unwrap()["refused"], json!(0));

    // One that never stops being of two minds is not told for ever, and is said in the end.
    stub.change(|state| state.unprocessed.insert(name(OWN, EU, 5), ("InternalFailure".to_owned(), usize::MAX)));
    suppress(&house, &[(OWN, EU, 5)]).await;
    for attempt in 1..=MOST_TRIES {
        let answer = wake(&house).await.unwrap();
        let is_last = attempt == MOST_TRIES;
        assert_eq!(
            (&answer["refused"], &answer["untold"]),
            (&json!(u8::from(is_last)), &json!(u8::from(!is_last))),
            "{answer}"
        );
        house.clock.set(house.clock.now().plus(PERIOD_MS));
    }
}

#[tokio::test]
async fn a_thousand_decisions_are_told_a_hundred_at_a_time() {
    let stub = Stub::with(&[(OWN, EU, 1_000)]);
    let house = house(&stub).await;
    accept(&house, "eu-west-1", "2023-11-20").await;
    let looks = AtomicUsize::new(0);
    let enough = || looks.fetch_add(1, Ordering::SeqCst) > 3;
    let acme = tenant("acme");
    let part = work(house.writer(), &acme, &hubs(&stub, &[EU], &[]), Extent::Due, enough).await.unwrap();
    assert_eq!((part.tally.told, part.done), (400, false));
    let (preview, is_all) =
        untold_hubs(house.writer(), &acme, &hubs(&stub, &[EU], &[]), Extent::Now, 1_000).await.unwrap();
    assert_eq!((preview.len(), is_all), (600, true));
    let few = untold_hubs(house.writer(), &acme, &hubs(&stub, &[EU], &[]), Extent::Now, 10).await.unwrap();
    assert_eq!((few.0.len(), few.1), (10, false));
    assert_eq!(wake(&house).await.unwrap()["told"], json!(600), "what was told is not told again");
    let told = stub.told();
    assert!(told.len() == 10 && told.iter().all(|(_, _, _, ids)| ids.len() == 100));
}

/// Turned on late, a hub is told of nothing older by itself; who wants that asks for the whole log, and sees it before.
#[tokio::test]
async fn older_decisions_are_told_to_whoever_asks() {
    let stub = Stub::with(&[(OWN, EU, 3)]);
    let house = with(House::new().await, &stub);
    house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    suppress(&house, &[(OWN, EU, 0), (OWN, EU, 1)]).await;
    // One of them the hub knows of by itself.
    let mut same = shown(OWN, EU, 1);
    same["Workflow"] = json!({"Status": "SUPPRESSED"});
    event(&house, &same, START.plus(MINUTE)).await;
    assert_eq!(wake(&house).await.unwrap()["told"], json!(0));
    let (acme, hubs) = (tenant("acme"), hubs(&stub, &[EU], &[]));
    let before = commits(&house).await;
    let (preview, _) = untold_hubs(house.writer(), &acme, &hubs, Extent::Whole, 10).await.unwrap();
    assert_eq!(preview.iter().map(|one| one.key.id.clone()).collect::<Vec<_>>(), [name(OWN, EU, 0)]);
    assert_eq!((stub.told(), commits(&house).await), (Vec::new(), before), "a preview tells nothing");
    let found = work(house.writer(), &acme, &hubs, Extent::Whole, || false).await.unwrap();
    assert_eq!((found.tally.told, stub.told().len()), (1, 1));
    let again = work(house.writer(), &acme, &hubs, Extent::Whole, || false).await.unwrap();
    assert_eq!((again.tally.told, stub.told().len()), (0, 0));
}

/// A worker killed before or after any of its requests to the ledger: the next one goes on, the hub has everything, and nothing is recorded
/// that an undisturbed one would not have.
#[tokio::test]
async fn a_telling_can_be_killed_at_any_request() {
    let mut undisturbed = None;
    for number in 1..100 {
        for fault in
            [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::Before(number), Fault::After(number)]
        {
            let stub = Stub::with(&[(OWN, EU, 3), (OWN, US, 1)]);
            let house = house(&stub).await;
            suppress(&house, &[(OWN, EU, 0), (OWN, EU, 2), (OWN, US, 0)]).await;
            house.faults.plan(fault);
            let killed = wake(&house).await;
            let finished = house.faults.seen() < number;
            let later = START.plus(2 * LEASE_MS + PERIOD_MS);
            let next = with(house.beside(later), &stub);
            wake(&next).await.unwrap();
            for (region, known) in [(EU, 0), (EU, 2), (US, 0)] {
                assert_eq!(
                    stub.finding(OWN, region, known)["Workflow"]["Status"],
                    "SUPPRESSED",
                    "{fault:?} {killed:?}"
                );
            }
            let ends = (listener(&next, OWN, EU).await.error, listener(&next, OWN, US).await.error);
            assert_eq!(ends, (None, None), "{fault:?}");
            let told = stub.told();
            assert!(told.len() <= 4, "{fault:?}: {told:?}");
            let seq = commits(&next).await;
            assert_eq!(seq, *undisturbed.get_or_insert(seq), "{fault:?} {killed:?}");
            stub.told();
            wake(&with(house.beside(later.plus(2 * LEASE_MS)), &stub)).await.unwrap();
            assert_eq!(stub.told(), Vec::new(), "{fault:?}: what was told is not told again");
            if finished {
                assert!(killed.is_ok() && number > 5, "a telling makes more requests than {number}");
                return;
            }
        }
    }
    panic!("a telling makes more requests than any should");
}

/// A call that finds nothing decided makes two requests to the table, and none to AWS.
#[tokio::test]
async fn a_quiet_tenant_costs_next_to_nothing() {
    let stub = Stub::with(&[(OWN, EU, 1)]);
    let house = house(&stub).await;
    house.meter.take();
    wake(&house).await.unwrap();
    let spent = house.meter.take();
    assert!(spent.total() <= 2 && spent.of("PutItem") == 0, "{spent:?}");
    // What others import is looked at once.
    house.import(&house.acme.token, &[finding("other", OWN, "FAILED", "2023-11-14T10:00:00Z")]).await;
    wake(&house).await.unwrap();
    house.meter.take();
    wake(&house).await.unwrap();
    assert!(house.meter.take().total() <= 2);
    assert_eq!(stub.told(), Vec::new());
}

/// What a hub still owed when the settings stopped to name it keeps nobody at work, and is told when they name it again.
#[tokio::test]
async fn a_hub_that_is_asked_no_more_is_left_alone() {
    let stub = Stub::with(&[(OWN, EU, 1), (OWN, US, 1), (MEMBER, EU, 1)]);
    let mut house = house(&stub).await;
    let scopes = [(OWN, US), (MEMBER, EU)].map(|(account, region)| (account.to_owned(), region.to_owned()));
    let denied = ("AccessDeniedException".to_owned(), "no".to_owned());
    stub.change(|state| state.refuse.extend(scopes.clone().map(|scope| (scope, denied.clone()))));
    suppress(&house, &[(OWN, EU, 0), (OWN, US, 0), (MEMBER, EU, 0)]).await;
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["told"], &answer["untold"]), (&json!(1), &json!(2)), "{answer}");
    stub.told();
    stub.change(|state| state.refuse.clear());
    house.clock.set(START.plus(DAY));
    house.app = house.app.synchronising(hubs(&stub, &[EU], &[]));
    let read = house.app.wake(&synchronise_hubs::TRIGGER, json!({}), "r").await.unwrap();
    assert_eq!((&read["hubs"], &read["read"]), (&json!(1), &json!(1)), "{read}");
    for _ in 0..2 {
        house.meter.take();
        let answer = wake(&house).await.unwrap();
        assert_eq!((&answer["told"], &answer["untold"]), (&json!(0), &json!(0)), "{answer}");
    }
    let spent = house.meter.take();
    assert!(spent.total() <= 2 && spent.of("PutItem") == 0, "nothing is due: {spent:?}");
    assert_eq!(stub.told(), Vec::new());
    let house = with(house, &stub);
    assert_eq!(wake(&house).await.unwrap()["told"], json!(2), "what is owed is not lost");
    let told: BTreeSet<_> = stub.told().into_iter().map(|(account, region, ..)| (account, region)).collect();
    assert_eq!(told, BTreeSet::from(scopes));
}

/// A deployment that was not told how AWS is asked says so.
#[tokio::test]
async fn without_hubs_nobody_is_told() {
    assert!(wake(&House::new().await).await.is_err());
}
