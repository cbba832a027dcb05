//! From records to requests, and from answers to the tally.

use super::source::{Record, findings_in};
use super::tally::{Outcomes, Tally};
use crate::cli::web::{Answer, Web};
use indicatif::ProgressBar;
use posture_shared::domain::Error;
use serde::Deserialize;
use serde_json::Value;

/// BatchImportFindings takes no more (CONTRACTS §1.7).
const MOST_FINDINGS: usize = 100;

/// A function is given about 4.5 MB of body, so a batch ends before.
const MOST_BYTES: usize = 4_000_000;

const IMPORT: &str = "/findings/import";

/// Sends records in order.
pub(super) struct Sender {
    web: Web,
    snapshots: String,
}

/// Findings to be sent together, each with its JSON.
#[derive(Default)]
struct Batch {
    findings: Vec<(Value, String)>,
    bytes: usize,
}

/// The part of BatchImportFindings' answer, and of the snapshots route's, that names what was refused.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Refused {
    #[serde(default)]
    failed_findings: Vec<FailedFinding>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedFinding {
    id: Option<String>,
    error_code: Option<String>,
    error_message: Option<String>,
}

impl Sender {
    pub(super) fn new(web: Web, tenant: &str) -> Self {
        Self { web, snapshots: format!("/api/v1/tenants/{tenant}/snapshots") }
    }

    pub(super) async fn send(
        &self,
        records: Vec<Record>,
        tally: &mut Tally,
        progress: &ProgressBar,
    ) -> Result<(), Error> {
        let mut batch = Batch::default();
        for record in records {
            match record {
                Record::Finding(finding) => {
                    let text = finding.to_string();
                    if batch.is_full_with(&text) {
                        self.import(std::mem::take(&mut batch), tally, progress).await?;
                    }
                    batch.bytes += text.len() + 1;
                    batch.findings.push((finding, text));
                }
                Record::Envelope(event) => {
                    self.import(std::mem::take(&mut batch), tally, progress).await?;
                    self.snapshot(&event, tally).await?;
                    progress.inc(findings_in(&event));
                }
                Record::Unreadable(line, why) => {
                    tally.reject(&format!("line {line}"), "InvalidInput", &why, None)?;
                    progress.inc(1);
                }
            }
        }
        self.import(batch, tally, progress).await
    }

    /// Imports a batch. One that is refused as a whole is halved until what is at fault is alone.
    async fn import(&self, batch: Batch, tally: &mut Tally, progress: &ProgressBar) -> Result<(), Error> {
        let mut waiting = vec![batch.findings];
        while let Some(mut findings) = waiting.pop() {
            let Some((first, _)) = findings.first() else { continue };
            let texts: Vec<&str> = findings.iter().map(|(_, text)| text.as_str()).collect();
            let answer = self.web.post(IMPORT, format!("{{\"Findings\":[{}]}}", texts.join(",")).as_bytes()).await?;
            match answer.status {
                200 => record(&answer, &findings, tally)?,
                400 | 413 if findings.len() == 1 => {
                    tally.reject(id_of(first), "InvalidInput", &message_of(&answer), Some(first))?;
                }
                400 | 413 => {
                    let second = findings.split_off(findings.len() / 2);
                    waiting.extend([second, findings]);
                    continue;
                }
                _ => return Err(refusal(&answer)),
            }
            progress.inc(findings.len() as u64);
        }
        Ok(())
    }

    /// Hands an envelope to the snapshots route.
    async fn snapshot(&self, event: &Value, tally: &mut Tally) -> Result<(), Error> {
        let answer = self.web.post(&self.snapshots, event.to_string().as_bytes()).await?;
        let findings = event.pointer("/detail/findings").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        match answer.status {
            200 => {
                let findings: Vec<(Value, String)> = findings.iter().map(|f| (f.clone(), String::new())).collect();
                record(&answer, &findings, tally)
            }
            400 | 413 if findings.is_empty() => tally.reject("", "InvalidInput", &message_of(&answer), Some(event)),
            400 | 413 => {
                let message = message_of(&answer);
                findings.iter().try_for_each(|f| tally.reject(id_of(f), "InvalidInput", &message, Some(f)))
            }
            _ => Err(refusal(&answer)),
        }
    }
}

impl Batch {
    fn is_full_with(&self, text: &str) -> bool {
        self.findings.len() >= MOST_FINDINGS || (!self.findings.is_empty() && self.bytes + text.len() > MOST_BYTES)
    }
}

/// Counts what an answer says became of the findings sent.
fn record(answer: &Answer, findings: &[(Value, String)], tally: &mut Tally) -> Result<(), Error> {
    let outcomes = answer.outcomes.as_deref().ok_or_else(|| {
        Error::internal("the server does not say what became of the findings: it has no x-posture-outcomes header")
    })?;
    let unreadable = |error| Error::internal(format!("the server's answer: {error}"));
    let outcomes: Outcomes = serde_json::from_str(outcomes).map_err(unreadable)?;
    let refused: Refused = serde_json::from_slice(&answer.body).map_err(unreadable)?;
    tally.accept(findings.len() as u64, refused.failed_findings.len() as u64, outcomes)?;
    let mut left: Vec<Option<&Value>> = findings.iter().map(|(finding, _)| Some(finding)).collect();
    for FailedFinding { id, error_code, error_message } in &refused.failed_findings {
        let id = id.as_deref().unwrap_or_default();
        // An Id may occur several times: each rejection takes the next of them.
        let found = left.iter_mut().find(|finding| finding.is_some_and(|finding| id_of(finding) == id));
        let (code, message) = (error_code.as_deref(), error_message.as_deref());
        tally.reject(id, code.unwrap_or_default(), message.unwrap_or_default(), found.and_then(Option::take))?;
    }
    Ok(())
}

fn id_of(finding: &Value) -> &str {
    finding.get("Id").and_then(Value::as_str).unwrap_or_default()
}

/// The message of an error, in whichever of the dialects it is.
fn message_of(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = ["/Message", "/message", "/error/message"].iter().find_map(|at| body.pointer(at)?.as_str());
    message.map_or_else(|| format!("status {}", answer.status), str::to_owned)
}

fn refusal(answer: &Answer) -> Error {
    Error::internal(format!("the server answered {}: {}", answer.status, message_of(answer)))
}
