//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/accept`: accept a risk (infracast-findings, Accept Risk).
//!
//! The document's body has `justification`, `review_date` and `approved_by`; its own Python example leaves the last one
//! out. Chosen where it is silent: only the justification is required, and without a review date the acceptance never
//! ends by itself. The review date is the last day on which it holds, in UTC. The answer is the finding. Accepting again
//! replaces; a finding that passes or is gone is a 409.

use super::super::decision::{REMARKS_CHARS, check_members, date, text};
use super::super::members::{self, Members};
use crate::domain::{Error, Ruling, Status};

/// The member that says until when.
pub const REVIEW_DATE: &str = "review_date";

/// The longest name of who approved, in characters. Ours.
pub const APPROVER_CHARS: usize = 256;

const MEMBERS: &[&str] = &["justification", REVIEW_DATE, "approved_by"];

/// Reads a body; [`Error::Invalid`] names the member at fault. Whether the date lies ahead only the clock can tell.
pub fn parse(body: &[u8]) -> Result<Ruling, Error> {
    let body = members::body(body)?;
    let members = Members::root(&body);
    check_members(&members, MEMBERS)?;
    let justification = members.required("justification", text(&members, "justification", REMARKS_CHARS)?)?;
    let approved_by = text(&members, "approved_by", APPROVER_CHARS)?.map(str::to_owned);
    let (review_date, expires_at) = date(&members, REVIEW_DATE)?.unzip();
    Ok(Ruling {
        remarks: Some(justification.to_owned()),
        approved_by,
        review_date,
        expires_at,
        ..Ruling::of(Status::RiskAccepted)
    })
}
