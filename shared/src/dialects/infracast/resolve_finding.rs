//! `POST /api/v1/tenants/{tenantID}/findings/{findingID}/resolve`: say that a finding is fixed (infracast-findings,
//! Endpoints).
//!
//! The document shows no body. Nothing and `{}` are taken, and a `justification`, as for accepting. The answer is the
//! finding; resolving again changes nothing. A finding that passes or is gone is a 409.

use super::super::decision::{REMARKS_CHARS, check_members, text};
use super::super::members::{self, Members};
use crate::domain::{Error, Ruling, Status};

/// Reads a body; [`Error::Invalid`] names the member at fault.
pub fn parse(body: &[u8]) -> Result<Ruling, Error> {
    let body = members::body(body)?;
    let members = Members::root(&body);
    check_members(&members, &["justification"])?;
    let remarks = text(&members, "justification", REMARKS_CHARS)?.map(str::to_owned);
    Ok(Ruling { remarks, ..Ruling::of(Status::Remediated) })
}
