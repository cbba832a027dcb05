//! Where the bench lives: a store of its own behind a meter, a clock that can be set, and containers over it.

use crate::embedded::{self, Embedded};
use crate::meter::{Counts, Meter};
use lambda_http::http::Request;
use lambda_http::{Body, RequestExt};
use posture_functions::{App, Route};
use posture_shared::auth::mint;
use posture_shared::clock::Clock;
use posture_shared::dialects::Dialect;
use posture_shared::domain::{Error, Instant, Scope, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::secrets::{self, Master, Masters};
use serde_json::Value;
use std::path::Path;
use std::time::Instant as Stopwatch;

const TABLE: &str = "posture-ledger";
const KEY: &str = "bench";
/// What passes between two requests of a client that keeps to 100 requests a minute.
const PACE_MS: i64 = 650;

/// A store and who asks it.
#[derive(Debug)]
pub(super) struct World {
    pub engine: Embedded,
    pub clock: Clock,
    pub tenant: TenantId,
    /// The container that imports.
    pub app: App,
    meter: Option<Meter>,
    masters: Masters,
    token: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub body: Value,
    pub counts: Counts,
    pub ms: f64,
}

impl World {
    /// A new store whose clock shows `now`: in memory and metered, or in a folder and not metered. Without masters it has one that is
    /// kept nowhere.
    pub async fn new(now: Instant, folder: Option<&Path>, masters: Option<Masters>) -> Result<Self, Error> {
        let engine = folder.map_or_else(Embedded::memory, Embedded::open)?;
        let masters = match masters {
            Some(masters) => masters,
            None => Masters::only(Master::new(1, secrets::random::<32>()?.to_vec())?),
        };
        let (clock, tenant) = (Clock::starting_at(now), TenantId::parse("bench")?);
        let meter = folder.is_none().then(|| Meter::watching(engine.clone()));
        let app = container(&engine, meter.as_ref(), &clock, &masters, &tenant);
        app.writer.create_table().await?;
        let (record, credentials) = mint(&masters, &tenant, KEY, [Scope::Admin].into(), None, None, clock.now())?;
        if !app.writer.key_create(&record).await? {
            return Err(Error::Conflict("the store is not empty".to_owned()));
        }
        Ok(Self { engine, clock, tenant, app, meter, masters, token: credentials.token })
    }

    /// A container that knows nothing yet.
    pub fn container(&self) -> App {
        container(&self.engine, self.meter.as_ref(), &self.clock, &self.masters, &self.tenant)
    }

    /// What was counted since the last look.
    pub fn take(&self) -> Counts {
        self.meter.as_ref().map(Meter::take).unwrap_or_default()
    }

    /// Sends a request as a client would, and counts.
    pub async fn ask(&self, app: &App, route: &Route, body: &Value) -> Result<Answer, Error> {
        self.send(app, route, route.path, body.to_string()).await
    }

    /// Sends a request to a path as a client would, and counts.
    pub async fn post(&self, app: &App, route: &Route, path: &str, body: &Value) -> Result<Answer, Error> {
        self.send(app, route, path, body.to_string()).await
    }

    /// Asks for a path with a query behind it as a client would, and counts.
    pub async fn get(&self, app: &App, route: &Route, path: &str) -> Result<Answer, Error> {
        if route.dialect == Dialect::Datadog {
            // Its clients have a hundred requests a minute, and so has the bench.
            self.clock.set(self.clock.now().plus(PACE_MS));
        }
        self.send(app, route, path, String::new()).await
    }

    /// Sends JSON to a path as a client would, and counts.
    pub async fn put(&self, app: &App, route: &Route, path: &str, body: &Value) -> Result<Answer, Error> {
        self.send(app, route, path, body.to_string()).await
    }

    async fn send(&self, app: &App, route: &Route, path: &str, body: String) -> Result<Answer, Error> {
        let request = Request::builder()
            .method(route.method.clone())
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::Binary(body.into_bytes()))
            .map_err(Error::internal)?
            .with_raw_http_path(path.split('?').next().unwrap_or_default());
        self.take();
        let started = Stopwatch::now();
        let response = Box::pin(app.answer(route, request)).await;
        let (ms, counts) = (started.elapsed().as_secs_f64() * 1000.0, self.take());
        let body = serde_json::from_slice(response.body()).unwrap_or_default();
        Ok(Answer { status: response.status().as_u16(), body, counts, ms })
    }

    /// Runs what a handler would run beside the reading of its caller's key, and counts.
    pub async fn beside_key<T>(
        &self,
        app: &App,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<(T, Counts, f64), Error> {
        self.take();
        let started = Stopwatch::now();
        let (key, done) = tokio::join!(app.writer.key_get(&self.tenant, KEY), work);
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        key?.ok_or_else(|| Error::internal("the bench's key is gone"))?;
        Ok((done?, self.take(), ms))
    }
}

impl Answer {
    /// The answer, unless it is a refusal.
    pub fn accepted(self) -> Result<Self, Error> {
        if self.status == 200 {
            return Ok(self);
        }
        Err(Error::internal(format!("a request of the bench was answered {}: {}", self.status, self.body)))
    }

    /// How many rows are at that place.
    pub fn rows(&self, pointer: &str) -> usize {
        self.body.pointer(pointer).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The number at that place.
    pub fn number(&self, pointer: &str) -> Option<usize> {
        self.body.pointer(pointer).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
    }

    /// The text at that place.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }

    /// How many members of that list came.
    pub fn len_of(&self, member: &str) -> usize {
        self.body.get(member).and_then(Value::as_array).map_or(0, Vec::len)
    }

    /// The token of the next page.
    pub fn next(&self) -> Option<&Value> {
        self.body.get("NextToken")
    }
}

fn container(engine: &Embedded, meter: Option<&Meter>, clock: &Clock, masters: &Masters, tenant: &TenantId) -> App {
    let config = match meter {
        Some(meter) => embedded::config(meter.clone()),
        None => embedded::config(engine.clone()),
    };
    App::new(Writer::connect(&config, TABLE, clock.clone(), masters.clone()), tenant.clone())
}
