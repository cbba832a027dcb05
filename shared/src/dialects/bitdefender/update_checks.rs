//! `POST /v1/cspm/vm/update`: set status or severity of checks (CONTRACTS 4.4).
//!
//! Chosen where the contract is silent:
//!
//! - The answer says what became of each check: `changed`, `unchanged`, or `left`, which passing checks are, with why.
//! - An id that is no check, gone ones included, is a 404 that names it, and nothing is changed.
//! - `expires_at` is the last day on which an acceptance holds, in UTC; it may be today.

use super::super::Reply;
use super::super::decision::{self, MOST_IDS, REMARKS_CHARS, Row, check_members, counts, date, text};
use super::super::members::{self, Members, shown};
use super::error;
use super::parameters::{SEVERITIES, STATUSES};
use crate::domain::finding::Vocabulary;
use crate::domain::{Error, Ruling, Severity, Status, Uid};
use serde_json::{Value, json};

/// The member that says until when.
pub const EXPIRES_AT: &str = "expires_at";

/// The member that names the checks.
pub const IDS: &str = "ids";

const MEMBERS: &[&str] = &["status", "status_remarks", EXPIRES_AT, "severity", "severity_remarks", IDS];

/// A request to update checks.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateChecks {
    /// What is to hold from now on.
    pub ruling: Ruling,
    /// Of which checks, as sent.
    pub ids: Vec<Uid>,
}

/// Reads a body; [`Error::Invalid`] names the member at fault. Whether the date lies ahead only the clock can tell.
pub fn parse(body: &[u8]) -> Result<UpdateChecks, Error> {
    let body = members::body(body)?;
    let members = Members::root(&body);
    check_members(&members, MEMBERS)?;
    let status: Option<Status> = word(&members, "status", STATUSES)?;
    let severity: Option<Severity> = word(&members, "severity", SEVERITIES)?;
    if status.is_none() && severity.is_none() {
        return Err(Error::invalid("status", "is required, or severity is"));
    }
    let remarks = remarks(&members, "status", status.is_some())?;
    let severity_remarks = self::remarks(&members, "severity", severity.is_some())?;
    let expires_at = date(&members, EXPIRES_AT)?;
    if expires_at.is_some() && status != Some(Status::RiskAccepted) {
        return Err(Error::invalid(EXPIRES_AT, "goes with the status risk_accepted only"));
    }
    let (review_date, expires_at) = expires_at.unzip();
    let ids = ids(&members)?;
    let ruling = Ruling { status, severity, remarks, severity_remarks, review_date, expires_at, ..Ruling::default() };
    Ok(UpdateChecks { ruling, ids })
}

fn word<T: Vocabulary>(members: &Members<'_>, name: &str, known: &[&str]) -> Result<Option<T>, Error> {
    let Some(text) = members.any_text(name)? else { return Ok(None) };
    let wrong = || Error::invalid(name, format!("{} is not one of {}", shown(text), known.join(", ")));
    T::from_word(text).filter(|_| known.contains(&text)).map(Some).ok_or_else(wrong)
}

fn remarks(members: &Members<'_>, of: &str, is_set: bool) -> Result<Option<String>, Error> {
    let name = format!("{of}_remarks");
    let remarks = text(members, &name, REMARKS_CHARS)?.map(str::to_owned);
    if remarks.is_some() && !is_set {
        return Err(Error::invalid(name, format!("goes with {of} only")));
    }
    Ok(remarks)
}

fn ids(members: &Members<'_>) -> Result<Vec<Uid>, Error> {
    let list = members.required(IDS, members.list(IDS)?)?;
    if list.is_empty() || list.len() > MOST_IDS {
        return Err(Error::invalid(IDS, format!("has {} ids, and must have 1 to {MOST_IDS}", list.len())));
    }
    let read = |(place, id): (usize, &Value)| {
        let wrong = || Error::invalid(format!("{IDS}[{place}]"), "must be the UUID of a check");
        id.as_str().and_then(Uid::parse).ok_or_else(wrong)
    };
    list.iter().enumerate().map(read).collect()
}

/// What became of the checks, and why that is not all.
pub fn render(rows: &[Row], stopped: Option<&Error>) -> Reply {
    let data: Vec<Value> = rows.iter().map(row).collect();
    let reply = match stopped {
        None => Reply::json(200, &json!({})),
        Some(stopped) => error::reply(&decision::stopped(stopped, rows)),
    };
    reply.and("data", json!(data)).and("meta", counts(rows))
}

fn row(row: &Row) -> Value {
    let (outcome, why) = row.word();
    json!({"id": row.uid.to_string(), "type": "check", "meta": {"outcome": outcome, "reason": why}})
}
