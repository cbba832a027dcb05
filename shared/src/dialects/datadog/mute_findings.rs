//! `PATCH /api/v2/posture_management/findings` and `PATCH /api/v2/security/findings/mute`: mute or unmute findings, as
//! earlier and as newer official clients ask for it (CONTRACTS 3.1, mute).
//!
//! Chosen where the contract is silent:
//!
//! - Muting as FALSE_POSITIVE says that the finding is one; muting for any other reason accepts the risk. A false positive
//!   with an end is an acceptance that ends then and keeps its reason, because in no other dialect has a false positive
//!   an end.
//! - Unmuting opens what is muted and leaves everything else as it is. It has no end.
//! - 9999999999999 and beyond is no end, as the vendor has it.
//! - A finding that passes is left as it is; `meta.findings` of the answer says what became of each. An id that is no
//!   finding is a 404 that names it, and nothing is changed.
//! - The answer's id is the request's, and without one it is made of the findings' ids.

use super::super::Reply;
use super::super::decision::{self, MOST_IDS, Row, text};
use super::super::members::{self, Members, shown};
use super::error;
use super::filters::MUTED;
use super::finding::is_listed;
use super::mute::DESCRIPTION_CHARS;
use super::shape::JSON_API;
use super::uuid;
use crate::domain::{Error, Finding, Instant, Ruling, Status, Uid};
use serde_json::{Value, json};

/// Whose words a request is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// `/posture_management/findings`.
    Findings,
    /// `/security/findings/mute`.
    Security,
}

/// The end that is none.
const NEVER: i64 = 9_999_999_999_999;

/// Reasons to mute and to unmute, in the order of the vendor's.
const MUTE: [&[&str]; 2] = [
    &["PENDING_FIX", "FALSE_POSITIVE", "ACCEPTED_RISK", "OTHER"],
    &["PENDING_FIX", "FALSE_POSITIVE", "OTHER", "NO_FIX", "DUPLICATE", "RISK_ACCEPTED"],
];
const UNMUTE: &[&str] = &["NO_PENDING_FIX", "HUMAN_ERROR", "NO_LONGER_ACCEPTED_RISK", "OTHER"];

impl Generation {
    /// The reasons to mute.
    pub(super) fn reasons(self) -> &'static [&'static str] {
        match self {
            Self::Findings => MUTE[0],
            Self::Security => MUTE[1],
        }
    }

    /// The reasons to unmute.
    pub(super) fn unmute_reasons() -> &'static [&'static str] {
        UNMUTE
    }

    /// The member that says whether to mute.
    pub(super) fn flag(self) -> &'static str {
        match self {
            Self::Findings => "muted",
            Self::Security => "is_muted",
        }
    }

    /// The member that says until when.
    pub(super) fn end(self) -> &'static str {
        match self {
            Self::Findings => "expiration_date",
            Self::Security => "expire_at",
        }
    }

    /// The whole path of that member.
    pub fn end_path(self) -> &'static str {
        match self {
            Self::Findings => "data.attributes.mute.expiration_date",
            Self::Security => "data.attributes.mute.expire_at",
        }
    }

    /// The type of the request's and the answer's data.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Findings => "finding",
            Self::Security => "mute",
        }
    }

    /// The status of a good answer.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::Findings => 200,
            Self::Security => 202,
        }
    }
}

/// A request to mute or unmute findings.
#[derive(Debug, Clone, PartialEq)]
pub struct MuteFindings {
    /// Whose words it is in.
    pub generation: Generation,
    /// What is to hold from now on.
    pub ruling: Ruling,
    /// Of which findings, as sent.
    pub ids: Vec<Uid>,
    /// What the client calls its request.
    id: Option<String>,
}

/// Reads a body; [`Error::Invalid`] names the member at fault. Whether the end lies ahead only the clock can tell.
pub fn parse(generation: Generation, body: &[u8]) -> Result<MuteFindings, Error> {
    let body = members::body(body)?;
    let root = Members::root(&body);
    let data = root.required("data", root.object("data")?)?;
    let kind = data.required("type", data.any_text("type")?)?;
    if kind != generation.kind() {
        return Err(Error::invalid(data.name("type"), format!("must be {}", generation.kind())));
    }
    let id = text(&data, "id", 256)?.map(str::to_owned);
    let attributes = data.required("attributes", data.object("attributes")?)?;
    let mute = attributes.required("mute", attributes.object("mute")?)?;
    let ids = ids(generation, &data)?;
    Ok(MuteFindings { generation, ruling: ruling(generation, &mute)?, ids, id })
}

fn ruling(generation: Generation, mute: &Members<'_>) -> Result<Ruling, Error> {
    let is_muted = mute.required(generation.flag(), mute.boolean(generation.flag())?)?;
    let known = if is_muted { generation.reasons() } else { UNMUTE };
    let reason = mute.required("reason", mute.any_text("reason")?)?;
    if !known.contains(&reason) {
        let why = format!("{} is not one of {}", shown(reason), known.join(", "));
        return Err(Error::invalid(mute.name("reason"), why));
    }
    let remarks = text(mute, "description", DESCRIPTION_CHARS)?.map(str::to_owned);
    let end = mute.integer(generation.end())?;
    if end.is_some() && !is_muted {
        return Err(Error::invalid(generation.end_path(), "goes with muting only"));
    }
    if end.is_some_and(|end| end < 0) {
        return Err(Error::invalid(generation.end_path(), "must be in milliseconds since 1970"));
    }
    let expires_at = end.filter(|end| *end < NEVER).map(Instant);
    let reason = Some(reason.to_owned());
    let (status, only): (Status, &[Status]) = match (is_muted, reason.as_deref(), expires_at) {
        (false, ..) => (Status::Open, &MUTED),
        (true, Some("FALSE_POSITIVE"), None) => (Status::FalsePositive, &[]),
        (true, ..) => (Status::RiskAccepted, &[]),
    };
    Ok(Ruling { remarks, reason, expires_at, only, ..Ruling::of(status) })
}

fn ids(generation: Generation, data: &Members<'_>) -> Result<Vec<Uid>, Error> {
    let (holder, list, member) = match generation {
        Generation::Findings => (data.required("meta", data.object("meta")?)?, "findings", "finding_id"),
        Generation::Security => {
            let all = data.required("relationships", data.object("relationships")?)?;
            (all.required("findings", all.object("findings")?)?, "data", "id")
        }
    };
    let items = holder.required(list, holder.list(list)?)?;
    let path = holder.name(list);
    if items.is_empty() || items.len() > MOST_IDS {
        return Err(Error::invalid(path, format!("has {} findings, and must have 1 to {MOST_IDS}", items.len())));
    }
    let read = |(place, item): (usize, &Value)| {
        let item = Members::of(item, format!("{path}[{place}]"))?;
        let id = item.required(member, item.any_text(member)?)?;
        let kind = item.any_text("type")?.unwrap_or("findings");
        if generation == Generation::Security && kind != "findings" {
            return Err(Error::invalid(item.name("type"), "must be findings"));
        }
        let none = || Error::NotFound(format!("there is no finding {}; nothing was changed", shown(id)));
        Uid::parse(id).or_else(|| Uid::parse_simple(id)).ok_or_else(none)
    };
    items.iter().enumerate().map(read).collect()
}

/// Whether a finding is one here.
pub fn is_known(finding: &Finding) -> bool {
    is_listed(&finding.standing)
}

/// What became of the findings, and why that is not all.
pub fn render(request: &MuteFindings, rows: &[Row], stopped: Option<&Error>) -> Reply {
    let findings: Vec<Value> = rows.iter().map(row).collect();
    let meta = json!({"findings": findings});
    if let Some(stopped) = stopped {
        return error::reply(&decision::stopped(stopped, rows)).and("meta", meta);
    }
    let ids: Vec<String> = rows.iter().map(|row| row.uid.to_string()).collect();
    let made = || uuid::of(&ids.iter().map(String::as_bytes).collect::<Vec<_>>());
    let id = request.id.clone().unwrap_or_else(made);
    let body = json!({"data": {"id": id, "type": request.generation.kind()}, "meta": meta});
    let headers = vec![("content-type", JSON_API.to_owned())];
    Reply { status: request.generation.status(), headers, body: body.to_string().into_bytes() }
}

fn row(row: &Row) -> Value {
    let (outcome, why) = row.word();
    json!({"finding_id": row.uid.to_string(), "outcome": outcome, "reason": why})
}
