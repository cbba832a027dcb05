//! The HTTP client of a function: HTTP/1.1, which is all that DynamoDB speaks, over connections with AWS's own certificates.
//!
//! The SDK's own brings HTTP/2, proxies and a reader of certificates along, which are a twentieth of a program and of its start.
//!
//! What a process asks of the table at first goes by *lanes*: a connection is shared by requests that follow each other closely, and
//! another one, with its handshake, is opened only for a request that would have to wait. A function's first answer takes a few
//! requests, and the handshakes of connections that each is alone on would take longer than these.

use crate::roots;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame, SizeHint};
use hyper::body::{Bytes, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, HttpConnector as Tcp, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_http::http::Uri;
use lambda_runtime::tower::Service;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::error::Elapsed;

/// How long a connection may take to be made, its handshake included; the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// How long a request waits for a lane before it opens another one: about what an item takes to read, and less than a handshake.
const PATIENCE: Duration = Duration::from_millis(4);
/// How many requests go by lanes: what a start and a first answer take, at most. Later ones share what connections there are, and none waits.
const FIRST: usize = 8;

/// A client for everything in a region. Certificates that cannot be read are an error.
pub(crate) fn connector(region: &str) -> Result<Connector, BoxError> {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_tls_config(roots::trusting(region)?);
    let https = https.https_or_http().enable_http1().wrap_connector(tcp);
    // The timer ends connections that nobody has used for a while.
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(Timely(https));
    Ok(Connector(client))
}

/// What asks, of whom ever.
#[derive(Debug, Clone)]
pub(crate) struct Connector(Client<Timely, SdkBody>);

impl Connector {
    /// For several hosts: every request may open a connection.
    pub(crate) fn at_once(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(Http { client: self.0.clone(), lanes: None })
    }

    /// For one host: as few connections as do, at first.
    pub(crate) fn by_lanes(&self) -> SharedHttpConnector {
        self.by(Lanes::new(PATIENCE, FIRST))
    }

    fn by(&self, lanes: Lanes) -> SharedHttpConnector {
        SharedHttpConnector::new(Http { client: self.0.clone(), lanes: Some(lanes) })
    }
}

#[derive(Debug, Clone)]
struct Http {
    client: Client<Timely, SdkBody>,
    lanes: Option<Lanes>,
}

/// What the first requests of a process go by: there is one lane at first, and another one for each request that had waited for long
/// enough.
#[derive(Debug, Clone)]
struct Lanes {
    free: Arc<Semaphore>,
    /// How many requests still go by lanes.
    left: Arc<AtomicUsize>,
    patience: Duration,
}

impl Lanes {
    fn new(patience: Duration, first: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(1)), left: Arc::new(AtomicUsize::new(first)), patience }
    }

    /// `None` for a request that needs none.
    async fn take(self) -> Option<Lane> {
        let Self { free, left, patience } = self;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).ok()?;
        // They are never closed, so an error is impatience: then this is one lane more.
        if let Ok(Ok(permit)) = tokio::time::timeout(patience, free.acquire()).await {
            permit.forget();
        }
        let lane = Lane(free);
        // A connection goes back among those that are free right after its answer was read; should it not, there is one more.
        tokio::task::yield_now().await;
        Some(lane)
    }
}

/// A lane that is taken; it is free again when this is dropped.
struct Lane(Arc<Semaphore>);

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

/// An answer, and the lane that it takes until it is there.
struct Laned {
    body: Incoming,
    lane: Option<Lane>,
}

impl Body for Laned {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) || self.body.is_end_stream() {
            self.lane = None;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { client, lanes } = self.clone();
        HttpConnectorFuture::new_boxed(Box::pin(async move {
            let lane = match lanes {
                Some(lanes) => lanes.take().await,
                None => None,
            };
            let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let connection = capture_connection(&mut request);
            if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
                // So that the SDK can give up one on which it was answered badly.
                capture.set_connection_retriever(move || given_up_by(&connection));
            }
            let response = client.request(request).await.map_err(failed)?;
            let response = response.map(|body| SdkBody::from_body_1_x(Laned { body, lane }));
            HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
        }))
    }
}

fn given_up_by(connection: &CaptureConnection) -> Option<ConnectionMetadata> {
    connection.connection_metadata().as_ref()?;
    let connection = connection.clone();
    let poison = move || {
        let _ = connection.connection_metadata().as_ref().map(Connected::poison);
    };
    Some(ConnectionMetadata::builder().proxied(false).poison_fn(poison).build())
}

/// What became of a request, as the SDK tells apart what may be asked again.
fn failed(error: legacy::Error) -> ConnectorError {
    if cause::<Elapsed>(&error).is_some() {
        return ConnectorError::timeout(error.into());
    }
    let (is_connect, is_io) = (error.is_connect(), cause::<io::Error>(&error).is_some());
    let (is_gone, is_cut, is_user) = cause::<hyper::Error>(&error).map_or((false, false, false), |hyper| {
        (hyper.is_closed() || hyper.is_canceled(), hyper.is_incomplete_message(), hyper.is_user())
    });
    match () {
        () if is_user => ConnectorError::user(error.into()),
        () if is_connect || is_io || is_gone => ConnectorError::io(error.into()),
        () if is_cut => ConnectorError::other(error.into(), Some(ErrorKind::TransientError)),
        () => ConnectorError::other(error.into(), None),
    }
}

fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

/// Connections that are made in time.
#[derive(Debug, Clone)]
struct Timely(HttpsConnector<Tcp>);

impl Service<Uri> for Timely {
    type Response = <HttpsConnector<Tcp> as Service<Uri>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connection = self.0.call(uri);
        Box::pin(async { tokio::time::timeout(CONNECT_TIMEOUT, connection).await? })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{ErrorKind, Lanes, connector};
    use aws_smithy_runtime_api::client::http::HttpConnector;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use futures_util::FutureExt;
    use futures_util::future::join_all;
    use http_body_util::BodyExt;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::sync::Barrier;

    async fn get(url: &str) -> Result<u16, aws_smithy_runtime_api::client::result::ConnectorError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).unwrap();
        connector("eu-west-1").unwrap().at_once().call(request).await.map(|response| response.status().as_u16())
    }

    /// The SDK repeats a request by what kind of failure it met.
    #[tokio::test]
    async fn failures_are_told_apart() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            for answer in ["HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n", "", "HTTP/1.1 200"] {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 1024]).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        assert_eq!(get(&url).await.unwrap(), 418);
        for _ in ["closed", "cut"] {
            let error = get(&url).await.unwrap_err();
            assert!(error.is_io() || error.as_other() == Some(ErrorKind::TransientError), "{error:?}");
        }
        let refused = get(&url).await.unwrap_err();
        assert!(refused.is_io(), "{refused:?}");
    }

    #[tokio::test]
    async fn a_server_that_speaks_no_tls_is_not_talked_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
        });
        assert!(get(&url).await.unwrap_err().is_io());
    }

    #[tokio::test]
    async fn a_connection_that_is_not_made_in_time_is_given_up() {
        // Nobody shakes hands here.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let error = tokio::time::timeout(Duration::from_secs(30), get(&url)).await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }

    /// A server that answers whoever asks once `at_once` of them wait, and how many connections it took.
    async fn server(at_once: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (taken, together) = (Arc::new(AtomicUsize::new(0)), Arc::new(Barrier::new(at_once)));
        let count = Arc::clone(&taken);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                let together = Arc::clone(&together);
                tokio::spawn(async move {
                    while stream.read(&mut [0; 1024]).await.unwrap_or(0) > 0 {
                        together.wait().await;
                        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        (url, taken)
    }

    /// So many requests at once by these lanes, to a server that answers each when so many wait; the connections that took.
    async fn connections(requests: usize, at_once: usize, lanes: Lanes) -> usize {
        let (url, taken) = server(at_once).await;
        let connector = connector("eu-west-1").unwrap().by(lanes);
        let each = (0..requests).map(|_| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(url.as_str()).unwrap();
            let answer = connector.call(request);
            async { answer.await.unwrap().into_body().collect().await.unwrap().to_bytes() }
        });
        let answers = tokio::time::timeout(Duration::from_secs(30), join_all(each)).await.unwrap();
        assert!(answers.iter().all(|body| body == "ok"));
        taken.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn requests_that_need_not_wait_share_a_connection() {
        assert_eq!(connections(20, 1, Lanes::new(Duration::from_secs(60), 20)).await, 1);
    }

    #[tokio::test]
    async fn a_request_that_has_to_wait_has_a_connection_of_its_own() {
        assert_eq!(connections(5, 5, Lanes::new(Duration::from_millis(1), 5)).await, 5);
    }

    /// However patient they would be.
    #[tokio::test]
    async fn after_the_first_requests_nobody_waits() {
        assert_eq!(connections(5, 5, Lanes::new(Duration::from_secs(60), 1)).await, 5);
    }

    /// Each of these would keep the one lane from the next.
    #[tokio::test]
    async fn whatever_becomes_of_a_request_its_lane_is_free_again() {
        let (url, taken) = server(1).await;
        let connector = connector("eu-west-1").unwrap().by(Lanes::new(Duration::from_secs(60), 20));
        let ask = |url: &str| {
            let mut request = HttpRequest::new(SdkBody::empty());
            request.set_uri(url).unwrap();
            connector.call(request)
        };
        assert!(ask("http://127.0.0.1:1/").await.is_err());
        drop(ask(&url).await.unwrap());
        drop(ask(&url));
        assert!(ask(&url).now_or_never().is_none());
        let answer = tokio::time::timeout(Duration::from_secs(30), ask(&url)).await.unwrap().unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
        assert!(taken.load(Ordering::SeqCst) >= 1);
    }
}
