//! From records to requests, and from answers to the tally.

use super::source::Record;
use super::tally::{Outcomes, Tally};
use crate::cli::web::{Answer, Web};
use indicatif::ProgressBar;
use posture_shared::domain::Error;
use serde::Deserialize;
use serde_json::Value;

/// BatchImportFindings takes no more (CONTRACTS §1.7). The snapshots route would take more.
const MOST_FINDINGS: usize = 100;

/// A function is given about 4.5 MB of body, so a batch ends before.
const MOST_BYTES: usize = 4_000_000;

/// Sends records in order.
pub(super) struct Sender {
    web: Web,
    snapshots: String,
}

/// Where pieces go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// BatchImportFindings.
    Import,
    /// The snapshots route.
    Snapshots,
}

/// A part of a request that can stand alone: a bare finding, or an envelope with some of its findings.
struct Piece {
    door: Door,
    text: String,
    findings: Vec<Value>,
}

/// Pieces to be sent together.
#[derive(Default)]
struct Batch {
    pieces: Vec<Piece>,
    findings: usize,
    bytes: usize,
}

/// What both doors say: BatchImportFindings in a header and in its own words, the snapshots route in its body.
#[derive(Deserialize)]
struct Body {
    #[serde(default, alias = "FailedFindings")]
    rejections: Vec<Refused>,
    /// Only the snapshots route says this.
    #[serde(default)]
    customers_parts_left_out: u64,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(default, alias = "Id")]
    id: Option<String>,
    #[serde(default, alias = "ErrorCode")]
    code: Option<String>,
    #[serde(default, alias = "ErrorMessage")]
    message: Option<String>,
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
            if let Record::Unreadable(line, why) = &record {
                tally.reject(&format!("line {line}"), "InvalidInput", why, None)?;
                progress.inc(1);
            }
            for piece in pieces_of(record) {
                if !batch.has_room_for(&piece) {
                    self.send_batch(std::mem::take(&mut batch), tally, progress).await?;
                }
                batch.push(piece);
            }
        }
        self.send_batch(batch, tally, progress).await
    }

    /// Sends a batch. One that is refused as a whole is halved until what is at fault is alone.
    async fn send_batch(&self, batch: Batch, tally: &mut Tally, progress: &ProgressBar) -> Result<(), Error> {
        let mut waiting = vec![batch.pieces];
        while let Some(mut pieces) = waiting.pop() {
            let Some(door) = pieces.first().map(|piece| piece.door) else { continue };
            let answer = self.web.post(self.path(door), body_of(door, &pieces).as_bytes()).await?;
            match answer.status {
                200 => record(&answer, &pieces, tally)?,
                400 | 413 if pieces.len() == 1 => reject(&answer, &pieces, tally)?,
                400 | 413 => {
                    let second = pieces.split_off(pieces.len() / 2);
                    waiting.extend([second, pieces]);
                    continue;
                }
                status => {
                    return Err(Error::internal(format!("the server answered {status}: {}", answer.message())));
                }
            }
            progress.inc(findings_of(&pieces).count() as u64);
        }
        Ok(())
    }

    fn path(&self, door: Door) -> &str {
        match door {
            Door::Import => "/findings/import",
            Door::Snapshots => &self.snapshots,
        }
    }
}

impl Batch {
    fn has_room_for(&self, piece: &Piece) -> bool {
        let same_door = self.pieces.first().is_none_or(|first| first.door == piece.door);
        let fits = self.findings + piece.findings.len() <= MOST_FINDINGS && self.bytes + piece.text.len() <= MOST_BYTES;
        self.pieces.is_empty() || (same_door && fits)
    }

    fn push(&mut self, piece: Piece) {
        self.findings += piece.findings.len();
        self.bytes += piece.text.len() + 1;
        self.pieces.push(piece);
    }
}

fn pieces_of(record: Record) -> Vec<Piece> {
    match record {
        Record::Unreadable(..) => Vec::new(),
        Record::Finding(finding) => {
            vec![Piece { door: Door::Import, text: finding.to_string(), findings: vec![finding] }]
        }
        Record::Envelope(event) => envelopes_of(event),
    }
}

/// An envelope cut into envelopes of a size that a request holds. One without a list of findings stays whole, for the
/// server to refuse.
fn envelopes_of(mut event: Value) -> Vec<Piece> {
    let findings = event.pointer_mut("/detail/findings").and_then(Value::as_array_mut).map(std::mem::take);
    let Some(findings) = findings else {
        return vec![Piece { door: Door::Snapshots, text: event.to_string(), findings: vec![event] }];
    };
    let mut groups: Vec<(Vec<Value>, usize)> = Vec::new();
    for finding in findings {
        let size = finding.to_string().len();
        match groups.last_mut() {
            Some((group, bytes)) if group.len() < MOST_FINDINGS && *bytes + size <= MOST_BYTES => {
                group.push(finding);
                *bytes += size;
            }
            _ => groups.push((vec![finding], size)),
        }
    }
    let with = |(findings, _): (Vec<Value>, usize)| {
        if let Some(place) = event.pointer_mut("/detail/findings") {
            *place = Value::Array(findings.clone());
        }
        Piece { door: Door::Snapshots, text: event.to_string(), findings }
    };
    groups.into_iter().map(with).collect()
}

fn body_of(door: Door, pieces: &[Piece]) -> String {
    let texts: Vec<&str> = pieces.iter().map(|piece| piece.text.as_str()).collect();
    let texts = texts.join(",");
    match door {
        Door::Import => format!("{{\"Findings\":[{texts}]}}"),
        Door::Snapshots => format!("[{texts}]"),
    }
}

fn findings_of(pieces: &[Piece]) -> impl Iterator<Item = &Value> {
    pieces.iter().flat_map(|piece| &piece.findings)
}

/// Counts what an answer says became of the findings sent.
fn record(answer: &Answer, pieces: &[Piece], tally: &mut Tally) -> Result<(), Error> {
    let unreadable = |error| Error::internal(format!("the server does not say what became of the findings: {error}"));
    let counts = answer.outcomes.as_deref().map_or(answer.body.as_slice(), str::as_bytes);
    let outcomes: Outcomes = serde_json::from_slice(counts).map_err(unreadable)?;
    let Body { rejections, customers_parts_left_out } = serde_json::from_slice(&answer.body).map_err(unreadable)?;
    tally.leave_out(customers_parts_left_out);
    let mut left: Vec<Option<&Value>> = findings_of(pieces).map(Some).collect();
    tally.accept(left.len() as u64, rejections.len() as u64, outcomes)?;
    for Refused { id, code, message } in &rejections {
        let id = id.as_deref().unwrap_or_default();
        // An Id may occur several times: each rejection takes the next of them.
        let found = left.iter_mut().find(|finding| finding.is_some_and(|finding| id_of(finding) == id));
        let (code, message) = (code.as_deref().unwrap_or_default(), message.as_deref().unwrap_or_default());
        tally.reject(id, code, message, found.and_then(Option::take))?;
    }
    Ok(())
}

/// Counts findings whose request was refused as a whole.
fn reject(answer: &Answer, pieces: &[Piece], tally: &mut Tally) -> Result<(), Error> {
    let message = answer.message();
    findings_of(pieces).try_for_each(|finding| tally.reject(id_of(finding), "InvalidInput", &message, Some(finding)))
}

fn id_of(finding: &Value) -> &str {
    finding.get("Id").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

    use super::super::source::Record;
    use super::super::tally::Tally;
    use super::{Answer, Batch, Door, MOST_BYTES, MOST_FINDINGS, body_of, pieces_of, record};
    use serde_json::{Value, json};

    fn finding(id: &str) -> Value {
        json!({"Id": id})
    }

    #[test]
    fn envelopes_are_cut_and_keep_what_is_around_the_findings() {
        let findings: Vec<Value> = (0..250).map(|n| finding(&n.to_string())).collect();
        let event = json!({"time": "2024-01-04T15:25:10Z", "detail": {"actionName": "x", "findings": findings}});
        let pieces = pieces_of(Record::Envelope(event));
        assert_eq!(pieces.iter().map(|piece| piece.findings.len()).collect::<Vec<_>>(), [100, 100, 50]);
        for piece in &pieces {
            let event: Value = serde_json::from_str(&piece.text).unwrap();
            assert_eq!(event.pointer("/time"), Some(&json!("2024-01-04T15:25:10Z")));
            assert_eq!(event.pointer("/detail/findings"), Some(&Value::Array(piece.findings.clone())));
        }
        assert!(pieces_of(Record::Envelope(json!({"detail": {"findings": []}}))).is_empty());
        assert_eq!(pieces_of(Record::Envelope(json!({"detail": {}}))).len(), 1);
    }

    #[test]
    fn a_batch_ends_at_a_hundred_findings_at_its_bytes_and_at_another_door() {
        let piece = |record: Record| pieces_of(record).remove(0);
        let mut batch = Batch::default();
        for n in 0..MOST_FINDINGS {
            let next = piece(Record::Finding(finding(&n.to_string())));
            assert!(batch.has_room_for(&next));
            batch.push(next);
        }
        assert!(!batch.has_room_for(&piece(Record::Finding(finding("x")))));
        let mut batch = Batch::default();
        let large = || piece(Record::Finding(finding(&"x".repeat(MOST_BYTES + 1))));
        assert!(batch.has_room_for(&large()), "what is too large goes alone");
        batch.push(large());
        assert!(!batch.has_room_for(&piece(Record::Finding(finding("x")))));
        let mut batch = Batch::default();
        batch.push(piece(Record::Finding(finding("x"))));
        assert!(!batch.has_room_for(&piece(Record::Envelope(json!({"detail": {"findings": [finding("y")]}})))));
        assert_eq!(body_of(Door::Import, &batch.pieces), r#"{"Findings":[{"Id":"x"}]}"#);
    }

    /// DESIGN §7: the numbers add up, whichever door the findings took; and a server whose numbers do not is not
    /// believed.
    #[test]
    fn answers_of_both_doors_are_counted() {
        let header = Some(r#"{"received":3,"created":1,"changed":0,"unchanged":1,"rejected":1}"#.to_owned());
        let import = json!({"FailedCount": 1, "SuccessCount": 2,
            "FailedFindings": [{"Id": "b", "ErrorCode": "InvalidInput", "ErrorMessage": "no"}]});
        let snapshots = json!({"received": 3, "created": 1, "changed": 0, "unchanged": 1, "rejected": 1,
            "rejections": [{"id": "b", "code": "InvalidInput", "message": "no"}]});
        let pieces: Vec<_> = ["a", "b", "b"].iter().flat_map(|id| pieces_of(Record::Finding(finding(id)))).collect();
        for (outcomes, body) in [(header, import), (None, snapshots)] {
            let answer = Answer { status: 200, outcomes, retry_after: None, body: body.to_string().into_bytes() };
            let mut tally = Tally::new(None).unwrap();
            record(&answer, &pieces, &mut tally).unwrap();
            assert!(record(&answer, &pieces[..2], &mut Tally::new(None).unwrap()).is_err());
            let counts = tally.finish().unwrap();
            let numbers = (counts.received, counts.created, counts.changed, counts.unchanged, counts.rejected);
            assert_eq!(numbers, (3, 1, 0, 1, 1));
        }
    }
}
