//! The HTTP client of a function: HTTP/1.1, which is all that DynamoDB speaks, over connections with AWS's own certificates.
//!
//! The SDK's own brings HTTP/2, proxies and a reader of certificates along, which are a twentieth of a program and of its start.

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
use std::error::Error;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::error::Elapsed;

/// How long a connection may take to be made, its handshake included; the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3100);

/// A client for everything in a region. Certificates that cannot be read are an error.
pub(crate) fn connector(region: &str) -> Result<SharedHttpConnector, BoxError> {
    let mut tcp = Tcp::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let https = HttpsConnectorBuilder::new().with_tls_config(roots::trusting(region)?);
    let https = https.https_or_http().enable_http1().wrap_connector(tcp);
    // The timer ends connections that nobody has used for a while.
    let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(Timely(https));
    Ok(SharedHttpConnector::new(Http(client)))
}

#[derive(Debug, Clone)]
struct Http(Client<Timely, SdkBody>);

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
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

    use super::{ErrorKind, connector};
    use aws_smithy_runtime_api::client::http::HttpConnector;
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_types::body::SdkBody;
    use std::time::Duration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    async fn get(url: &str) -> Result<u16, aws_smithy_runtime_api::client::result::ConnectorError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).unwrap();
        connector("eu-west-1").unwrap().call(request).await.map(|response| response.status().as_u16())
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
}
