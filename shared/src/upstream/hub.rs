//! Security Hub: findings page by page, as the JSON that the hub sent.
//!
//! The SDK signs, retries, and waits as long as an answer says. It does not slow down by itself: its adaptive mode lets no more than one
//! attempt in some 20 seconds through after a single refusal. Here a refusal halves the pace, and it mends with every page. Its typed findings are left
//! aside: they would lose members that its model does not know and the way numbers were written, so that findings read here
//! would differ from the same ones in events. They would need more stack than a thread of tests or of the program has, too. So an
//! interceptor takes the body of a good answer away before the SDK reads it, and leaves an empty page in its place.

use super::pace::{Pace, Pacer};
use super::refusal::{Refusal, Why};
use super::request::{Aws, innermost};
use crate::domain::{Instant, json};
use aws_sdk_securityhub::Client;
use aws_sdk_securityhub::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
};
use aws_sdk_securityhub::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_securityhub::config::timeout::TimeoutConfig;
use aws_sdk_securityhub::config::{BehaviorVersion, ConfigBag, Intercept, Region, RuntimeComponents};
use aws_sdk_securityhub::types::{AwsSecurityFindingFilters, DateFilter, SortCriterion, SortOrder};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::http_client_fn;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Findings of a page (a limit of Security Hub).
pub const PAGE: i32 = 100;
/// Attempts of a request before somebody else goes on with something else.
const ATTEMPTS: u32 = 4;
/// How long one attempt may take, and all of them with their pauses.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(15), Duration::from_secs(45));
/// Bytes of a page: a finding has 240 KB at most.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// The end of the interval in which findings were updated. The hub wants one, and a token holds only for the filter that it was
/// given out for: so it is always the same, and no clock is fast enough to reach it.
const LAST: &str = "2999-12-31T23:59:59.999Z";

/// The hub of an account in a region.
#[derive(Debug)]
pub struct Hub {
    client: Client,
    pacer: Pacer,
}

/// Findings, and how to get the next ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// As the hub sent them.
    pub findings: Vec<Value>,
    /// Absent on the last page.
    pub next: Option<String>,
}

impl Aws {
    /// The hub of an account in a region, asked with these credentials. The account only tells hubs apart: each slows down by itself.
    pub fn hub(&self, account: &str, region: &str, pace: Pace) -> Hub {
        let http = self.http.clone();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(pace.pause);
        let (attempt, all) = PATIENCE;
        let patience = TimeoutConfig::builder().operation_attempt_timeout(attempt).operation_timeout(all).build();
        let mut config = aws_sdk_securityhub::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http_client_fn(move |_, _| http.clone()))
            .credentials_provider(self.provider.clone())
            .region(Region::new(region.to_owned()))
            .retry_config(retries)
            .retry_partition(RetryPartition::new(format!("securityhub-{account}-{region}")))
            .timeout_config(patience);
        config.set_endpoint_url(self.endpoint.clone());
        Hub { client: Client::from_conf(config.build()), pacer: Pacer::new(pace) }
    }
}

impl Hub {
    /// A page of findings, the ones that were updated last first; of those that were updated at `since` or later, if it is given.
    ///
    /// A token holds for the `since` that it was given out for.
    pub async fn page(&self, since: Option<Instant>, token: Option<&str>) -> Result<Page, Refusal> {
        self.pacer.keep().await;
        let heard = Heard::default();
        let newest_first = SortCriterion::builder().field("UpdatedAt").sort_order(SortOrder::Descending).build();
        let ask = self.client.get_findings().max_results(PAGE).sort_criteria(newest_first);
        let ask = ask.set_filters(since.map(updated_since)).set_next_token(token.map(str::to_owned));
        let typed = ask.customize().interceptor(heard.clone()).send().await;
        self.pacer.adapt(heard.throttled.load(Ordering::Relaxed));
        match heard.take() {
            Some(Answer::Good(body)) => page_of(&text_of(body).await?),
            Some(Answer::Bad(refusal)) => Err(refusal),
            None => Err(typed.err().map_or_else(
                || Refusal::unreadable("GetFindings"),
                |error| Refusal::failed("Unreachable", innermost(&error)),
            )),
        }
    }
}

fn updated_since(since: Instant) -> AwsSecurityFindingFilters {
    let updated = DateFilter::builder().start(since.to_string()).end(LAST).build();
    AwsSecurityFindingFilters::builder().updated_at(updated).build()
}

/// The text of an answer, which may take as long as an attempt.
async fn text_of(body: SdkBody) -> Result<Vec<u8>, Refusal> {
    let lost = |why: String| Refusal::failed("Unreachable", format!("the answer to GetFindings does not end: {why}"));
    let mut stream = ByteStream::new(body);
    let read = async {
        let mut bytes = Vec::new();
        while let Some(part) = stream.try_next().await.map_err(|error| lost(innermost(&error)))? {
            if bytes.len() + part.len() > MOST_BYTES {
                return Err(lost(format!("it has more than {MOST_BYTES} bytes")));
            }
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    };
    tokio::time::timeout(PATIENCE.0, read).await.map_err(|_| lost("it stopped".to_owned()))?
}

fn page_of(body: &[u8]) -> Result<Page, Refusal> {
    let unreadable = || Refusal::unreadable("GetFindings");
    let Ok(Value::Object(mut members)) = json::parse(body) else { return Err(unreadable()) };
    let Some(Value::Array(findings)) = members.remove("Findings") else { return Err(unreadable()) };
    let next = match members.remove("NextToken") {
        Some(Value::String(token)) if !token.is_empty() => Some(token),
        _ => None,
    };
    Ok(Page { findings, next })
}

/// What was answered last.
#[derive(Debug)]
enum Answer {
    /// Findings, still to be read.
    Good(SdkBody),
    Bad(Refusal),
}

/// Keeps the answer to one request, of its attempts the last one's.
#[derive(Debug, Clone, Default)]
struct Heard {
    answer: Arc<Mutex<Option<Answer>>>,
    /// Whether any attempt was throttled.
    throttled: Arc<AtomicBool>,
}

impl Heard {
    fn take(&self) -> Option<Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, answer: Option<Answer>) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Heard {
    fn name(&self) -> &'static str {
        "Heard"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response_mut();
        let is_good = response.status().is_success();
        self.keep(is_good.then(|| Answer::Good(std::mem::replace(response.body_mut(), SdkBody::from("{}")))));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let response = context.response();
        let Some(body) = response.body().bytes().filter(|_| !response.status().is_success()) else { return Ok(()) };
        let kind = response.headers().get("x-amzn-errortype");
        let refusal = Refusal::of(response.status().as_u16(), kind, &String::from_utf8_lossy(body));
        let number = |name: &str| response.headers().get(name).and_then(|text| text.parse::<u64>().ok());
        let pause = number("x-amz-retry-after").map(Duration::from_millis);
        let pause = pause.or_else(|| number("retry-after").map(Duration::from_secs));
        self.throttled.fetch_or(refusal.why == Why::Throttled, Ordering::Relaxed);
        self.keep(Some(Answer::Bad(Refusal { pause, ..refusal })));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::page_of;

    #[test]
    fn a_page_is_what_was_sent() {
        let body = r#"{"Findings":[{"Id":"a","New":{"n":1.10}}],"NextToken":"t"}"#;
        let page = page_of(body.as_bytes()).unwrap_or_else(|_| unreachable!());
        assert_eq!(page.findings.first().map(ToString::to_string).as_deref(), Some(r#"{"Id":"a","New":{"n":1.10}}"#));
        assert_eq!(page.next.as_deref(), Some("t"));
        for last in [r#"{"Findings":[]}"#, r#"{"Findings":[],"NextToken":null}"#, r#"{"Findings":[],"NextToken":""}"#] {
            assert_eq!(page_of(last.as_bytes()).map(|page| page.next), Ok(None), "{last}");
        }
        for bad in ["", "[]", "{}", r#"{"Findings":{}}"#, "<html>"] {
            assert!(page_of(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
