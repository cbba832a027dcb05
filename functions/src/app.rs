//! From a request to its answer: key, scope, tenant, rate limit, handler, and the dialect's shape for whatever fails.

use crate::call::{self, Arrival, Call, arrive};
use crate::cors::Origins;
use crate::limits::{self, Gate};
use crate::metrics::{Done, Metrics, cost_header};
use crate::once;
use crate::outflow::Outflow;
use crate::output::{Endless, Outgoing, Output, Rest, flowing, whole};
use crate::route::{Answer, Handler, Parameters, Route, Trigger, Wake};
use crate::routes::ROUTES;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Either, select};
use http_body_util::BodyExt;
use lambda_http::http::response::Parts;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use posture_shared::auth;
use posture_shared::clock::Clock;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Caller, Error, KeyRecord, Rate, TenantId};
use posture_shared::ledger::Writer;
use posture_shared::operations::{Hubs, Model, Sweep, Words};
use posture_shared::secrets;
use posture_shared::tally::Tally;
use serde_json::Value;
use std::panic::AssertUnwindSafe;
use std::time::Instant as Stopwatch;
use tracing::Instrument;

/// The header that says what an answer cost.
pub const COST: &str = "x-posture-cost";

/// What every handler stands on.
#[derive(Debug)]
pub struct App {
    /// The ledger.
    pub writer: Writer,
    /// The tenant that events of this deployment belong to.
    pub tenant: TenantId,
    gate: Gate,
    origins: Origins,
    pub(crate) sweep: Option<Sweep>,
    pub(crate) hubs: Option<Hubs>,
    pub(crate) model: Option<Model>,
    metrics: Metrics,
    tells_costs: bool,
}

impl App {
    /// An app over a ledger.
    pub fn new(writer: Writer, tenant: TenantId) -> Self {
        Self {
            writer,
            tenant,
            gate: Gate::default(),
            origins: Origins::default(),
            sweep: None,
            hubs: None,
            model: None,
            metrics: Metrics::default(),
            tells_costs: false,
        }
    }

    /// The same app, whose answers pages of these origins may read.
    #[must_use]
    pub fn allowing(mut self, origins: Vec<String>) -> Self {
        self.origins = Origins(origins);
        self
    }

    /// The same app, which writes metrics with its log.
    #[must_use]
    pub fn measuring(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// The same app, whose answers say what they cost, in the header [`COST`].
    #[must_use]
    pub fn telling_costs(mut self, tells_costs: bool) -> Self {
        self.tells_costs = tells_costs;
        self
    }

    fn words(&self) -> Option<Words> {
        self.model.clone().map(|model| Words { model, kept: self.writer.wordings() })
    }

    /// Answers a request on its route as [`App::respond`] does, and waits until the answer is whole. Of one without an end it is
    /// what that begins with.
    pub async fn answer(&self, route: &Route, request: Request) -> Response<Body> {
        let request_id = request_id(&request);
        let (parts, mut body) = Box::pin(self.respond(route, request)).await.into_parts();
        if parts.extensions.get::<Endless>().is_some() {
            let first = body.frame().await.and_then(Result::ok).and_then(|frame| frame.into_data().ok());
            return Response::from_parts(parts, text_or_bytes(first.unwrap_or_default().into()));
        }
        match body.collect().await {
            Ok(body) => Response::from_parts(parts, text_or_bytes(body.to_bytes().into())),
            Err(error) => respond(route.dialect.error(&error, &request_id)),
        }
    }

    /// Answers a request on its route. Always an answer: whatever fails, panics included, has the dialect's shape; only what
    /// fails after its first piece went out breaks off. Writes one line of log.
    pub async fn respond(&self, route: &Route, request: Request) -> Response<Outgoing> {
        let started = Stopwatch::now();
        let request_id = request_id(&request);
        let origin = self.origins.of(request.headers());
        let parameters = call::parameters(route, &request);
        if *request.method() == Method::OPTIONS && parameters.is_some() {
            return self.preflight(route.function, &[&route.method], origin, &request_id, started).map(whole);
        }
        // A function URL hands over whatever path and method it is called with, and so does a gateway's default route.
        let Some(parameters) = parameters.filter(|_| *request.method() == route.method) else {
            return self.unknown(route.dialect, origin, &request_id, started).map(whole);
        };
        let (tally, function) = (Tally::default(), route.function);
        let span = tracing::info_span!("request", function, request_id);
        // On the heap: it is as large as all that it may wait for.
        let work = tally.over(Box::pin(self.attempt(route, request, parameters, &request_id))).instrument(span.clone());
        let work = AssertUnwindSafe(work).catch_unwind();
        let Passage { caller, rate, result } = work.await.unwrap_or_else(|_| Passage::refused(panicked()));
        let failure = result.as_ref().err().cloned();
        let output = match result {
            Ok(output) => output.map(|reply| route.dialect.stamp(reply, &request_id)),
            Err(error) => route.dialect.error(&error, &request_id).into(),
        };
        let output = output.map(|reply| rate.iter().fold(reply, |reply, rate| route.dialect.rated(reply, rate)));
        let (cost, ms) = (tally.cost(), milliseconds(started));
        let output = output.map(|reply| match self.tells_costs {
            true => reply.with_header(COST, cost_header(&cost, ms)),
            false => reply,
        });
        let (status, failure, caller) = (output.reply.status, failure.as_ref(), caller.as_ref());
        let request_id = request_id.as_str();
        self.metrics.log(&Done { function, request_id, caller, status, failure, ms, tally: &tally });
        let rest = output.rest.map(|rest| {
            let watch = Outflow::begin(&self.metrics, function, request_id, caller);
            Rest { pieces: watch.over(rest.pieces, span), ..rest }
        });
        let mut response = outgoing(Output { rest, ..output });
        self.origins.open(&mut response, origin);
        response
    }

    /// Answers a request for a path or method that is no route; OPTIONS on a path that some route has is answered well.
    pub fn answer_unknown(&self, path: &str, request: &Request) -> Response<Body> {
        let (started, request_id) = (Stopwatch::now(), request_id(request));
        let origin = self.origins.of(request.headers());
        if *request.method() == Method::OPTIONS {
            let mut methods: Vec<&Method> = at(path).map(|route| &route.method).collect();
            methods.sort_by_key(|method| method.as_str());
            methods.dedup();
            if !methods.is_empty() {
                return self.preflight("none", &methods, origin, &request_id, started);
            }
        }
        self.unknown(dialect_of(path), origin, &request_id, started)
    }

    fn unknown(
        &self,
        dialect: Dialect,
        origin: Option<HeaderValue>,
        request_id: &str,
        started: Stopwatch,
    ) -> Response<Body> {
        let reply = dialect.unknown_route(request_id);
        self.log("none", request_id, reply.status, started);
        let mut response = respond(reply);
        self.origins.open(&mut response, origin);
        response
    }

    fn preflight(
        &self,
        function: &str,
        methods: &[&Method],
        origin: Option<HeaderValue>,
        request_id: &str,
        started: Stopwatch,
    ) -> Response<Body> {
        let response = self.origins.preflight(methods, origin);
        self.log(function, request_id, response.status().as_u16(), started);
        response
    }

    /// Writes the line of what needs no key.
    fn log(&self, function: &str, request_id: &str, status: u16, started: Stopwatch) {
        let (ms, tally) = (milliseconds(started), &Tally::default());
        self.metrics.log(&Done { function, request_id, caller: None, status, failure: None, ms, tally });
    }

    /// Hands an event to a trigger. A panic is an [`Error::Internal`]. Writes one line of log.
    pub async fn wake(&self, trigger: &Trigger, event: Value, request_id: &str) -> Result<Value, Error> {
        let started = Stopwatch::now();
        let sweep = self.sweep.clone().filter(|_| trigger.reads_aws);
        let hubs = self.hubs.clone().filter(|_| trigger.reads_aws);
        let wake = Wake { tenant: self.tenant.clone(), event, sweep, hubs };
        let (tally, function) = (Tally::default(), trigger.function);
        let span = tracing::info_span!("event", function, request_id);
        let work = Box::pin(async { (trigger.handler)(&self.writer, wake).await });
        let work = tally.over(work).instrument(span);
        let result = AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| Err(panicked()));
        let status = if result.is_ok() { 200 } else { 500 };
        let (failure, ms) = (result.as_ref().err(), milliseconds(started));
        self.metrics.log_event(&Done { function, request_id, caller: None, status, failure, ms, tally: &tally });
        result
    }

    async fn attempt(&self, route: &Route, request: Request, parameters: Parameters, id: &str) -> Passage {
        let base = call::base_of(route, &request);
        match (route.handler, arrive(request, parameters, base.clone(), id)) {
            (Handler::Open(handler), _) => Passage { caller: None, rate: None, result: Ok(handler(&base).into()) },
            (_, Err(error)) => Passage::refused(error),
            (Handler::Reads(handler), Ok(arrival)) => {
                let work = async |caller| handler(&self.writer, arrival.call(caller)).await.map(Output::from);
                after(self.admission(route, &arrival), work).await
            }
            (Handler::ReadsAhead(handler), Ok(arrival)) => {
                let work = async { handler(&self.writer, arrival.call(arrival.presumed())).await.map(Output::from) };
                beside(self.admission(route, &arrival), work).await
            }
            (Handler::Streams(handler), Ok(arrival)) => {
                let work = async { handler(&self.writer, arrival.call(arrival.presumed())).await };
                beside(self.admission(route, &arrival), work).await
            }
            (Handler::Words(handler), Ok(arrival)) => {
                let work =
                    async |caller| handler(&self.writer, self.words(), arrival.call(caller)).await.map(Output::from);
                after(self.admission(route, &arrival), work).await
            }
            (Handler::Writes(handler), Ok(arrival)) => {
                let work = async |caller| self.once(route, handler, arrival.call(caller)).await;
                after(self.admission(route, &arrival), work).await
            }
            (Handler::Decides(prepare, handler), Ok(arrival)) => {
                let prepare = async {
                    let call = arrival.call(arrival.presumed());
                    // Whatever went wrong, also a panic, happens again where it can be answered.
                    AssertUnwindSafe(async { prepare(&self.writer, &call).await }).catch_unwind().await.ok()?.ok()
                };
                let (admitted, prepared) = tokio::join!(self.admission(route, &arrival), Box::pin(prepare));
                let work = async |caller| self.once(route, handler, Call { prepared, ..arrival.call(caller) }).await;
                after(std::future::ready(admitted), work).await
            }
        }
    }

    /// Carries out what writes, once where its client asks for that.
    async fn once(
        &self,
        route: &Route,
        handler: for<'a> fn(&'a Writer, Call) -> Answer<'a, Reply>,
        call: Call,
    ) -> Result<Output, Error> {
        Box::pin(once::carry_out(&self.writer, route, handler, call)).await.map(Output::from)
    }

    /// [`App::admit`] on the heap: whoever waits for it may do so in many places.
    fn admission<'a>(&'a self, route: &'a Route, arrival: &'a Arrival) -> BoxFuture<'a, Result<Admitted, Passage>> {
        Box::pin(self.admit(route, arrival))
    }

    /// The caller, if its key is good for this route and within its rate, and how much of that it has used.
    async fn admit(&self, route: &Route, arrival: &Arrival) -> Result<Admitted, Passage> {
        let Arrival { presented, signed, parameters, .. } = arrival;
        let (machine_now, now) = (Clock::machine(), self.writer.clock().now());
        let admit = |record: Option<&KeyRecord>| {
            auth::admit(presented, signed, record, self.writer.masters(), route.scope, machine_now, now)
        };
        // A key that was good a moment ago is counted while it is looked at again.
        let recalled = self.gate.recall(presented).filter(|record| admit(Some(record)).is_ok());
        let expected = recalled.and_then(|record| limits::limit_of(route, &record));
        let count = |limit| self.gate.count(&self.writer, presented, limit, now);
        let (record, counted) = tokio::join!(self.writer.key_get(&presented.tenant, &presented.name), count(expected));
        let admitted = record.and_then(|record| Ok((admit(record.as_ref()).map_err(Error::Denied)?, record)));
        let (caller, record) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => return Err(Passage::refused(error)),
        };
        // A path may name the tenant. Another one's is answered as one that does not exist.
        if let Some((_, tenant)) = parameters.iter().find(|(name, _)| *name == "tenantID")
            && tenant != caller.tenant.as_str()
        {
            return Err(Passage::refused(Error::NotFound("there is no such tenant".to_owned())));
        }
        let limited = record.and_then(|record| Some((limits::limit_of(route, &record)?, record)));
        let Some((limit, record)) = limited else { return Ok((caller, None)) };
        self.gate.remember(&record);
        let rate = match counted {
            Some(rate) => Some(Rate { limit, ..rate }),
            None if expected.is_some() => None,
            None => count(Some(limit)).await,
        };
        match rate.filter(Rate::is_exceeded) {
            Some(over) => Err(Passage { caller: Some(caller), rate, result: Err(limits::exceeded(over)) }),
            None => Ok((caller, rate)),
        }
    }
}

/// Who was let in, and how much of its rate the key has used, if it has one.
type Admitted = (Caller, Option<Rate>);

/// What became of a request, before its dialect gives that a shape.
struct Passage {
    caller: Option<Caller>,
    rate: Option<Rate>,
    result: Result<Output, Error>,
}

impl Passage {
    fn refused(error: Error) -> Self {
        Self { caller: None, rate: None, result: Err(error) }
    }
}

/// Runs a handler once its caller is let in.
async fn after(
    admission: impl Future<Output = Result<Admitted, Passage>>,
    work: impl AsyncFnOnce(Caller) -> Result<Output, Error>,
) -> Passage {
    match admission.await {
        Ok((caller, rate)) => Passage { result: work(caller.clone()).await, caller: Some(caller), rate },
        Err(refused) => refused,
    }
}

/// Runs a reading handler beside the admission of its caller. Nothing of the handler shows before the key is good.
async fn beside(
    admission: impl Future<Output = Result<Admitted, Passage>>,
    answer: impl Future<Output = Result<Output, Error>>,
) -> Passage {
    let admission = std::pin::pin!(admission);
    // A panic waits for the key like any other outcome.
    let answer = AssertUnwindSafe(answer).catch_unwind().map(|outcome| outcome.unwrap_or_else(|_| Err(panicked())));
    let answer = std::pin::pin!(answer);
    let (admitted, rest) = match select(admission, answer).await {
        Either::Left((admitted, answer)) => (admitted, Either::Left(answer)),
        Either::Right((result, admission)) => (admission.await, Either::Right(result)),
    };
    let (caller, rate) = match admitted {
        Ok(admitted) => admitted,
        Err(refused) => return refused,
    };
    let result = match rest {
        Either::Left(answer) => answer.await,
        Either::Right(result) => result,
    };
    Passage { caller: Some(caller), rate, result }
}

/// The routes that have a path, whatever their methods.
fn at(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().copied().filter(move |route| route.parameters(path).is_some())
}

fn milliseconds(since: Stopwatch) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

fn panicked() -> Error {
    Error::internal("the handler panicked")
}

/// Lambda's id for the invocation, or a random UUID where there is no Lambda.
fn request_id(request: &Request) -> String {
    if let Some(context) = request.lambda_context_ref() {
        return context.request_id.clone();
    }
    let hex = secrets::hex(&secrets::random::<16>().unwrap_or_default());
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0..8), part(8..12), part(13..16), part(17..20), part(20..32))
}

/// Whose clients a path that is no route looks like.
fn dialect_of(path: &str) -> Dialect {
    let begins = |beginning: &&str| path.starts_with(beginning);
    match () {
        () if ["/api/v2/", "/datadog/"].iter().any(begins) => Dialect::Datadog,
        () if ["/v1/cspm/", "/v1/setting/", "/cspm/", "/setting/"].iter().any(begins) => Dialect::Bitdefender,
        () if path.starts_with("/api/v1/") => Dialect::Native,
        () => Dialect::SecurityHub,
    }
}

/// The response that an output is.
fn outgoing(output: Output) -> Response<Outgoing> {
    let Output { reply, rest } = output;
    let (parts, first) = parts_of(reply);
    let Some(Rest { pieces, is_endless }) = rest else {
        return Response::from_parts(parts, whole(Body::Binary(first)));
    };
    let mut response = Response::from_parts(parts, flowing(first, pieces));
    if is_endless {
        response.extensions_mut().insert(Endless);
    }
    response
}

fn respond(reply: Reply) -> Response<Body> {
    let (parts, body) = parts_of(reply);
    Response::from_parts(parts, text_or_bytes(body))
}

fn text_or_bytes(body: Vec<u8>) -> Body {
    match String::from_utf8(body) {
        Ok(text) => Body::Text(text),
        Err(bytes) => Body::Binary(bytes.into_bytes()),
    }
}

/// Status and headers of a reply, and its body.
fn parts_of(reply: Reply) -> (Parts, Vec<u8>) {
    let Reply { status, headers, body } = reply;
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap_or(lambda_http::http::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        let name = lambda_http::http::HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response.into_parts()
}
