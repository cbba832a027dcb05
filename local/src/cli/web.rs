//! HTTP as a client, over the one stack that the AWS SDK brings.

use crate::embedded::bytes_of;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use posture_shared::domain::Error;
use serde_json::Value;
use std::time::Duration;

/// How often a request fails before its failure is believed. To be told to wait is no failure.
const ATTEMPTS: u32 = 8;

/// How long one request waits in all, pauses added up.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The wait before the second attempt; each further one waits twice as long, at most [`LONGEST_PAUSE`]. What the server
/// says in Retry-After goes before it.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// To accept a connection.
    connect: Duration,
    /// To begin its answer, and then once more to end it. No gateway lets a function work for as long.
    answer: Duration,
}

const PATIENCE: Patience = Patience { connect: Duration::from_secs(5), answer: Duration::from_secs(60) };

/// A client for the SDK.
pub(super) fn client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// A connector for requests that are signed here.
pub(super) fn connector() -> Connector {
    let settings = HttpConnectorSettings::builder().connect_timeout(PATIENCE.connect).build();
    Connector::builder().connector_settings(settings).tls_provider(Provider::Rustls(CryptoMode::Ring)).build()
}

/// A server, and the key for it.
pub(super) struct Web {
    connector: Connector,
    url: String,
    token: String,
    patience: Patience,
}

/// An answer.
pub(super) struct Answer {
    pub status: u16,
    /// The header `x-posture-outcomes`.
    pub outcomes: Option<String>,
    /// The seconds of the header `retry-after`.
    pub retry_after: Option<u64>,
    pub body: Vec<u8>,
}

impl Web {
    pub(super) fn new(url: &str, token: &str) -> Self {
        Self::with(url, token, PATIENCE)
    }

    /// Whether requests can be made to that URL.
    pub(super) fn is_url(url: &str) -> bool {
        let has_host = |rest: &str| !rest.is_empty() && !rest.starts_with(['/', ':', '?']);
        let begins = ["http://", "https://"].iter().any(|scheme| url.strip_prefix(scheme).is_some_and(has_host));
        begins && HttpRequest::new(SdkBody::empty()).set_uri(url).is_ok()
    }

    fn with(url: &str, token: &str, patience: Patience) -> Self {
        let Patience { connect, answer } = patience;
        let settings = HttpConnectorSettings::builder().connect_timeout(connect).read_timeout(answer).build();
        let connector = Connector::builder().connector_settings(settings);
        let connector = connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).build();
        Self { connector, url: url.trim_end_matches('/').to_owned(), token: token.to_owned(), patience }
    }

    /// Posts JSON, as [`Web::insist`] does.
    pub(super) async fn post(&self, path: &str, body: &[u8]) -> Result<Answer, Error> {
        self.insist("POST", path, body).await
    }

    /// Puts JSON, as [`Web::insist`] does.
    pub(super) async fn put(&self, path: &str, body: &[u8]) -> Result<Answer, Error> {
        self.insist("PUT", path, body).await
    }

    /// Sends JSON. Tries again when the server is busy, failed or cannot be reached, which is safe because what is
    /// sent here may be sent twice. The last answer when pauses would come to more than [`LONGEST_WAIT`].
    async fn insist(&self, method: &str, path: &str, body: &[u8]) -> Result<Answer, Error> {
        let (mut next, mut waited, mut failures) = (FIRST_PAUSE, Duration::ZERO, 0);
        loop {
            let answer = self.attempt(method, path, body).await;
            let mut told = None;
            match &answer {
                Ok(limited) if limited.status == 429 => told = limited.retry_after.map(Duration::from_secs),
                Ok(answered) if answered.status < 500 => return answer,
                _ => failures += 1,
            }
            let pause = told.unwrap_or(next);
            waited = waited.saturating_add(pause);
            if failures == ATTEMPTS || waited > LONGEST_WAIT {
                return answer;
            }
            match answer {
                Ok(answer) => tracing::info!(status = answer.status, seconds = pause.as_secs_f64(), "trying again"),
                Err(error) => tracing::info!(%error, seconds = pause.as_secs_f64(), "trying again"),
            }
            tokio::time::sleep(pause).await;
            next = (next * 2).min(LONGEST_PAUSE);
        }
    }

    /// Makes a request once and reads the JSON of the answer. [`Error::Internal`] with the server's own words when it
    /// refuses.
    pub(super) async fn send(&self, method: &str, path: &str, body: &[u8]) -> Result<Value, Error> {
        let answer = self.attempt(method, path, body).await?;
        if !(200..300).contains(&answer.status) {
            let message = answer.message();
            return Err(Error::internal(format!("the server answered {}: {message}", answer.status)));
        }
        serde_json::from_slice(&answer.body).map_err(|error| Error::internal(format!("the server's answer: {error}")))
    }

    async fn attempt(&self, method: &str, path: &str, body: &[u8]) -> Result<Answer, Error> {
        let failed = |why: String| Error::internal(format!("{}: {why}", self.url));
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).map_err(|error| failed(error.to_string()))?;
        let url = format!("{}{path}", self.url);
        request.set_uri(url).map_err(|_| Error::invalid("--url", format!("{} is no URL", self.url)))?;
        let headers = request.headers_mut();
        headers.insert("content-type", "application/json");
        let token = headers.try_insert("authorization", format!("Bearer {}", self.token));
        token.map_err(|_| Error::invalid("--token", "is no token"))?;
        let mut response = self.connector.call(request).await.map_err(|error| failed(innermost(&error)))?;
        let outcomes = response.headers().get("x-posture-outcomes").map(str::to_owned);
        let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
        let status = response.status().as_u16();
        let body = tokio::time::timeout(self.patience.answer, bytes_of(response.take_body())).await;
        let body = body.map_err(|_| failed("the answer does not end".to_owned()))?;
        let body = body.map_err(|error| failed(innermost(&error)))?;
        Ok(Answer { status, outcomes, retry_after, body: body.to_vec() })
    }
}

impl Answer {
    /// The message of an error, in whichever of the dialects it is.
    pub(super) fn message(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let message = ["/Message", "/message", "/error/message"].iter().find_map(|at| body.pointer(at)?.as_str());
        message.map_or_else(|| format!("status {}", self.status), str::to_owned)
    }
}

/// The cause behind all causes, which says the most: "connection refused" and not "dispatch failure".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::{Patience, Web};
    use std::time::Duration;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    /// A server that stays silent, or stops in the middle of its answer, is given up.
    #[tokio::test]
    async fn a_server_that_hangs_is_not_waited_for_for_ever() {
        let moment = Duration::from_millis(100);
        for said in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let server = tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.write_all(said.as_bytes()).await.unwrap();
                tokio::time::sleep(Duration::from_secs(60)).await;
            });
            let web = Web::with(&url, "token", Patience { connect: moment, answer: moment });
            let answer = tokio::time::timeout(Duration::from_secs(20), web.send("GET", "/", b"")).await;
            assert!(answer.unwrap().unwrap_err().to_string().starts_with(&url), "{said}");
            server.abort();
        }
    }

    #[test]
    fn urls_have_scheme_and_host() {
        for good in ["http://127.0.0.1:9000", "https://x.example/prod/"] {
            assert!(Web::is_url(good), "{good}");
        }
        for bad in ["", "127.0.0.1:9000", "localhost:9000", "ftp://x", "http://", "http:///x", "http://a b"] {
            assert!(!Web::is_url(bad), "{bad}");
        }
    }
}
