//! A deployment in memory with two tenants, entered by the door that clients have.

use aws_sdk_dynamodb::Client;
use aws_smithy_types::retry::RetryConfig;
use lambda_http::http::{Method, Request};
use lambda_http::{Body, RequestExt};
use posture_functions::{App, ROUTES, route};
use posture_local::embedded::{Embedded, config};
use posture_local::faults::Faults;
use posture_local::meter::Meter;
use posture_shared::auth::{Credentials, Wish, create_key};
use posture_shared::clock::Clock;
use posture_shared::domain::{Instant, Scope, TenantId};
use posture_shared::ledger::{Ahead, Table, Writer};
use posture_shared::secrets::{Master, Masters};
use posture_tests::world::started;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::Duration;

/// When the houses' clocks start: the first second of a minute.
pub const START: Instant = Instant(1_700_000_040_000);

/// The name of the houses' tables.
pub const TABLE: &str = "ledger";

pub const ARN: &str = "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default";

/// Two tenants, `acme` and `beta`, each with a key of scope admin.
pub struct House {
    pub app: App,
    pub clock: Clock,
    pub meter: Meter,
    pub faults: Faults,
    pub acme: Credentials,
    pub beta: Credentials,
    store: Embedded,
}

pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

impl House {
    pub async fn new() -> Self {
        let store = Embedded::memory().unwrap();
        let (app, clock, meter, faults) = open(&store, START);
        app.writer.create_table().await.unwrap();
        let acme = key(&app.writer, "acme", admin()).await;
        let beta = key(&app.writer, "beta", admin()).await;
        Self { app, clock, meter, faults, acme, beta, store }
    }

    /// A process over a table that is there, with the keys of its tenants.
    pub fn over(store: &Embedded, at: Instant, acme: Credentials, beta: Credentials) -> Self {
        let (app, clock, meter, faults) = open(store, at);
        Self { app, clock, meter, faults, acme, beta, store: store.clone() }
    }

    /// The store itself, to look at and to change as no user can.
    pub fn raw(&self) -> Client {
        Client::new(&config(self.store.clone()))
    }

    /// Another process over the same table, with a clock of its own.
    pub fn beside(&self, at: Instant) -> Self {
        Self::over(&self.store, at, self.acme.clone(), self.beta.clone())
    }

    /// Another process over the same table, which has read ahead as a function does when it starts.
    pub async fn started(&self, ahead: Ahead) -> Self {
        let (clock, faults) = (Clock::starting_at(self.clock.now()), Faults::new(self.store.clone()));
        let meter = Meter::new(faults.clone());
        let table = Table::new(&config(meter.clone()), TABLE);
        let writer = started(table, clock.clone(), masters(), &tenant("acme"), ahead).await;
        self.by(writer, clock, faults, meter)
    }

    /// Another process over the same table, whose client of the table sends a request again that was not answered, as the
    /// functions' do.
    pub fn resending(&self) -> Self {
        let (clock, faults) = (self.clock.clone(), Faults::new(self.store.clone()));
        let meter = Meter::new(faults.clone());
        let again = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        let config = config(meter.clone()).into_builder().retry_config(again).build();
        let writer = Writer::connect(&config, TABLE, clock.clone(), masters());
        self.by(writer, clock, faults, meter)
    }

    fn by(&self, writer: Writer, clock: Clock, faults: Faults, meter: Meter) -> Self {
        let (acme, beta) = (self.acme.clone(), self.beta.clone());
        Self { app: App::new(writer, tenant("acme")), clock, meter, faults, acme, beta, store: self.store.clone() }
    }

    /// The same with another app over its ledger.
    pub fn with(self, change: impl FnOnce(App) -> App) -> Self {
        Self { app: change(self.app), ..self }
    }

    pub fn writer(&self) -> &Writer {
        &self.app.writer
    }

    /// Sends a request with a token to the route of its path, or to none. The path may have a query behind it.
    pub async fn ask(&self, token: &str, method: Method, path: &str, body: &Value) -> Answer {
        send(&self.app, token, method, path, body).await
    }

    /// The same with headers beside the token.
    pub async fn ask_with(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: &Value,
    ) -> Answer {
        send_with(&self.app, token, headers, method, path, body).await
    }

    /// Imports findings as a client does.
    pub async fn import(&self, token: &str, findings: &[Value]) {
        let answer = self.ask(token, Method::POST, "/findings/import", &json!({"Findings": findings})).await;
        assert_eq!((answer.status, &answer.body["FailedCount"]), (200, &json!(0)), "{}", answer.body);
    }
}

/// Sends a request with a token to the route of its path, or to none. The path may have a query behind it.
pub async fn send(app: &App, token: &str, method: Method, path: &str, body: &Value) -> Answer {
    send_with(app, token, &[], method, path, body).await
}

async fn send_with(
    app: &App,
    token: &str,
    headers: &[(&str, &str)],
    method: Method,
    path: &str,
    body: &Value,
) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = Request::builder().method(method.clone()).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let request = request.header("authorization", format!("Bearer {token}")).body(Body::Text(body)).unwrap();
    let path = path.split('?').next().unwrap();
    let request = request.with_raw_http_path(path);
    let response = match route::find(ROUTES, &method, path) {
        Some((route, parameters)) => {
            let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), vec![value]));
            let request = request.with_path_parameters(parameters.collect::<HashMap<_, _>>());
            // Its future would be part of every test's, and that is on the stack.
            Box::pin(app.answer(route, request)).await
        }
        None => app.answer_unknown(path, &request),
    };
    let (parts, body) = response.into_parts();
    let headers = parts.headers.iter();
    Answer {
        status: parts.status.as_u16(),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
        // What is no JSON says so in its media type.
        body: serde_json::from_slice(&body).unwrap_or_else(|_| String::from_utf8(body.to_vec()).unwrap().into()),
    }
}

impl Answer {
    /// The status and the code of an error in our own envelope.
    pub fn error(&self) -> (u16, &str) {
        (self.status, self.body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

fn open(store: &Embedded, at: Instant) -> (App, Clock, Meter, Faults) {
    let clock = Clock::starting_at(at);
    let faults = Faults::new(store.clone());
    let meter = Meter::new(faults.clone());
    let writer = Writer::connect(&config(meter.clone()), TABLE, clock.clone(), masters());
    (App::new(writer, tenant("acme")), clock, meter, faults)
}

fn masters() -> Masters {
    Masters::only(Master::new(1, vec![7; 32]).unwrap())
}

pub fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

pub fn admin() -> Wish {
    let name = "admin".to_owned();
    Wish { name, scopes: [Scope::Admin].into(), accounts: None, expires_at: None, rate_per_minute: None }
}

pub async fn key(writer: &Writer, of: &str, wish: Wish) -> Credentials {
    create_key(writer, &tenant(of), None, wish).await.unwrap()
}

/// A finding of an account, with a Compliance.Status.
pub fn finding(id: &str, account: &str, compliance: &str, updated_at: &str) -> Value {
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": id,
        "ProductArn": ARN,
        "GeneratorId": "g",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": "2023-11-01T00:00:00Z",
        "UpdatedAt": updated_at,
        "Severity": {"Label": "HIGH"},
        "Title": "a title",
        "Description": "a description",
        "Resources": [{"Type": "AwsS3Bucket", "Id": format!("arn:aws:s3:::{id}")}],
        "Compliance": {"Status": compliance},
    })
}
