//! The way back: what Security Hub is to be told of decisions made here, and that it was.
//!
//! What is told follows from the state: members that customers set, as they hold here, where the hub last had something else and the
//! difference was made here. So it does not matter how often it is asked, nor what became of an earlier attempt. Chosen where
//! the contracts are silent:
//!
//! - A finding of which no snapshot is known did not come from the hub, and nothing is told of it.
//! - An acceptance that ran out is told as NEW: nobody has been notified of anything in the hub. What somebody put up for review
//!   is NOTIFIED, as it is shown here.
//! - The reason that came with a decision about the status is told as the Note, where the hub has no Note or one of ours: a
//!   note that somebody wrote there is theirs. A Note that was set here is told as it is.
//! - A member that is set in the hub and not here is left alone, because BatchUpdateFindings can take nothing away.

use super::hub::{self, Hub, held, same};
use super::{CUSTOMER_OWNED, SHARED, workflow};
use crate::domain::json::Object;
use crate::domain::{Actor, Decision, Finding, HashAfter, Instant, Source, Status, Write};
use serde_json::{Value, json};

/// Who records that the hub was told.
const LEDGER: &str = "posture-ledger";
/// Characters of a Note's text and author (CONTRACTS 1.8).
const NOTE: usize = 512;

/// The members of a BatchUpdateFindings request that tell the hub what was decided here, about a finding that was evaluated; `None` when
/// there is nothing to tell.
pub fn untold(finding: &Finding) -> Option<Object> {
    let hub = Hub::of(&finding.standing, None);
    hub.applied.as_ref()?;
    let mut members = Object::new();
    for name in CUSTOMER_OWNED.into_iter().chain(SHARED) {
        if !(hub.decided.contains_key(name) || hub.told.contains_key(name)) {
            continue;
        }
        let Some(value) = wanted(finding, name) else { continue };
        let has = hub.value(name);
        if !same(name, Some(&value), has.as_ref()) {
            members.insert(name.to_owned(), value);
        }
    }
    let is_about_status = members.contains_key("Workflow") || members.contains_key("VerificationState");
    if is_about_status && !members.contains_key("Note") {
        let is_theirs = hub.value("Note").is_some() && !hub.told.contains_key("Note");
        let said = reason(finding).filter(|_| !is_theirs && !hub.decided.contains_key("Note"));
        members.extend(said.map(|note| ("Note".to_owned(), note)));
    }
    (!members.is_empty()).then_some(members)
}

/// A customers' member as the hub is to have it, in the form of a request.
fn wanted(finding: &Finding, name: &str) -> Option<Value> {
    let value = held(finding, name);
    let part = |name: &str| value.as_ref().and_then(|value| value.get(name)).cloned();
    match name {
        "WorkflowState" => None,
        "Workflow" if ran_out(finding) => Some(json!({"Status": "NEW"})),
        "Workflow" => Some(json!({"Status": workflow(&finding.asff)})),
        "Note" => Some(json!({"Text": part("Text")?, "UpdatedBy": part("UpdatedBy")?})),
        "Severity" => {
            let parts = ["Label", "Normalized", "Product"];
            let block: Object = parts.iter().filter_map(|name| Some(((*name).to_owned(), part(name)?))).collect();
            (!block.is_empty()).then_some(Value::Object(block))
        }
        _ => value,
    }
}

/// Whether a finding needs review because its acceptance ran out, and not because somebody asked for it.
fn ran_out(finding: &Finding) -> bool {
    let own = &finding.standing;
    let asked = own.decided.as_ref().and_then(|decided| decided.status) == Some(Status::NeedsReview);
    own.status == Some(Status::NeedsReview) && !asked
}

/// Why the status is as it is, as a Note.
fn reason(finding: &Finding) -> Option<Value> {
    if ran_out(finding) {
        return Some(json!({"Text": "The acceptance of this finding ran out; it needs review.", "UpdatedBy": LEDGER}));
    }
    let own = &finding.standing;
    let decided = own.decided.as_ref().filter(|decided| decided.status == own.status)?;
    let accepted = own.acceptance_in_force().map(|accepted| accepted.justification.as_str());
    let text = decided.remarks.as_deref().or(accepted).map(str::trim).filter(|text| !text.is_empty())?;
    let cut = |text: &str| text.chars().take(NOTE).collect::<String>();
    Some(json!({"Text": cut(text), "UpdatedBy": cut(&decided.by)}))
}

/// Records that the hub took what it was told, so that neither its echo nor the next look changes anything. Unchanged where the hub's own
/// word of it was faster.
pub fn told(current: Option<&Finding>, sent: &Object, at: Instant) -> Decision {
    let Some(current) = current else { return Decision::Unchanged };
    let mut hub = Hub::of(&current.standing, None);
    if hub.applied.is_none() {
        return Decision::Unchanged;
    }
    let mut is_news = false;
    for (name, value) in sent {
        let before = hub.value(name);
        let is_decided = hub.decided.contains_key(name);
        if !is_decided && same(name, before.as_ref(), Some(value)) {
            continue;
        }
        is_news = true;
        hub.told.insert(name.clone(), hub::Told { at, before });
        hub.values.get_or_insert_default().insert(name.clone(), value.clone());
        // What was decided anew meanwhile is still to be told.
        if wanted(current, name).is_none_or(|wanted| same(name, Some(&wanted), Some(value))) {
            hub.decided.remove(name);
        }
    }
    if !is_news {
        return Decision::Unchanged;
    }
    let mut finding = current.clone();
    hub.store(&mut finding.standing);
    let actor = Actor { source: Source::Told, identity: LEDGER.to_owned() };
    // The hub shows something else from now on: what it showed last is no longer what is known.
    Decision::Write(Box::new(Write { finding, actor, hash: HashAfter::Clear }))
}

#[cfg(test)]
#[path = "tell_tests.rs"]
mod tests;
