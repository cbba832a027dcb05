//! `mute`: what the official client knows of a decision to live with a fail (CONTRACTS 3.1, finding fields).
//!
//! The model is closed: these members and no others. `uuid`, which names who muted, is made of the identity that the
//! ledger recorded.

use super::filters::MUTED;
use super::uuid;
use crate::domain::{Acceptance, Standing, Status};
use serde_json::{Value, json};

/// Characters of a description (CONTRACTS 3.1, mute).
pub(super) const DESCRIPTION_CHARS: usize = 280;

/// The reasons that can be shown.
pub(super) const REASONS: [&str; 2] = ["ACCEPTED_RISK", "FALSE_POSITIVE"];

/// Whether a finding, already evaluated, is muted.
pub(super) fn is_muted(standing: &Standing) -> bool {
    standing.status.is_some_and(|status| MUTED.contains(&status))
}

/// The member of a finding.
pub(super) fn render(standing: &Standing) -> Value {
    let mut mute = json!({"muted": is_muted(standing)});
    let [accepted, wrong] = REASONS;
    let reason = match standing.status {
        Some(Status::RiskAccepted) => accepted,
        Some(Status::FalsePositive) => wrong,
        Some(Status::Open | Status::NeedsReview | Status::Remediated) | None => return mute,
    };
    let mut put = |name: &str, value: Value| {
        if let Value::Object(mute) = &mut mute {
            mute.insert(name.to_owned(), value);
        }
    };
    put("reason", json!(reason));
    if let Some(Acceptance { justification, approved_by: _, review_date: _, expires_at, by, at }) = &standing.acceptance
    {
        put("description", json!(justification.chars().take(DESCRIPTION_CHARS).collect::<String>()));
        put("start_date", json!(at.0));
        put("uuid", json!(uuid::of(&[b"mute", by.as_bytes()])));
        if let Some(expires_at) = expires_at {
            put("expiration_date", json!(expires_at.0));
        }
    }
    mute
}
