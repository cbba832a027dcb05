//! Bursts of hub events, as Lambda's event source brings them from SQS: batches at the template's size and concurrency,
//! redelivery of what failed, and the dead-letter queue at the end of it.
//!
//! A message is received once more for every batch that gives it back, whole or as one of its failures, and lies among the dead
//! when it would be received more often than the template allows. A function that is killed gives its batch back whole, and its
//! container's place is taken by a cold one.

use super::checkout::read;
use super::template::Template;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_types::retry::RetryConfig;
use posture_functions::{App, Metrics, TRIGGERS};
use posture_local::embedded::{Embedded, config};
use posture_local::faults::{Fault, Faults};
use posture_shared::clock::Clock;
use posture_shared::domain::{Kind, Ordinal, Position, TenantId};
use posture_shared::ledger::{Recorded, Writer};
use posture_tests::samples::{finding, hub_event};
use posture_tests::world::{START, masters};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

const TABLE: &str = "posture";
/// What Lambda hands over at a time, in bytes.
const PAYLOAD: usize = 6 * 1024 * 1024;
/// How much of it stands around a message's body, roughly.
const AROUND: usize = 900;

/// What the template says of the queue of hub events and of the function behind it.
#[derive(Debug, Clone, Copy)]
struct Terms {
    batch_size: usize,
    concurrency: usize,
    receives: u32,
}

impl Terms {
    fn of_template() -> Self {
        let template = Template::parse(&read("template.yaml"));
        let number = |path: &str| -> u32 {
            let value = template.get(path).unwrap_or_else(|| panic!("{path} is not in the template"));
            value.parse().unwrap_or_else(|error| panic!("{path}: {error}: {value}"))
        };
        let source = "Resources/ImportHubEventsFunction/Properties/Events/Messages/Properties";
        Self {
            batch_size: number(&format!("{source}/BatchSize")) as usize,
            concurrency: number(&format!("{source}/ScalingConfig/MaximumConcurrency")) as usize,
            receives: number("Resources/HubEvents/Properties/RedrivePolicy/maxReceiveCount"),
        }
    }
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    body: Arc<str>,
    received: u32,
}

/// The queue and what lies behind it.
#[derive(Debug)]
struct Queue {
    terms: Terms,
    waiting: VecDeque<Message>,
    flying: usize,
    dead: Vec<String>,
    /// Invocations until now.
    invocations: usize,
    /// Messages that were handed over, again included.
    delivered: usize,
}

impl Queue {
    fn new(events: Vec<Value>) -> Self {
        let message = |(n, event): (usize, Value)| {
            let body = event.as_str().map_or_else(|| event.to_string(), str::to_owned).into();
            Message { id: format!("message-{n}"), body, received: 0 }
        };
        let waiting = events.into_iter().enumerate().map(message).collect();
        Self { terms: Terms::of_template(), waiting, flying: 0, dead: Vec::new(), invocations: 0, delivered: 0 }
    }

    /// The next batch and its number; none while there is nothing to receive.
    fn receive(&mut self) -> Option<(usize, Vec<Message>)> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while batch.len() < self.terms.batch_size {
            let Some(mut message) = self.waiting.pop_front() else { break };
            if message.received >= self.terms.receives {
                self.dead.push(message.id);
                continue;
            }
            bytes += message.body.len() + AROUND;
            if bytes > PAYLOAD && !batch.is_empty() {
                self.waiting.push_front(message);
                break;
            }
            message.received += 1;
            batch.push(message);
        }
        if batch.is_empty() {
            return None;
        }
        self.flying += batch.len();
        self.delivered += batch.len();
        self.invocations += 1;
        Some((self.invocations, batch))
    }

    /// Takes a batch back: what its function says has failed, or all of it where the function did not answer well.
    fn settle(&mut self, batch: Vec<Message>, answer: Option<Value>) {
        self.flying -= batch.len();
        let failed = failed(&batch, answer);
        self.waiting.extend(batch.into_iter().filter(|message| failed.contains(&message.id)));
    }

    fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.flying == 0
    }
}

/// Lambda's reading of an answer: nothing said is nothing failed; an id that is none of the batch's fails it whole.
fn failed(batch: &[Message], answer: Option<Value>) -> BTreeSet<String> {
    let all = || batch.iter().map(|message| message.id.clone()).collect::<BTreeSet<String>>();
    let Some(answer) = answer else { return all() };
    let Some(failures) = answer.get("batchItemFailures").and_then(Value::as_array) else { return BTreeSet::new() };
    let named = failures.iter().map(|failure| failure["itemIdentifier"].as_str().map(str::to_owned));
    let known = all();
    named.collect::<Option<BTreeSet<String>>>().filter(|named| named.is_subset(&known)).unwrap_or(known)
}

fn event_of(batch: &[Message]) -> Value {
    let records = batch.iter().map(|Message { id, body, received }| {
        json!({
            "messageId": id, "receiptHandle": "r", "body": &**body,
            "attributes": {
                "ApproximateReceiveCount": received.to_string(), "SentTimestamp": "1704182401000",
                "SenderId": "AIDA", "ApproximateFirstReceiveTimestamp": "1704182401000"
            },
            "messageAttributes": {}, "md5OfBody": "0", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:hub-events", "awsRegion": "eu-west-1"
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// What goes wrong in an invocation of this number, if anything.
type Misfortune = fn(usize) -> Fault;

fn nothing(_: usize) -> Fault {
    Fault::None
}

/// Every kind of fault in turn, in every third invocation.
fn every_kind(number: usize) -> Fault {
    let step = number as u64;
    if number % 3 != 1 {
        return Fault::None;
    }
    match number / 3 % 6 {
        0 => Fault::ThrottleEvery(4),
        1 => Fault::CrashBefore(3 + step % 5),
        2 => Fault::After(2 + step % 7),
        3 => Fault::CrashAfter(1 + step % 6),
        4 => Fault::Before(1 + step % 7),
        _ => Fault::ThrottleEvery(2),
    }
}

/// A function's containers over one table.
struct Deployment {
    store: Embedded,
    tenant: TenantId,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Deployment {
    async fn new() -> Self {
        let tenant = TenantId::parse("acme").unwrap();
        let this = Self { store: Embedded::memory().unwrap(), tenant, lines: Arc::default() };
        this.container().0.writer.create_table().await.unwrap();
        this
    }

    /// A cold one, whose client tries thrice as on Lambda, but does not wait as long in between.
    fn container(&self) -> (App, Faults) {
        let faults = Faults::new(self.store.clone());
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(Duration::from_millis(1))
            .with_max_backoff(Duration::from_millis(4));
        let config = config(faults.clone()).into_builder().retry_config(retries).build();
        let writer = Writer::connect(&config, TABLE, Clock::starting_at(START), masters());
        let lines = Arc::clone(&self.lines);
        let metrics = Metrics::to(move |line| lines.lock().unwrap().push(serde_json::from_str(line).unwrap()));
        (App::new(writer, self.tenant.clone()).measuring(metrics), faults)
    }

    /// Lets the event source work until the queue is empty.
    async fn drain(self: Arc<Self>, queue: Queue, misfortune: Misfortune) -> Queue {
        let concurrency = queue.terms.concurrency;
        let queue = Arc::new(Mutex::new(queue));
        let mut pollers = JoinSet::new();
        for _ in 0..concurrency {
            pollers.spawn(Arc::clone(&self).poll(Arc::clone(&queue), misfortune));
        }
        pollers.join_all().await;
        Arc::into_inner(queue).unwrap().into_inner().unwrap()
    }

    async fn poll(self: Arc<Self>, queue: Arc<Mutex<Queue>>, misfortune: Misfortune) {
        let trigger = TRIGGERS.iter().find(|trigger| trigger.function == "import-hub-events").unwrap();
        let (mut app, mut faults) = self.container();
        loop {
            let next = queue.lock().unwrap().receive();
            let Some((number, batch)) = next else {
                if queue.lock().unwrap().is_done() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            };
            // Misfortune ends before a message that cannot help it is taken for dead.
            let is_last = batch.iter().any(|message| message.received + 1 >= queue.lock().unwrap().terms.receives);
            let fault = if is_last { Fault::None } else { misfortune(number) };
            faults.plan(fault);
            let answer = app.wake(trigger, event_of(&batch), "test").await.ok();
            let is_killed = matches!(fault, Fault::CrashBefore(n) | Fault::CrashAfter(n) if faults.seen() >= n);
            if is_killed {
                (app, faults) = self.container();
            }
            queue.lock().unwrap().settle(batch, answer.filter(|_| !is_killed));
        }
    }

    /// The sum of a metric over all invocations.
    fn told(&self, metric: &str) -> f64 {
        self.lines.lock().unwrap().iter().filter_map(|line| line[metric].as_f64()).sum()
    }

    /// Everything that the log has behind a place, oldest first.
    async fn log(&self, mut after: Position) -> Vec<Recorded> {
        let reader = self.container().0.writer;
        let mut all = Vec::new();
        loop {
            let found = reader.changes(&self.tenant, after, None, 1000).await.unwrap();
            all.extend(found.recorded);
            after = found.reached;
            if !found.has_more {
                return all;
            }
        }
    }

    /// Asserts that exactly these findings are there, each as on its newest day, each created once, and nothing told twice.
    /// Commits, and findings that they wrote.
    async fn audit(&self, newest: &BTreeMap<String, u32>) -> (u64, usize) {
        let log = self.log(Position::START).await;
        let mut states: BTreeMap<Ordinal, Vec<&Recorded>> = BTreeMap::new();
        for change in &log {
            states.entry(change.ordinal).or_default().push(change);
        }
        let mut seen = BTreeMap::new();
        for (ordinal, changes) in &states {
            let created = changes.iter().filter(|change| change.kind == Kind::Created).count();
            assert_eq!((created, changes[0].kind), (1, Kind::Created), "finding {}", ordinal.0);
            for pair in changes.windows(2) {
                let [before, after] = [0, 1].map(|n| pair[n].finding.as_ref().unwrap());
                assert_ne!((&before.asff, &before.standing), (&after.asff, &after.standing), "finding {}", ordinal.0);
            }
            let last = changes.last().unwrap().finding.as_ref().unwrap();
            let title = last.asff["Title"].as_str().unwrap();
            let day = title.rsplit(' ').next().unwrap().parse::<u32>().unwrap();
            let id = last.asff["Id"].as_str().unwrap().to_owned();
            assert!(seen.insert(id, day).is_none(), "{title} is there twice");
        }
        assert_eq!(seen.len(), newest.len());
        assert!(seen == *newest, "some findings are not as they were last reported");
        let verified = self.container().0.writer.verify(&self.tenant, None, &|_, _| {}).await.unwrap();
        assert!(verified.is_clean(), "{verified}");
        (verified.seq, log.len())
    }
}

/// Hub events in the order in which a queue may give them: that of their coming, roughly.
struct Burst {
    events: Vec<Value>,
    newest: BTreeMap<String, u32>,
}

/// Events of which six in ten are of findings that are new, two tell of a change, and two say the same once more.
fn burst(count: usize) -> Burst {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut days: Vec<u32> = Vec::new();
    let mut told = Vec::with_capacity(count);
    for n in 0..count {
        let which = match n % 10 {
            0..6 => {
                days.push(1);
                days.len() - 1
            }
            6 | 7 => {
                let which = random(days.len());
                days[which] += 1;
                which
            }
            _ => random(days.len()),
        };
        told.push((which, days[which]));
    }
    // What is sent at once may come in any order.
    for n in 0..count {
        told.swap(n, n + random((count - n).min(200)));
    }
    let events = told.into_iter().map(|(which, day)| event(which, day)).collect();
    let newest = days.iter().enumerate().map(|(which, day)| (id(which), *day)).collect();
    Burst { events, newest }
}

fn id(which: usize) -> String {
    format!(
        "arn:aws:securityhub:eu-west-1:123456789012:subscription/aws-foundational-security-best-practices/v/1.0.0/EC2.{}/finding/{which:08x}-0000-4000-8000-000000000000",
        which % 150
    )
}

fn event(which: usize, day: u32) -> Value {
    let mut one = finding(&id(which), day);
    one["GeneratorId"] = json!(format!("aws-foundational-security-best-practices/v/1.0.0/EC2.{}", which % 150));
    one["Resources"][0]["Id"] = json!(format!("arn:aws:ec2:eu-west-1:123456789012:security-group/sg-{which:08x}"));
    hub_event(&format!("2024-01-{day:02}T08:00:01Z"), &[one])
}

/// One that the hub never sends, and that no function can take.
fn poison() -> Value {
    let mut event = event(usize::MAX >> 32, 1);
    event["detail"]["findings"][0]["AwsAccountId"] = Value::Null;
    event
}

/// A finding's item that a damaged table lost the document of: whatever is to be decided about it fails.
async fn damage(deployment: &Deployment, ordinal: Ordinal, change: &Recorded) {
    let client = Client::new(&config(deployment.store.clone()));
    let key = |text: String| AttributeValue::S(text);
    let removed = client
        .delete_item()
        .table_name(TABLE)
        .key("pk", key(format!("{}#document#{:08x}", deployment.tenant, ordinal.0)))
        .key("sk", key(change.position.at.key()))
        .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld)
        .send()
        .await
        .unwrap();
    assert!(removed.attributes.is_some(), "there is no such document");
}

/// DESIGN §3, bursts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_taken_in_with_full_commits() {
    full_commits(4_000).await;
}

/// The same at its full size, which takes minutes in a build without optimisation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "part of make prove"]
async fn a_burst_of_20_000_is_taken_in_with_full_commits() {
    full_commits(20_000).await;
}

async fn full_commits(messages: usize) {
    let deployment = Arc::new(Deployment::new().await);
    let Burst { mut events, newest } = burst(messages - 1);
    events.insert(777, poison());
    let began = std::time::Instant::now();
    let queue = Arc::clone(&deployment).drain(Queue::new(events), nothing).await;
    let took = began.elapsed();
    assert_eq!(queue.dead, ["message-777"]);
    // Where a machine is so busy that one of the writers loses all its races, a batch comes once more, and no harm is done.
    assert!(queue.delivered < messages * 3 / 2, "{} deliveries of {messages} messages", queue.delivered);
    let (commits, written) = deployment.audit(&newest).await;
    let figures = format!(
        "{written} findings in {commits} commits, {} races lost, {} invocations, {} read units, {} write units, {took:?}",
        deployment.told("LostRaces"),
        queue.invocations,
        deployment.told("ReadUnits"),
        deployment.told("WriteUnits"),
    );
    assert_eq!(deployment.told("Commits"), f64::from(u32::try_from(commits).unwrap()));
    assert!(written >= 20 * usize::try_from(commits).unwrap(), "{figures}");
}

/// Answers are lost, functions killed and requests throttled, over and over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_is_taken_in_whatever_fails() {
    let deployment = Arc::new(Deployment::new().await);
    let Burst { mut events, newest } = burst(2_999);
    events.insert(1_234, poison());
    let mut queue = Queue::new(events);
    // Smaller batches, so that more of them meet with something.
    queue.terms.batch_size /= 10;
    let queue = Arc::clone(&deployment).drain(queue, every_kind).await;
    assert_eq!(queue.dead, ["message-1234"]);
    assert!(queue.delivered > 3_200, "only {} deliveries: nothing failed", queue.delivered);
    deployment.audit(&newest).await;
}

/// A message that breaks its function, and not its own form, costs no other one its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_decided_lies_alone_among_the_dead() {
    let deployment = Arc::new(Deployment::new().await);
    let first = (0..100).map(|which| event(which, 1)).collect();
    let queue = Arc::clone(&deployment).drain(Queue::new(first), nothing).await;
    assert_eq!(queue.dead, [""; 0]);
    let log = deployment.log(Position::START).await;
    for broken in [17, 60] {
        let change = log.iter().find(|change| change.finding.as_ref().unwrap().asff["Id"] == id(broken)).unwrap();
        damage(&deployment, change.ordinal, change).await;
    }
    let second = (0..450).map(|which| event(which, 2)).collect();
    let queue = Arc::clone(&deployment).drain(Queue::new(second), nothing).await;
    let mut dead = queue.dead;
    dead.sort();
    assert_eq!(dead, ["message-17", "message-60"]);
    let since = deployment.log(log.last().unwrap().position).await;
    assert_eq!(since.iter().map(|change| change.ordinal).collect::<BTreeSet<_>>().len(), 448);
}
