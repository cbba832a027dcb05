//! `POST /api/v1/tenants/{tenantID}/findings/decisions`: one decision about many findings.
//!
//! Findings are named by their ids, or selected by a filter with the parameters of the list, whose default is the
//! open ones. Each is decided about as it is when its turn comes: what passes or is gone by then, or does not pass the filter any
//! more, is left, and said so. An error with `results` beside it has done a part; the same request, with the same
//! Idempotency-Key, does the rest. A filter that selects more than a request can wait for is answered with a job.

use super::super::decision::{self, REMARKS_CHARS, Row, check_members, counts, date, text};
use super::super::infracast::accept_finding::{APPROVER_CHARS, REVIEW_DATE};
use super::super::infracast::list_findings::{self, List};
use super::super::members::{self, Members, shown};
use super::super::{Reply, native};
use crate::domain::query::Filter;
use crate::domain::{Error, Ruling, Status, Wanted};
use serde_json::{Value, json};

/// The most findings that are decided about while somebody waits: what a gateway waits for. More of them are a job.
pub const MOST_FINDINGS: usize = 1_000;

/// The member that names findings.
pub const IDS: &str = "ids";

/// The member that selects findings.
pub const FILTER: &str = "filter";

/// Every decision with its word.
pub const WORDS: [(&str, Status); 5] = [
    ("accept", Status::RiskAccepted),
    ("resolve", Status::Remediated),
    ("false_positive", Status::FalsePositive),
    ("reopen", Status::Open),
    ("review", Status::NeedsReview),
];

const MEMBERS: &[&str] = &["decision", "justification", REVIEW_DATE, "approved_by", IDS, FILTER];

/// What of the list's parameters selects findings.
pub const FILTERS: [&str; 6] = ["status", "severity", "framework", "control_id", "resource_type", "search"];

/// Those of which several values may be sent.
pub const LISTS: [&str; 2] = ["status", "severity"];

/// A request to decide about findings.
#[derive(Debug, Clone)]
pub struct Decide {
    /// What is to hold from now on.
    pub ruling: Ruling,
    /// Of which findings.
    pub of: Selected,
}

/// Which findings are meant.
#[derive(Debug, Clone)]
pub enum Selected {
    /// Those of these ids.
    Ids(Vec<Wanted>),
    /// Those that pass this filter.
    Filter(Box<Filter>),
}

/// Reads a body; [`Error::Invalid`] names the member at fault. Whether the date lies ahead only the clock can tell.
pub fn parse(body: &[u8]) -> Result<Decide, Error> {
    let body = members::body(body)?;
    let members = Members::root(&body);
    check_members(&members, MEMBERS)?;
    let word = members.required("decision", members.any_text("decision")?)?;
    let known = || WORDS.map(|(word, _)| word).join(", ");
    let wrong = || Error::invalid("decision", format!("{} is not one of {}", shown(word), known()));
    let (_, status) = WORDS.into_iter().find(|(known, _)| *known == word).ok_or_else(wrong)?;
    let remarks = text(&members, "justification", REMARKS_CHARS)?.map(str::to_owned);
    let approved_by = text(&members, "approved_by", APPROVER_CHARS)?.map(str::to_owned);
    let (review_date, expires_at) = date(&members, REVIEW_DATE)?.unzip();
    if status == Status::RiskAccepted {
        members.required("justification", remarks.as_ref())?;
    } else if let Some(name) = [REVIEW_DATE, "approved_by"].into_iter().find(|name| members.get(name).is_some()) {
        return Err(Error::invalid(name, "goes with the decision accept only"));
    }
    let ruling = Ruling { remarks, approved_by, review_date, expires_at, ..Ruling::of(status) };
    Ok(Decide { ruling, of: selected(&members)? })
}

/// Reads a request by a filter that was kept for a job.
pub fn recall(request: &str) -> Result<(Ruling, Filter), Error> {
    let Decide { ruling, of } = parse(request.as_bytes())?;
    match of {
        Selected::Filter(filter) => Ok((ruling, *filter)),
        Selected::Ids(_) => Err(Error::internal("a request by ids was kept for a job")),
    }
}

fn selected(members: &Members<'_>) -> Result<Selected, Error> {
    match (members.list(IDS)?, members.object(FILTER)?) {
        (Some(ids), None) => {
            if ids.is_empty() || ids.len() > MOST_FINDINGS {
                let why = format!("has {} ids, and must have 1 to {MOST_FINDINGS}", ids.len());
                return Err(Error::invalid(IDS, why));
            }
            let read = |(place, id): (usize, &Value)| {
                let wrong = || Error::invalid(format!("{IDS}[{place}]"), "must be the id of a finding");
                id.as_str().filter(|id| !id.is_empty()).map(Wanted::parse).ok_or_else(wrong)
            };
            ids.iter().enumerate().map(read).collect::<Result<_, _>>().map(Selected::Ids)
        }
        (None, Some(filter)) => {
            check_members(&filter, &FILTERS)?;
            let mut pairs = Vec::new();
            for (name, value) in filter.iter() {
                let texts = match value {
                    Value::String(text) => vec![Some(text.as_str())],
                    Value::Array(list) => list.iter().map(Value::as_str).collect(),
                    _ => vec![None],
                };
                if texts.is_empty() || (texts.len() > 1 && !LISTS.contains(&name.as_str())) {
                    let why = if texts.is_empty() { "must not be empty" } else { "takes one text" };
                    return Err(Error::invalid(filter.name(name), why));
                }
                for text in texts {
                    let text = text.filter(|text| !text.trim_matches([',', ' ']).is_empty());
                    let wrong =
                        || Error::invalid(filter.name(name), "must be a string or a list of strings, none blank");
                    pairs.push((name.clone(), text.ok_or_else(wrong)?.to_owned()));
                }
            }
            // A script that has nothing to say should not decide about everything.
            if pairs.is_empty() {
                return Err(Error::invalid(FILTER, "says nothing; for every open finding send {\"status\": \"open\"}"));
            }
            let read = list_findings::parse(List::Plain, &pairs).map_err(|error| match error {
                Error::Invalid { field, message } => Error::invalid(filter.name(&field), message),
                other => other,
            })?;
            Ok(Selected::Filter(Box::new(read.filter)))
        }
        (Some(_), Some(_)) => Err(Error::invalid(FILTER, "does not go with ids: send one of them")),
        (None, None) => Err(Error::invalid(FILTER, "is required, or ids are")),
    }
}

/// What became of the findings, and why that is not all.
pub fn render(rows: &[Row], stopped: Option<&Error>) -> Reply {
    let reply = match stopped {
        None => Reply::json(200, &json!({})),
        Some(stopped) => native::error::reply(&decision::stopped(stopped, rows)),
    };
    reply.and("counts", counts(rows)).and("results", rows.iter().map(row).collect())
}

fn row(row: &Row) -> Value {
    let (outcome, why) = row.word();
    json!({"uid": row.uid.to_string(), "outcome": outcome, "reason": why})
}
