//! The local server: HTTP/1.1 in, the same routes and handlers as on Lambda.
//!
//! It stops in order: no new connections, what is being answered gets [`GRACE`], idle connections are closed.

use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use lambda_http::aws_lambda_events::query_map::QueryMap;
use lambda_http::http::{HeaderValue, Request, Response};
use lambda_http::{Body, RequestExt};
use posture_functions::MAX_BODY;
use posture_functions::output::whole;
use posture_functions::{App, Endless, Outgoing, ROUTES, route};
use posture_shared::domain::Error;
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long answers that are under way may take once the server is told to stop.
pub const GRACE: Duration = Duration::from_secs(4);

/// How long an answer that is made while it is sent goes on once the server is told to stop.
const MOMENT: Duration = Duration::from_secs(1);

/// What is read and dropped of a body over the limit, so that its sender lives to see the refusal, in bytes.
const MAX_DRAIN: usize = 64 * 1024 * 1024;

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on `address`, for example `127.0.0.1:9000`; port 0 takes a free one.
    /// [`Error::Conflict`] when the address cannot be had.
    pub async fn bind(address: &str) -> Result<Self, Error> {
        let refused = |error: io::Error| {
            let hint = match error.kind() {
                io::ErrorKind::AddrInUse => {
                    "; --listen takes another, for example 127.0.0.1:9001, or port 0 for a free one"
                }
                _ => "",
            };
            Error::Conflict(format!("cannot listen on {address}: {error}{hint}"))
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, address })
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        self.address.ip().to_canonical().is_loopback()
    }

    /// The URL under which clients reach it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers until `stop` is done.
    pub async fn run(self, app: Arc<App>, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(());
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => { connections.spawn(serve(stream, Arc::clone(&app), stopped.clone())); }
                    Err(error) => {
                        // Out of file handles, for example: connections that end give some back.
                        tracing::warn!(%error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        drop(stopping);
        let ended = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("connections were cut off");
        }
    }
}

async fn serve(stream: TcpStream, app: Arc<App>, mut stopped: watch::Receiver<()>) {
    // Answers are written whole; waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let stop = stopped.clone();
    let service = service_fn(move |request| {
        let (app, stop) = (Arc::clone(&app), stop.clone());
        async move { Ok::<_, Infallible>(ending(answer(&app, request).await, stop)) }
    });
    let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        // The sender is dropped when the server stops.
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// The same response, as it is when the server stops: what would go on for ever ends, and what is made while it is sent breaks off
/// after a moment, so that nobody takes it for whole.
fn ending(response: Response<Outgoing>, mut stop: watch::Receiver<()>) -> Response<Outgoing> {
    let is_endless = response.extensions().get::<Endless>().is_some();
    response.map(|body| {
        if body.size_hint().exact().is_some() {
            return body;
        }
        let stopped = async move {
            // The sender is dropped when the server stops.
            let _ = stop.changed().await;
            if !is_endless {
                tokio::time::sleep(MOMENT).await;
            }
        };
        let pieces = Some((BodyStream::new(body), Box::pin(stopped)));
        let pieces = stream::unfold(pieces, move |pieces| async move {
            let (mut body, stopped) = pieces?;
            match select(stopped, body.next()).await {
                Either::Left(_) if is_endless => None,
                Either::Left(_) => Some((Err(Error::internal("the server stopped")), None)),
                Either::Right((piece, stopped)) => piece.map(|piece| (piece, Some((body, stopped)))),
            }
        });
        StreamBody::new(pieces).boxed_unsync()
    })
}

async fn answer(app: &App, request: Request<Incoming>) -> Response<Outgoing> {
    let (mut parts, body) = request.into_parts();
    // There is no TLS here; a proxy before it says what its client spoke.
    parts.headers.entry("x-forwarded-proto").or_insert(HeaderValue::from_static("http"));
    let path = parts.uri.path().to_owned();
    let query: QueryMap = parts.uri.query().unwrap_or_default().parse().unwrap_or_default();
    let found = route::find(ROUTES, &parts.method, &path);
    let body = read(body).await;
    let request = Request::from_parts(parts, body).with_raw_http_path(path.clone()).with_query_string_parameters(query);
    match found {
        Some((route, parameters)) => {
            let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), vec![value]));
            let request = request.with_path_parameters(parameters.collect::<HashMap<_, _>>());
            app.respond(route, request).await
        }
        None => app.answer_unknown(&path, &request).map(whole),
    }
}

/// The body, or as much of it as shows that it is over the limit. A body that breaks off is taken as it is: it has no
/// valid signature or is no valid JSON.
async fn read(mut body: Incoming) -> Body {
    let (mut bytes, mut drained) = (Vec::new(), 0_usize);
    while let Some(Ok(frame)) = body.frame().await {
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len() <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else {
            drained = drained.saturating_add(data.len());
            if drained > MAX_DRAIN {
                break;
            }
        }
    }
    Body::Binary(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{GRACE, Server};
    use crate::embedded::{Embedded, config};
    use posture_functions::App;
    use posture_functions::MAX_BODY;
    use posture_shared::auth::mint;
    use posture_shared::clock::Clock;
    use posture_shared::domain::{Scope, TenantId};
    use posture_shared::ledger::Writer;
    use posture_shared::secrets::{Master, Masters};
    use std::sync::Arc;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;
    use tokio::task::JoinHandle;

    struct Running {
        address: String,
        token: String,
        stop: oneshot::Sender<()>,
        server: JoinHandle<()>,
    }

    async fn start() -> Running {
        let masters = Masters::only(Master::new(1, vec![7; 32]).unwrap());
        let clock = Clock::system();
        let writer = Writer::connect(&config(Embedded::memory().unwrap()), "ledger", clock.clone(), masters.clone());
        writer.create_table().await.unwrap();
        let (tenant, scopes) = (TenantId::parse("acme").unwrap(), [Scope::FindingsRead].into());
        let (record, credentials) = mint(&masters, &tenant, "k", scopes, None, None, clock.now()).unwrap();
        assert!(writer.key_create(&record).await.unwrap());
        let server = Server::bind("127.0.0.1:0").await.unwrap();
        let address = server.url().strip_prefix("http://").unwrap().to_owned();
        let app = Arc::new(App::new(writer, tenant));
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(server.run(app, async {
            let _ = stopped.await;
        }));
        Running { address, token: credentials.token, stop, server }
    }

    impl Running {
        async fn send(&self, line: &str, token: Option<&str>, body: &[u8]) -> String {
            let mut stream = TcpStream::connect(&self.address).await.unwrap();
            let token = token.map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
            let length = body.len();
            let head =
                format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{token}content-length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            answer
        }
    }

    /// DESIGN §5: no request is answered without a key; a missing scope, another tenant and an unknown path each get
    /// their dialect's refusal, with the request's id.
    #[tokio::test]
    async fn refusals_have_their_dialects_shape() {
        let running = start().await;
        let key = Some(running.token.as_str());
        let large = vec![b' '; MAX_BODY + 1];
        for (line, token, body, status) in [
            ("POST /findings", None, &b"{}"[..], 401),
            ("POST /findings", Some("nonsense"), b"{}", 401),
            ("POST /findings/import", key, b"{}", 401),
            ("GET /health", None, b"", 404),
            ("PATCH /findings", key, b"", 404),
            ("POST /findings", key, &large, 400),
        ] {
            let answer = running.send(line, token, body).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
            assert!(answer.contains("x-amzn-requestid: "), "{line}: {answer}");
        }
    }

    /// DESIGN §7: SIGTERM stops it within 5 s. A connection that is kept open does not hold it up.
    #[tokio::test]
    async fn it_stops_at_once_when_nothing_is_under_way() {
        let running = start().await;
        let idle = TcpStream::connect(&running.address).await.unwrap();
        running.send("GET /", None, b"").await;
        let began = Instant::now();
        running.stop.send(()).unwrap();
        running.server.await.unwrap();
        assert!(began.elapsed() < GRACE);
        assert!(TcpStream::connect(&running.address).await.is_err());
        drop(idle);
    }
}
