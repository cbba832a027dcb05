//! The embedded DynamoDB on a socket: what any DynamoDB client can talk to, on this machine. It checks no signature.

use super::{Embedded, TARGET, TARGET_PREFIX, dispatch};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lambda_http::http::{HeaderValue, Request, Response, StatusCode};
use posture_shared::domain::Error;
use std::convert::Infallible;
use tokio::net::{TcpListener, TcpStream};

/// Listens on a free port of the loopback interface, and says where.
pub async fn bind() -> Result<(TcpListener, String), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::internal)?;
    let url = format!("http://{}", listener.local_addr().map_err(Error::internal)?);
    Ok((listener, url))
}

/// Answers whoever connects, for ever.
pub async fn serve(listener: TcpListener, engine: Embedded) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(talk(stream, engine.clone()));
            }
            Err(error) => tracing::warn!(%error, "cannot accept a connection"),
        }
    }
}

async fn talk(stream: TcpStream, engine: Embedded) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let engine = engine.clone();
        async move { Ok::<_, Infallible>(answer(engine, request).await) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection ended early");
    }
}

async fn answer(engine: Embedded, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let target = request.headers().get(TARGET).and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default().to_owned();
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    // Where the engine runs one request at a time, nothing is gained by another thread, and its being woken takes longer than
    // most requests.
    let (status, json) = dispatch::run(&engine.engine.database, &operation, &body);
    let mut response = Response::new(Full::new(Bytes::from(json)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = HeaderValue::from_static("application/x-amz-json-1.0");
    response.headers_mut().insert("content-type", kind);
    response
}
