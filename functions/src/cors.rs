//! Which pages of other origins may read answers: none, unless a setting names their origin.
//!
//! Keys are sent in headers and never by a browser on its own, so that cookies play no part here. A browser asks with
//! OPTIONS before it sends a key; that is answered without one, on every path that some route has.

use lambda_http::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, ORIGIN, VARY};
use lambda_http::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use lambda_http::{Body, Response};

/// Headers that pages may send: those that keys come in, and what goes with a body or a signature.
pub const SENT: &str = "authorization,content-type,dd-api-key,dd-application-key,idempotency-key,if-match,last-event-id,x-amz-content-sha256,x-amz-date,\
     x-api-key";

/// Headers that pages may read.
pub const READ: &str = "content-disposition,etag,idempotency-replayed,retry-after,x-amzn-errortype,x-amzn-requestid,x-as-of,x-dialect-version,x-posture-cost,x-ratelimit-limit,\
                        x-ratelimit-name,x-ratelimit-period,x-ratelimit-remaining,x-ratelimit-reset,x-request-id,x-total-count";

/// How long browsers may remember what is allowed, in seconds.
const REMEMBERED: &str = "600";

/// The origins whose pages may read answers.
#[derive(Debug, Clone, Default)]
pub struct Origins(pub Vec<String>);

impl Origins {
    /// The origin of a request, if its pages may read the answer.
    pub fn of(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        headers.get(ORIGIN).filter(|origin| self.0.iter().any(|known| known.as_bytes() == origin.as_bytes())).cloned()
    }

    /// Lets pages of `origin` read an answer.
    pub fn open<B>(&self, response: &mut Response<B>, origin: Option<HeaderValue>) {
        if self.0.is_empty() {
            return;
        }
        // Without it a cache would hand one origin's answer to another.
        response.headers_mut().append(VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = origin {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            set(response, "access-control-expose-headers", READ);
        }
    }

    /// The answer to OPTIONS on a path that has these methods.
    pub fn preflight(&self, methods: &[&Method], origin: Option<HeaderValue>) -> Response<Body> {
        let names: Vec<&str> = methods.iter().map(|method| method.as_str()).chain(["OPTIONS"]).collect();
        let names = names.join(",");
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = StatusCode::NO_CONTENT;
        set(&mut response, ALLOW.as_str(), &names);
        if origin.is_some() {
            set(&mut response, "access-control-allow-methods", &names);
            set(&mut response, "access-control-allow-headers", SENT);
            set(&mut response, "access-control-max-age", REMEMBERED);
        }
        self.open(&mut response, origin);
        response
    }
}

fn set<B>(response: &mut Response<B>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
        response.headers_mut().insert(name, value);
    }
}
