//! How an intent is decided: by what its producer sent before, where that suffices, else with the finding's document.

use super::commit::Known;
use super::writer::Intent;
use crate::domain::{Decision, FindingKey, Instant, Ordinal, Seen};
use std::collections::HashMap;

/// Decides without the document, if the producer sent what it sent before.
pub(super) fn glance(known: Option<&Known>, intent: &Intent) -> Option<Decision> {
    let (known, sent) = (known?, intent.sent.as_ref()?);
    if known.item.sent.as_ref() != Some(&sent.hash) {
        return None;
    }
    if known.item.seen.as_ref() == Some(&sent.seen_hash) {
        return Some(Decision::Unchanged);
    }
    let is_known = |newest: &Seen| newest.texts == sent.seen.texts || *newest >= sent.seen;
    if !sent.tells_time && known.newest.as_ref().is_some_and(is_known) {
        return Some(Decision::Unchanged);
    }
    // What is older than the document may tell something about the past: the merge rules must look at it.
    ((sent.seen.updated_at(), sent.seen.envelope_at()) > known.item.newest).then_some(Decision::Observed)
}

/// The findings of which nothing but an envelope's time may have moved, where that is worth no entry: only the newest timestamps tell.
pub(super) fn quiet<'a, 'b>(
    intents: &[&'a Intent],
    known_of: impl Fn(&FindingKey) -> Option<&'b Known>,
) -> HashMap<&'a FindingKey, Ordinal> {
    let is_quiet = |intent: &&&Intent| intent.sent.as_ref().is_some_and(|sent| !sent.tells_time);
    let observed = |intent: &Intent| {
        let known = known_of(&intent.key)?;
        (glance(Some(known), intent) == Some(Decision::Observed)).then_some(known.item.ordinal)
    };
    intents.iter().filter(is_quiet).filter_map(|intent| Some((&intent.key, observed(intent)?))).collect()
}

/// Decides with the document, which the writer has read wherever [`glance`] does not suffice.
pub(super) fn look(known: Option<&Known>, intent: &Intent, at: Instant) -> Decision {
    let document = known.and_then(|known| known.document.as_ref());
    if known.is_some() && document.is_none() {
        return glance(known, intent).unwrap_or(Decision::Unchanged);
    }
    (intent.decide)(document.map(|(finding, _)| finding), document.map(|(_, seen)| seen), at)
}
