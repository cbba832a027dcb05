//! Requests, and the events in which gateways hand them to functions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::http::Method;
use percent_encoding::percent_decode_str;
use posture_functions::{ROUTES, route};
use serde_json::{Map, Value, json};

/// A request as a client means it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The method.
    pub method: String,
    /// The path behind the stage, percent-encoded.
    pub path: String,
    /// The query, percent-encoded, without `?`.
    pub query: String,
    /// Headers, the host among them once the request is signed.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Ask {
    /// A request without query and headers.
    pub fn new(method: &Method, path: &str, body: impl Into<Vec<u8>>) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        Self { method: method.to_string(), path, query, headers: Vec::new(), body: body.into() }
    }

    /// The same with another header.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with a bearer token.
    #[must_use]
    pub fn bearing(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// Decoded names and values of the query.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let parts = self.query.split('&').filter(|part| !part.is_empty());
        parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(n, v)| (decoded(n), decoded(v))).collect()
    }
}

/// What stands between a client and a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// A REST API with the stage `prod`.
    Rest,
    /// An HTTP API with the stage `prod`.
    HttpApi,
    /// A function URL.
    FunctionUrl,
}

impl Gateway {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rest, Self::HttpApi, Self::FunctionUrl];

    /// The host that clients call.
    pub fn host(self) -> &'static str {
        match self {
            Self::Rest | Self::HttpApi => "x1y2z3.execute-api.eu-west-1.amazonaws.com",
            Self::FunctionUrl => "x1y2z3.lambda-url.eu-west-1.on.aws",
        }
    }

    /// The path of the URL that clients call.
    pub fn wire_path(self, path: &str) -> String {
        match self {
            Self::Rest | Self::HttpApi => format!("/prod{path}"),
            Self::FunctionUrl => path.to_owned(),
        }
    }

    /// The event's JSON, for a request that was sent to `wire_path`.
    pub fn event(self, ask: &Ask, wire_path: &str) -> String {
        match self {
            Self::Rest => rest(ask, wire_path),
            Self::HttpApi => second(self, ask, &percent_decode_str(wire_path).decode_utf8_lossy(), "prod"),
            Self::FunctionUrl => second(self, ask, wire_path, "$default"),
        }
        .to_string()
    }
}

fn rest(ask: &Ask, wire_path: &str) -> Value {
    let (mut one, mut all) = (Map::new(), Map::new());
    for (name, value) in &ask.headers {
        one.insert(name.clone(), json!(value));
        push(&mut all, name, value);
    }
    let (mut last, mut every) = (Map::new(), Map::new());
    for (name, value) in ask.pairs() {
        last.insert(name.clone(), json!(value));
        push(&mut every, &name, &value);
    }
    let (body, encoded) = body_of(ask, false);
    let found = ask.method.parse().ok().and_then(|method| route::find(ROUTES, &method, &ask.path));
    let parameters: Map<String, Value> =
        found.iter().flat_map(|(_, given)| given).map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let or_null = |map: Map<String, Value>| if map.is_empty() { Value::Null } else { Value::Object(map) };
    json!({
        "resource": found.as_ref().map_or("/{proxy+}", |(route, _)| route.path), "path": ask.path,
        "httpMethod": ask.method, "headers": one, "multiValueHeaders": all,
        "queryStringParameters": or_null(last), "multiValueQueryStringParameters": or_null(every),
        "pathParameters": or_null(parameters), "stageVariables": null,
        "requestContext": {
            "accountId": "123456789012", "apiId": "x1y2z3", "httpMethod": ask.method, "path": wire_path,
            "stage": "prod", "requestId": "r", "requestTimeEpoch": 1_704_381_910_123_i64, "resourceId": "x",
            "resourcePath": ask.path, "protocol": "HTTP/1.1", "identity": {"sourceIp": "192.0.2.1"}
        },
        "body": body, "isBase64Encoded": encoded
    })
}

fn second(gateway: Gateway, ask: &Ask, raw_path: &str, stage: &str) -> Value {
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in &ask.headers {
        // These gateways join the values of a name.
        let joined = match headers.get(name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.clone(),
        };
        headers.insert(name.to_lowercase(), json!(joined));
    }
    let (body, encoded) = body_of(ask, gateway == Gateway::FunctionUrl);
    let method = &ask.method;
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": raw_path, "rawQueryString": ask.query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "x1y2z3", "stage": stage, "requestId": "r",
            "domainName": gateway.host(), "domainPrefix": "x1y2z3",
            "time": "04/Jan/2024:15:25:10 +0000", "timeEpoch": 1_704_381_910_123_i64,
            "http": {"method": method, "path": raw_path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"}
        },
        "body": body, "isBase64Encoded": encoded
    })
}

fn push(map: &mut Map<String, Value>, name: &str, value: &str) {
    if let Value::Array(list) = map.entry(name).or_insert_with(|| json!([])) {
        list.push(json!(value));
    }
}

/// The body as text where it is text, else in base64.
fn body_of(ask: &Ask, always_encoded: bool) -> (Value, bool) {
    match std::str::from_utf8(&ask.body) {
        Ok("") => (Value::Null, false),
        Ok(text) if !always_encoded => (json!(text), false),
        _ => (json!(STANDARD.encode(&ask.body)), true),
    }
}
