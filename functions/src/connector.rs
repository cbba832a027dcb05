//! The HTTP client of a function: HTTP/1.1, which is all that DynamoDB speaks, over connections with AWS's own certificates.
//!
//! The SDK's own brings HTTP/2, proxies and a reader of certificates along, which are a twentieth of a program and of its start.
//!
//! A connection may be opened before there is a request for it ([`Http::open`]): its handshake takes longer than anything else at the start.

use crate::roots;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connection::{CaptureSmithyConnection, ConnectionMetadata};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use futures_util::future::BoxFuture;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, HttpConnector as Tcp, capture_connection};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lambda_http::http::Uri;
use lambda_runtime::tower::Service;
use posture_shared::clock::Clock;
use posture_shared::domain::Instant;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;

/// How long a connection may take to be made, its handshake included; the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// Milliseconds that a connection which was opened ahead waits for its request. A server may have given up an older one, for a process that has
/// started is often left alone until it is needed.
const FRESH_MS: i64 = 5_000;

/// A client for everything in a region. Clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client<Timely, SdkBody>,
    connections: Timely,
}

impl Http {
    /// A client without connections. Certificates that cannot be read are an error.
    pub(crate) fn new(region: &str) -> Result<Self, BoxError> {
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new().with_tls_config(roots::trusting(region)?);
        let https = https.https_or_http().enable_http1().wrap_connector(tcp);
        let connections = Timely { https, opened: Arc::default() };
        // The timer ends connections that nobody has used for a while.
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(connections.clone());
        Ok(Self { client, connections })
    }

    /// Begins a connection for the first request to `url`. One that cannot be made is made, or told of, when that comes.
    pub(crate) fn open(&self, url: &str) {
        let Ok(uri) = url.parse::<Uri>() else { return };
        let stream = tokio::spawn(self.connections.clone().call(uri.clone()));
        *self.connections.lock() = Some(Opened { uri, at: Clock::machine(), stream });
    }

    /// The client as the SDK takes it.
    pub(crate) fn shared(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.client.clone();
        HttpConnectorFuture::new_boxed(Box::pin(async move {
            let mut request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let connection = capture_connection(&mut request);
            if let Some(capture) = request.extensions().get::<CaptureSmithyConnection>() {
                // So that the SDK can give up one on which it was answered badly.
                capture.set_connection_retriever(move || given_up_by(&connection));
            }
            let response = client.request(request).await.map_err(failed)?;
            let response = response.map(SdkBody::from_body_1_x);
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

type Stream = <HttpsConnector<Tcp> as Service<Uri>>::Response;

/// Connections that are made in time, or have been begun ahead.
#[derive(Debug, Clone)]
struct Timely {
    https: HttpsConnector<Tcp>,
    opened: Arc<Mutex<Option<Opened>>>,
}

/// A connection that was begun before there was a request for it.
#[derive(Debug)]
struct Opened {
    uri: Uri,
    at: Instant,
    stream: JoinHandle<Result<Stream, BoxError>>,
}

impl Timely {
    fn lock(&self) -> MutexGuard<'_, Option<Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was begun for where a request goes to, unless that was long ago.
    fn take(&self, uri: &Uri) -> Option<JoinHandle<Result<Stream, BoxError>>> {
        let place = |uri: &Uri| (uri.scheme().cloned(), uri.authority().cloned());
        let opened = self.lock().take_if(|opened| place(&opened.uri) == place(uri))?;
        if (0..FRESH_MS).contains(&(Clock::machine().0 - opened.at.0)) {
            return Some(opened.stream);
        }
        opened.stream.abort();
        None
    }
}

impl Service<Uri> for Timely {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let begun = self.take(&uri);
        let connection = self.https.call(uri);
        let made = async {
            match begun {
                Some(begun) => match begun.await {
                    Ok(Ok(stream)) => Ok(stream),
                    _ => connection.await,
                },
                None => connection.await,
            }
        };
        Box::pin(async { tokio::time::timeout(CONNECT_TIMEOUT, made).await? })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{ErrorKind, FRESH_MS, Http};
    use aws_smithy_runtime_api::client::http::HttpConnector;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn get(http: &Http, url: &str) -> Result<u16, aws_smithy_runtime_api::client::result::ConnectorError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).unwrap();
        http.call(request).await.map(|response| response.status().as_u16())
    }

    fn http() -> Http {
        Http::new("eu-west-1").unwrap()
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
        assert_eq!(get(&http(), &url).await.unwrap(), 418);
        for _ in ["closed", "cut"] {
            let error = get(&http(), &url).await.unwrap_err();
            assert!(error.is_io() || error.as_other() == Some(ErrorKind::TransientError), "{error:?}");
        }
        let refused = get(&http(), &url).await.unwrap_err();
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
        assert!(get(&http(), &url).await.unwrap_err().is_io());
    }

    #[tokio::test]
    async fn a_connection_that_is_not_made_in_time_is_given_up() {
        // Nobody shakes hands here.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/", listener.local_addr().unwrap());
        let error = tokio::time::timeout(Duration::from_secs(30), get(&http(), &url)).await.unwrap().unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
    }

    /// Answers one request of each connection, and says how many connections there were.
    fn served(listener: TcpListener) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&count);
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                seen.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = stream.read(&mut [0; 1024]).await;
                    let _ =
                        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
                });
            }
        });
        count
    }

    #[tokio::test]
    async fn a_connection_that_was_opened_ahead_is_the_first_requests() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let connections = served(listener);
        let http = http();
        http.open(url.trim_end_matches('/'));
        for so_far in [1, 2] {
            assert_eq!(get(&http, &url).await.unwrap(), 200);
            assert_eq!(connections.load(Ordering::SeqCst), so_far);
        }
    }

    /// One for another place, one that is too old, and one that could not be made.
    #[tokio::test]
    async fn a_connection_that_is_of_no_use_is_not_used() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}/");
        drop(listener);
        let http = http();
        http.open(&url);
        assert!(get(&http, &url).await.unwrap_err().is_io());
        let connections = served(TcpListener::bind(address).await.unwrap());
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        http.open(&format!("http://{}/", elsewhere.local_addr().unwrap()));
        assert_eq!(get(&http, &url).await.unwrap(), 200);
        assert!(http.connections.lock().is_some());
        let before = connections.load(Ordering::SeqCst);
        http.open(&url);
        while connections.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        http.connections.lock().as_mut().unwrap().at.0 -= FRESH_MS;
        assert_eq!(get(&http, &url).await.unwrap(), 200);
        assert!(http.connections.lock().is_none());
        assert_eq!(connections.load(Ordering::SeqCst), before + 2);
    }
}
