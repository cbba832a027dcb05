//! The job and trigger `run-audits` (DESIGN §6): verdicts become findings, only what a run covered is closed by it, and killed at any point the next worker
//! goes on to the same result.

use crate::house::{House, START, tenant};
use crate::import_resources::{ACCOUNT, put, resource};
use lambda_http::http::Method;
use posture_functions::run_audits;
use posture_local::faults::Fault;
use posture_shared::domain::run::Run;
use posture_shared::domain::{Family, JobState, Ordinal, job, json as paths};
use posture_shared::ledger::{Need, When, Writer};
use posture_shared::operations::{list_audits, run_audits as work, start_audit};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const HOUR: i64 = 3_600_000;

/// A security group in a region that lets in whom `range` says, on SSH.
pub fn group(region: &str, id: &str, second: u32, range: &str) -> Value {
    let permission = json!({"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv4Ranges": [{"cidrIp": range}]});
    let configuration = json!({"groupId": id, "groupName": id, "ipPermissions": [permission]});
    let mut group = resource("AWS::EC2::SecurityGroup", id, second, &configuration);
    group["awsRegion"] = json!(region);
    group
}

/// The id of the finding about SSH.
pub fn ssh(region: &str, id: &str) -> String {
    format!("CIS-AWS-5.2-aws:{region}:aws.ec2.security_group:{id}")
}

pub async fn audit(house: &House) -> Run {
    let acme = tenant("acme");
    start_audit(house.writer(), &acme, None, "framework").await.unwrap();
    let woken = house.app.wake(&run_audits::TRIGGER, json!({}), "r").await;
    assert_eq!(woken, Ok(json!({"ended": 1})));
    list_audits(house.writer(), &acme).await.unwrap().remove(0)
}

/// Compliance status and record state of every finding, by Id.
async fn standing(writer: &Writer) -> BTreeMap<String, (String, String)> {
    let acme = tenant("acme");
    let view = writer.view(&acme, When::Now, &Need::all([Family::Core, Family::Seen])).await.unwrap();
    let all: Vec<Ordinal> = (0..view.count()).map(Ordinal).collect();
    let found = writer.documents(&acme, &view, &all).await.unwrap();
    let text = |asff: &paths::Object, path: &str| paths::text_at(asff, path).unwrap_or_default().to_owned();
    let told = found.iter().map(|found| {
        let asff = &found.finding.asff;
        (text(asff, "Id"), (text(asff, "Compliance.Status"), text(asff, "RecordState")))
    });
    told.collect()
}

/// How many documents there are of the finding with that Id.
async fn documents(writer: &Writer, id: &str) -> usize {
    let acme = tenant("acme");
    let view = writer.view(&acme, When::Now, &Need::all([Family::Core, Family::Seen])).await.unwrap();
    for n in 0..view.count() {
        let found = writer.documents(&acme, &view, &[Ordinal(n)]).await.unwrap().remove(0);
        if paths::text_at(&found.finding.asff, "Id") == Some(id) {
            return writer.documents_of(&acme, Ordinal(n)).await.unwrap().len();
        }
    }
    0
}

fn is(status: &str, state: &str) -> Option<(String, String)> {
    Some((status.to_owned(), state.to_owned()))
}

/// A first run files what it finds; a second one writes no finding; what was mended passes, what is deleted goes.
#[tokio::test]
async fn verdicts_become_findings_and_follow_the_resources() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0"), group("eu-west-1", "sg-2", 1, "0.0.0.0/0")])).await;
    let first = audit(&house).await;
    assert_eq!((first.state, first.counts.resources), (JobState::Done, 2));
    assert!(first.counts.created > 2 && first.counts.rejected == 0, "{:?}", first.counts);
    assert_eq!(standing(house.writer()).await.get(&ssh("eu-west-1", "sg-1")).cloned(), is("FAILED", "ACTIVE"));

    house.clock.set(START.plus(HOUR));
    let again = audit(&house).await;
    assert_eq!((again.counts.created, again.counts.changed, again.counts.closed), (0, 0, 0));
    assert_eq!(again.counts.failed, first.counts.failed);
    assert_eq!(documents(house.writer(), &ssh("eu-west-1", "sg-1")).await, 1, "the same verdict writes no finding");

    // The resource has changed in what no verdict is about.
    house.clock.set(START.plus(2 * HOUR));
    let mut renamed = group("eu-west-1", "sg-1", 2, "0.0.0.0/0");
    renamed["configuration"]["description"] = json!("renamed");
    put(&house, &json!([renamed])).await;
    audit(&house).await;
    assert_eq!(documents(house.writer(), &ssh("eu-west-1", "sg-1")).await, 1);

    house.clock.set(START.plus(3 * HOUR));
    let mut gone = group("eu-west-1", "sg-2", 3, "0.0.0.0/0");
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    put(&house, &json!([group("eu-west-1", "sg-1", 3, "10.0.0.0/8"), gone])).await;
    let third = audit(&house).await;
    let now = standing(house.writer()).await;
    assert_eq!(now.get(&ssh("eu-west-1", "sg-1")).cloned(), is("PASSED", "ACTIVE"));
    assert_eq!(now.get(&ssh("eu-west-1", "sg-2")).cloned(), is("FAILED", "ARCHIVED"));
    assert_eq!(
        third.counts.closed,
        again.counts.created + first.counts.created / 2,
        "all of its findings, and no other"
    );
    let verified = house
        .ask(
            &house.acme.token,
            Method::GET,
            &format!("/api/v1/tenants/acme/findings/{}", path(&ssh("eu-west-1", "sg-1"))),
            &Value::Null,
        )
        .await;
    assert_eq!(
        (verified.status, &verified.body["id"]),
        (200, &json!(ssh("eu-west-1", "sg-1"))),
        "the full id leads to it"
    );
    assert_eq!(verified.body["status"], json!("resolved"));
}

fn path(id: &str) -> String {
    id.replace('%', "%25").replace('/', "%2F")
}

/// What could not be read is neither a pass nor fixed, and nothing is closed for it.
#[tokio::test]
async fn what_cannot_be_read_is_unknown() {
    let house = House::new().await;
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    house.clock.set(START.plus(HOUR));
    let mut denied = group("eu-west-1", "sg-1", 2, "0.0.0.0/0");
    denied["configuration"] = json!({"groupId": "sg-1"});
    put(&house, &json!([denied])).await;
    let run = audit(&house).await;
    assert_eq!((run.counts.passed, run.counts.failed, run.counts.closed), (0, 0, 0));
    assert!(
        run.counts.unknown > 0 && run.unread.iter().any(|why| why.contains("configuration.ipPermissions")),
        "{run:?}"
    );
    let shown = house
        .ask(
            &house.acme.token,
            Method::GET,
            &format!("/api/v1/tenants/acme/findings/{}", ssh("eu-west-1", "sg-1")),
            &Value::Null,
        )
        .await;
    assert_eq!(shown.body["status"], json!("open"), "still what it was last known to be");
}

/// A run of one framework leaves the findings of other rules alone; deleted resources are closed in the regions that it has been through.
#[tokio::test]
async fn a_run_closes_only_what_it_covers() {
    let house = House::new().await;
    let acme = tenant("acme");
    let regions = ["ap-south-1", "eu-west-1", "us-east-1"];
    put(&house, &json!(regions.map(|region| group(region, "sg-1", 1, "0.0.0.0/0")))).await;
    audit(&house).await;
    house.clock.set(START.plus(HOUR));
    let gone = regions.map(|region| {
        let mut gone = group(region, "sg-1", 2, "0.0.0.0/0");
        gone["configurationItemStatus"] = json!("ResourceDeleted");
        gone
    });
    put(&house, &json!(gone)).await;
    start_audit(house.writer(), &acme, None, "framework").await.unwrap();
    // A worker that has time for one region.
    let looks = std::sync::atomic::AtomicU32::new(0);
    let enough = || looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) > 0;
    work(house.writer(), &[acme.clone()].into(), &enough).await.unwrap();
    let now = standing(house.writer()).await;
    let states: Vec<&str> = regions.iter().map(|region| now[&ssh(region, "sg-1")].1.as_str()).collect();
    assert_eq!(states, ["ARCHIVED", "ACTIVE", "ACTIVE"]);
    work(house.writer(), &[acme].into(), || false).await.unwrap();
    assert!(standing(house.writer()).await.values().all(|(_, state)| state == "ARCHIVED"));
}

#[tokio::test]
async fn a_run_of_one_framework_closes_nothing_of_others() {
    let house = House::new().await;
    let acme = tenant("acme");
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    audit(&house).await;
    house.clock.set(START.plus(HOUR));
    let mut gone = group("eu-west-1", "sg-1", 2, "0.0.0.0/0");
    gone["configurationItemStatus"] = json!("ResourceDeleted");
    put(&house, &json!([gone])).await;
    let soc2 = posture_shared::domain::framework::FrameworkQuery::parse("soc2").unwrap();
    start_audit(house.writer(), &acme, Some(&soc2), "framework").await.unwrap();
    work(house.writer(), &[acme].into(), || false).await.unwrap();
    let now = standing(house.writer()).await;
    // The rule about SSH checks a control of SOC 2; the one about the default group does not.
    assert_eq!(now.get(&ssh("eu-west-1", "sg-1")).cloned(), is("FAILED", "ARCHIVED"));
    assert!(now.values().any(|(_, state)| state == "ACTIVE"), "{now:?}");
}

/// Two accounts may have users of one name, and in one account ARNs may end alike; the second one's finding is there too, and each keeps its Id.
#[tokio::test]
async fn resources_of_one_path_in_two_accounts_have_a_finding_each() {
    let house = House::new().await;
    let there = |account: &str, id: &str, range: &str| {
        let mut group = group("eu-west-1", id, 1, range);
        group["accountId"] = json!(account);
        group["arn"] = json!(format!("arn:aws:ec2:eu-west-1:{account}:security-group/{id}/sg-1"));
        group
    };
    let other = "210987654321";
    let groups =
        [there(ACCOUNT, "sg-a", "10.0.0.0/8"), there(ACCOUNT, "sg-b", "0.0.0.0/0"), there(other, "sg-1", "0.0.0.0/0")];
    put(&house, &json!(groups)).await;
    let first = audit(&house).await;
    assert_eq!((first.counts.rejected, first.counts.created % 3), (0, 0), "{:?}", first.counts);
    let plain = ssh("eu-west-1", "sg-1");
    let all = standing(house.writer()).await;
    let of_path: Vec<&str> =
        all.iter().filter(|(id, _)| id.starts_with(&plain)).map(|(_, (status, _))| status.as_str()).collect();
    assert_eq!(of_path, ["PASSED", "FAILED", "FAILED"], "{all:?}");
    assert!(all.contains_key(&plain), "{:?}", all.keys());
    house.clock.set(START.plus(HOUR));
    let again = audit(&house).await;
    assert_eq!((again.counts.created, again.counts.changed, again.counts.closed), (0, 0, 0));
    let list =
        house.ask(&house.acme.token, Method::GET, "/api/v1/tenants/acme/findings?control_id=5.2", &Value::Null).await;
    let ids: Vec<&str> = list.body["items"].as_array().unwrap().iter().filter_map(|row| row["id"].as_str()).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
    for id in ids {
        let shown = house
            .ask(&house.acme.token, Method::GET, &format!("/api/v1/tenants/acme/findings/{id}"), &Value::Null)
            .await;
        assert_eq!((shown.status, &shown.body["id"]), (200, &json!(id)));
    }
}

/// A worker killed before or after any of its requests: the next one goes on, and the result is that of an undisturbed run.
#[tokio::test]
async fn a_worker_can_be_killed_at_any_request() {
    let acme = tenant("acme");
    let mut undisturbed = None;
    let prepared = async || {
        let house = House::new().await;
        put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0"), group("us-east-1", "sg-2", 1, "10.0.0.0/8")]))
            .await;
        audit(&house).await;
        house.clock.set(START.plus(HOUR));
        let mut gone = group("us-east-1", "sg-2", 2, "10.0.0.0/8");
        gone["configurationItemStatus"] = json!("ResourceDeleted");
        put(
            &house,
            &json!([group("eu-west-1", "sg-1", 2, "10.0.0.0/8"), group("eu-west-1", "sg-3", 2, "0.0.0.0/0"), gone]),
        )
        .await;
        start_audit(house.writer(), &acme, None, "framework").await.unwrap();
        house
    };
    for number in 0..200 {
        for fault in
            [Fault::CrashBefore(number), Fault::CrashAfter(number), Fault::Before(number), Fault::After(number)]
        {
            let house = prepared().await;
            house.faults.plan(fault);
            let killed = work(house.writer(), &[acme.clone()].into(), || false).await;
            let finished = house.faults.seen() < number;
            let next = house.beside(START.plus(HOUR + 2 * job::LEASE_MS));
            work(next.writer(), &[acme.clone()].into(), || false).await.unwrap();
            let run = list_audits(next.writer(), &acme).await.unwrap().remove(0);
            assert_eq!((run.state, run.error), (JobState::Done, None), "{fault:?} {killed:?}");
            let now = standing(next.writer()).await;
            assert_eq!(&now, undisturbed.get_or_insert_with(|| now.clone()), "{fault:?} {killed:?}");
            if finished {
                assert!(number > 10, "a run makes more requests than {number}");
                return;
            }
        }
    }
    panic!("a run makes more requests than any should");
}

/// DESIGN §6: `failed` with a reason, and never `running` for ever.
#[tokio::test]
async fn a_run_that_fails_again_and_again_ends() {
    let house = House::new().await;
    let acme = tenant("acme");
    put(&house, &json!([group("eu-west-1", "sg-1", 1, "0.0.0.0/0")])).await;
    start_audit(house.writer(), &acme, None, "framework").await.unwrap();
    for minute in 1..=5 {
        // What failed is given time to mend.
        house.clock.set(START.plus(minute * 2 * job::LEASE_MS));
        // Requests: list of runs, run, lease; then the scopes.
        house.faults.plan(Fault::Before(4));
        assert!(work(house.writer(), &[acme.clone()].into(), || false).await.is_err());
    }
    house.faults.plan(Fault::None);
    let run = list_audits(house.writer(), &acme).await.unwrap().remove(0);
    assert_eq!((run.state, run.error.as_deref()), (JobState::Failed, Some("internal error, see the log")));
    assert_eq!(audit(&house).await.state, JobState::Done, "the next one starts anew");
}

/// Nobody but an audit files findings under the audits' name: a pass of the year 2099 would hide every fail.
#[tokio::test]
async fn the_audits_name_is_nobody_elses() {
    let house = House::new().await;
    let mut forged = crate::house::finding(&ssh("eu-west-1", "sg-1"), ACCOUNT, "PASSED", "2023-11-14T22:00:00Z");
    forged["ProductArn"] = json!("arn:aws:securityhub:global::product/posture-ledger/audit");
    let answer = house.ask(&house.acme.token, Method::POST, "/findings/import", &json!({"Findings": [forged]})).await;
    assert_eq!((&answer.body["FailedCount"], &answer.body["SuccessCount"]), (&json!(1), &json!(0)), "{}", answer.body);
    let event = json!({"time": "2023-11-14T22:00:00Z", "detail": {"findings": [forged]}});
    let answer = house.ask(&house.acme.token, Method::POST, "/api/v1/tenants/acme/snapshots", &event).await;
    assert_eq!(answer.body["rejected"], json!(1), "{}", answer.body);
}

/// A listener that was read tells nothing of one that was not: without coverage a join that several may answer is unknown.
#[tokio::test]
async fn a_join_needs_every_resource_that_may_answer_it() {
    let house = House::new().await;
    let arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/web/1";
    let balancer = resource(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        arn,
        1,
        &json!({"loadBalancerArn": arn, "type": "application"}),
    );
    let listener = json!({"ListenerArn": "l-1", "LoadBalancerArn": arn, "Port": 443, "Protocol": "HTTPS", "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"});
    let kind = "AWS::ElasticLoadBalancingV2::Listener";
    let listener = resource(kind, "l-1", 1, &listener);
    put(&house, &json!([balancer.clone(), listener.clone()])).await;
    let run = audit(&house).await;
    assert!(run.unread.iter().any(|why| why.contains(kind)), "{run:?}");
    let before = run.counts.unknown;
    house.clock.set(START.plus(HOUR));
    let body = json!({"resources": [balancer, listener], "covered": [{"account_id": ACCOUNT, "region": "eu-west-1", "types": [kind]}]});
    put(&house, &body).await;
    let run = audit(&house).await;
    assert!(run.counts.unknown < before, "{run:?}");
    assert!(!run.unread.iter().any(|why| why.contains(kind)), "{run:?}");
}
