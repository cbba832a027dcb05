//! `mute`: what the official client knows of a decision to live with a fail (CONTRACTS 3.1, finding fields).
//!
//! The model is closed: these members and no others. `uuid`, which names who muted, is made of the identity that the
//! ledger recorded.

use super::filters::MUTED;
use super::uuid;
use crate::domain::{Acceptance, Decided, Instant, Standing, Status};
use serde_json::{Value, json};

/// Characters of a description (CONTRACTS 3.1, mute).
pub(super) const DESCRIPTION_CHARS: usize = 280;

/// The reasons that can be shown: those to mute that the official client's model of a finding knows.
pub(super) const REASONS: [&str; 4] = ["ACCEPTED_RISK", "FALSE_POSITIVE", "PENDING_FIX", "OTHER"];

/// Whether a finding, already evaluated, is muted.
pub(super) fn is_muted(standing: &Standing) -> bool {
    standing.status.is_some_and(|status| MUTED.contains(&status))
}

/// The member of a finding.
pub(super) fn render(standing: &Standing) -> Value {
    let mut mute = json!({"muted": is_muted(standing)});
    let [accepted, wrong, ..] = REASONS;
    let plain = match standing.status {
        Some(Status::RiskAccepted) => accepted,
        Some(Status::FalsePositive) => wrong,
        Some(Status::Open | Status::NeedsReview | Status::Remediated) | None => return mute,
    };
    let decided = standing.decided.as_ref().filter(|decided| decided.status == standing.status);
    let mut put = |name: &str, value: Value| {
        if let Value::Object(mute) = &mut mute {
            mute.insert(name.to_owned(), value);
        }
    };
    let given = decided.and_then(|decided| decided.reason.as_deref());
    put("reason", json!(given.map_or(plain, shown)));
    let mut tell = |why: Option<&str>, by: &str, at: Instant| {
        if let Some(why) = why {
            put("description", json!(why.chars().take(DESCRIPTION_CHARS).collect::<String>()));
        }
        put("start_date", json!(at.0));
        put("uuid", json!(uuid::of(&[b"mute", by.as_bytes()])));
    };
    match (&standing.acceptance, decided) {
        (Some(acceptance), _) => {
            let Acceptance { justification, approved_by: _, review_date: _, expires_at, by, at } = acceptance;
            tell(Some(justification).filter(|why| !why.is_empty()).map(String::as_str), by, *at);
            if let Some(expires_at) = expires_at {
                put("expiration_date", json!(expires_at.0));
            }
        }
        (None, Some(Decided { remarks, by, at, .. })) => tell(remarks.as_deref(), by, *at),
        (None, None) => {}
    }
    mute
}

/// A reason in a word that the model knows: newer clients have more of them.
fn shown(reason: &str) -> &'static str {
    match reason {
        "RISK_ACCEPTED" => REASONS[0],
        other => REASONS.into_iter().find(|known| *known == other).unwrap_or(REASONS[3]),
    }
}
