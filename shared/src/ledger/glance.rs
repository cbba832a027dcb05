//! How an intent is decided: by what its producer sent before, where that suffices, else with the finding's document.

use super::commit::Known;
use super::writer::Intent;
use crate::domain::{Decision, Instant};

/// Decides without the document, if the producer sent what it sent before.
pub(super) fn glance(known: Option<&Known>, intent: &Intent) -> Option<Decision> {
    let (known, sent) = (known?, intent.sent.as_ref()?);
    if known.item.sent.as_ref() != Some(&sent.hash) {
        return None;
    }
    if known.item.seen.as_ref() == Some(&sent.seen_hash) {
        return Some(Decision::Unchanged);
    }
    // What is older than the document may tell something about the past: the merge rules must look at it.
    ((sent.seen.updated_at(), sent.seen.envelope_at()) > known.item.newest).then_some(Decision::Observed)
}

/// Decides with the document, which the writer has read wherever [`glance`] does not suffice.
pub(super) fn look(known: Option<&Known>, intent: &Intent, at: Instant) -> Decision {
    let document = known.and_then(|known| known.document.as_ref());
    if known.is_some() && document.is_none() {
        return glance(known, intent).unwrap_or(Decision::Unchanged);
    }
    (intent.decide)(document.map(|(finding, _)| finding), document.map(|(_, seen)| seen), at)
}
