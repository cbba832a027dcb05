//! A call: everything that a handler may know about its request, made once from the gateway's event.
//!
//! A signature covers path and query as the client sent them; each gateway hides them in another place.

use crate::Route;
use crate::route::Parameters;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::Method;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use percent_encoding::percent_decode_str;
use posture_shared::auth::{self, PathSource, Presented, Query, SignedRequest};
use posture_shared::clock::Clock;
use posture_shared::dialects::etag;
use posture_shared::domain::{Attempt, Caller, Error, Terms};
use posture_shared::operations::Prepared;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// The largest body that is looked at, in bytes. Lambda's own limit is lower, at about 6 MB.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// A request whose caller says who it is.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Who it says it is.
    pub presented: Presented,
    /// What a signature covers, body included.
    pub signed: SignedRequest,
    /// Decoded path parameters.
    pub parameters: Parameters,
    method: Method,
    path: String,
    base: String,
    remaining: Option<Duration>,
    request_id: String,
}

/// Reads a request as far as it goes without its key.
pub(crate) fn arrive(
    request: Request,
    parameters: Parameters,
    base: String,
    request_id: &str,
) -> Result<Arrival, Error> {
    let (method, path) = (request.method().clone(), request.raw_http_path().to_owned());
    let remaining = remaining(&request);
    let signed = signed(request);
    let presented = auth::locate(&signed).map_err(Error::Denied)?;
    // Before the key is checked, because a body cut off at the limit has no valid signature.
    if signed.body.len() > MAX_BODY {
        return Err(Error::invalid("body", format!("must be at most {MAX_BODY} bytes")));
    }
    let request_id = request_id.to_owned();
    Ok(Arrival { presented, signed, parameters, method, path, base, remaining, request_id })
}

impl Arrival {
    /// Who it says it is from, before its key is known to be good.
    pub fn presumed(&self) -> Caller {
        Caller {
            tenant: self.presented.tenant.clone(),
            key_name: self.presented.name.clone(),
            scopes: BTreeSet::new(),
            accounts: Some(BTreeSet::new()),
            region: self.presented.region(),
        }
    }

    /// The call of a caller.
    pub fn call(&self, caller: Caller) -> Call {
        let SignedRequest { method: _, paths: _, query, headers, body } = self.signed.clone();
        Call {
            caller,
            method: self.method.clone(),
            path: self.path.clone(),
            base: self.base.clone(),
            parameters: self.parameters.clone(),
            query: pairs_of(query),
            headers,
            body,
            remaining: self.remaining,
            request_id: self.request_id.clone(),
            prepared: None,
            attempt: None,
        }
    }
}

/// A request whose caller is known.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who asks.
    pub caller: Caller,
    /// The method.
    pub method: Method,
    /// The path as the gateway gave it: raw, percent-encoded unless the gateway decoded it.
    pub path: String,
    /// Scheme, host and whatever stands before the route's path, as this client reaches it; for links in answers.
    pub base: String,
    /// Decoded path parameters.
    pub parameters: Parameters,
    /// Decoded query pairs. The values of one name are in the order sent.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case. A header that is not text is left out.
    pub headers: Vec<(String, String)>,
    /// The decoded body.
    pub body: Vec<u8>,
    /// How long its invocation may still take, where something bounds it.
    pub remaining: Option<Duration>,
    /// What names this request in logs and errors.
    pub request_id: String,
    /// What was read for its decision before its key was known to be good.
    pub prepared: Option<Prepared>,
    /// What it is to itself when it is sent again, if it bears a key by which it can be.
    pub attempt: Option<Attempt>,
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

    /// What must hold for a decision about one finding.
    pub fn terms(&self) -> Result<Terms, Error> {
        Ok(Terms { tags: etag::parse(self.header("if-match"))?, among: None, attempt: self.attempt.clone() })
    }

    /// What must hold for a decision about so many findings; [`Error::Invalid`] when the state of one is named and there
    /// are several.
    pub fn terms_of(&self, findings: usize) -> Result<Terms, Error> {
        let terms = self.terms()?;
        if terms.tags.is_some() && findings > 1 {
            return Err(Error::invalid(etag::IF_MATCH, "names the state of one finding, and several are meant"));
        }
        Ok(terms)
    }

    /// The first header of that name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// How long Lambda lets the invocation of a request run on; `None` where there is no Lambda.
pub(crate) fn remaining(request: &Request) -> Option<Duration> {
    let deadline = request.lambda_context_ref()?.deadline;
    let now = u64::try_from(Clock::machine().0).unwrap_or_default();
    (deadline > 0).then(|| Duration::from_millis(deadline.saturating_sub(now)))
}

/// What a request signed. Takes the body, so that a large one is not copied.
pub(crate) fn signed(mut request: Request) -> SignedRequest {
    let body = match std::mem::take(request.body_mut()) {
        Body::Text(text) => text.into_bytes(),
        Body::Binary(bytes) => bytes,
        _ => Vec::new(),
    };
    let headers = request.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str().to_owned(), text_of(value.as_bytes())?)));
    SignedRequest {
        method: request.method().as_str().to_owned(),
        paths: auth::signed_paths(path_source(&request)),
        query: query_of(&request),
        headers: headers.collect(),
        body,
    }
}

fn path_source(request: &Request) -> PathSource<'_> {
    let raw_path = request.raw_http_path();
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => PathSource::Wire(context.path.as_deref().unwrap_or(raw_path)),
        Some(RequestContext::ApiGatewayV2(context)) if !is_function_url(context) => {
            PathSource::HttpApi { raw_path, stage: context.stage.as_deref().unwrap_or_default() }
        }
        _ => PathSource::Wire(raw_path),
    }
}

/// Function URLs and HTTP APIs send the same event, but treat the path differently.
fn is_function_url(context: &ApiGatewayV2httpRequestContext) -> bool {
    context.domain_name.as_deref().is_some_and(|domain| domain.contains(".lambda-url."))
}

/// The URL before a route's path as this client reaches it: `https://HOST/prod`. The scheme is that of
/// `x-forwarded-proto`, else https, and http for a host that is this machine.
pub(crate) fn base_of(route: &Route, request: &Request) -> String {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let is_of_hosts = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let host = header("host").filter(|host| !host.is_empty() && host.chars().all(is_of_hosts)).unwrap_or("localhost");
    // Behind several proxies the first one is the one that the client talked to.
    let forwarded = header("x-forwarded-proto").and_then(|protocols| protocols.split(',').next()).map(str::trim);
    let scheme = match forwarded {
        Some("http") => "http",
        None if is_loopback(host) => "http",
        _ => "https",
    };
    let path = match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => context.path.as_deref(),
        _ => None,
    };
    let path = path.unwrap_or_else(|| request.raw_http_path());
    format!("{scheme}://{host}{}", route.prefix(path).unwrap_or_default().trim_end_matches('/'))
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn query_of(request: &Request) -> Query {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(_)) => {
            let pairs = request.query_string_parameters_ref().into_iter().flat_map(QueryMap::iter);
            let mut pairs: Vec<(String, String)> = pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            // The map has no order of names; the values of one name keep theirs.
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            Query::Decoded(pairs)
        }
        _ => Query::Encoded(request.uri().query().unwrap_or_default().to_owned()),
    }
}

/// Decoded query pairs, as a handler reads them. What is no UTF-8 is replaced by U+FFFD.
pub(crate) fn pairs_of(query: Query) -> Vec<(String, String)> {
    let text = match query {
        Query::Decoded(pairs) => return pairs,
        Query::Encoded(text) => text.replace('+', " "),
    };
    let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let parts = text.split('&').filter(|part| !part.is_empty());
    parts.map(|part| part.split_once('=').unwrap_or((part, ""))).map(|(n, v)| (decoded(n), decoded(v))).collect()
}

/// Header values may be any bytes from 0x80 on; clients that send such mean UTF-8.
fn text_of(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().map(str::to_owned)
}

/// The path's parameters: those that the gateway found, or else found here. A REST API hands them over as the client
/// encoded them, the others decoded; so of a REST API's path they are taken here. `None` when the path is not the
/// route's.
pub(crate) fn parameters(route: &Route, request: &Request) -> Option<Parameters> {
    let ours = route.parameters_after_prefix(request.raw_http_path());
    let is_rest = matches!(request.request_context_ref(), Some(RequestContext::ApiGatewayV1(_)));
    let theirs = request.path_parameters_ref().filter(|map| !map.is_empty());
    let Some(theirs) = theirs.filter(|_| !is_rest || ours.is_none()) else { return ours };
    let names = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let given: Option<Parameters> = names.map(|name| Some((name, theirs.first(name)?.to_owned()))).collect();
    given.or(ours)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::base_of;
    use crate::securityhub_get_findings::ROUTE;
    use lambda_http::{Body, Request, RequestExt};

    /// CONTRACTS 4.2: links are absolute and carry the stage.
    #[test]
    fn links_begin_as_the_client_reaches_us() {
        for (path, headers, base) in [
            ("/prod/findings", &[("host", "api.example.com")][..], "https://api.example.com/prod"),
            ("/findings", &[("host", "127.0.0.1:9000")], "http://127.0.0.1:9000"),
            ("/findings", &[("host", "LocalHost:9000")], "http://LocalHost:9000"),
            ("/findings", &[("host", "[::1]:9000")], "http://[::1]:9000"),
            ("/findings", &[("host", "[::1]"), ("x-forwarded-proto", "https")], "https://[::1]"),
            ("/findings", &[("host", "a.b"), ("x-forwarded-proto", "http, https")], "http://a.b"),
            ("/findings", &[("host", "a.b"), ("x-forwarded-proto", "javascript")], "https://a.b"),
            ("/findings", &[("host", "a\"><script>")], "http://localhost"),
            ("/findings", &[], "http://localhost"),
            ("/prod//findings", &[("host", "a.b")], "https://a.b/prod"),
        ] {
            let mut request = lambda_http::http::Request::builder().uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let request: Request = request.body(Body::Empty).unwrap().with_raw_http_path(path);
            assert_eq!(base_of(&ROUTE, &request), base, "{path} {headers:?}");
        }
    }
}
