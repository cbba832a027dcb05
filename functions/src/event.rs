//! Gateway events as requests, without the panics that odd events cause in the conversion.

use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use lambda_http::request::LambdaRequest;
use lambda_http::{Context, LambdaEvent, Request, RequestExt, tower::Service};
use posture_shared::domain::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{self, Poll};

/// Reads a request from the JSON text of a REST, HTTP API or function URL event.
/// [`Error::Invalid`] when it is none of them.
pub fn request_of(text: &str) -> Result<Request, Error> {
    let not_one = |why: String| Error::invalid("event", format!("is not a gateway's request: {why}"));
    let event: LambdaRequest = serde_json::from_str(text).map_err(|e| not_one(e.to_string()))?;
    if convertible(&event) { Ok(event.into()) } else { Err(not_one("its path, query or host is no URL".to_owned())) }
}

/// Stands before `lambda_http`'s adapter: events that the adapter cannot turn into a request arrive as a request
/// that carries nothing, and are answered like a path that does not exist.
#[derive(Clone)]
pub struct Guard<S>(pub S);

impl<S: Service<LambdaEvent<LambdaRequest>>> Service<LambdaEvent<LambdaRequest>> for Guard<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> S::Future {
        let LambdaEvent { payload, context } = event;
        self.0.call(LambdaEvent { payload: guarded(payload, &context), context })
    }
}

/// The request of an event, as the adapter would make it behind a [`Guard`].
pub(crate) fn request_behind_guard(event: LambdaRequest, context: Context) -> Request {
    Request::from(guarded(event, &context)).with_lambda_context(context)
}

fn guarded(event: LambdaRequest, context: &Context) -> LambdaRequest {
    if convertible(&event) {
        return event;
    }
    tracing::warn!(request_id = context.request_id, "event is no request");
    emptied(&event)
}

/// Whether the conversion, which takes its parts for granted, gets through. A plain body plays no part in it.
fn convertible(event: &LambdaRequest) -> bool {
    let probe = match event {
        LambdaRequest::ApiGatewayV1(event) => {
            let mut probe = event.clone();
            probe.body = probe.body.filter(|_| probe.is_base64_encoded);
            LambdaRequest::ApiGatewayV1(probe)
        }
        LambdaRequest::ApiGatewayV2(event) => {
            let mut probe = event.clone();
            probe.body = probe.body.filter(|_| probe.is_base64_encoded);
            LambdaRequest::ApiGatewayV2(probe)
        }
        _ => return false,
    };
    catch_unwind(AssertUnwindSafe(|| Request::from(probe))).is_ok()
}

/// An event of the same kind, because the answer's form follows the event's, with nothing in it.
fn emptied(event: &LambdaRequest) -> LambdaRequest {
    match event {
        LambdaRequest::ApiGatewayV1(_) => LambdaRequest::ApiGatewayV1(ApiGatewayProxyRequest::default()),
        _ => LambdaRequest::ApiGatewayV2(ApiGatewayV2httpRequest::default()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::request_of;
    use crate::call::{pairs_of, signed};
    use lambda_http::{Body, RequestExt};
    use serde_json::{Value, json};

    fn rest() -> Value {
        json!({
            "resource": "/findings", "path": "/findings", "httpMethod": "POST",
            "headers": {"Host": "abc.execute-api.eu-west-1.amazonaws.com", "X-Amz-Date": "20240104T152510Z"},
            "multiValueHeaders": {"Host": ["abc.execute-api.eu-west-1.amazonaws.com"], "X-Amz-Date": ["20240104T152510Z"]},
            "queryStringParameters": {"a": "2"}, "multiValueQueryStringParameters": {"a": ["1", "2"]},
            "pathParameters": null, "stageVariables": null,
            "requestContext": {
                "accountId": "123456789012", "apiId": "abc", "httpMethod": "POST", "path": "/prod/findings",
                "stage": "prod", "requestId": "r", "requestTimeEpoch": 1_704_381_910_123_i64, "resourceId": "x",
                "resourcePath": "/findings", "protocol": "HTTP/1.1", "identity": {"sourceIp": "192.0.2.1"},
                "authorizer": {"integrationLatency": 12, "claims": {"n": 1.5}}
            },
            "body": "{\"MaxResults\":1.50}", "isBase64Encoded": false
        })
    }

    fn http_api(stage: &str, path: &str) -> Value {
        json!({
            "version": "2.0", "routeKey": "POST /findings", "rawPath": path, "rawQueryString": "a=1&a=2",
            "headers": {"host": "abc.execute-api.eu-west-1.amazonaws.com", "x-amz-date": "20240104T152510Z"},
            "queryStringParameters": {"a": "1,2"},
            "requestContext": {
                "accountId": "123456789012", "apiId": "abc", "stage": stage, "requestId": "r",
                "domainName": "abc.execute-api.eu-west-1.amazonaws.com", "domainPrefix": "abc",
                "time": "04/Jan/2024:15:25:10 +0000", "timeEpoch": 1_704_381_910_123_i64,
                "authorizer": {"lambda": {"n": 7}},
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"}
            },
            "body": "eyJNYXhSZXN1bHRzIjoxLjUwfQ==", "isBase64Encoded": true
        })
    }

    /// DESIGN §5: the signature covers the path with its stage, every query value and the decoded body. Numbers in
    /// the events' contexts must survive serde_json's `arbitrary_precision`.
    #[test]
    fn all_three_event_shapes_are_read() {
        let function_url = {
            let mut event = http_api("$default", "/a%20b/findings");
            event["requestContext"]["domainName"] = json!("abc.lambda-url.eu-west-1.on.aws");
            event["requestContext"]["authentication"] = Value::Null;
            event["requestContext"]["authorizer"] = json!({"iam": {"accountId": "123456789012"}});
            event
        };
        for (name, event, paths) in [
            ("REST", rest(), &["/prod/findings"][..]),
            ("HTTP API with a stage", http_api("prod", "/prod/findings"), &["/prod/findings", "/findings"]),
            ("HTTP API", http_api("$default", "/findings"), &["/findings"]),
            ("function URL", function_url, &["/a%20b/findings"]),
        ] {
            let signed = signed(request_of(&event.to_string()).unwrap());
            assert_eq!(signed.method, "POST", "{name}");
            assert_eq!(signed.paths, paths, "{name}");
            let date: Vec<_> = signed.headers.iter().filter(|(n, _)| n == "x-amz-date").collect();
            assert_eq!(date, [&("x-amz-date".to_owned(), "20240104T152510Z".to_owned())], "{name}");
            assert_eq!(signed.body, b"{\"MaxResults\":1.50}", "{name}");
            let pairs = pairs_of(signed.query);
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            assert_eq!(pairs, [("a", "1"), ("a", "2")], "{name}");
        }
    }

    #[test]
    fn a_body_stays_a_body() {
        let request = request_of(&rest().to_string()).unwrap();
        assert!(matches!(request.body(), Body::Text(_)));
        assert_eq!(request.raw_http_path(), "/findings");
    }

    #[test]
    fn odd_events_are_refused_without_a_panic() {
        let with = |pointer: &str, value: Value| {
            let mut event = rest();
            *event.pointer_mut(pointer).unwrap() = value;
            event.to_string()
        };
        let raw_query = |query: String| {
            let mut event = http_api("prod", "/prod/findings");
            event["rawQueryString"] = Value::String(query);
            event.to_string()
        };
        for event in [
            String::new(),
            "{}".to_owned(),
            "[1]".to_owned(),
            json!({"Records": []}).to_string(),
            with("/headers/Host", json!("a b")),
            with("/isBase64Encoded", json!(true)),
            raw_query("a=\"".to_owned()),
            raw_query("a".repeat(70_000)),
        ] {
            assert!(request_of(&event).is_err(), "{}", event.get(..80).unwrap_or(&event));
        }
    }
}
