//! A signed request to AWS, and its repetition where that may help.

use super::document::Document;
use super::refusal::{Refusal, Why};
use crate::clock::Clock;
use crate::domain::Error;
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Mutex;

/// Attempts of a request that is throttled, or that fails on AWS's side.
const ATTEMPTS: u32 = 6;
/// The pause after the first attempt; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(150);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of an answer that are taken where nobody says: what AWS sends is far below.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How long credentials are used before they are asked for again.
const KEPT_MS: i64 = 5 * 60 * 1000;
/// All that RFC 3986 reserves.
pub(super) const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// AWS, with the credentials that it is asked with. Clones share them.
#[derive(Clone)]
pub struct Aws {
    pub(super) http: SharedHttpConnector,
    pub(super) provider: SharedCredentialsProvider,
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    pub(super) credentials: Arc<Mutex<Option<(Credentials, i64)>>>,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws").field("region", &self.region).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(super) struct Ask<'a> {
    /// The service's name in signatures.
    pub service: &'a str,
    /// What goes before the region in its host.
    pub host: &'a str,
    /// The region; `None` for what is in none.
    pub region: Option<&'a str>,
    pub method: &'static str,
    /// Path and query, encoded.
    pub path: &'a str,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Aws {
    /// AWS as a configuration says: its credentials, region and endpoint. [`Error::Invalid`] when it has no region or no
    /// credentials.
    pub fn new(config: &SdkConfig, http: impl HttpConnector + 'static) -> Result<Self, Error> {
        let region = config.region().ok_or_else(|| Error::invalid("region", "give one, or set AWS_REGION"))?;
        let provider = config.credentials_provider();
        Ok(Self {
            http: SharedHttpConnector::new(http),
            provider: provider.ok_or_else(|| Error::invalid("credentials", "there are none for AWS"))?,
            region: region.as_ref().to_owned(),
            endpoint: config.endpoint_url().map(|url| url.trim_end_matches('/').to_owned()),
            credentials: Arc::default(),
        })
    }

    /// The same AWS, with the same credentials, in another region or behind another URL where these are given.
    #[must_use]
    pub fn elsewhere(self, region: Option<String>, endpoint: Option<&str>) -> Self {
        let endpoint = endpoint.map(|url| url.trim_end_matches('/').to_owned()).or(self.endpoint);
        Self { region: region.unwrap_or(self.region), endpoint, ..self }
    }

    /// The region in which it is asked when none is named.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Where a service is that has this host in every region.
    pub fn url_of(&self, host: &str) -> String {
        let usual = || format!("https://{host}.{}.{}", self.region, suffix_of(&self.region));
        self.endpoint.clone().unwrap_or_else(usual)
    }

    /// Calls an operation of a service of the JSON protocol.
    pub(super) async fn json(
        &self,
        service: &str,
        target: &str,
        region: &str,
        input: &Value,
    ) -> Result<Value, Refusal> {
        let headers =
            vec![("content-type", "application/x-amz-json-1.1".to_owned()), ("x-amz-target", target.to_owned())];
        let body = input.to_string();
        let ask = Ask { service, host: service, region: Some(region), method: "POST", path: "/", headers, body };
        let answer = self.ask(&ask).await?;
        crate::domain::json::parse(answer.as_bytes()).map_err(|_| Refusal::unreadable(target))
    }

    /// Calls an operation of a service whose requests are JSON at paths.
    pub(super) async fn rest(
        &self,
        service: &str,
        region: &str,
        method: &'static str,
        path: &str,
        body: &str,
    ) -> Result<Value, Refusal> {
        let headers = vec![("content-type", "application/json".to_owned())];
        let ask = Ask { service, host: service, region: Some(region), method, path, headers, body: body.to_owned() };
        let answer = self.ask(&ask).await?;
        crate::domain::json::parse(answer.as_bytes()).map_err(|_| Refusal::unreadable(path))
    }

    /// Calls an operation of a service of the Query protocol. Without a region it is in none.
    pub(super) async fn query(
        &self,
        service: &str,
        region: Option<&str>,
        version: &str,
        action: &str,
        more: &[(&str, &str)],
    ) -> Result<Document, Refusal> {
        let encoded = |text: &str| utf8_percent_encode(text, IN_FORM).to_string();
        let parameters = [("Action", action), ("Version", version)];
        let parameters = parameters.iter().chain(more).map(|(name, value)| format!("{name}={}", encoded(value)));
        let body = parameters.collect::<Vec<_>>().join("&");
        let headers = vec![("content-type", "application/x-www-form-urlencoded; charset=utf-8".to_owned())];
        let ask = Ask { service, host: service, region, method: "POST", path: "/", headers, body };
        Document::parse(self.ask(&ask).await?).map_err(|_| Refusal::unreadable(action))
    }

    /// Makes a request, again where AWS is too busy or failed; the body of a good answer.
    pub(super) async fn ask(&self, ask: &Ask<'_>) -> Result<String, Refusal> {
        let mut pause = PAUSE;
        for attempt in 1.. {
            let refusal = match self.attempt(ask, MOST_BYTES).await {
                Ok((status, _, body)) if (200..300).contains(&status) => return Ok(body),
                Ok((status, kind, body)) => {
                    let refusal = Refusal::of(status, kind.as_deref(), &body);
                    if refusal.why != Why::Throttled && status < 500 {
                        return Err(refusal);
                    }
                    refusal
                }
                Err(refusal) => refusal,
            };
            if attempt >= ATTEMPTS {
                return Err(refusal);
            }
            tracing::debug!(service = ask.service, %refusal, attempt, "asking aws again");
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
        Err(Refusal::failed("Unreachable", "no attempt was made"))
    }

    /// Makes a request once; the body of a good answer, which may have so many bytes.
    pub(super) async fn once(&self, ask: &Ask<'_>, most: usize) -> Result<String, Refusal> {
        match self.attempt(ask, most).await? {
            (status, _, body) if (200..300).contains(&status) => Ok(body),
            (status, kind, body) => Err(Refusal::of(status, kind.as_deref(), &body)),
        }
    }

    /// Makes a request once: status, the header that names an error, and body.
    async fn attempt(&self, ask: &Ask<'_>, most: usize) -> Result<(u16, Option<String>, String), Refusal> {
        let request = self.signed(ask).await?;
        let url = request.uri().to_owned();
        let failed = |error: &dyn fmt::Display| Refusal::failed("Unreachable", format!("{url}: {error}"));
        let late = |_| Refusal::failed("Timeout", format!("{url} does not answer"));
        let response = tokio::time::timeout(PATIENCE, self.http.call(request)).await.map_err(late)?;
        let mut response = response.map_err(|error| failed(&innermost(&error)))?;
        let status = response.status().as_u16();
        let kind = response.headers().get("x-amzn-errortype").map(str::to_owned);
        let mut stream = ByteStream::new(response.take_body());
        let read = async {
            let mut body = Vec::new();
            while let Some(part) = stream.try_next().await.map_err(|error| failed(&innermost(&error)))? {
                if body.len() + part.len() > most {
                    return Err(Refusal::failed("TooLarge", format!("the answer of {url} has more than {most} bytes")));
                }
                body.extend_from_slice(&part);
            }
            Ok(body)
        };
        let body = tokio::time::timeout(PATIENCE, read).await.map_err(late)??;
        Ok((status, kind, String::from_utf8_lossy(&body).into_owned()))
    }

    async fn signed(&self, ask: &Ask<'_>) -> Result<HttpRequest, Refusal> {
        let region = ask.region.unwrap_or_else(|| home_of(&self.region));
        let url = match &self.endpoint {
            Some(endpoint) => format!("{endpoint}{}", ask.path),
            None => {
                let place = if ask.region.is_some() { format!(".{region}") } else { String::new() };
                format!("https://{}{}.{}{}", ask.host, global_part(ask, place, region), suffix_of(region), ask.path)
            }
        };
        let wrong = |error: &dyn fmt::Display| Refusal::failed("Unsigned", error);
        let identity = self.credentials().await?.into();
        let mut settings = SigningSettings::default();
        if ask.service == "s3" {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let time = UNIX_EPOCH + Duration::from_millis(u64::try_from(Clock::machine().0).unwrap_or_default());
        let params = SigningParams::builder().identity(&identity).region(region).name(ask.service);
        let params = params.time(time).settings(settings).build().map_err(|error| wrong(&error))?.into();
        let headers = ask.headers.iter().map(|(name, value)| (*name, value.as_str()));
        let signable =
            SignableRequest::new(ask.method, url.as_str(), headers, SignableBody::Bytes(ask.body.as_bytes()));
        let signable = signable.map_err(|error| wrong(&error))?;
        let (instructions, _) = sign(signable, &params).map_err(|error| wrong(&error))?.into_parts();
        let mut request = HttpRequest::new(SdkBody::from(ask.body.as_str()));
        request.set_method(ask.method).map_err(|error| wrong(&error))?;
        request.set_uri(url).map_err(|error| wrong(&error))?;
        for (name, value) in &ask.headers {
            request.headers_mut().insert(*name, value.clone());
        }
        for (name, value) in instructions.headers() {
            request.headers_mut().insert(name.to_owned(), value.to_owned());
        }
        Ok(request)
    }

    pub(super) async fn credentials(&self) -> Result<Credentials, Refusal> {
        let now = Clock::machine().0;
        let mut kept = self.credentials.lock().await;
        if let Some((credentials, until)) = kept.as_ref()
            && now < *until
        {
            return Ok(credentials.clone());
        }
        let fresh = self.provider.provide_credentials().await;
        let fresh = fresh.map_err(|error| Refusal::failed("NoCredentials", innermost(&error)))?;
        let ends = fresh.expiry().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
        let ends = ends.and_then(|after| i64::try_from(after.as_millis()).ok()).unwrap_or(i64::MAX);
        *kept = Some((fresh.clone(), ends.saturating_sub(KEPT_MS).min(now.saturating_add(KEPT_MS))));
        Ok(fresh)
    }
}

/// The region in which services that have none sign.
fn home_of(region: &str) -> &'static str {
    match region {
        region if region.starts_with("cn-") => "cn-north-1",
        region if region.starts_with("us-gov-") => "us-gov-west-1",
        _ => "us-east-1",
    }
}

/// What follows a service's name in its host: nothing for IAM, save in partitions where it has a region's name too.
fn global_part(ask: &Ask<'_>, place: String, region: &str) -> String {
    match ask.region {
        Some(_) => place,
        None if region.starts_with("cn-") => format!(".{region}"),
        None if region.starts_with("us-gov-") => ".us-gov".to_owned(),
        None => String::new(),
    }
}

fn suffix_of(region: &str) -> &'static str {
    if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" }
}

/// The cause behind all causes, which says the most.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
