//! The trigger `sweep-inventory`: what AWS says of an account lies in the inventory, however often the sweep is killed.

use crate::house::{House, START, tenant};
use crate::import_resources::ACCOUNT;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use posture_functions::sweep_inventory;
use posture_local::embedded::{Embedded, config};
use posture_local::faults::Fault;
use posture_shared::config::Settings;
use posture_shared::domain::Instant;
use posture_shared::domain::inventory::KnownScope;
use posture_shared::operations::{Hubs, Sweep};
use posture_shared::upstream::Aws;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const GROUP: &str = "AWS::EC2::SecurityGroup";
const MEMBER: &str = "210987654321";
const HOUR: i64 = 3_600_000;

/// AWS Config with some security groups in one region. Everything else is denied.
#[derive(Debug, Clone, Default)]
struct Stub {
    groups: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Stub {
    fn has(&self, groups: &[&str]) {
        *self.groups.lock().unwrap() = groups.iter().map(|id| (*id).to_owned()).collect();
    }

    fn asked(&self, operation: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == operation).count()
    }

    fn answer(&self, operation: &str, body: &Value) -> Option<Value> {
        let groups = self.groups.lock().unwrap().clone();
        let key = |id: &String| json!({"resourceType": GROUP, "resourceId": id});
        Some(match operation {
            "DescribeConfigurationRecorders" => {
                json!({"ConfigurationRecorders": [{"name": "default", "recordingGroup": {"allSupported": true}}]})
            }
            "DescribeConfigurationRecorderStatus" => {
                json!({"ConfigurationRecordersStatus": [{"name": "default", "recording": true}]})
            }
            "SelectResourceConfig" => {
                json!({"Results": groups.iter().map(|id| key(id).to_string()).collect::<Vec<_>>()})
            }
            "BatchGetResourceConfig" => {
                let wanted = body["resourceKeys"].as_array().unwrap();
                let found = groups.iter().filter(|id| wanted.contains(&key(id)));
                json!({"unprocessedResourceKeys": [], "baseConfigurationItems": found.map(item).collect::<Vec<_>>()})
            }
            _ => return None,
        })
    }
}

fn item(id: &String) -> Value {
    let configuration = json!({"groupId": id, "ipPermissions": [], "ipPermissionsEgress": []});
    json!({
        "accountId": ACCOUNT, "awsRegion": "us-east-1", "resourceType": GROUP, "resourceId": id,
        "configurationItemCaptureTime": 1_600_000_000.25, "configurationItemStatus": "OK",
        "configuration": configuration.to_string(), "supplementaryConfiguration": {},
    })
}

impl HttpConnector for Stub {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.strip_prefix("StarlingDoveService.").unwrap_or_default().to_owned();
        let signed = request.headers().get("authorization").unwrap_or_default();
        let is_member = signed.contains("Credential=member/");
        assert!(is_member || signed.contains("Credential=embedded/"));
        self.asked.lock().unwrap().push(operation.clone());
        let is_who = body.starts_with(b"Action=GetCallerIdentity&");
        if body.starts_with(b"Action=AssumeRole&") {
            assert!(!is_member && body.ends_with(b"&ExternalId=between%20us"));
            let role =
                "<AccessKeyId>member</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>";
            let answer = format!("<R><C>{role}<Expiration>2099-01-01T00:00:00Z</Expiration></C></R>");
            let granted = if body.windows(6).any(|part| part == b"denied") { 403 } else { 200 };
            return HttpConnectorFuture::ready(Ok(HttpResponse::new(
                granted.try_into().unwrap(),
                SdkBody::from(answer),
            )));
        }
        let sent = serde_json::from_slice(&body).unwrap_or_default();
        let (status, answer) = match self.answer(&operation, &sent) {
            Some(answer) => (200, answer.to_string()),
            None if is_who => (200, format!("<R><Account>{ACCOUNT}</Account></R>")),
            None => (403, r#"{"__type":"AccessDeniedException","message":"no"}"#.to_owned()),
        };
        let answer = if is_member { answer.replace(ACCOUNT, MEMBER) } else { answer };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
    }
}

fn sweep(stub: &Stub) -> Sweep {
    let aws = Aws::new(&config(Embedded::memory().unwrap()), stub.clone()).unwrap();
    Sweep { aws, regions: Vec::new(), aggregator: None }
}

async fn house(stub: &Stub) -> House {
    let mut house = House::new().await;
    house.app = house.app.sweeping(sweep(stub));
    house
}

async fn wake(house: &House) -> Result<Value, posture_shared::domain::Error> {
    house.app.wake(&sweep_inventory::TRIGGER, json!({}), "r").await
}

/// What is known: resources with their versions, and scopes.
async fn known(house: &House) -> (BTreeMap<String, Vec<(Instant, bool)>>, Vec<KnownScope>) {
    let acme = tenant("acme");
    let scopes = house.writer().inventory_scopes(&acme).await.unwrap();
    let mut resources = BTreeMap::new();
    for scope in &scopes {
        for at in [None, Some(START)] {
            for item in house.writer().inventory_walk(&acme, &scope.scope, None, None, at).all().await.unwrap() {
                let versions = house.writer().inventory_versions(&acme, &item.key(), None, 9).await.unwrap();
                let versions = versions.iter().map(|version| (version.captured_at, version.deleted)).collect();
                resources.insert(item.key().text(), versions);
            }
        }
    }
    (resources, scopes)
}

#[tokio::test]
async fn the_schedule_reads_what_nobody_has_read_today() {
    let stub = Stub::default();
    stub.has(&["sg-1", "sg-2"]);
    let house = house(&stub).await;
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["created"], &answer["done"]), (&json!(4), &json!(true)), "{answer}");
    let (resources, scopes) = known(&house).await;
    assert!(resources.contains_key(&format!("{ACCOUNT}/us-east-1/{GROUP}/sg-1")), "{resources:?}");
    let region = scopes.iter().find(|known| known.scope.region == "us-east-1").unwrap();
    assert!(region.covered.contains_key(GROUP) && !region.unread.contains_key(GROUP));
    assert!(region.unread.contains_key("AWS::::Account.ebsEncryptionByDefault"), "{:?}", region.unread);

    house.clock.set(START.plus(HOUR));
    wake(&house).await.unwrap();
    assert_eq!(stub.asked("SelectResourceConfig"), 1, "everything is known since an hour");
    stub.has(&["sg-1"]);
    house.clock.set(START.plus(24 * HOUR));
    assert_eq!(wake(&house).await.unwrap()["deleted"], json!(1));
}

/// Other accounts are read with the roles that they gave, and one that does not let anybody in keeps no other from being read.
#[tokio::test]
async fn members_are_read_with_their_roles() {
    let stub = Stub::default();
    stub.has(&["sg-1"]);
    let mut house = house(&stub).await;
    let aws = Aws::new(&config(Embedded::memory().unwrap()), stub.clone()).unwrap();
    let roles = ["denied", "posture-ledger"].map(|name| format!("arn:aws:iam::{MEMBER}:role/{name}")).to_vec();
    let hubs = Hubs { roles, external_id: Some("between us".to_owned()), ..Hubs::of(aws, &Settings::default()) };
    house.app = house.app.synchronising(hubs);
    let answer = wake(&house).await.unwrap();
    assert_eq!((&answer["created"], &answer["done"]), (&json!(6), &json!(true)), "{answer}");
    let (resources, scopes) = known(&house).await;
    for account in [ACCOUNT, MEMBER] {
        assert!(resources.contains_key(&format!("{account}/us-east-1/{GROUP}/sg-1")), "{resources:?}");
    }
    assert_eq!(scopes.iter().filter(|known| known.scope.account == MEMBER).count(), 2);
}

/// A deployment that was not told how AWS is read says so, and reads nothing.
#[tokio::test]
async fn without_a_reader_nothing_is_swept() {
    assert!(wake(&House::new().await).await.is_err());
}

/// A sweep that is killed before or after any of its requests: after the next one everything is as after one undisturbed.
#[tokio::test]
async fn a_sweep_can_be_killed_at_any_request() {
    let mut undisturbed = None;
    for number in (1..2_000).step_by(7) {
        for fault in [Fault::CrashBefore(number), Fault::CrashAfter(number + 3)] {
            let stub = Stub::default();
            stub.has(&["sg-1", "sg-2"]);
            let house = house(&stub).await;
            wake(&house).await.unwrap();
            stub.has(&["sg-2", "sg-3"]);
            house.clock.set(START.plus(24 * HOUR));
            house.faults.plan(fault);
            let killed = wake(&house).await;
            let finished = house.faults.seen() < number;
            let mut next = house.beside(START.plus(25 * HOUR));
            next.app = next.app.sweeping(sweep(&stub));
            wake(&next).await.unwrap();
            let (resources, scopes) = known(&next).await;
            let shape = |versions: Vec<(Instant, bool)>| {
                let mut deleted: Vec<bool> = versions.into_iter().map(|(_, deleted)| deleted).collect();
                // That it is gone may be found out twice, at two instants; from the first one on it is.
                deleted.dedup_by(|one, other| *one && *other);
                deleted
            };
            let resources: BTreeMap<String, Vec<bool>> =
                resources.into_iter().map(|(key, versions)| (key, shape(versions))).collect();
            let names = scopes.into_iter().map(|known| {
                let unread: Vec<String> = known.unread.into_keys().collect();
                (known.scope, known.covered.into_keys().collect::<Vec<_>>(), known.kinds, unread)
            });
            let now = (resources, names.collect::<Vec<_>>());
            assert_eq!(&now, undisturbed.get_or_insert_with(|| now.clone()), "{fault:?} {killed:?}");
            if finished {
                assert!(killed.is_ok() && number > 20, "a sweep makes more requests than {number}");
                return;
            }
        }
    }
    panic!("a sweep makes more requests than any should");
}
