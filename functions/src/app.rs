//! From a request to its answer: key, scope, tenant, rate limit, handler, and the dialect's shape for whatever fails.

use crate::call::{self, Call};
use crate::cors::Origins;
use crate::limits::{self, Gate};
use crate::once;
use crate::output::{Endless, Flow, Outgoing, Output, flowing, whole};
use crate::route::{Answer, Handler, Parameters, Route, Trigger, Wake};
use crate::routes::ROUTES;
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use http_body_util::BodyExt;
use lambda_http::http::response::Parts;
use lambda_http::http::{HeaderValue, Method};
use lambda_http::{Body, Request, RequestExt, Response};
use posture_shared::auth::{self, Presented, SignedRequest};
use posture_shared::clock::Clock;
use posture_shared::dialects::{Dialect, Reply};
use posture_shared::domain::{Caller, Error, KeyRecord, Rate, TenantId};
use posture_shared::ledger::{Reader, Writer};
use posture_shared::operations::{Hubs, Model, Sweep, Words};
use posture_shared::secrets;
use serde_json::Value;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Instant as Stopwatch;

/// The largest body that is looked at, in bytes. Lambda's own limit is lower, at about 6 MB.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

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
        }
    }

    /// The same app, whose answers pages of these origins may read.
    #[must_use]
    pub fn allowing(mut self, origins: Vec<String>) -> Self {
        self.origins = Origins(origins);
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
        if *request.method() == Method::OPTIONS && call::parameters(route, &request).is_some() {
            return self.preflight(route.function, &[&route.method], origin, &request_id, started).map(whole);
        }
        // On the heap: it is as large as all that it may wait for.
        let work = AssertUnwindSafe(Box::pin(self.attempt(route, request, &request_id))).catch_unwind();
        let Passage { caller, rate, result } = work.await.unwrap_or_else(|_| Passage::refused(panicked()));
        let failure = result.as_ref().err().cloned();
        let (reply, rest) = match result {
            Ok(Output::Whole(reply)) => (route.dialect.stamp(reply, &request_id), None),
            Ok(Output::Flow(Flow { head, pieces, is_endless })) => {
                (route.dialect.stamp(head, &request_id), Some((pieces, is_endless)))
            }
            Err(error) => (route.dialect.error(&error, &request_id), None),
        };
        let reply = rate.iter().fold(reply, |reply, rate| route.dialect.rated(reply, rate));
        log(route.function, &request_id, caller.as_ref(), reply.status, failure.as_ref(), started);
        let (parts, first) = parts_of(reply);
        let mut response = match rest {
            None => Response::from_parts(parts, whole(Body::Binary(first))),
            Some((pieces, is_endless)) => {
                let mut response = Response::from_parts(parts, flowing(first, pieces));
                if is_endless {
                    response.extensions_mut().insert(Endless);
                }
                response
            }
        };
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
        let reply = dialect_of(path).unknown_route(&request_id);
        log("none", &request_id, None, reply.status, None, started);
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
        log(function, request_id, None, response.status().as_u16(), None, started);
        response
    }

    /// Hands an event to a trigger. A panic is an [`Error::Internal`]. Writes one line of log.
    pub async fn wake(&self, trigger: &Trigger, event: Value, request_id: &str) -> Result<Value, Error> {
        let started = Stopwatch::now();
        let sweep = self.sweep.clone().filter(|_| trigger.reads_aws);
        let hubs = self.hubs.clone().filter(|_| trigger.reads_aws);
        let wake = Wake { tenant: self.tenant.clone(), event, sweep, hubs };
        let work = AssertUnwindSafe(async { (trigger.handler)(&self.writer, wake).await }).catch_unwind();
        let result = work.await.unwrap_or_else(|_| Err(panicked()));
        let status = if result.is_ok() { 200 } else { 500 };
        log(trigger.function, request_id, None, status, result.as_ref().err(), started);
        result
    }

    async fn attempt(&self, route: &Route, request: Request, id: &str) -> Passage {
        // A function URL hands over whatever path and method it is called with.
        let Some(parameters) = call::parameters(route, &request).filter(|_| *request.method() == route.method) else {
            return Passage::refused(Error::NotFound("there is nothing at this path".to_owned()));
        };
        if let Handler::Open(handler) = route.handler {
            let reply = handler(&call::base_of(route, &request));
            return Passage { caller: None, rate: None, result: Ok(reply.into()) };
        }
        let (method, path) = (request.method().clone(), request.raw_http_path().to_owned());
        let base = call::base_of(route, &request);
        let remaining = call::remaining(&request);
        let signed = call::signed(request);
        let presented = match auth::locate(&signed) {
            Ok(presented) => presented,
            Err(denial) => return Passage::refused(Error::Denied(denial)),
        };
        // Before the key is checked, because a body cut off at the limit has no valid signature.
        if signed.body.len() > MAX_BODY {
            return Passage::refused(Error::invalid("body", format!("must be at most {MAX_BODY} bytes")));
        }
        let call = |caller: Caller| {
            let SignedRequest { method: _, paths: _, query, headers, body } = signed.clone();
            let (query, request_id) = (call::pairs_of(query), id.to_owned());
            let (method, path, base, parameters) = (method.clone(), path.clone(), base.clone(), parameters.clone());
            let (prepared, attempt) = (None, None);
            Call {
                caller,
                method,
                path,
                base,
                parameters,
                query,
                headers,
                body,
                remaining,
                request_id,
                prepared,
                attempt,
            }
        };
        let admission = self.admit(route, &presented, &parameters, &signed);
        let reader: &Reader = &self.writer;
        let ahead: Option<Answer<'_, Output>> = match route.handler {
            Handler::ReadsAhead(handler) => {
                let call = call(presumed(&presented));
                Some(Box::pin(async move { handler(reader, call).await.map(Output::from) }))
            }
            Handler::Streams(handler) => {
                let call = call(presumed(&presented));
                Some(Box::pin(async move { handler(reader, call).await }))
            }
            Handler::Reads(_) | Handler::Words(_) | Handler::Writes(_) | Handler::Decides(..) | Handler::Open(_) => {
                None
            }
        };
        if let Some(ahead) = ahead {
            return beside(admission, ahead).await;
        }
        let prepare = async {
            let Handler::Decides(prepare, _) = route.handler else { return None };
            let call = call(presumed(&presented));
            // Whatever went wrong, also a panic, happens again where it can be answered.
            AssertUnwindSafe(async { prepare(&self.writer, &call).await }).catch_unwind().await.ok()?.ok()?
        };
        let (admission, prepared) = tokio::join!(admission, Box::pin(prepare));
        let (caller, rate) = match admission {
            Ok(admitted) => admitted,
            Err(refused) => return refused,
        };
        let result = match route.handler {
            Handler::Reads(handler) | Handler::ReadsAhead(handler) => {
                handler(&self.writer, call(caller.clone())).await.map(Output::from)
            }
            Handler::Streams(handler) => handler(&self.writer, call(caller.clone())).await,
            Handler::Words(handler) => {
                handler(&self.writer, self.words(), call(caller.clone())).await.map(Output::from)
            }
            Handler::Writes(handler) | Handler::Decides(_, handler) => {
                let call = Call { prepared, ..call(caller.clone()) };
                Box::pin(once::carry_out(&self.writer, route, handler, call)).await.map(Output::from)
            }
            Handler::Open(handler) => Ok(handler(&base).into()),
        };
        Passage { caller: Some(caller), rate, result }
    }

    /// The caller, if its key is good for this route and within its rate, and how much of that it has used.
    async fn admit(
        &self,
        route: &Route,
        presented: &Presented,
        parameters: &Parameters,
        signed: &SignedRequest,
    ) -> Result<Admitted, Passage> {
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

fn panicked() -> Error {
    Error::internal("the handler panicked")
}

/// Who a request says it is from, before its key is known to be good.
fn presumed(presented: &Presented) -> Caller {
    Caller {
        tenant: presented.tenant.clone(),
        key_name: presented.name.clone(),
        scopes: BTreeSet::new(),
        accounts: Some(BTreeSet::new()),
        region: presented.region(),
    }
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

fn log(
    function: &str,
    request_id: &str,
    caller: Option<&Caller>,
    status: u16,
    failure: Option<&Error>,
    started: Stopwatch,
) {
    let (tenant, key) = caller.map_or(("", ""), |caller| (caller.tenant.as_str(), caller.key_name.as_str()));
    let ms = started.elapsed().as_secs_f64() * 1000.0;
    match failure {
        Some(Error::Internal(reason)) => {
            tracing::error!(function, request_id, tenant, key, status, ms, reason, "request failed");
        }
        Some(failure) => {
            let reason = kind(failure);
            tracing::info!(function, request_id, tenant, key, status, ms, reason, "request refused");
        }
        None => tracing::info!(function, request_id, tenant, key, status, ms, "request answered"),
    }
}

/// The kind of a failure. Its text may quote the request, and what clients send is not for the log.
fn kind(failure: &Error) -> &'static str {
    match failure {
        Error::Invalid { .. } => "invalid",
        Error::NotFound(_) => "not found",
        Error::Conflict(_) => "conflict",
        Error::Stale(_) => "stale",
        Error::Denied(denial) => denial.message(),
        Error::Throttled { .. } => "throttled",
        Error::Internal(_) => "internal",
    }
}
