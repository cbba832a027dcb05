//! A deployment in memory with two tenants, and keys of every scope for both.

use crate::gateway::{Ask, Gateway};
use crate::samples::RETIRED;
use crate::sign::Signer;
use lambda_http::Body;
use posture_functions::{App, ROUTES, Route, TRIGGERS, event, route};
use posture_local::embedded::{Embedded, config};
use posture_local::meter::Meter;
use posture_shared::auth::{Credentials, mint};
use posture_shared::clock::Clock;
use posture_shared::domain::{Error, Instant, KeyRecord, Scope, TenantId};
use posture_shared::ledger::{Ahead, Table, Writer};
use posture_shared::secrets::{Master, Masters};
use serde_json::Value;
use std::collections::BTreeSet;

/// What the deployment's clock shows at first: 2024-02-29T23:58:01Z.
pub const START: Instant = Instant(1_709_251_081_000);

/// The name of the table.
pub const TABLE: &str = "posture";

/// A deployment.
#[derive(Debug)]
pub struct World {
    /// The app.
    pub app: App,
    /// Its clock.
    pub clock: Clock,
    /// The tenant that most tests ask for, which is also the deployment's own.
    pub ours: Tenant,
    /// Another tenant.
    pub theirs: Tenant,
}

/// A tenant and its keys.
#[derive(Debug)]
pub struct Tenant {
    /// Its name.
    pub id: TenantId,
    keys: Vec<(Scope, Credentials)>,
}

impl Tenant {
    /// The key that holds this scope alone.
    pub fn key(&self, scope: Scope) -> &Credentials {
        let found = self.keys.iter().find(|(held, _)| *held == scope);
        &found.unwrap_or_else(|| panic!("no key of {}", scope.name())).1
    }

    /// Every key with its scope.
    pub fn keys(&self) -> &[(Scope, Credentials)] {
        &self.keys
    }

    /// The key for everything.
    pub fn admin(&self) -> &Credentials {
        self.key(Scope::Admin)
    }

    /// Everything of its credentials that is secret.
    pub fn secrets(&self) -> Vec<&str> {
        self.keys
            .iter()
            .flat_map(|(_, key)| {
                [&key.token, &key.aws_secret_access_key, &key.datadog_application_key, &key.datadog_api_key]
            })
            .map(String::as_str)
            .collect()
    }
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Whether the request passed the door and its own checks: it was answered, came once more where once is enough, or
    /// asked for something that is not there.
    pub fn is_let_in(&self) -> bool {
        [200, 201, 202, 409].contains(&self.status) || self.is_absent()
    }

    /// Whether the request asked for one thing that is not there.
    pub fn is_absent(&self) -> bool {
        let kinds = ["check", "finding", "rule", "resource", "framework", "scan", "job"];
        let no_such = kinds.iter().any(|kind| self.body.contains(&format!("\"there is no such {kind}\"")));
        let is_uid = self.body.contains("finding not found") || self.body.contains("there is no finding ");
        let no_patch = self.body.contains("\"there is no patch for this finding: ");
        self.status == 404 && (no_such || no_patch || is_uid)
    }

    /// A header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The answer without the ids that differ in every answer.
    #[must_use]
    pub fn timeless(mut self) -> Self {
        self.headers.retain(|(name, _)| !["x-amzn-requestid", "x-request-id"].contains(&name.as_str()));
        self
    }
}

/// The master of every test.
pub fn masters() -> Masters {
    Masters::only(Master::new(1, (0..32).collect()).unwrap())
}

/// What a function writes and reads with that has started for a tenant: it has looked ahead.
pub async fn started(table: Table, clock: Clock, masters: Masters, tenant: &TenantId, ahead: Ahead) -> Writer {
    let seen = table.look_ahead(tenant, ahead).await;
    let writer = Writer::over(table, clock, masters);
    writer.learn(tenant, seen);
    writer
}

impl World {
    /// A deployment with nothing but keys.
    pub async fn new() -> Self {
        Self::on(Embedded::memory().unwrap()).await
    }

    /// The same in an empty store.
    pub async fn on(store: Embedded) -> Self {
        let clock = Clock::starting_at(START);
        Self::over(Writer::connect(&config(store), TABLE, clock.clone(), masters()), clock).await
    }

    /// The same, with a meter between it and its table.
    pub async fn metered() -> (Self, Meter) {
        let clock = Clock::starting_at(START);
        let meter = Meter::new(Embedded::memory().unwrap());
        let config = config(meter.clone());
        (Self::over(Writer::connect(&config, TABLE, clock.clone(), masters()), clock).await, meter)
    }

    async fn over(writer: Writer, clock: Clock) -> Self {
        writer.create_table().await.unwrap();
        let ours = tenant(&writer, "acme").await;
        let theirs = tenant(&writer, "umbrella").await;
        Self { app: App::new(writer, ours.id.clone()), clock, ours, theirs }
    }

    /// Another key of a tenant.
    pub async fn key(&self, tenant: &Tenant, name: &str, change: impl FnOnce(&mut KeyRecord)) -> Credentials {
        let scopes = BTreeSet::from([Scope::Admin]);
        let (mut record, credentials) = mint(&masters(), &tenant.id, name, scopes, None, None, START).unwrap();
        change(&mut record);
        self.app.writer.key_replace(&record).await.unwrap();
        credentials
    }

    /// What a client gets that sends `ask` as it is to a gateway.
    pub async fn send(&self, gateway: Gateway, ask: &Ask) -> Answer {
        self.send_to(gateway, ask, &gateway.wire_path(&ask.path)).await
    }

    /// What a client gets whose request arrives under another path than the gateway's own.
    pub async fn send_to(&self, gateway: Gateway, ask: &Ask, wire_path: &str) -> Answer {
        let method = ask.method.parse().unwrap();
        match route::find(ROUTES, &method, &ask.path) {
            Some((route, _)) => self.answer(route, &gateway.event(ask, wire_path)).await,
            None => {
                let request = event::request_of(&gateway.event(ask, wire_path)).unwrap();
                answer_of(self.app.answer_unknown(&ask.path, &request))
            }
        }
    }

    /// What a function answers to an event.
    pub async fn answer(&self, route: &Route, event: &str) -> Answer {
        let request = event::request_of(event).unwrap_or_else(|error| panic!("{error}: {event}"));
        answer_of(self.app.answer(route, request).await)
    }

    /// What a client gets that signs as a stock AWS client does.
    pub async fn signed(&self, gateway: Gateway, key: &Credentials, ask: &Ask) -> Answer {
        self.send(gateway, &signed(gateway, key, ask)).await
    }

    /// What a client gets that bears the admin token of a tenant, through a REST API.
    pub async fn ask(&self, tenant: &Tenant, ask: &Ask) -> Answer {
        self.send(Gateway::Rest, &ask.clone().bearing(&tenant.admin().token)).await
    }

    /// What the function for hub events gives its queue.
    pub async fn wake(&self, event: Value) -> Result<Value, Error> {
        let trigger = TRIGGERS.iter().find(|trigger| trigger.function == "import-hub-events").unwrap();
        self.app.wake(trigger, event, "test").await
    }
}

/// The request as a stock AWS client would sign it now.
pub fn signed(gateway: Gateway, key: &Credentials, ask: &Ask) -> Ask {
    signed_at(gateway, key, ask, Clock::machine())
}

/// The request as a stock AWS client would have signed it at an instant.
pub fn signed_at(gateway: Gateway, key: &Credentials, ask: &Ask, at: Instant) -> Ask {
    let mut ask = ask.clone().with("host", gateway.host());
    if !ask.body.is_empty() {
        ask = ask.with("content-type", "application/json");
    }
    let wire_path = gateway.wire_path(&ask.path);
    signer(key, at).sign(&mut ask, &wire_path);
    ask
}

/// A signer with a key.
pub fn signer(key: &Credentials, at: Instant) -> Signer {
    Signer {
        id: key.aws_access_key_id.clone(),
        secret: key.aws_secret_access_key.clone(),
        region: "eu-west-1".to_owned(),
        service: "securityhub".to_owned(),
        at,
    }
}

async fn tenant(writer: &Writer, name: &str) -> Tenant {
    let id = TenantId::parse(name).unwrap();
    let mut keys = Vec::new();
    for (scope, name) in Scope::NAMES {
        let name = name.replace(':', "-");
        let (record, credentials) = mint(&masters(), &id, &name, [*scope].into(), None, None, START).unwrap();
        assert!(writer.key_create(&record).await.unwrap());
        keys.push((*scope, credentials));
    }
    let (record, _) = mint(&masters(), &id, RETIRED, [Scope::FindingsRead].into(), None, None, START).unwrap();
    assert!(writer.key_create(&record).await.unwrap());
    Tenant { id, keys }
}

fn answer_of(response: lambda_http::Response<Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()));
    let body = String::from_utf8(body.to_vec()).unwrap();
    Answer { status: parts.status.as_u16(), headers: headers.collect(), body }
}
