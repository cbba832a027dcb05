//! Security Hub, told: BatchUpdateFindings, the one call here that changes something in AWS.

use super::pace::{Pace, Pacer};
use super::refusal::{Refusal, Why};
use super::request::{Ask, Aws};
use crate::domain::FindingKey;
use crate::domain::json::{self, Object};
use serde_json::{Value, json};
use std::time::Duration;

/// Findings of a request (a limit of Security Hub).
pub const MOST_TOLD: usize = 100;
/// Attempts of a request before somebody else goes on with something else.
const ATTEMPTS: u32 = 4;
/// Bytes of an answer: it names each finding once.
const MOST_BYTES: usize = 1024 * 1024;
const CALL: &str = "BatchUpdateFindings";

/// The hub of an account in a region, to which findings are updated.
#[derive(Debug)]
pub struct Teller {
    aws: Aws,
    region: String,
    pacer: Pacer,
}

/// What became of the findings of a request. Of those that are in neither nothing is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Updated {
    /// Those that are as was said.
    pub processed: Vec<FindingKey>,
    /// Those that are not, with the hub's code and words.
    pub unprocessed: Vec<(FindingKey, String, String)>,
}

impl Aws {
    /// The hub of a region, to be told with these credentials.
    pub fn teller(&self, region: &str, pace: Pace) -> Teller {
        Teller { aws: self.clone(), region: region.to_owned(), pacer: Pacer::new(pace) }
    }
}

impl Teller {
    /// Sets the same members of findings, [`MOST_TOLD`] at most. Again what was set already does no harm.
    pub async fn update(&self, findings: &[&FindingKey], members: &Object) -> Result<Updated, Refusal> {
        let named = |key: &&FindingKey| json!({"Id": key.id, "ProductArn": key.product_arn});
        let mut body = members.clone();
        body.insert("FindingIdentifiers".to_owned(), findings.iter().map(named).collect());
        let ask = Ask {
            service: "securityhub",
            host: "securityhub",
            region: Some(&self.region),
            method: "PATCH",
            path: "/findings/batchupdate",
            headers: vec![("content-type", "application/json".to_owned())],
            body: Value::Object(body).to_string(),
        };
        for attempt in 1.. {
            self.pacer.keep().await;
            let refusal = match self.aws.once(&ask, MOST_BYTES).await {
                Ok(answer) => {
                    self.pacer.adapt(false);
                    return read(&answer);
                }
                Err(refusal) => refusal,
            };
            self.pacer.adapt(refusal.why == Why::Throttled);
            let helps = match refusal.why {
                Why::Throttled => true,
                Why::Failed => !refusal.is_about_the_page(),
                Why::Denied | Why::Absent | Why::Unsupported | Why::Refused => false,
            };
            if !helps || attempt >= ATTEMPTS {
                return Err(refusal);
            }
            tokio::time::sleep(self.pacer.pause(attempt)).await;
        }
        Err(Refusal::failed("Unreachable", "no attempt was made"))
    }
}

impl Teller {
    /// How long to wait before telling again what the hub did not take, counted from 1.
    pub fn pause(&self, attempt: u32) -> Duration {
        self.pacer.pause(attempt)
    }
}

fn read(answer: &str) -> Result<Updated, Refusal> {
    let unreadable = || Refusal::unreadable(CALL);
    let answer = json::parse(answer.as_bytes()).map_err(|_| unreadable())?;
    let listed = |name: &str| match answer.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(all)) => Ok(all.clone()),
        Some(_) => Err(unreadable()),
    };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let key = |value: &Value| Some(FindingKey { product_arn: text(value, "ProductArn")?, id: text(value, "Id")? });
    let processed = listed("ProcessedFindings")?.iter().map(key).collect::<Option<Vec<_>>>();
    let refused = |value: &Value| {
        let code = text(value, "ErrorCode")?;
        Some((key(value.get("FindingIdentifier")?)?, code, text(value, "ErrorMessage").unwrap_or_default()))
    };
    let unprocessed = listed("UnprocessedFindings")?.iter().map(refused).collect::<Option<Vec<_>>>();
    Ok(Updated { processed: processed.ok_or_else(unreadable)?, unprocessed: unprocessed.ok_or_else(unreadable)? })
}

#[cfg(test)]
mod tests {
    use super::{Updated, read};
    use crate::domain::FindingKey;

    #[test]
    fn an_answer_names_every_finding() {
        let answer = r#"{"ProcessedFindings":[{"Id":"a","ProductArn":"p"}],"UnprocessedFindings":[
            {"FindingIdentifier":{"Id":"b","ProductArn":"p"},"ErrorCode":"FindingNotFound","ErrorMessage":"Finding Not Found"}]}"#;
        let key = |id: &str| FindingKey { product_arn: "p".to_owned(), id: id.to_owned() };
        let unprocessed = vec![(key("b"), "FindingNotFound".to_owned(), "Finding Not Found".to_owned())];
        assert_eq!(read(answer), Ok(Updated { processed: vec![key("a")], unprocessed }));
        assert_eq!(read("{}"), Ok(Updated::default()));
        for bad in ["", "[", r#"{"ProcessedFindings":1}"#, r#"{"UnprocessedFindings":[{"ErrorCode":"x"}]}"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
