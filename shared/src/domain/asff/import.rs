//! BatchImportFindings: what a producer's import does to what is known (CONTRACTS 1.7).
//!
//! An import replaces the producer's fields as a whole; what belongs to customers stays. Chosen where the contract is
//! silent:
//!
//! - The members that customers own are taken as sent when the import creates the finding.
//! - FindingProviderFields that were sent, and the top level, win member by member; the other members of
//!   FindingProviderFields are filled from the top level (of Severity, Label and Original, the two that it has).
//! - When the top-level Severity and the producer's differ, the top level takes Label and Original from the
//!   producer's and keeps what else was sent with it.
//! - Workflow leaves PASSED also when an import no longer carries a compliance status, since that is a fail here.
//! - An acceptance that ran out counts as NOTIFIED for the resets, whether or not a job has recorded it; and a
//!   finding that passed meanwhile and fails again starts as NEW.

use super::products::{ProductArn, fill};
use super::standing::{next_standing, verdict};
use super::{
    CUSTOMER_OWNED, SHARED, acceptance_ran_out, present, provider, put, same_content, set_workflow, severity, shown,
    workflow,
};
use crate::domain::json::{self, Object};
use crate::domain::{Actor, Decision, Finding, HashAfter, Instant, Seen, Verdict, Write};
use serde_json::Value;
use std::collections::BTreeSet;

/// Decides about an import call's finding, which [`super::validate()`] has accepted.
///
/// `current` is the finding as it is known, the newest timestamps laid over it; `seen` are those timestamps.
pub fn import(current: Option<&Finding>, seen: Option<&Seen>, sent: &Object, actor: &Actor, at: Instant) -> Decision {
    let Some(current) = current else { return created(sent, actor, at) };
    let known = Seen::of(&current.asff, None).updated_at();
    let known = seen.map_or(known, |seen| known.max(seen.updated_at()));
    if Seen::of(sent, None).updated_at() <= known {
        return Decision::Unchanged;
    }
    let asff = merged(current, sent, at);
    let mut standing = next_standing(Some(&current.standing), &asff, at);
    if same_content(&asff, &current.asff) && standing == current.standing {
        return Decision::Observed;
    }
    super::hub::forget_time(&mut standing);
    write(Finding { asff, standing }, actor)
}

fn write(finding: Finding, actor: &Actor) -> Decision {
    Decision::Write(Box::new(Write { finding, actor: actor.clone(), hash: HashAfter::Set }))
}

fn created(sent: &Object, actor: &Actor, at: Instant) -> Decision {
    let mut asff = sent.clone();
    let workflow_sent = json::text_at(sent, "Workflow.Status").is_some();
    share(&mut asff, None, &BTreeSet::new());
    fill(&mut asff);
    if !workflow_sent && is_control_that_passes(&asff) {
        set_workflow(&mut asff, "RESOLVED");
    }
    let standing = next_standing(None, &asff, at);
    write(Finding { asff, standing }, actor)
}

fn merged(current: &Finding, sent: &Object, at: Instant) -> Object {
    let mut asff = sent.clone();
    for name in CUSTOMER_OWNED {
        put(&mut asff, name, current.asff.get(name).cloned());
    }
    share(&mut asff, Some(&current.asff), &current.standing.customer_set);
    fill(&mut asff);
    if let Some(status) = reset(current, &asff, at) {
        set_workflow(&mut asff, status);
    }
    asff
}

/// Confidence, Criticality, RelatedFindings, Severity and Types, between producer and customer.
fn share(asff: &mut Object, current: Option<&Object>, customer_set: &BTreeSet<String>) {
    let mut fields = asff.get("FindingProviderFields").and_then(Value::as_object).cloned().unwrap_or_default();
    for name in SHARED {
        let top = match present(asff, name) {
            Some(Value::Object(block)) if name == "Severity" => {
                let mut block = block.clone();
                severity::complete(&mut block);
                Some(Value::Object(block))
            }
            other => other.cloned(),
        };
        let top = match provider(asff, name) {
            Some(given) => Some(shown(name, given, top.as_ref())),
            None => {
                put(&mut fields, name, top.as_ref().map(|top| provided(name, top)));
                top
            }
        };
        let kept = customer_set.contains(name).then(|| current.and_then(|c| c.get(name)).cloned());
        put(asff, name, kept.unwrap_or(top));
    }
    if !fields.is_empty() {
        asff.insert("FindingProviderFields".to_owned(), Value::Object(fields));
    }
}

/// What FindingProviderFields takes of a top-level value.
fn provided(name: &str, top: &Value) -> Value {
    match top {
        Value::Object(block) if name == "Severity" => {
            let keep = |(name, _): &(&String, &Value)| matches!(name.as_str(), "Label" | "Original");
            Value::Object(block.iter().filter(keep).map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        other => other.clone(),
    }
}

/// The Workflow.Status that the hub itself sets when `current` becomes `next`, if it sets one.
pub(super) fn reset(current: &Finding, next: &Object, at: Instant) -> Option<&'static str> {
    let ran_out = acceptance_ran_out(current, at);
    let before = if ran_out { "NOTIFIED" } else { workflow(&current.asff) };
    let is = |asff: &Object, path: &str, word: &str| json::text_at(asff, path) == Some(word);
    let passed_before = is(&current.asff, "Compliance.Status", "PASSED");
    let returned = is(&current.asff, "RecordState", "ARCHIVED") && !is(next, "RecordState", "ARCHIVED");
    let left_passed = passed_before && !is(next, "Compliance.Status", "PASSED");
    let fails_again = ran_out && current.standing.result == Verdict::Pass && verdict(next) == Some(Verdict::Fail);
    if (returned || left_passed || fails_again) && matches!(before, "NOTIFIED" | "RESOLVED") {
        return Some("NEW");
    }
    let passes_now = !passed_before && is_control_that_passes(next) && matches!(before, "NEW" | "NOTIFIED");
    passes_now.then_some("RESOLVED")
}

fn is_control_that_passes(asff: &Object) -> bool {
    let arn = json::text_at(asff, "ProductArn").and_then(ProductArn::parse);
    arn.is_some_and(|arn| arn.is_security_hub()) && json::text_at(asff, "Compliance.Status") == Some("PASSED")
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;
