//! Answers in pieces, told to Lambda as they are made.
//!
//! `lambda_runtime` asks for the events, as everywhere; the answers are sent from here, because its own way sends the head of an answer,
//! what parts it from the body, and the first piece in three small writes, of which TCP holds the second back until the first is
//! acknowledged (40 ms), and because it sends what broke an answer off as text of its body. See
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html#runtimes-custom-response-streaming>.

use crate::App;
use crate::event::request_behind_guard;
use crate::output::Outgoing;
use crate::route::Route;
use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use lambda_http::http::header::CONTENT_TYPE;
use lambda_http::http::{HeaderMap, HeaderValue, Method, Request, Response};
use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaEvent, LambdaInvocation, MetadataPrelude, Runtime, service_fn};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::Poll;

/// What stands between head and body.
const SEPARATOR: [u8; 8] = [0; 8];
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";
const ERROR_BODY: &str = "lambda-runtime-function-error-body";
/// `{"errorType":"BrokenOff","errorMessage":"the answer broke off"}`, in base 64 as Lambda wants it.
const BROKEN_OFF: &str = "eyJlcnJvclR5cGUiOiJCcm9rZW5PZmYiLCJlcnJvck1lc3NhZ2UiOiJ0aGUgYW5zd2VyIGJyb2tlIG9mZiJ9";

/// Serves an endpoint whose answers go out in pieces, until Lambda stops the process.
pub(crate) async fn run(app: Arc<App>, route: &'static Route, runtime_api: &str) -> Result<(), Error> {
    let answers = Answers { app, route, runtime: RuntimeApi::at(runtime_api) };
    // What the layer puts aside: it is never asked.
    let nobody = service_fn(async |_: LambdaEvent<Value>| Ok::<Value, Infallible>(Value::Null));
    Runtime::new(nobody).layer(answers).run().await
}

/// Takes the place of the runtime's own way of answering.
#[derive(Clone)]
struct Answers {
    app: Arc<App>,
    route: &'static Route,
    runtime: RuntimeApi,
}

impl<S> Layer<S> for Answers {
    type Service = Self;

    fn layer(&self, _: S) -> Self {
        self.clone()
    }
}

impl Service<LambdaInvocation> for Answers {
    type Response = ();
    type Error = Error;
    type Future = BoxFuture<'static, Result<(), Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let Self { app, route, runtime } = self.clone();
        Box::pin(async move {
            let LambdaInvocation { body, context, .. } = invocation;
            let id = context.request_id.clone();
            let sent = match serde_json::from_slice(&body) {
                Ok(event) => {
                    let response = app.respond(route, request_behind_guard(event, context)).await;
                    runtime.tell(&id, response).await
                }
                Err(error) => runtime.refuse(&id, &error.to_string()).await,
            };
            // Whoever waited for it is gone, or Lambda has given it up; the next event is another matter.
            if let Err(error) = sent {
                tracing::warn!(request_id = id, %error, "the answer did not arrive");
            }
            Ok(())
        })
    }
}

/// Where answers go.
#[derive(Clone)]
struct RuntimeApi {
    base: Arc<str>,
    client: Client<HttpConnector, UnsyncBoxBody<Bytes, Infallible>>,
}

impl RuntimeApi {
    fn at(address: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self {
            base: format!("http://{address}/2018-06-01/runtime/invocation").into(),
            client: Client::builder(TokioExecutor::new()).build(connector),
        }
    }

    async fn tell(&self, id: &str, response: Response<Outgoing>) -> Result<(), Error> {
        let (parts, body) = response.into_parts();
        let head = MetadataPrelude { status_code: parts.status, headers: parts.headers, cookies: Vec::new() };
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/{id}/response", self.base))
            .header("lambda-runtime-function-response-mode", "streaming")
            .header(CONTENT_TYPE, "application/vnd.awslambda.http-integration-response")
            .header("trailer", ERROR_TYPE)
            .header("trailer", ERROR_BODY);
        self.send(request.body(pieces(serde_json::to_vec(&head)?, body))?).await
    }

    /// Says of an event that it cannot be read.
    async fn refuse(&self, id: &str, why: &str) -> Result<(), Error> {
        let told = json!({"errorType": "Event", "errorMessage": why}).to_string();
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/{id}/error", self.base))
            .header(ERROR_TYPE, "unhandled");
        self.send(request.body(Full::from(told).boxed_unsync())?).await
    }

    async fn send(&self, request: Request<UnsyncBoxBody<Bytes, Infallible>>) -> Result<(), Error> {
        let answer = self.client.request(request).await?;
        let status = answer.status();
        // Read to its end, so that the connection can be used again.
        answer.into_body().collect().await?;
        if status.is_success() { Ok(()) } else { Err(format!("the runtime API answered {status}").into()) }
    }
}

/// The body of an answer as Lambda expects it: the head, and in one piece with it what is there already; then what follows.
fn pieces(mut head: Vec<u8>, mut body: Outgoing) -> UnsyncBoxBody<Bytes, Infallible> {
    head.extend(SEPARATOR);
    let body = match body.frame().now_or_never().flatten() {
        Some(Ok(frame)) => {
            head.extend(frame.into_data().unwrap_or_default());
            Ok(body)
        }
        Some(Err(_)) => Err(()),
        None => Ok(body),
    };
    let rest = stream::unfold(Some(body), async |body| match body? {
        Ok(mut body) => match body.frame().await? {
            Ok(frame) => Some((frame, Some(Ok(body)))),
            Err(_) => Some((broken_off(), None)),
        },
        Err(()) => Some((broken_off(), None)),
    });
    let first = stream::iter([Frame::data(Bytes::from(head))]);
    StreamBody::new(first.chain(rest).map(Ok)).boxed_unsync()
}

/// What says that an answer broke off; why, its log says.
fn broken_off() -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    trailers.insert(ERROR_TYPE, HeaderValue::from_static("BrokenOff"));
    trailers.insert(ERROR_BODY, HeaderValue::from_static(BROKEN_OFF));
    Frame::trailers(trailers)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Error, RuntimeApi};
    use crate::output::flowing;
    use bytes::Bytes;
    use futures_util::{FutureExt, StreamExt, stream};
    use lambda_http::Response;
    use posture_shared::domain;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    /// What the runtime API is sent for an answer of these pieces.
    async fn sent(pieces: Vec<Result<Bytes, domain::Error>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let runtime = RuntimeApi::at(&listener.local_addr().unwrap().to_string());
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut text, mut part) = (String::new(), [0; 4096]);
            while !(text.contains("\r\n0\r\n") && text.ends_with("\r\n\r\n")) {
                let count = stream.read(&mut part).await.unwrap();
                assert!(count > 0, "{text}");
                text.push_str(&String::from_utf8_lossy(part.get(..count).unwrap()));
            }
            stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            text
        });
        let body = flowing(b"one,".to_vec(), stream::iter(pieces).boxed());
        let told: Result<(), Error> = runtime.tell("r", Response::new(body)).boxed().await;
        told.unwrap();
        heard.await.unwrap()
    }

    /// Lambda reads the trailers, and knows by them that a client must not take what it has for whole.
    #[tokio::test]
    async fn what_breaks_off_ends_with_trailers_that_say_so() {
        let whole = sent(vec![Ok(Bytes::from("two"))]).await;
        assert!(whole.contains("one,") && whole.ends_with("two\r\n0\r\n\r\n"), "{whole}");
        let broken = sent(vec![Ok(Bytes::from("two")), Err(domain::Error::internal("x"))]).await;
        let (_, end) = broken.split_once("two\r\n0\r\n").unwrap();
        assert!(end.contains("lambda-runtime-function-error-type: BrokenOff\r\n"), "{broken}");
        assert!(end.contains("lambda-runtime-function-error-body: ey"), "{broken}");
    }
}
