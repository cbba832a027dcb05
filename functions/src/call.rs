//! A call: everything that a handler may know about its request, made once from the gateway's event.
//!
//! A signature covers the path as the client sent it. A REST gateway gives that in `requestContext.path`, stage
//! included; an HTTP API, a function URL and the local server in the raw path.

use crate::Route;
use crate::route::Parameters;
use lambda_http::http::Method;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use posture_shared::auth::SignedRequest;
use posture_shared::domain::{Caller, Error};

/// A request whose caller is known.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The method.
    pub method: Method,
    /// The path as the client sent it: raw, a stage included.
    pub path: String,
    /// Decoded path parameters.
    pub parameters: Parameters,
    /// Decoded query pairs, in order of appearance of their names.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case. A header that is not text is left out.
    pub headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
    /// What names this request in logs and errors.
    pub request_id: String,
}

impl Call {
    /// The path parameter of that name; [`Error::Internal`] when the route has none, which is a mistake in the route.
    pub fn parameter(&self, name: &str) -> Result<&str, Error> {
        let found = self.parameters.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| Error::internal(format!("the route has no {{{name}}}")))
    }

    /// The first query value of that name.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first header of that name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// What a request signed. Takes the body, so that a large one is not copied.
pub(crate) fn signed(mut request: Request) -> SignedRequest {
    let body = match std::mem::take(request.body_mut()) {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    let query = request.query_string_parameters_ref();
    let query = query.map(|map| map.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text_of(value.as_bytes())?)));
    SignedRequest {
        method: request.method().as_str().to_owned(),
        path: signed_path(&request).to_owned(),
        query: query.unwrap_or_default(),
        headers: headers.collect(),
        body,
    }
}

fn signed_path(request: &Request) -> &str {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.path.as_deref().unwrap_or(request.raw_http_path()),
        _ => request.raw_http_path(),
    }
}

/// Header values may be any bytes from 0x80 on; clients that send such mean UTF-8.
fn text_of(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// The path's parameters: those that the gateway found, decoded by it, or else found here.
/// `None` when the path is not the route's.
pub(crate) fn parameters(route: &Route, request: &Request) -> Option<Parameters> {
    let ours = route.parameters_after_prefix(request.raw_http_path());
    let Some(theirs) = request.path_parameters_ref().filter(|map| !map.is_empty()) else { return ours };
    let names = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let given: Option<Parameters> = names.map(|name| Some((name, theirs.first(name)?.to_owned()))).collect();
    given.or(ours)
}
