//! BatchUpdateFindings: what customers set on a finding (CONTRACTS 1.1, 1.7).
//!
//! Chosen where the contract is silent:
//!
//! - A Note with the text and author that are already there is no change; another one gets the server's time.
//! - Setting a shared member to what is already there still protects it from imports, since the customer has set it.
//!   That is a change of our own fields only, which Security Hub's history does not show.
//! - Workflow SUPPRESSED on an acceptance that ran out accepts again, without an end. A Workflow that is already
//!   there changes no status, unless VerificationState comes with it and says which of the two SUPPRESSED means.
//! - A finding above 240 KB (a hub's snapshot can be) may be updated as long as it does not grow.

use super::decide::audit_must_look;
use super::rules::{At, Problem};
use super::standing::{next_standing, plain_status};
use super::validate::{self, SIZE_EXCEEDED, size};
use super::{MAX_FINDING_BYTES, SHARED, acceptance_ran_out, hub, not_found, present, put, same_content, severity};
use super::{set_workflow, workflow};
use crate::domain::json::{self, Object};
use crate::domain::{
    Actor, Decided, Decision, Error, Finding, HashAfter, Instant, Rejection, Standing, Status, Verdict, Write,
};
use serde_json::Value;

/// A validated update: the members to set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Update {
    members: Object,
}

/// What BatchUpdateFindings can set.
const MEMBERS: [&str; 9] = [
    "Confidence",
    "Criticality",
    "Note",
    "RelatedFindings",
    "Severity",
    "Types",
    "UserDefinedFields",
    "VerificationState",
    "Workflow",
];

impl Update {
    /// Reads the members of a BatchUpdateFindings request. Others, FindingIdentifiers among them, are passed over, and
    /// `null` counts as not sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the dotted path, where a limit or vocabulary of CONTRACTS 1.8 is not met.
    pub fn parse(request: &Object) -> Result<Self, Error> {
        let top = At::top(request, true);
        top.shared()?;
        top.customer_owned()?;
        validate::storable(request, request.keys().filter(|name| MEMBERS.contains(&name.as_str())))?;
        top.inside("Workflow", |workflow| workflow.required("Status").map(|_| ()))?;
        top.inside("Severity", |block| {
            let given = ["Label", "Normalized", "Product"].iter().any(|name| block.required(name).is_ok());
            let message = "needs Label, Normalized or Product";
            if given { Ok(()) } else { Err(Problem::new("Severity", message)) }
        })?;
        let sent = MEMBERS.into_iter().filter_map(|name| Some((name.to_owned(), present(request, name)?.clone())));
        Ok(Self { members: sent.collect() })
    }

    /// Whether it sets nothing.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn text(&self, path: &str) -> Option<&str> {
        json::text_at(&self.members, path)
    }
}

/// Decides about an update of one finding. It never changes UpdatedAt and never creates a finding.
///
/// `current` is the finding as it is known, the newest timestamps laid over it. Rejections name the finding's Id as far
/// as there is one: FindingNotFound, FindingSizeExceeded.
pub fn update(current: Option<&Finding>, change: &Update, actor: &Actor, at: Instant) -> Decision {
    let Some(current) = current else { return Decision::Rejected(not_found()) };
    let mut finding = current.clone();
    for (name, value) in &change.members {
        set(&mut finding, name, value, at);
    }
    let mut standing = next_standing(Some(&finding.standing), &finding.asff, at);
    decided(current, change, &mut standing, &finding.asff, at);
    if same_content(&finding.asff, &current.asff) && standing == current.standing {
        return Decision::Unchanged;
    }
    let bytes = size(&finding.asff);
    if bytes > MAX_FINDING_BYTES && bytes > size(&current.asff) {
        let (id, code) = (finding.key().id, "FindingSizeExceeded".to_owned());
        return Decision::Rejected(Rejection { id, code, message: SIZE_EXCEEDED.to_owned() });
    }
    for name in change.members.keys() {
        hub::mark_decided(&mut standing, name);
    }
    let status = standing.status.filter(|_| standing.status != current.standing.status);
    let severity = Some(standing.severity).filter(|_| standing.severity != current.standing.severity);
    if status.is_some() || severity.is_some() {
        let (by, remarks) = (actor.identity.clone(), None);
        let (severity_remarks, reason, request) = (None, None, None);
        standing.decided = Some(Decided { status, severity, remarks, severity_remarks, reason, by, at, request });
    }
    let touches_producers = SHARED.iter().any(|name| change.members.contains_key(*name));
    let finding = Finding { asff: finding.asff, standing };
    let hash = if touches_producers || audit_must_look(&finding) { HashAfter::Clear } else { HashAfter::Keep };
    Decision::Write(Box::new(Write { finding, actor: actor.clone(), hash }))
}

fn set(finding: &mut Finding, name: &str, value: &Value, at: Instant) {
    let asff = &mut finding.asff;
    match (name, value) {
        ("Note", Value::Object(note)) => set_note(asff, note, at),
        ("Workflow", Value::Object(sent)) => {
            // An acceptance that ran out shows NOTIFIED already; setting that leaves its recording to the job.
            let shows_notified =
                acceptance_ran_out(finding, at) && finding.standing.status == Some(Status::RiskAccepted);
            let status = json::text_at(sent, "Status").unwrap_or("NEW");
            if !(shows_notified && status == "NOTIFIED") {
                set_workflow(&mut finding.asff, status);
            }
        }
        ("Severity", Value::Object(block)) => {
            let older = asff.get("Severity").and_then(Value::as_object);
            let block = severity::lay_over(older, block);
            put(asff, name, Some(Value::Object(block)));
        }
        _ => put(asff, name, Some(value.clone())),
    }
    if SHARED.contains(&name) {
        finding.standing.customer_set.insert(name.to_owned());
    }
}

fn set_note(asff: &mut Object, sent: &Object, at: Instant) {
    let same = |part: &str| {
        let here = asff.get("Note").and_then(Value::as_object).and_then(|note| note.get(part));
        here.is_some() && here == sent.get(part)
    };
    if same("Text") && same("UpdatedBy") {
        return;
    }
    let mut note = Object::new();
    for part in ["Text", "UpdatedBy"] {
        put(&mut note, part, sent.get(part).cloned());
    }
    note.insert("UpdatedAt".to_owned(), Value::String(at.to_string()));
    asff.insert("Note".to_owned(), Value::Object(note));
}

/// What naming Workflow.Status decides beyond what the documents tell: see the module's notes on SUPPRESSED.
fn decided(current: &Finding, change: &Update, standing: &mut Standing, asff: &Object, at: Instant) {
    let named = change.text("Workflow.Status") == Some("SUPPRESSED") && workflow(asff) == "SUPPRESSED";
    if !named || standing.result != Verdict::Fail {
        return;
    }
    let says_which = change.text("VerificationState").is_some();
    let accepts_again = acceptance_ran_out(current, at);
    let is_new = workflow(&current.asff) != "SUPPRESSED";
    if says_which || accepts_again || is_new {
        standing.status = Some(plain_status(asff));
    }
    if accepts_again || standing.status == Some(Status::FalsePositive) {
        standing.acceptance = None;
    }
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
